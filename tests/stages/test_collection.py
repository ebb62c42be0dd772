"""What a run brought is told of that run: what was here before is no news."""

from __future__ import annotations

from typing import Any

from tests.language.unmarked import wrong_in_text
from workbench.language import Saying, use_language
from workbench.stages.border import Intake
from workbench.stages.collection import Collection


def row(number: int, state: str = "complete", **counts: int) -> dict[str, Any]:
    none = {"expected": 0, "already": 0, "received": 0, "refused": 0}
    return {"number": number, "state": state, "reason": "", **none, **counts}


ROWS = (
    row(1, expected=10, already=4, received=6),
    row(2, expected=5, received=5, refused=1),
    row(3, "incomplete", expected=8, already=2, received=1),
)


def test_received_is_of_those_who_were_asked_for_in_this_run() -> None:
    told = Collection(ROWS, {3: 1}, Intake()).as_json()
    assert (told["expected"], told["received"], told["already"]) == (23, 1, 17)
    assert told["refused"] == 1


def test_a_patient_who_was_tried_twice_in_a_run_brought_what_came_in_both() -> None:
    told = Collection(ROWS, {1: 10, 2: 5, 3: 3}, Intake()).as_json()
    assert (told["received"], told["already"]) == (18, 0)


def test_who_is_not_meant_does_not_count() -> None:
    one = Collection(ROWS[:1], {1: 6, 2: 5, 3: 1}, Intake(), "A note.")
    assert one.as_json()["received"] == 6
    assert one.sentence() == "Patients: 1 complete. 6 objects received. A note."
    assert one.complete
    assert not Collection(ROWS, {}, Intake()).complete


def test_the_sentence_is_in_the_language() -> None:
    why = Saying("the schedule is closed.")
    with use_language("xx"):
        for brought in (Collection(ROWS, {1: 6}, Intake()), Collection((), {}, Intake(), why)):
            assert wrong_in_text(brought.sentence()) == []
    assert Collection((), {}, Intake(), why).sentence() == (
        "Patients: none. 0 objects received. the schedule is closed."
    )
