"""What became of a patient is judged by what is here; the reason says what a person can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

import pytest

from tests.language.unmarked import wrong_in_text
from workbench.collect.expected import Expected, ExpectedStudy
from workbench.collect.find import FoundStudy
from workbench.collect.patient_result import judged
from workbench.collect.queue.patient_queue import Counts, PatientState
from workbench.collect.retrieval import UNKNOWN_DESTINATION, RetrieveOutcome
from workbench.collect.time_limits import GivenUp
from workbench.language import Saying, use_language

ALL = frozenset({"1.1.1", "1.1.2"})


@dataclass
class Here:
    """What is here: UIDs with their fates, and how many of them lack values."""

    kept: dict[str, str] = field(default_factory=dict)
    lacking: int = 0

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        return {uid: self.kept[uid] for uid in uids if uid in self.kept}

    def stored_in(self, uid: str) -> int:
        return sum(fate == "stored" for fate in self.kept.values())

    def partial(self, uids: Iterable[str]) -> int:
        return self.lacking

    def aside(self) -> int:
        return 0


def expected(notes: dict[str, int] | None = None, *, listed: bool = True) -> Expected:
    unlisted = {} if listed else {"1.1": None}
    study = ExpectedStudy(FoundStudy("1", "7"), {"1.1": ALL}, listed, False, unlisted)
    return Expected(True, 0, (study,), notes or {})


WHOLE = Here(dict.fromkeys(ALL, "stored"))
SAID = RetrieveOutcome(0, 2, destination="WORKBENCH")


def test_all_that_was_listed_is_here_or_put_aside_with_a_reason() -> None:
    for here in (WHOLE, Here({"1.1.1": "stored", "1.1.2": "invalid_uid"})):
        result = judged(expected(), Counts(), [SAID], here)
        assert (result.state, result.reason) == (PatientState.COMPLETE, "")


def test_what_the_pacs_counts_is_not_believed() -> None:
    here = Here({"1.1.1": "stored"})
    result = judged(expected(), Counts(received=1), [SAID], here)
    assert result.state is PatientState.INCOMPLETE
    assert result.reason == "1 objects did not arrive; the PACS said 0x0000."
    assert not result.silent


@pytest.mark.parametrize("reason", [GivenUp.STALLED, GivenUp.TOO_LONG])
def test_a_request_that_was_given_up_is_told_with_its_why(reason: GivenUp) -> None:
    outcome = RetrieveOutcome(None, given_up=reason)
    result = judged(expected(), Counts(), [outcome], Here())
    assert f"we gave it up: {reason}" in result.reason
    assert result.silent, "it may be away: who collects looks"
    assert not result.hopeless


def test_objects_that_went_elsewhere_are_looked_for_at_our_address() -> None:
    result = judged(expected(), Counts(), [SAID, SAID], Here())
    assert "counts 4 as sent, and none came here" in result.reason
    assert "registered for WORKBENCH" in result.reason
    own = RetrieveOutcome(0, 2)  # over our own connection there is no other address
    assert "registered" not in judged(expected(), Counts(), [own], Here()).reason


def test_a_title_that_the_pacs_does_not_know_is_said_first() -> None:
    result = judged(expected(), Counts(), [RetrieveOutcome(UNKNOWN_DESTINATION)], Here())
    assert result.state is PatientState.FAILED
    assert "register our AE title" in result.reason


@pytest.mark.parametrize(
    ("here", "outcomes"),
    [
        (Here(WHOLE.kept, lacking=2), [SAID]),
        (Here(WHOLE.kept, lacking=2), []),  # asked for once more: nothing had to be fetched
        (WHOLE, [RetrieveOutcome(0, 2, partial=2)]),
    ],
)
def test_objects_without_some_of_their_values_are_not_complete(
    here: Here, outcomes: list[RetrieveOutcome]
) -> None:
    result = judged(expected(), Counts(), outcomes, here)
    assert (result.state, result.hopeless) == (PatientState.INCOMPLETE, True)
    assert result.reason.startswith("2 objects came without some of their values")


def test_an_answer_that_was_cut_is_never_complete() -> None:
    result = judged(expected({"cut_answer": 1}), Counts(), [SAID], WHOLE)
    assert (result.state, result.hopeless) == (PatientState.INCOMPLETE, True)
    assert "cannot be judged" in result.reason


def test_what_is_neither_listed_nor_counted_is_never_complete() -> None:
    counts = Counts(expected=2, received=2, refused=1)
    result = judged(expected(listed=False), counts, [SAID], WHOLE)
    assert (result.state, result.hopeless) == (PatientState.INCOMPLETE, True)
    assert "2 objects have come, 1 of them put aside" in result.reason


def test_where_the_filter_wants_nothing_all_is_here() -> None:
    nothing = Expected(True, 0, (), {"cut_answer": 1})
    result = judged(nothing, Counts(), [], Here())
    assert result.state is PatientState.COMPLETE
    assert "wants none" in result.reason


@pytest.mark.parametrize("here", [Here(), Here({"1.1.1": "stored"}), WHOLE, Here(WHOLE.kept, 2)])
@pytest.mark.parametrize("outcomes", [
    [], [SAID], [RetrieveOutcome(0xA801)], [RetrieveOutcome(None, given_up=GivenUp.STALLED)],
    [RetrieveOutcome(None, given_up=GivenUp.STALLED),
     RetrieveOutcome(0, given_up=GivenUp.TOO_LONG)],
])  # fmt: skip
def test_a_reason_is_kept_with_its_values_and_can_be_said_in_another_language(
    here: Here, outcomes: list[RetrieveOutcome]
) -> None:
    for listed, notes, counts in product(
        (True, False), ({}, {"cut_answer": 1}), (Counts(), Counts(1, 4, 1, 2, 1))
    ):
        result = judged(expected(notes, listed=listed), counts, outcomes, here)
        kept = Saying.read(result.why.stored())
        assert str(kept) == result.reason
        with use_language("xx"):
            assert wrong_in_text(kept.words()) == []
