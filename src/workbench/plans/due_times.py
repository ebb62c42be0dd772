"""When a plan is due: cron's five fields by the clock on the wall, holidays, what was missed.

In the night when the clock is set forth, a time that does not exist comes when it has been set; in
that when it is set back, a time that comes twice counts once.  A plan with a star for its minute
or hour goes by the hours there are instead: by none, or by both.  So does Debian's cron (man 8
cron, "Daylight Saving Time"), and the package cronsim, which knows its language.  Instants are UTC.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from workbench.errors import SettingsError
from workbench.hospital_calendar import HospitalCalendar
from workbench.language import mark

FIELDS = 5  # minute, hour, day of the month, month, day of the week
MAX_CHARACTERS = 100
MAX_COUNTED = timedelta(days=366)  # of times that were missed
# Whoever looks does so a little after the time itself.
LATE = timedelta(hours=1)
A_DAY = timedelta(days=1)
LONGEST_CLOSED = 400  # days, of a list of holidays without an end
EXAMPLE = mark('For example: when = "30 5 1 * *" is 05:30 on the first of each month.')

OnHolidays = Literal["run", "skip", "next"]


class DueSlot(NamedTuple):
    """A time that has come, and how many before it nobody has run for."""

    slot: datetime
    skipped: int


@dataclass(frozen=True)
class DueTimes:
    """The times of a plan.

    Attributes
    ----------
    cron
        Minute, hour, day of the month, month and day of the week, in cron's language.
    calendar
        By whose clock, and with which holidays.
    on_holidays
        On a holiday it is due all the same (``run``), not at all (``skip``), or at the same time
        of the first working day after (``next``).

    Raises ``SettingsError`` for what is none of cron's times, or never comes.
    """

    cron: str
    calendar: HospitalCalendar
    on_holidays: OnHolidays = "run"

    def __post_init__(self) -> None:
        if len(self.cron) > MAX_CHARACTERS or len(self.cron.split()) != FIELDS:
            raise SettingsError(
                "'{when}' is not the five fields minute, hour, day, month, day of the week.",
                EXAMPLE, when=self.cron[:MAX_CHARACTERS],
            )  # fmt: skip
        if next(self._by_cron(datetime.now(UTC)), None) is None:
            raise SettingsError("'{when}' never comes.", EXAMPLE, when=self.cron)

    def __str__(self) -> str:
        """Return what changes when any of its times does, but for the days of holidays."""
        return f"{self.cron} {self.calendar.zone.key} {self.on_holidays}"

    def after(self, at: datetime) -> Iterator[datetime]:
        """Yield all times after an instant, in order, none of them twice."""
        last, moved = at, list[datetime]()
        for raw in self._by_cron(self._begin(at)):
            day = raw.astimezone(self.calendar.zone).date()
            while moved and moved[0] <= raw:
                if (earlier := heapq.heappop(moved)) > last:
                    yield (last := earlier)
            if self.on_holidays != "run" and day in self.calendar.holidays:
                if self.on_holidays == "next":
                    heapq.heappush(moved, self._moved(raw))
            elif raw > last:
                yield (last := raw)

    def next_due(self, at: datetime) -> datetime | None:
        """Return the first time after an instant; ``None`` when there is none any more."""
        return next(self.after(at), None)

    def last_due(self, since: datetime, now: datetime, catch_up: timedelta) -> DueSlot | None:
        """Return the last time after ``since`` that has come by ``now``.

        ``None`` when there is none, or when it is longer ago than ``catch_up``.  At most a year
        of missed times is counted.
        """
        slot, number = None, 0
        for due in self.after(max(since, now - MAX_COUNTED)):
            if due > now:
                break
            slot, number = due, number + 1
        if slot is None or slot < now - catch_up - LATE:
            return None
        return DueSlot(slot, number - 1)

    def _by_cron(self, at: datetime) -> Iterator[datetime]:
        """Yield cron's times after an instant; raises ``SettingsError`` for a wrong field."""
        from cronsim import CronSim, CronSimError

        try:
            times = CronSim(self.cron, at.astimezone(self.calendar.zone))
        except (CronSimError, ValueError, AssertionError) as error:
            raise SettingsError(
                "'{when}' is not in cron's language ({why}).", EXAMPLE,
                when=self.cron, why=str(error).lower()[:MAX_CHARACTERS],
            ) from error  # fmt: skip
        for local in times:
            yield local.astimezone(UTC)

    def _begin(self, at: datetime) -> datetime:
        """Return from where to look for times after an instant, with those that are moved there."""
        if self.on_holidays != "next":
            return at
        zone = self.calendar.zone
        day = at.astimezone(zone).date()
        for _ in range(LONGEST_CLOSED):
            if self.calendar.works(day - A_DAY):
                break
            day -= A_DAY
        return datetime.combine(day - A_DAY, time(), zone).astimezone(UTC)

    def _moved(self, raw: datetime) -> datetime:
        local = raw.astimezone(self.calendar.zone)
        day = _working_day_after(local.date(), self.calendar)
        return datetime.combine(day, local.time(), self.calendar.zone).astimezone(UTC)


def _working_day_after(day: date, calendar: HospitalCalendar) -> date:
    for number in range(1, LONGEST_CLOSED):
        if calendar.works(day + number * A_DAY):
            return day + number * A_DAY
    return day + A_DAY
