"""The clock on the hospital's wall: its time zone, and the days on which it is closed.

They stand in the ``[schedule]`` table of the settings, and hold for the hours of the collector and
for reports alike.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from workbench.errors import MissingTool, SettingsError
from workbench.language import mark

LOCAL_TIME = Path("/etc/localtime")
ZONES = "zoneinfo/"
COUNTRY_CODE = re.compile(r"[A-Z]{2,3}")  # ISO 3166-1, alpha-2 or alpha-3
SATURDAY = 5


@dataclass(frozen=True)
class Holidays:
    """Days that count as Sundays: the bank holidays of a country, and days of one's own.

    Attributes
    ----------
    country
        Its ISO 3166-1 code, such as ``LU``; empty for none.
    subdivision
        The part of the country after ISO 3166-2, such as ``BY`` of ``DE``; empty for what holds
        in the whole country.
    days
        Further days: of the house, or of a town alone.

    Raises ``SettingsError`` for a country or subdivision whose holidays are not known, and
    ``MissingTool`` for any country where the package ``holidays`` is not installed.
    """

    country: str = ""
    subdivision: str = ""
    days: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.country or self.subdivision:  # now, and not at night when first asked
            _bank_holidays(self.country, self.subdivision, datetime.now(UTC).year)

    def __contains__(self, day: date) -> bool:
        if day in self.days:
            return True
        return bool(self.country) and day in _bank_holidays(
            self.country, self.subdivision, day.year
        )


@cache
def _bank_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    remedy = mark(
        "Mend country and subdivision of [schedule]: an ISO code such as LU, or DE with BY. Or "
        "list the days themselves."
    )
    if not COUNTRY_CODE.fullmatch(country):
        raise SettingsError("the country of the bank holidays is not a country code.", remedy)
    try:
        package = import_module("holidays")  # by name: it is optional, and slow to import
    except ImportError as error:
        raise MissingTool(
            "the bank holidays of a country need the package holidays.",
            "Install it (pip install holidays), or list the days themselves.",
        ) from error
    try:
        holidays = package.country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError as error:
        if subdivision:
            raise SettingsError(
                "the bank holidays of {country}, subdivision {subdivision} are not known.",
                remedy,
                country=country,
                subdivision=repr(subdivision[:20]),
            ) from error
        raise SettingsError(
            "the bank holidays of {country} are not known.", remedy, country=country
        ) from error
    return frozenset(holidays)


@dataclass(frozen=True)
class HospitalCalendar:
    """A time zone with its bank holidays."""

    zone: ZoneInfo
    holidays: Holidays = field(default_factory=Holidays)

    def works(self, day: date) -> bool:
        """Say whether a day is a working day: no weekend, no holiday."""
        return day.weekday() < SATURDAY and day not in self.holidays


def read_calendar(table: Mapping[str, Any]) -> HospitalCalendar:
    """Return what ``[schedule]`` says of zone and holidays; raises ``SettingsError``."""
    zone = zone_named(str(table.get("zone") or local_zone()))
    days = frozenset(_day(day) for day in _days(table))
    return HospitalCalendar(
        zone, Holidays(_text(table, "country"), _text(table, "subdivision"), days)
    )


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone of the IANA database; raises ``SettingsError`` when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, a path, a folder of zones
        raise SettingsError(
            "the time zone is not known.", "Write one such as Europe/Luxembourg."
        ) from error


def local_zone() -> str:
    """Return the name of this machine's time zone, UTC where it has none."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and "/" in named and not named.startswith("/"):
        return named
    place = os.path.realpath(LOCAL_TIME)
    return place.partition(ZONES)[2] or "UTC"


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
