"""Each task's result comes once, whoever does the work and whoever dies meanwhile."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.executors.chores import (
    NAME,
    Dies,
    Failing,
    Heavy,
    Raising,
    Slow,
    Square,
    Tooled,
    begun,
)  # fmt: skip
from workbench.errors import NotDicom, SettingsError
from workbench.executors import Dask, Executor, Processes, Serial, executor


@pytest.fixture(params=["serial", "processes", "dask"])
def using(request: pytest.FixtureRequest) -> Executor:
    if request.param == "dask":
        return Dask(request.getfixturevalue("cluster").scheduler_address)
    return Serial() if request.param == "serial" else Processes(2)


@pytest.fixture(params=["processes", "dask"])
def others(request: pytest.FixtureRequest) -> Executor:
    if request.param == "dask":
        return Dask(request.getfixturevalue("cluster").scheduler_address)
    return Processes(2)


def test_who_does_the_work() -> None:
    assert isinstance(executor(1), Serial)
    assert executor(3).workers == 3  # type: ignore[attr-defined]
    assert Processes(None).workers == len(os.sched_getaffinity(0))
    assert executor(scheduler="tcp://127.0.0.1:1").address == "tcp://127.0.0.1:1"  # type: ignore[attr-defined]
    with pytest.raises(SettingsError, match="--workers"):
        executor(0)


def test_all_results_come_once(using: Executor) -> None:
    # Some twice: results are a multiset.
    numbers = [*range(40), *range(20)]
    assert sorted(using.run(map(Square, numbers))) == sorted(number**2 for number in numbers)


def test_no_task_is_no_result(using: Executor) -> None:
    assert list(using.run(iter(()))) == []


def test_tasks_are_taken_only_as_fast_as_they_are_done(using: Executor) -> None:
    taken = 0

    def tasks() -> Iterator[Square]:
        nonlocal taken
        for number in range(1_000_000):
            taken += 1
            yield Square(number)

    with closing(using.run(tasks())) as results:  # type: ignore[type-var]
        for seen in range(1, 40):
            next(results)
            # Two workers, two tasks each; results that are ready but not yet asked for were
            # among those, and each has made room for one more.
            assert taken <= seen + 2 * 2 * 2
    assert taken < 60


def test_an_error_comes_as_it_was_raised(using: Executor) -> None:
    with pytest.raises(NotDicom) as told:
        list(using.run([Failing(f"/home/{NAME}")]))
    assert (told.value.code, told.value.remedy) == ("not_dicom", "Look at it.")
    assert str(told.value) == "it is none. Look at it."


def test_an_error_says_where_in_the_code_it_arose(others: Executor) -> None:
    with pytest.raises(NotDicom) as told:
        list(others.run([Failing(f"/home/{NAME}")]))
    (note,) = told.value.__notes__
    assert re.fullmatch(r"In a worker, at chores\.py:\d+ run\.", note)


@pytest.mark.parametrize("kind", ["odd", "panic", "exit", "result"])
def test_what_cannot_travel_is_an_error_that_tells_no_value(others: Executor, kind: str) -> None:
    with pytest.raises((RuntimeError, TypeError)) as told:
        list(others.run([Raising(kind)]))
    assert NAME not in str(told.value)
    assert told.value.__cause__ is None


def test_a_worker_that_dies_in_mid_task_loses_nothing(others: Executor, tmp_path: Path) -> None:
    tasks = [*map(Square, range(20)), Dies(tmp_path), *map(Square, range(20, 40))]
    assert sorted(others.run(tasks)) == sorted([-1, *(number**2 for number in range(40))])
    assert len(list(tmp_path.iterdir())) == 1


def test_a_worker_that_somebody_kills_loses_nothing(others: Executor, tmp_path: Path) -> None:
    found: list[int] = []
    tasks = [Slow(tmp_path, 2.0), *map(Square, range(1, 21))]
    run = threading.Thread(target=lambda: found.extend(others.run(tasks)))
    run.start()
    os.kill(begun(tmp_path)[0], signal.SIGKILL)
    run.join(60)
    assert sorted(found) == sorted([0, *(number**2 for number in range(1, 21))])
    assert len(begun(tmp_path)) == 2


def test_tasks_and_results_may_be_larger_than_a_pipe(others: Executor, tmp_path: Path) -> None:
    contents = [bytes([number]) * 2_000_000 for number in range(6)]
    assert sorted(others.run(Heavy(one, tmp_path) for one in contents)) == contents


@pytest.mark.parametrize("using", [Serial(), Processes(1)])
def test_what_tasks_share_is_opened_once_by_a_worker_and_closed(
    using: Executor, tmp_path: Path
) -> None:
    assert sum(using.run(Tooled(tmp_path) for _ in range(5))) == 5
    assert [mark.name[:6] for mark in sorted(tmp_path.iterdir())] == ["closed", "opened"]
