"""Processes of this machine: one may be killed and nothing is lost; none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import psutil
import pytest

from tests.executors.chores import (
    Dies,
    Failing,
    Slow,
    Square,
    begun,
    gone,
)  # fmt: skip
from workbench.errors import NotDicom, SettingsError, StoreError
from workbench.executors import Processes

PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.executors.chores import Slow
from workbench.executors import Processes
GUARD:
    list(Processes(2).run([Slow(Path(sys.argv[1])), Slow(Path(sys.argv[1]))]))
"""


GUARD = 'if __name__ == "__main__"'


def test_a_task_that_kills_every_worker_is_given_up_after_all_others(tmp_path: Path) -> None:
    found: list[int] = []
    with pytest.raises(StoreError, match=r"of 1 task .*memory") as told:
        for result in Processes(2).run([Dies(tmp_path, always=True), *map(Square, range(20))]):
            found.append(result)  # noqa: PERF402 - an error comes after them
    assert sorted(found) == [number**2 for number in range(20)]
    assert len(list(tmp_path.iterdir())) == 3
    assert str(tmp_path) not in str(told.value)


def test_a_machine_on_which_every_task_dies_is_told_soon(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing was done"):
        list(Processes(2).run(Dies(tmp_path, always=True) for _ in range(1_000_000)))
    assert len(list(tmp_path.iterdir())) < 10


def test_no_process_stays_when_the_caller_stops(tmp_path: Path) -> None:
    results = Processes(2).run([Square(3), Slow(tmp_path), Slow(tmp_path)])
    assert next(results) == 9
    workers = begun(tmp_path)
    results.close()  # type: ignore[attr-defined]
    assert not any(map(psutil.pid_exists, workers))


def test_no_process_stays_when_all_is_done(tmp_path: Path) -> None:
    assert list(Processes(2).run([Slow(tmp_path, 0.5), Slow(tmp_path, 0.5)])) == [0, 0]
    assert not any(map(psutil.pid_exists, begun(tmp_path, 2)))


def parent_of_workers(tmp_path: Path, guard: str) -> tuple[subprocess.Popen[str], Path]:
    script, marks = tmp_path / "parent.py", tmp_path / "marks"
    script.write_text(PARENT.replace("GUARD", guard))
    marks.mkdir()
    return subprocess.Popen(
        [sys.executable, str(script), str(marks), str(Path(__file__).parents[2])],
        start_new_session=True, text=True, stderr=subprocess.PIPE,
    ), marks  # fmt: skip


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent, marks = parent_of_workers(tmp_path, GUARD)
    workers = begun(marks, 2)
    parent.kill()
    parent.communicate()
    assert gone(workers)


@pytest.mark.parametrize("early", [False, True])
def test_an_interrupt_ends_all_and_only_the_parent_tells_of_it(tmp_path: Path, early: bool) -> None:
    parent, marks = parent_of_workers(tmp_path, GUARD)
    if early:  # while workers start
        end = time.monotonic() + 30
        while len(psutil.Process(parent.pid).children()) < 2 and time.monotonic() < end:
            time.sleep(0.005)
        workers = [one.pid for one in psutil.Process(parent.pid).children()]
    else:
        workers = begun(marks, 2)
    os.killpg(parent.pid, signal.SIGINT)
    _, told = parent.communicate(timeout=45)  # the tasks themselves take longer
    assert parent.returncode != 0
    assert told.count("Traceback") == told.count("KeyboardInterrupt") == 1
    assert gone(workers)


def test_a_script_without_its_guard_is_told_so(tmp_path: Path) -> None:
    parent, _ = parent_of_workers(tmp_path, "if True")
    _, told = parent.communicate(timeout=30)
    assert "SettingsError: A worker process ended before it began." in told
    assert '`if __name__ == "__main__":`' in told


@pytest.mark.parametrize("workers", [0, -1])
def test_there_is_at_least_one_worker(workers: int) -> None:
    with pytest.raises(SettingsError, match="--workers 1"):
        Processes(workers)


def test_no_more_workers_are_started_than_there_are_tasks(tmp_path: Path) -> None:
    list(Processes(4).run([Slow(tmp_path, 0.2), Slow(tmp_path, 0.2)]))
    assert len(set(begun(tmp_path, 2))) <= 2


def test_several_tasks_that_kill_are_all_counted_and_none_hides_a_result(tmp_path: Path) -> None:
    places = [tmp_path / name for name in "ab"]
    for place in places:
        place.mkdir()
    results: list[int] = []
    with pytest.raises(StoreError, match="of 2 tasks"):
        for result in Processes(2).run(
            [Square(2), *(Dies(place, always=True) for place in places), Square(3)]
        ):
            results.append(result)  # noqa: PERF402 - an error comes after them
    assert sorted(results) == [4, 9]
    assert [len(list(place.iterdir())) for place in places] == [3, 3], "each had its three tries"


def test_an_error_of_a_task_ends_every_worker(tmp_path: Path) -> None:
    before = children()
    workers: set[int] = set()

    def tasks() -> Iterator[Slow | Failing | Square]:
        yield Slow(tmp_path)
        yield Failing("x")
        workers.update(children() - before)
        yield Square(1)

    with pytest.raises(NotDicom):
        list(Processes(2).run(tasks()))
    assert len(workers) >= 2
    assert gone(list(workers))


def children() -> set[int]:
    """Return our child processes but the one by which multiprocessing cleans up."""
    tracker = resource_tracker._resource_tracker._pid  # type: ignore[attr-defined]
    return {child.pid for child in psutil.Process().children()} - {tracker}
