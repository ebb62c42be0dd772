"""When the collector may ask, and when it may send: a week of hours in local wall time.

A ``WeekGrid`` says which of 7 x 24 hours are open, as the administrators of a hospital think of
them: by the clock on the wall.  ``Slots`` is a grid in a time zone with its bank holidays; it
answers for any instant, through the hour that is missing in March and the one that lasts 120
minutes in October.  Instants are aware datetimes; those given back are in UTC, because two
datetimes of one zone are compared and subtracted by the clock on the wall, not by what elapsed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from workbench.collect.hours.week_words import in_words
from workbench.errors import SettingsError
from workbench.hospital_calendar import Holidays
from workbench.language import Words

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OPEN, CLOSED = "#", "."
HOURS_A_DAY = 24
SUNDAY = 6
HOUR = timedelta(hours=1)
# A week repeats, but for holidays; who waits longer than this is told that nothing changes.
HORIZON = timedelta(days=60)


@dataclass(frozen=True)
class WeekGrid:
    """Seven days, Monday first, of 24 hours each; ``True`` is open.

    Raises ``SettingsError`` for any other number of days or hours.
    """

    hours: tuple[tuple[bool, ...], ...]

    def __post_init__(self) -> None:
        if [len(day) for day in self.hours] != [HOURS_A_DAY] * len(DAYS):
            raise SettingsError("a week has 7 days of 24 hours.", "Paint the schedule again.")

    @classmethod
    def always(cls) -> Self:
        """Return a week that is open all the time."""
        return cls(((True,) * HOURS_A_DAY,) * len(DAYS))

    @classmethod
    def never(cls) -> Self:
        """Return a week that is closed all the time."""
        return cls(((False,) * HOURS_A_DAY,) * len(DAYS))

    @classmethod
    def parse(cls, rows: Mapping[str, str]) -> Self:
        """Read a week from 24 characters a day, ``#`` open and ``.`` closed, from hour 0 on.

        A day that is not named is closed.  Raises ``SettingsError`` that names the day and says
        what to write.
        """
        for name in rows:
            if name not in DAYS:
                raise SettingsError(
                    "{name} is not a day of the schedule.",
                    "Write one of {days}.",
                    name=f"{str(name)[:20]!r}",
                    days=", ".join(DAYS),
                )
        closed = CLOSED * HOURS_A_DAY
        return cls(tuple(_hours(day, rows.get(day, closed)) for day in DAYS))

    def text(self) -> dict[str, str]:
        """Return what ``parse`` reads, all seven days."""
        return {
            day: "".join(OPEN if is_open else CLOSED for is_open in hours)
            for day, hours in zip(DAYS, self.hours, strict=True)
        }

    def describe(self) -> Words:
        """Return the week in words, such as ``Mon-Fri 19:00-06:00, Sat and Sun all day``.

        A time over midnight belongs to the day it begins on.
        """
        return in_words(self.hours)


def _hours(day: str, text: object) -> tuple[bool, ...]:
    if not isinstance(text, str) or len(text) != HOURS_A_DAY or set(text) - {OPEN, CLOSED}:
        raise SettingsError(
            "the schedule of {day} is not understood.",
            "Write exactly {hours} characters for {day}, one an hour from 0 to 23: "
            "'{open}' for open, '{closed}' for closed.",
            day=day,
            hours=HOURS_A_DAY,
            open=OPEN,
            closed=CLOSED,
        )
    return tuple(sign == OPEN for sign in text)


@dataclass(frozen=True)
class Override:
    """Open now (``opened``) or closed now, whatever the grid says, until an aware datetime.

    Raises ``SettingsError`` when the end has no time zone.
    """

    until: datetime
    opened: bool

    def __post_init__(self) -> None:
        _utc(self.until)

    def holds(self, at: datetime) -> bool:
        """Tell whether it has not ended at an aware datetime."""
        return _utc(at) < _utc(self.until)


@dataclass(frozen=True)
class Slots:
    """One grid (of the query, or of the upload) with its time zone and its holidays.

    Every method takes aware datetimes of any zone, raises ``SettingsError`` for others, and
    obeys an override over everything else until it ends.
    """

    grid: WeekGrid
    zone: ZoneInfo
    holidays: Holidays = field(default_factory=Holidays)

    def cell(self, at: datetime) -> tuple[int, int]:
        """Return the day (0 is Monday, a holiday is 6) and the hour that hold at an instant."""
        local = _utc(at).astimezone(self.zone)
        return SUNDAY if local.date() in self.holidays else local.weekday(), local.hour

    def is_open(self, at: datetime, override: Override | None = None) -> bool:
        """Tell whether it is open at an instant."""
        if override is not None and override.holds(at):
            return override.opened
        day, hour = self.cell(at)
        return self.grid.hours[day][hour]

    def next_change(self, at: datetime, override: Override | None = None) -> datetime | None:
        """Return the first instant (UTC) after ``at`` when ``is_open`` differs from now.

        ``None`` when that does not come within 60 days.
        """
        now = self.is_open(at, override)
        for edge in self._edges(at, _utc(at) + HORIZON, override):
            if self.is_open(edge, override) != now:
                return edge
        return None

    def openings(
        self, start: datetime, end: datetime, override: Override | None = None
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open times between two instants as (from, to), UTC, none next to another."""
        begin, last = _utc(start), _utc(end)
        opened = begin if begin < last and self.is_open(begin, override) else None
        for edge in self._edges(start, end, override):
            now = self.is_open(edge, override)
            if now and opened is None:
                opened = edge
            elif not now and opened is not None:
                yield opened, edge
                opened = None
        if opened is not None:
            yield opened, last

    def open_seconds(
        self, start: datetime, end: datetime, override: Override | None = None
    ) -> float:
        """Return the seconds, as they elapse, that are open between two instants."""
        spans = self.openings(start, end, override)
        return sum((last - first).total_seconds() for first, last in spans)

    def _edges(
        self, after: datetime, end: datetime, override: Override | None
    ) -> Iterator[datetime]:
        """Yield all instants (UTC) between two when ``is_open`` may differ, in order."""
        at, last = _utc(after), _utc(end)
        if override is not None and override.holds(at):
            at = _utc(override.until)  # nothing changes before
            if at >= last:
                return
            yield at
        while (at := _next_wall_hour(at, self.zone)) < last:
            yield at


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise SettingsError("a time without its zone was given.", "Say in which zone it is meant.")
    return at.astimezone(UTC)


def _next_wall_hour(at: datetime, zone: ZoneInfo) -> datetime:
    """Return when the wall's hour ends, or when the wall's clock is set, if that is earlier."""
    local = at.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    end = at + HOUR - past
    if end.astimezone(zone).utcoffset() == local.utcoffset():
        return end
    # Clocks are set at full seconds (RFC 9636 keeps transitions as whole seconds).
    before, after = int(at.replace(microsecond=0).timestamp()), int(end.timestamp())
    while after - before > 1:
        middle = (before + after) // 2
        same = datetime.fromtimestamp(middle, zone).utcoffset() == local.utcoffset()
        before, after = (middle, after) if same else (before, middle)
    return datetime.fromtimestamp(after, UTC)
