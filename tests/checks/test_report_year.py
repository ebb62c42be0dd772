"""The simulated year of plans sees what is double and what is lost, where something is."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.report_machine import Machine, Order
from benchmarks.report_year import BEGIN, account, judged, opened_year, year
from workbench.store.report_runs import LEASE, PlanRun
from workbench.survey import open_survey

DAY = timedelta(days=1)
DUE = [BEGIN + number * DAY for number in range(4)]
NIGHT = datetime(2026, 1, 2, 1, 31, tzinfo=UTC)  # 02:31 at the hospital


def run_of(day: int, skipped: int = 0) -> PlanRun:
    return PlanRun(
        number=day, name="a", report="a", slot=BEGIN + day * DAY, state="done", attempt=1,
        skipped=skipped, owner="x", lease_until=None, retry_at=None, started_at=BEGIN,
        ended_at=BEGIN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "double", "lost"),
    [
        ([run_of(0), run_of(1), run_of(2), run_of(3)], 0, 0),
        ([run_of(3, skipped=3)], 0, 0),
        ([run_of(0), run_of(3, skipped=2)], 0, 0),
        ([run_of(0), run_of(3, skipped=1)], 0, 1),
        ([run_of(1), run_of(2)], 0, 2),
        ([run_of(0), run_of(3, skipped=3)], 1, 0),
        ([run_of(0), run_of(0), run_of(3, skipped=2)], 1, 0),
        ([run_of(3, skipped=3), run_of(9)], 1, 0),
        ([], 0, 4),
    ],
)
def test_each_time_is_accounted_for_once(runs: list[PlanRun], double: int, lost: int) -> None:
    assert account(DUE, runs) == (double, lost)


def test_a_year_of_two_weeks_has_nothing_double_and_nothing_lost(tmp_path: Path) -> None:
    judgement = year(tmp_path / "w", days=14)
    assert (judgement.double, judgement.lost) == (0, 0)
    assert judgement.due > 25
    assert judgement.kills > 0


def test_a_scheduler_that_keeps_no_history_is_seen_to_lose(tmp_path: Path) -> None:
    assert year(tmp_path / "w", days=14, broken="history").lost > 0


@pytest.mark.parametrize(("broken", "double"), [("", 0), ("finish", 1)])
def test_who_publishes_what_another_has_made_is_seen(
    tmp_path: Path, broken: str, double: int
) -> None:
    opened_year(tmp_path / "w", "").close()
    slow, quick = (Machine(tmp_path / "w", broken) for _ in range(2))
    try:
        told(slow, Order(BEGIN))
        slow.told(Order(NIGHT, lingers=True))
        assert slow.heard() == "lingers"
        told(quick, Order(NIGHT + LEASE))
        slow.told(None)
        assert slow.heard() == "looked"
    finally:
        slow.end()
        quick.end()
    with closing(open_survey(tmp_path / "w")) as survey:
        assert judged(survey, NIGHT + LEASE).double == double


def told(machine: Machine, order: Order) -> None:
    machine.told(order)
    assert machine.heard() == "looked"


@pytest.mark.parametrize("missing", ["page", "copy", "other page"])
def test_a_last_page_that_is_not_there_is_lost(tmp_path: Path, missing: str) -> None:
    opened_year(tmp_path / "w", "").close()
    machine = Machine(tmp_path / "w")
    try:
        told(machine, Order(BEGIN))
        told(machine, Order(NIGHT))
    finally:
        machine.end()
    reports = tmp_path / "w" / "reports"
    with closing(open_survey(tmp_path / "w")) as survey:
        assert judged(survey, NIGHT).lost == 0
        if missing == "page":
            (reports / "night.html").unlink()
        elif missing == "copy":
            next((reports / "history" / "night").iterdir()).unlink()
        else:
            (reports / "night.html").write_text("another")
        assert judged(survey, NIGHT).lost == 1
