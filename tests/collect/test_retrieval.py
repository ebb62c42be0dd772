"""Retrieve requests: the fewest that bring what is missing, and wider ones where refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.collect.retrieval import (
    Request,
    RetrieveOutcome,
    each_request,
    requests,
)

KEYS = {"PatientID": "P", "StudyInstanceUID": "1.2"}


@dataclass
class Study:
    """The few names of an ``ExpectedStudy`` that requests are made of."""

    series: dict[str, frozenset[str]]
    selected: bool = False
    unlisted: frozenset[str] = frozenset()
    study: Any = field(default_factory=lambda: SimpleNamespace(patient_id="P", study_uid="1.2"))


def images(series: str, number: int) -> frozenset[str]:
    return frozenset(f"{series}.{n}" for n in range(number))


def asked(study: Study, missing: frozenset[str]) -> list[tuple[str, str]]:
    """Return level and the lowest key of each request."""
    made = requests(study, missing)  # type: ignore[arg-type]
    for one in made:
        assert {**KEYS}.items() <= one.keys.items()
    return [(one.level, [*one.keys.values()][-1]) for one in made]


WHOLE = Study({"1": images("1", 100), "2": images("2", 100)})


def test_a_study_of_which_all_is_missing_is_one_request() -> None:
    assert asked(WHOLE, images("1", 100) | images("2", 100)) == [("STUDY", "1.2")]


def test_a_series_of_which_much_is_missing_is_asked_for_whole() -> None:
    assert asked(WHOLE, images("1", 100)) == [("SERIES", "1")]


def test_a_few_objects_are_asked_for_by_themselves() -> None:
    assert asked(WHOLE, images("1", 2)) == [("IMAGE", "1.0"), ("IMAGE", "1.1")]


def test_series_that_were_not_chosen_are_never_asked_for() -> None:
    chosen = Study(WHOLE.series, selected=True)
    made = asked(chosen, images("1", 100) | images("2", 100))
    assert made == [("SERIES", "1"), ("SERIES", "2")]


def test_a_series_whose_objects_are_not_known_is_asked_for_whatever_is_missing() -> None:
    study = Study({**WHOLE.series, "3": frozenset()}, unlisted=frozenset({"3"}))
    assert ("SERIES", "3") in asked(study, images("1", 2))


def test_a_series_under_a_uid_that_is_none_is_asked_for_with_its_study() -> None:
    named = Study({**WHOLE.series, "LOCALIZER3": images("3", 5)})
    assert asked(named, images("3", 5)) == [("STUDY", "1.2")], "what sends it calls it otherwise"
    chosen = Study(named.series, selected=True)
    assert asked(chosen, images("3", 5)) == [("SERIES", "LOCALIZER3")], "not what is left out"


@given(st.sets(st.sampled_from(sorted(images("1", 100) | images("2", 100)))))
def test_everything_missing_is_covered(missing: set[str]) -> None:
    made = asked(WHOLE, frozenset(missing))
    for uid in missing:
        assert {("STUDY", "1.2"), ("SERIES", uid[0]), ("IMAGE", uid)} & set(made)


def image(series: str, uid: str) -> Request:
    return Request("IMAGE", {**KEYS, "SeriesInstanceUID": series, "SOPInstanceUID": uid})


def test_where_single_objects_are_refused_their_series_is_asked_for_once() -> None:
    made: list[Request] = []

    def make(request: Request) -> RetrieveOutcome:
        made.append(request)
        return RetrieveOutcome(0xA900 if request.level == "IMAGE" else 0)

    outcomes = each_request([image("1", "1.0"), image("1", "1.1"), image("2", "2.0")], make)
    assert [(one.level, one.keys["SeriesInstanceUID"]) for one in made] == [
        ("IMAGE", "1"), ("SERIES", "1"), ("IMAGE", "2"), ("SERIES", "2"),
    ]  # fmt: skip
    assert [one.status for one in outcomes] == [0xA900, 0, 0xA900, 0]


def test_a_destination_that_the_pacs_does_not_know_ends_it() -> None:
    outcomes = each_request([image("1", "1.0")] * 3, lambda _: RetrieveOutcome(0xA801))
    assert [one.status for one in outcomes] == [0xA801]  # PS3.4 table C.4-2


def test_objects_that_failed_are_no_refusal() -> None:
    requests_made = [image("1", "1.0"), image("1", "1.1")]
    assert len(each_request(requests_made, lambda _: RetrieveOutcome(0xB000, failed=1))) == 2


@pytest.mark.parametrize(
    ("outcome", "said", "refused"),
    [
        (RetrieveOutcome(0), "0x0000", False), (RetrieveOutcome(0xB000), "0xB000", False),
        (RetrieveOutcome(None), "nothing", False), (RetrieveOutcome(0xA702), "0xA702", True),
        (RetrieveOutcome(0xC000, http=403), "HTTP 403", True),
    ],
)  # fmt: skip
def test_what_the_peer_said_in_a_word(outcome: RetrieveOutcome, said: str, refused: bool) -> None:
    assert (outcome.said, outcome.refused) == (said, refused)


def test_a_request_shows_no_identity() -> None:
    assert "P" not in repr(Request("IMAGE", {"PatientID": "P"})).replace("Request", "")
