"""When a plan is due, in words: ``on working days at 05:30``."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from workbench.language import Words, clock, data, listed, long_weekday, mark, t, weekday
from workbench.plans.due_times import DueTimes
from workbench.plans.report_plan import ReportPlan
from workbench.plans.week_days import ALL

A_MONDAY = date(2026, 1, 5)
WORKING = (0, 1, 2, 3, 4)
ANY = "*"
PLACES = (
    mark("on the first {day} of the month at {clock}"),
    mark("on the second {day} of the month at {clock}"),
    mark("on the third {day} of the month at {clock}"),
    mark("on the fourth {day} of the month at {clock}"),
    mark("on the fifth {day} of the month at {clock}"),
)
ON_HOLIDAYS = {
    "skip": mark("{when}, on holidays not at all"),
    "next": mark("{when}, on holidays the next working day"),
}


def when_words(plan: ReportPlan) -> Words:
    """Return when a plan is due, in the language that is spoken."""
    times = plan.times
    if plan.clock and plan.week_days == WORKING and times.on_holidays == "skip":
        return t("on working days at {clock}", clock=_clock(*plan.clock))
    said = _on_days(plan.week_days, _clock(*plan.clock)) if plan.clock else _by_cron(times)
    kept = ON_HOLIDAYS.get(times.on_holidays)
    return t(kept, when=said) if kept else said


def _on_days(days: tuple[int, ...], at: Words) -> Words:
    if days == ALL:
        return t("every day at {clock}", clock=at)
    if days == tuple(range(days[0], days[-1] + 1)) and len(days) > 2:
        named = t("{first}-{last}", first=_name(days[0]), last=_name(days[-1]))
    else:
        *most, last = map(_name, days)
        named = t("{most} and {last}", most=listed(most), last=last) if most else last
    return t("{days} at {clock}", days=named, clock=at)


def _by_cron(times: DueTimes) -> Words:
    """Return the sentence of the commonest times; others are told as they are written."""
    minute, hour, day, month, week_day = times.cron.split()
    if not (minute.isdigit() and hour.isdigit() and month == ANY):
        return t("at the times {cron} (as cron writes them)", cron=data(times.cron))
    said = _in_month(day, week_day.upper(), _clock(int(hour), int(minute)))
    return said or t("at the times {cron} (as cron writes them)", cron=data(times.cron))


def _in_month(day: str, week_day: str, at: Words) -> Words | None:
    number, _, place = week_day.partition("#")
    last = week_day.removesuffix("L")
    if week_day == ANY and day == ANY:
        return t("every day at {clock}", clock=at)
    if week_day == ANY and day.isdigit():
        return t("on day {day} of the month at {clock}", day=data(int(day)), clock=at)
    if week_day == ANY and day.upper() == "L":
        return t("on the last day of the month at {clock}", clock=at)
    if day == ANY and week_day.isdigit():
        return _on_days(((int(week_day) - 1) % 7,), at)
    if day == ANY and number.isdigit() and place.isdigit():
        return t(PLACES[int(place) - 1], day=_long_name((int(number) - 1) % 7), clock=at)
    if day == ANY and last.isdigit():
        return t(
            "on the last {day} of the month at {clock}",
            day=_long_name((int(last) - 1) % 7),
            clock=at,
        )
    return None


def _clock(hour: int, minute: int) -> Words:
    return clock(datetime(2026, 1, 5, hour, minute))


def _name(day: int) -> Words:
    return weekday(A_MONDAY + timedelta(days=day))


def _long_name(day: int) -> Words:
    return long_weekday(A_MONDAY + timedelta(days=day))
