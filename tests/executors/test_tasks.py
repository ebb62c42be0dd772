"""How a task travels and comes back: results whole, errors as values, nothing quoted."""

from __future__ import annotations

import pickle
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.executors.chores import (
    NAME,
    Failing,
    Kept,
    Raising,
    Square,
)  # fmt: skip
from workbench.errors import NotDicom
from workbench.executors import Workplace
from workbench.executors.tasks import REST, done, given_up, opened


def test_other_work_at_a_workplace_opens_its_own() -> None:
    workplace = Workplace()
    one = workplace.kept("a", Kept)
    assert workplace.kept("a", Kept) is one
    assert workplace.kept("b", Kept) is not one
    assert not one.closed, "another thread may still be at it"


def parcel(task: object) -> bytes:
    return pickle.dumps(task)


@given(st.integers())
def test_a_result_comes_back_as_it_was(number: int) -> None:
    assert opened(done(parcel(Square(number)), Workplace())) == number**2


def test_an_error_travels_with_code_remedy_and_the_place_in_the_code() -> None:
    answer = done(parcel(Failing(f"/home/{NAME}")), Workplace())
    assert NAME.encode() not in answer
    with pytest.raises(NotDicom) as refusal:
        opened(answer)
    assert (refusal.value.code, refusal.value.remedy) == ("not_dicom", "Look at it.")
    (note,) = refusal.value.__notes__
    assert re.fullmatch(r"In a worker, at chores\.py:\d+ run\.", note), "no folder, no value"


@pytest.mark.parametrize("kind", ["panic", "exit", "result"])
def test_what_cannot_travel_names_its_kind_alone(kind: str) -> None:
    answer = done(parcel(Raising(kind)), Workplace())
    assert NAME.encode() not in answer
    with pytest.raises((RuntimeError, TypeError)) as failure:
        opened(answer)
    if kind != "result":
        assert re.search("Panic|SystemExit", str(failure.value))


@pytest.mark.parametrize("content", [b"", b"junk", pickle.dumps(7)])
def test_a_parcel_that_is_no_task_is_an_error_and_not_the_workers_end(content: bytes) -> None:
    with pytest.raises(Exception) as failure:
        opened(done(content, Workplace()))
    assert failure.value is not None
    assert opened(done(parcel(Square(3)), Workplace())) == 9


def test_what_a_workplace_keeps_is_closed_once_in_the_end() -> None:
    class Counted(Kept):
        times = 0

        def close(self) -> None:
            self.times += 1

    workplace = Workplace()
    kept = workplace.kept("a", Counted)
    workplace.close()
    workplace.close()
    assert kept.times == 1
    assert workplace.kept("a", Counted) is not kept, "a closed one is not handed out"


def test_threads_of_a_workplace_share_what_was_opened() -> None:
    workplace, opened_ones = Workplace(), []

    def opening() -> Kept:
        opened_ones.append(Kept())
        return opened_ones[-1]

    def ask() -> None:
        workplace.kept("a", opening)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened_ones) == 1


def test_one_that_could_not_be_opened_is_tried_again() -> None:
    workplace = Workplace()

    def fails() -> Kept:
        raise OSError

    with pytest.raises(OSError):
        workplace.kept("a", fails)
    assert isinstance(workplace.kept("a", Kept), Kept)


@pytest.mark.parametrize(("tasks", "words"), [(1, "1 task "), (7, "7 tasks ")])
def test_tasks_that_were_given_up_are_counted_and_the_remedy_is_said(
    tasks: int, words: str
) -> None:
    error = given_up(tasks)
    assert words in str(error)
    assert "memory" in error.remedy
    assert REST in error.remedy, "what was done is not lost"
