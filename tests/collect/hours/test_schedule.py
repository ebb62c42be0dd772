"""The week of a workspace: open without a word, closed only as written, wrong words refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.collect.hours.schedule import read_timetable, written_timetable
from workbench.collect.hours.week_grid import WeekGrid
from workbench.errors import SettingsError

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_without_a_schedule_both_are_always_open() -> None:
    timetable = read_timetable({"zone": "Europe/Berlin"})
    assert timetable.query.is_open(MONDAY)
    assert timetable.upload.is_open(MONDAY)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"zones": "UTC"}, "zones"), ({"zone": "Europe/Atlantis"}, "zone"),
        ({"query": "nights"}, "query"), ({"country": 49}, "country"),
        ({"holidays": ["24 December"]}, "holidays"), ({"holidays": ["2026-02-30"]}, "holidays"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(table: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_timetable({"zone": "UTC"} | table)


def test_a_grid_that_was_changed_comes_back_and_the_rest_stays() -> None:
    table = {"zone": "UTC", "holidays": ["2026-12-24"]}
    written = written_timetable(table, query=WeekGrid.always())
    assert written.items() >= table.items()
    assert read_timetable(written).query.grid == WeekGrid.always()
