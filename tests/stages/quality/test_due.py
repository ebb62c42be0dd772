"""What is overdue: the day after the interval, counted from the last test that counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from workbench.qa.profiles import TestProfile, profile_of
from workbench.stages.quality.due import all_due, due_of
from workbench.store.quality_records import Decision, StoredResult

MONDAY = datetime(2026, 3, 2, 8, 0)


def profile(name: str = "weekly", interval: float | None = 7) -> TestProfile:
    return profile_of({
        "name": name, "test": "ct-water", "phantom": "ct_water_200", "station": "CT1",
        "interval_days": interval, "select": {"Modality": "CT"},
    })  # fmt: skip


def result(at: datetime | None, decision: str = "", state: str = "ok") -> StoredResult:
    said = (Decision(decision, MONDAY, "N. N.", "x"),) if decision else ()
    return StoredResult(
        profile="weekly", profile_version=1, images=("a",), acquired_at=at,
        content={"state": state}, number=1, measured_at=MONDAY, decisions=said,
    )  # fmt: skip


def test_a_test_is_overdue_once_its_interval_has_passed() -> None:
    assert due_of(profile(), [result(MONDAY)], MONDAY + timedelta(days=7)).overdue is None
    late = due_of(profile(), [result(MONDAY)], MONDAY + timedelta(days=9))
    assert late.overdue == timedelta(days=2)
    assert late.standing == "overdue"


def test_a_rejected_result_does_not_count_as_done() -> None:
    before = result(MONDAY - timedelta(days=30))
    found = due_of(profile(), [before, result(MONDAY, "rejected")], MONDAY)
    assert found.last == MONDAY - timedelta(days=30)
    assert found.overdue == timedelta(days=23)


def test_one_without_an_interval_is_never_overdue() -> None:
    assert due_of(profile(interval=None), [result(MONDAY)], MONDAY + timedelta(999)).due is None


def test_one_never_done_says_so() -> None:
    assert due_of(profile(), [], MONDAY).standing == "never done"
    assert due_of(profile(), [result(None)], MONDAY).standing == "never done"


def test_results_that_wait_for_a_person_are_counted() -> None:
    results = [result(MONDAY), result(MONDAY, "accepted"), result(MONDAY, "rejected")]
    assert due_of(profile(), results, MONDAY).waiting == 1


def test_overdue_ones_come_first() -> None:
    names = ["b", "a", "c"]
    at = {"a": [result(MONDAY)], "b": [], "c": [result(MONDAY - timedelta(days=30))]}
    found = all_due([profile(name) for name in names], at, MONDAY)
    assert [one.profile.name for one in found] == ["c", "b", "a"]
