"""When a plan is due: both changes of the clock, holidays, what was missed, wrong times refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.hospital_calendar import Holidays, HospitalCalendar
from workbench.plans.due_times import DueSlot, DueTimes

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
MONTH = timedelta(days=31)


def times(cron: str, on_holidays: str = "run", *days: date, zone: ZoneInfo = LUXEMBOURG):
    return DueTimes(cron, HospitalCalendar(zone, Holidays(days=frozenset(days))), on_holidays)


def wall(cron: DueTimes, begin: datetime, end: datetime) -> list[str]:
    """Return what comes after the one and by the other, by the clock on the wall."""
    due = takewhile(lambda at: at <= end, cron.after(begin))
    return [f"{at.astimezone(cron.calendar.zone):%d %H:%M %z}" for at in due]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


FORTH = utc(2026, 3, 28, 22), utc(2026, 3, 29, 22)  # the night in which 02:30 does not exist
BACK = utc(2026, 10, 24, 21), utc(2026, 10, 25, 22)  # and that in which it comes twice


def test_in_the_night_when_the_clock_is_set_forth_a_missing_time_comes_late_and_once() -> None:
    assert wall(times("30 2 * * *"), *FORTH) == ["29 03:00 +0200"]
    assert len(wall(times("0 * * * *"), *FORTH)) == 24


def test_in_the_night_when_the_clock_is_set_back_a_double_time_counts_once() -> None:
    assert wall(times("30 2 * * *"), *BACK) == ["25 02:30 +0200"]
    assert wall(times("*/30 2 * * *"), *BACK) == [
        "25 02:00 +0200", "25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100",
    ]  # fmt: skip
    assert len(wall(times("0 * * * *"), *BACK)) == 25  # of the hours that elapse


@pytest.mark.parametrize("night", [FORTH, BACK])
@pytest.mark.parametrize("minutes", range(0, 24 * 60, 7))
def test_whoever_looks_at_any_moment_of_these_nights_sees_the_same_times(
    night: tuple[datetime, datetime], minutes: int
) -> None:
    for cron in ("30 2 * * *", "*/30 2 * * *", "0 * * * *", "15 1-3 * * *"):
        plan = times(cron)
        all_of_them = list(takewhile(lambda at: at <= night[1], plan.after(night[0])))
        looked = night[0] + timedelta(minutes=minutes)
        late = list(takewhile(lambda at: at <= night[1], plan.after(looked)))
        assert late == [at for at in all_of_them if at > looked]


@given(
    st.sampled_from(["30 2 * * *", "*/20 2 * * *", "0 0 1 * *", "5 4 * * 1-5", "0 1 * * 7#1"]),
    st.sampled_from(["run", "skip", "next"]),
    st.sampled_from(["Europe/Luxembourg", "Australia/Lord_Howe", "America/St_Johns", "UTC"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
)
def test_times_come_in_order_and_do_not_depend_on_when_one_looks(
    cron: str, on_holidays: str, zone: str, at: datetime
) -> None:
    free = [date(2026, 12, 24), date(2026, 12, 25), date(2026, 1, 1), date(2026, 5, 1)]
    plan = times(cron, on_holidays, *free, zone=ZoneInfo(zone))
    first = list(islice(plan.after(at.replace(tzinfo=UTC)), 8))
    assert first == sorted(set(first))
    assert list(islice(plan.after(first[3]), 4)) == first[4:]


def test_a_holiday_is_left_out_or_moved_to_the_next_working_day() -> None:
    labour_day, kings = date(2026, 5, 1), date(2026, 5, 4)  # a Friday; the Monday after it
    span = utc(2026, 4, 30, 12), utc(2026, 5, 6)
    daily = "0 6 * * 1-5"
    assert wall(times(daily, "run", labour_day), *span)[0] == "01 06:00 +0200"
    assert wall(times(daily, "skip", labour_day), *span)[0] == "04 06:00 +0200"
    monthly = "0 6 1 * *"
    assert wall(times(monthly, "next", labour_day), *span) == ["04 06:00 +0200"]
    assert wall(times(monthly, "next", labour_day, kings), *span) == ["05 06:00 +0200"]
    assert wall(times(monthly, "skip", labour_day), *span) == []


def test_a_moved_time_and_one_of_that_day_are_one_and_those_between_come_first() -> None:
    labour_day = date(2026, 5, 1)
    span = utc(2026, 4, 30, 12), utc(2026, 5, 5)
    assert wall(times("0 6 * * 1-5", "next", labour_day), *span) == ["04 06:00 +0200"]
    assert wall(times("0 6 * * *", "next", labour_day), *span) == [
        "02 06:00 +0200", "03 06:00 +0200", "04 06:00 +0200",
    ]  # fmt: skip


def test_a_moved_time_is_seen_by_who_looks_on_the_days_between() -> None:
    plan = times("0 6 1 * *", "next", date(2026, 5, 1))
    for day in (1, 2, 3):
        assert plan.next_due(utc(2026, 5, day, 12)) == utc(2026, 5, 4, 4)
    assert plan.next_due(utc(2026, 5, 4, 4)) == utc(2026, 6, 1, 4)


def test_the_last_time_counts_and_those_before_it_are_skipped() -> None:
    plan = times("30 2 * * *")
    off, on = utc(2026, 3, 27, 12), utc(2026, 3, 31, 12)
    assert plan.last_due(off, on, MONTH) == DueSlot(utc(2026, 3, 31, 0, 30), 3)
    assert plan.last_due(utc(2026, 3, 31, 0, 30), on, MONTH) is None


def test_what_is_longer_ago_than_the_plan_catches_up_is_left() -> None:
    monthly = times("0 6 1 * *")
    since = utc(2026, 4, 20)
    assert monthly.last_due(since, utc(2026, 5, 9), timedelta(days=7)) is None
    assert monthly.last_due(since, utc(2026, 5, 5), timedelta(days=7)) is not None
    # Without catching up a look a moment later still counts.
    assert monthly.last_due(since, utc(2026, 5, 1, 4, 1), timedelta()) is not None


def test_a_clock_set_back_makes_nothing_due_again() -> None:
    plan = times("0 * * * *")
    assert plan.last_due(utc(2026, 5, 1, 12), utc(2026, 5, 1, 9, 30), MONTH) is None


@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("30 5 L * *", "31 05:30 +0100"), ("0 5 * * 5L", "30 05:00 +0100"),
        ("0 5 * * 1#1", "05 05:00 +0100"), ("0 5 LW * *", "30 05:00 +0100"),
        ("0 5 * * MON", "05 05:00 +0100"), ("0 5 * Feb SUN", "01 05:00 +0100"),
    ],
)  # fmt: skip
def test_last_days_and_numbered_weekdays_are_understood(cron: str, due: str) -> None:
    first = times(cron).next_due(utc(2026, 1, 1))
    assert first is not None
    assert f"{first.astimezone(LUXEMBOURG):%d %H:%M %z}" == due


@pytest.mark.parametrize(
    "cron",
    [
        "", "@daily", "30 5 * *", "0 30 5 1 * *", "60 5 * * *", "30 24 * * *", "30 5 32 * *",
        "30 5 * 13 *", "30 5 * * 8", "30 5 30 2 *", "30 5 * * FRI-MON", "*/0 5 * * *", "x y z a b",
        f"{'9' * 5000} 5 * * *", "30 5 * * 1#6", "\u0663\u0660 5 * * *",
    ],
)  # fmt: skip
def test_what_is_none_of_crons_times_is_refused_with_an_example(cron: str) -> None:
    with pytest.raises(SettingsError, match="30 5 1") as refused:
        times(cron)
    assert len(str(refused.value)) < 400


def test_zone_and_treatment_of_holidays_belong_to_what_a_plan_is() -> None:
    shown = {
        str(times("0 6 * * *")), str(times("0 7 * * *")), str(times("0 6 * * *", "skip")),
        str(times("0 6 * * *", zone=ZoneInfo("UTC"))),
    }  # fmt: skip
    assert len(shown) == 4
    assert str(times("0 6 * * *", "run", date(2026, 5, 1))) in shown
