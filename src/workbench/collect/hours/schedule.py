"""The ``[schedule]`` table of the settings: when to ask the PACS, and when to send away.

[schedule]
zone = "Europe/Luxembourg"     # of the clock on the wall; the machine's own when left out
country = "LU"                 # its bank holidays count as Sundays
holidays = ["2026-10-16"]      # and so do these days

[schedule.query]               # a day that is left out is closed; without this table: always
monday = "######.............#####"

[schedule.upload]
tuesday = "........##########......"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.collect.hours.week_grid import Slots, WeekGrid
from workbench.errors import SettingsError
from workbench.hospital_calendar import read_calendar

KEYS = ("zone", "country", "subdivision", "holidays", "query", "upload")


@dataclass(frozen=True)
class Timetable:
    """The two grids of the week: when the PACS may be asked, and when data may leave."""

    query: Slots
    upload: Slots


def read_timetable(table: Mapping[str, Any]) -> Timetable:
    """Return what ``[schedule]`` says; without it, both are always open.

    Raises ``SettingsError`` with the remedy.
    """
    for key in table:
        if key not in KEYS:
            raise SettingsError(
                "[schedule] has a key {key} that nobody reads.",
                "Known keys: {known}.",
                key=f"{str(key)[:20]!r}",
                known=", ".join(KEYS),
            )
    days = read_calendar(table)
    query, upload = (
        Slots(_grid(table, name), days.zone, days.holidays) for name in ("query", "upload")
    )
    return Timetable(query, upload)


def written_timetable(table: Mapping[str, Any], **grids: WeekGrid) -> dict[str, Any]:
    """Return the table with some of its grids changed."""
    return {**table, **{name: grid.text() for name, grid in grids.items()}}


def _grid(table: Mapping[str, Any], name: str) -> WeekGrid:
    grid = table.get(name)
    if grid is None:
        return WeekGrid.always()
    if not isinstance(grid, Mapping):
        raise SettingsError("[schedule.{name}] must be a table, one line a day.", name=name)
    return WeekGrid.parse(grid)
