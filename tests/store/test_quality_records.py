"""Profiles, results, decisions and events: the past is never changed, on every engine."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.store.conftest import OpenStore
from workbench.errors import StoreError
from workbench.schema import PHANTOM_IMAGE, TEST_RESULT
from workbench.store.quality_records import NewResult, PhantomImage

MOMENT = datetime(2026, 3, 1, 7, 30)
CONTENT = {
    "workbench": "0.1", "state": "alarm", "station": "CT1",
    "test": {"name": "ct-water", "version": "1"},
    "phantom": {"name": "ct_water_200", "sha256": "ab", "status": "unverified"},
    "values": [
        {"name": "noise", "label": "Noise", "value": 6.5, "unit": "[hnsf'U]", "reason": "",
         "reference": 5.0, "warning_low": None, "warning_high": None, "alarm_low": 4.0,
         "alarm_high": 6.0, "state": "alarm", "regions": []},
        {"name": "air", "label": "", "value": None, "unit": "[hnsf'U]", "reason": "no air",
         "reference": None, "warning_low": None, "warning_high": None, "alarm_low": None,
         "alarm_high": None, "state": "not measured", "regions": []},
    ],
}  # fmt: skip


def new(profile: str = "weekly", images: tuple[str, ...] = ("a",), version: int = 1) -> NewResult:
    return NewResult(profile, version, images, MOMENT, CONTENT)


def test_a_profile_gets_a_new_version_only_when_it_changed(open_store: OpenStore) -> None:
    quality = open_store().quality
    assert quality.profile("weekly") is None
    first = quality.save_profile("weekly", {"b": 1, "a": 2}, "N. N.")
    assert quality.save_profile("weekly", {"a": 2, "b": 1}, "M. M.") == first
    second = quality.save_profile("weekly", {"a": 3}, "N. N.", "a new tube")
    assert (first.version, second.version) == (1, 2)
    assert quality.profile("weekly", 1) == first
    assert [one.version for one in quality.versions("weekly")] == [1, 2]
    assert quality.profiles() == [second]


def test_the_same_images_under_the_same_profile_are_one_result(open_store: OpenStore) -> None:
    quality = open_store().quality
    number = quality.add_result(new())
    assert quality.add_result(new()) == number
    assert quality.add_result(new(version=2)) != number
    assert quality.add_result(new(images=("a", "b"))) != number
    assert quality.result(number).content == CONTENT


def test_decisions_follow_each_other_and_none_is_lost(open_store: OpenStore) -> None:
    quality = open_store().quality
    number = quality.add_result(new())
    assert quality.result(number).decision == "waiting"
    quality.decide(number, "accepted", "N. N.")
    quality.decide(number, "rejected", "N. N.", "the phantom was tilted")
    found = quality.result(number)
    assert found.decision == "rejected"
    assert [one.decision for one in found.decisions] == ["accepted", "rejected"]


def test_who_has_not_seen_the_last_decision_is_told(open_store: OpenStore) -> None:
    quality = open_store().quality
    number = quality.add_result(new())
    quality.decide(number, "rejected", "N. N.", "tilted", seen=0)
    with pytest.raises(StoreError, match=f"result {number} was rejected meanwhile"):
        quality.decide(number, "accepted", "M. M.", seen=0)
    assert [one.decided_by for one in quality.result(number).decisions] == ["N. N."]
    quality.decide(number, "accepted", "M. M.", seen=1)
    assert quality.result(number).decision == "accepted"


def test_two_who_change_a_profile_at_once_do_not_undo_each_other(open_store: OpenStore) -> None:
    quality = open_store().quality
    quality.save_profile("weekly", {"a": 1}, "N. N.", seen=0)
    quality.save_profile("weekly", {"a": 2}, "N. N.", seen=1)
    for seen in (0, 1):
        with pytest.raises(StoreError, match="version 2 meanwhile"):
            quality.save_profile("weekly", {"a": 3}, "M. M.", seen=seen)
    assert [one.made_by for one in quality.versions("weekly")] == ["N. N.", "N. N."]
    # the same text is the same version, whoever keeps it
    assert quality.save_profile("weekly", {"a": 2}, "M. M.", seen=1).version == 2


@pytest.mark.parametrize(
    ("decision", "by", "comment"),
    [("rejected", "N. N.", " "), ("accepted", " ", ""), ("perhaps", "N. N.", "x")],
)
def test_a_decision_has_a_name_and_a_rejection_a_reason(
    open_store: OpenStore, decision: str, by: str, comment: str
) -> None:
    quality = open_store().quality
    number = quality.add_result(new())
    with pytest.raises(StoreError):
        quality.decide(number, decision, by, comment)
    assert not quality.result(number).decisions


def test_nobody_decides_on_a_result_that_is_not_there(open_store: OpenStore) -> None:
    with pytest.raises(StoreError, match="no result"):
        open_store().quality.decide(7, "accepted", "N. N.")


def test_events_come_in_the_order_they_happened(open_store: OpenStore) -> None:
    quality = open_store().quality
    quality.note_event("weekly", "service", datetime(2026, 2, 1), "N. N.", {"words": "tube"})
    quality.note_event("weekly", "baseline", datetime(2026, 1, 1), "N. N.", {})
    quality.note_event("monthly", "service", datetime(2026, 1, 1), "N. N.", {})
    assert [one.kind for one in quality.events("weekly")] == ["baseline", "service"]
    assert len(quality.events()) == 3


def test_an_image_has_one_row_that_says_what_became_of_it(open_store: OpenStore) -> None:
    store = open_store()
    store.quality.note_images([PhantomImage("a", MOMENT, "waiting", header={"Modality": "CT"})])
    store.quality.note_images([PhantomImage("a", MOMENT, "measured", profile="weekly", result=1)])
    assert [one.state for one in store.quality.images()] == ["measured"]
    frame = store.table("phantom_image")
    assert frame.columns == list(PHANTOM_IMAGE.names)
    assert frame["result_number"].to_list() == [1]


def test_the_table_has_a_row_a_value_with_limits_and_decision(open_store: OpenStore) -> None:
    store = open_store()
    assert store.table("test_result").is_empty()
    number = store.quality.add_result(new())
    store.quality.decide(number, "accepted", "N. N.", "known")
    frame = store.table("test_result")
    assert frame.columns == list(TEST_RESULT.names)
    assert frame["measurement"].to_list() == ["noise", "air"]
    assert frame["value"].to_list() == [6.5, None]
    assert frame["reason"].to_list() == [None, "no air"]
    assert frame["decision"].unique().to_list() == ["accepted"]
    assert frame["alarm_high"][0] == 6.0
