"""The week schedule: wall hours through both changes of the clock, holidays, overrides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.collect.hours.week_grid import DAYS, Override, Slots, WeekGrid
from workbench.errors import SettingsError
from workbench.hospital_calendar import Holidays

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # sets its clocks by 30 minutes, at half past in UTC
AUCKLAND = ZoneInfo("Pacific/Auckland")
ST_JOHNS = ZoneInfo("America/St_Johns")  # set its clocks at 00:01 until 2011
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # 5 h 45 min, no summer time
NIGHT, DAYTIME, ALL = "######.............#####", ".......##########.......", "#" * 24
MINUTE = timedelta(minutes=1)


def week(row: str, **others: str) -> WeekGrid:
    return WeekGrid.parse({**dict.fromkeys(DAYS, row), **others})


def only(hour: int) -> WeekGrid:
    return week("." * hour + "#" + "." * (23 - hour))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


# The nights of the clocks, north and south of the equator, and a zone that has none.
STARTS = [
    (LUXEMBOURG, utc(2026, 3, 28, 20)), (LUXEMBOURG, utc(2026, 10, 24, 20)),
    (LORD_HOWE, utc(2026, 4, 4, 9)), (LORD_HOWE, utc(2026, 10, 3, 9)),
    (AUCKLAND, utc(2026, 4, 4, 8)), (AUCKLAND, utc(2026, 9, 26, 8)),
    (ST_JOHNS, utc(2010, 11, 6, 18)), (KATHMANDU, utc(2026, 6, 1, 0)),
]  # fmt: skip


rows = st.sampled_from([NIGHT, DAYTIME, ALL, "." * 24, "#" * 10 + "." * 14, "." * 19 + "#" * 5])
weeks = st.one_of(
    st.lists(rows, min_size=7, max_size=7),
    st.lists(st.text("#.", min_size=24, max_size=24), min_size=7, max_size=7),
).map(lambda lines: WeekGrid.parse(dict(zip(DAYS, lines, strict=True))))


# -- the grid ---------------------------------------------------------------------------------


def test_the_rows_of_a_file_are_the_hours_of_the_days_and_come_back() -> None:
    grid = WeekGrid.parse({"monday": NIGHT, "sunday": ALL})
    assert [hour for hour in range(24) if grid.hours[0][hour]] == [0, 1, 2, 3, 4, 5, *range(19, 24)]
    assert all(grid.hours[6])
    assert not any(any(day) for day in grid.hours[1:6])  # not named: closed
    assert grid.text()["monday"] == NIGHT
    assert list(grid.text()) == list(DAYS)
    assert WeekGrid.parse(grid.text()) == grid
    assert sum(map(sum, WeekGrid.always().hours)) == 168
    assert sum(map(sum, WeekGrid.never().hours)) == 0


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ({"tuesday": "#" * 23}, "tuesday"),
        ({"tuesday": "#" * 25}, "tuesday"),
        ({"friday": "x" * 24}, "friday"),
        ({"friday": 24}, "friday"),
        ({"friday": ["#"] * 24}, "friday"),
        ({"caturday": ALL}, "caturday"),
        ({"Monday": ALL}, "Monday"),
    ],
)
def test_a_wrong_row_is_refused_by_its_day_with_what_to_write(rows, named: str) -> None:
    with pytest.raises(SettingsError) as error:
        WeekGrid.parse(rows)
    assert named in str(error.value)
    assert error.value.remedy


def test_a_week_has_seven_days_of_24_hours() -> None:
    for hours in (((True,) * 24,) * 6, ((True,) * 23,) * 7, ()):
        with pytest.raises(SettingsError):
            WeekGrid(hours)


# -- open or not, in wall time ----------------------------------------------------------------


def test_an_hour_is_the_wall_s_not_utc_s() -> None:
    slots = Slots(week(NIGHT), LUXEMBOURG)
    assert slots.is_open(utc(2026, 1, 12, 18))  # 19:00 in winter
    assert not slots.is_open(utc(2026, 1, 12, 17, 59, 59))
    assert slots.is_open(utc(2026, 7, 13, 17))  # 19:00 in summer
    assert not slots.is_open(utc(2026, 7, 13, 16, 59))
    tokyo = datetime(2026, 7, 14, 2, 0, tzinfo=timezone(timedelta(hours=9)))
    assert slots.is_open(tokyo)  # the same instant as 19:00 in Luxembourg


def test_the_hour_that_is_missing_in_march_is_never_open() -> None:
    slots = Slots(only(2), LUXEMBOURG)
    day, next_day = utc(2026, 3, 28, 22, 59), utc(2026, 3, 29, 22)
    assert slots.open_seconds(day, next_day) == 0
    assert slots.next_change(utc(2026, 3, 28, 12)) == utc(2026, 3, 30, 0)  # 02:00 a day later
    # 19:00-06:00 is eleven hours by the clock, ten by the watch.
    nights = Slots(week(NIGHT), LUXEMBOURG)
    night = [*nights.openings(utc(2026, 3, 28, 12), utc(2026, 3, 29, 12))]
    assert night == [(utc(2026, 3, 28, 18), utc(2026, 3, 29, 4))]
    # Open from 3:00: that is when 2:00 would have been.
    assert Slots(only(3), LUXEMBOURG).next_change(utc(2026, 3, 29)) == utc(2026, 3, 29, 1)


def test_the_hour_that_comes_twice_in_october_lasts_120_minutes() -> None:
    slots = Slots(only(2), LUXEMBOURG)
    span = utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)
    assert [*slots.openings(*span)] == [(utc(2026, 10, 25, 0), utc(2026, 10, 25, 2))]
    assert slots.open_seconds(*span) == 120 * 60
    assert slots.next_change(utc(2026, 10, 25, 0, 30)) == utc(2026, 10, 25, 2)
    for fold in (0, 1):
        assert slots.is_open(datetime(2026, 10, 25, 2, 30, tzinfo=LUXEMBOURG, fold=fold))
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=LUXEMBOURG, fold=n) for n in (0, 1))
    assert slots.open_seconds(first, second) == 3600  # equal on the wall, an hour apart


def test_half_an_hour_is_missing_and_comes_twice_on_lord_howe() -> None:
    # 5 April 2026, 02:00 -> 01:30; 4 October 2026, 02:00 -> 02:30.
    day = timedelta(days=1)
    autumn, spring = utc(2026, 4, 4, 13), utc(2026, 10, 3, 13, 30)
    assert Slots(only(1), LORD_HOWE).open_seconds(autumn, autumn + day) == 90 * 60
    assert Slots(only(2), LORD_HOWE).open_seconds(spring, spring + day) == 30 * 60
    assert Slots(only(2), LORD_HOWE).next_change(spring) == utc(2026, 10, 3, 15, 30)


def test_clocks_that_are_set_within_an_hour_are_followed_to_the_second() -> None:
    # 7 November 2010, 00:01 (UTC-2:30) -> 23:01 of the day before.
    slots = Slots(only(0), ST_JOHNS)
    midnight = utc(2010, 11, 7, 2, 30)
    assert [*slots.openings(midnight - 6 * MINUTE, midnight + 120 * MINUTE)] == [
        (midnight, midnight + MINUTE),
        (midnight + 60 * MINUTE, midnight + 120 * MINUTE),
    ]


def test_a_week_of_the_always_open_has_its_real_length() -> None:
    slots = Slots(WeekGrid.always(), LUXEMBOURG)
    monday, next_monday = (datetime(2026, 3, day, tzinfo=LUXEMBOURG) for day in (23, 30))
    assert slots.open_seconds(monday, next_monday) == (7 * 24 - 1) * 3600
    assert slots.open_seconds(next_monday, monday) == 0
    assert slots.next_change(monday) is None
    assert Slots(WeekGrid.never(), LUXEMBOURG).next_change(monday) is None


instants = st.builds(
    lambda start, offset: (start[0], start[1] + timedelta(seconds=offset)),
    st.sampled_from(STARTS),
    st.integers(0, 12 * 3600),
)
ends = st.builds(timedelta, minutes=st.integers(1, 20 * 60))
overrides = st.none() | st.tuples(ends, st.booleans())


def brute(slots: Slots, at: datetime, override: Override | None, minutes: int) -> list[bool]:
    return [slots.is_open(at + n * MINUTE, override) for n in range(minutes)]


@settings(max_examples=60)
@given(weeks, instants, overrides, st.sampled_from([(), (0,), (1,)]))
def test_the_next_change_is_where_minute_by_minute_finds_it(grid, instant, override, free) -> None:
    zone, at = instant
    at = at.replace(second=0)
    free_days = frozenset(at.date() + timedelta(days=n) for n in free)
    slots = Slots(grid, zone, Holidays(days=free_days))
    given_override = Override(at + override[0], override[1]) if override else None
    states = brute(slots, at, given_override, 30 * 60)
    found = next((n for n, one in enumerate(states) if one != states[0]), None)
    change = slots.next_change(at, given_override)
    if found is not None:
        assert change == at + found * MINUTE
    else:
        assert change is None or change >= at + 30 * 60 * MINUTE


@settings(max_examples=60)
@given(weeks, instants, st.integers(0, 30 * 60), overrides)
def test_the_open_time_is_the_sum_of_the_open_minutes(grid, instant, minutes, override) -> None:
    zone, at = instant
    at = at.replace(second=0)
    slots = Slots(grid, zone)
    given_override = Override(at + override[0], override[1]) if override else None
    end = at + minutes * MINUTE
    expected = 60 * sum(brute(slots, at, given_override, minutes))
    assert slots.open_seconds(at, end, given_override) == expected
    spans = [*slots.openings(at, end, given_override)]
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges))  # in order, and no two spans touch


@given(weeks, instants)
def test_a_change_is_exact_to_the_microsecond(grid, instant) -> None:
    zone, at = instant
    slots = Slots(grid, zone)
    change = slots.next_change(at)
    if change is not None:
        before = change - timedelta(microseconds=1)
        assert slots.is_open(before) == slots.is_open(at) != slots.is_open(change)


# -- holidays ---------------------------------------------------------------------------------


def test_a_holiday_counts_as_a_sunday() -> None:
    grid = week(NIGHT, sunday=ALL)
    national_day = date(2026, 6, 23)  # a Tuesday
    noon = datetime(2026, 6, 23, 12, tzinfo=LUXEMBOURG)
    assert not Slots(grid, LUXEMBOURG).is_open(noon)
    slots = Slots(grid, LUXEMBOURG, Holidays(days=frozenset({national_day})))
    assert slots.is_open(noon)
    assert slots.cell(noon) == (6, 12)
    assert slots.next_change(noon).astimezone(LUXEMBOURG) == datetime(
        2026, 6, 24, 6, tzinfo=LUXEMBOURG
    )
    # The day is the wall's: 22:30 UTC on the 22nd is half past midnight of the 23rd.
    assert slots.cell(utc(2026, 6, 22, 22, 30)) == (6, 0)


# -- override, zones --------------------------------------------------------------------------


def test_an_override_wins_over_grid_and_holiday_and_ends() -> None:
    grid = week(DAYTIME, sunday="." * 24)
    free = Holidays(days=frozenset({date(2026, 6, 23)}))
    noon = datetime(2026, 6, 23, 12, tzinfo=LUXEMBOURG)
    slots = Slots(grid, LUXEMBOURG, free)
    now = Override(noon + timedelta(hours=2), opened=True)
    assert not slots.is_open(noon)
    assert slots.is_open(noon, now)
    assert not slots.is_open(noon + timedelta(hours=2), now)
    assert slots.next_change(noon, now) == noon + timedelta(hours=2)
    assert slots.open_seconds(noon, noon + timedelta(hours=5), now) == 2 * 3600

    working_day = datetime(2026, 6, 24, 10, tzinfo=LUXEMBOURG)
    not_now = Override(working_day + timedelta(minutes=90), opened=False)
    assert slots.is_open(working_day)
    assert not slots.is_open(working_day, not_now)
    assert slots.next_change(working_day, not_now) == not_now.until
    # An end inside a slot of the same kind changes nothing there.
    still = Override(working_day + timedelta(hours=1), opened=True)
    assert slots.next_change(working_day, still).astimezone(LUXEMBOURG).hour == 17


def test_an_override_ends_at_its_instant_in_the_hour_that_comes_twice() -> None:
    slots = Slots(WeekGrid.never(), LUXEMBOURG)
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=LUXEMBOURG, fold=n) for n in (0, 1))
    override = Override(second, opened=True)
    assert slots.is_open(first, override)
    assert slots.next_change(first, override) == second.astimezone(UTC)
    assert slots.open_seconds(first, second, override) == 3600


def test_an_override_without_a_near_end_changes_nothing_soon() -> None:
    slots = Slots(week(NIGHT), LUXEMBOURG)
    forever = Override(datetime.max.replace(tzinfo=UTC), opened=False)
    assert slots.next_change(utc(2026, 1, 1), forever) is None
    assert slots.open_seconds(utc(2026, 1, 1), utc(2026, 1, 2), forever) == 0


def test_a_time_without_its_zone_is_refused() -> None:
    naive = datetime(2026, 1, 1)
    slots = Slots(WeekGrid.always(), LUXEMBOURG)
    with pytest.raises(SettingsError):
        Override(naive, opened=True)
    for ask in (slots.is_open, slots.next_change, slots.cell):
        with pytest.raises(SettingsError):
            ask(naive)
    for span in ((naive, utc(2026, 1, 1)), (utc(2026, 1, 1), naive)):
        with pytest.raises(SettingsError):
            slots.open_seconds(*span)
