"""Each task's result comes once, whoever does the work and whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from workbench.errors import NetworkError, NotDicom, StoreError
from workbench.executors import Dask, Executor, Processes, Serial, executor


@dataclass(frozen=True)
class Square:
    number: int

    def run(self) -> int:
        return self.number**2


@dataclass(frozen=True)
class Failing:
    path: str

    def __repr__(self) -> str:
        return "Failing(…)"

    def run(self) -> int:
        raise NotDicom("not_dicom", "it is none", "Look at it.")


@dataclass(frozen=True)
class DiesOnce:
    """Kill -9 of its own worker, the first time (or every time)."""

    folder: Path
    always: bool = False

    def run(self) -> int:
        mark = self.folder / "died"
        if self.always or not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return -1


@dataclass(frozen=True)
class Slow:
    folder: Path

    def run(self) -> int:
        (self.folder / f"{os.getpid()}").touch()
        time.sleep(60)
        return 0


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        host="127.0.0.1",
    ) as running:  # fmt: skip
        yield running.scheduler_address


@pytest.fixture(params=["serial", "processes", "dask"])
def using(request: pytest.FixtureRequest) -> Executor:
    if request.param == "dask":
        return Dask(request.getfixturevalue("cluster"))
    return Serial() if request.param == "serial" else Processes(2)


def test_all_results_come_once(using: Executor) -> None:
    found = list(using.run(Square(number) for number in range(50)))
    assert sorted(found) == [number**2 for number in range(50)]


def test_tasks_are_taken_only_as_fast_as_they_are_done(using: Executor) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Square]:
        for number in range(1_000_000):
            taken.append(number)
            yield Square(number)

    results = using.run(tasks())
    for _ in range(10):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(taken) < 30


def test_an_error_comes_as_it_was_raised(using: Executor) -> None:
    with pytest.raises(NotDicom) as told:
        list(using.run([Failing("/home/Grottenolm")]))
    assert (told.value.code, told.value.remedy) == ("not_dicom", "Look at it.")


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_killed_worker_loses_nothing(kind: str, tmp_path: Path, cluster: str) -> None:
    using: Executor = Processes(2) if kind == "processes" else Dask(cluster)
    tasks = [*map(Square, range(20)), DiesOnce(tmp_path), *map(Square, range(20, 40))]
    found = sorted(using.run(tasks))
    assert found == sorted([-1, *(number**2 for number in range(40))])


def test_a_task_that_kills_every_worker_is_given_up_after_all_others(tmp_path: Path) -> None:
    found: list[int] = []
    with pytest.raises(StoreError, match="memory"):
        found.extend(Processes(2).run([DiesOnce(tmp_path, always=True), *map(Square, range(20))]))
    assert sorted(found) == [number**2 for number in range(20)]


def test_no_process_stays_when_the_caller_stops(tmp_path: Path) -> None:
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    results = Processes(2).run([Square(3), Slow(tmp_path), Slow(tmp_path)])
    assert next(iter(results)) == 9
    results.close()  # type: ignore[attr-defined]
    left = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
    names = [" ".join(one.cmdline()) for one in left]
    assert [name for name in names if "resource_tracker" not in name] == []


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.test_executors import Slow
from workbench.executors import Processes
if __name__ == "__main__":
    list(Processes(2).run([Slow(Path(sys.argv[1])), Slow(Path(sys.argv[1]))]))
"""


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    marks = tmp_path / "marks"
    marks.mkdir()
    root = str(Path(__file__).parents[1])
    parent = subprocess.Popen([sys.executable, str(script), str(marks), root])
    end = time.monotonic() + 60
    while len(list(marks.iterdir())) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    workers = [int(mark.name) for mark in marks.iterdir()]
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    while any(map(psutil.pid_exists, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(psutil.pid_exists, workers))


def test_dask_logs_and_keys_name_no_path(cluster: str) -> None:
    from distributed import Client

    with pytest.raises(NotDicom):
        list(Dask(cluster).run([Failing("/home/Grottenolm")]))
    with Client(cluster, set_as_default=False) as client:
        logs = str(client.get_worker_logs()) + str(client.get_scheduler_logs())
    assert "Grottenolm" not in logs


def test_a_scheduler_that_is_not_there_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workbench.executors.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(NetworkError, match="--scheduler"):
        list(Dask("tcp://127.0.0.1:9").run([Square(1)]))


def test_who_does_the_work() -> None:
    assert isinstance(executor(1), Serial)
    assert isinstance(executor(3), Processes)
    assert isinstance(executor(scheduler="tcp://127.0.0.1:1"), Dask)
