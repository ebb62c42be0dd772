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

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from workbench.collect.hours.week_grid import Holidays, Slots, WeekGrid, zone_named
from workbench.errors import SettingsError

LOCAL_TIME = Path("/etc/localtime")
ZONES = "zoneinfo/"
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
    zone = zone_named(str(table.get("zone") or local_zone()))
    holidays = Holidays(
        _text(table, "country"), _text(table, "subdivision"),
        frozenset(_day(day) for day in _days(table)),
    )  # fmt: skip
    return Timetable(
        Slots(_grid(table, "query"), zone, holidays), Slots(_grid(table, "upload"), zone, holidays)
    )


def written_timetable(table: Mapping[str, Any], **grids: WeekGrid) -> dict[str, Any]:
    """Return the table with some of its grids changed."""
    return {**table, **{name: grid.text() for name, grid in grids.items()}}


def local_zone() -> str:
    """Return the name of this machine's time zone, UTC where it has none."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and "/" in named and not named.startswith("/"):
        return named
    place = os.path.realpath(LOCAL_TIME)
    return place.partition(ZONES)[2] or "UTC"


def _grid(table: Mapping[str, Any], name: str) -> WeekGrid:
    grid = table.get(name)
    if grid is None:
        return WeekGrid.always()
    if not isinstance(grid, Mapping):
        raise SettingsError("[schedule.{name}] must be a table, one line a day.", name=name)
    return WeekGrid.parse(grid)


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise SettingsError("{key} of [schedule] must be text in quotes.", key=key)
    return value


def _days(table: Mapping[str, Any]) -> list[object]:
    days = table.get("holidays", [])
    if not isinstance(days, list | tuple):
        raise SettingsError("holidays of [schedule] must be a list.", 'For example ["2026-12-24"].')
    return list(days)


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise SettingsError(
            "a day in holidays of [schedule] is not a date.", 'Write it as "2026-12-24".'
        ) from error
