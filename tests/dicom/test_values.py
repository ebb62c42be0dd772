"""Dates, times, moments, offsets and ages: what PS3.5 6.2 and the calendar demand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.dicom.values import (
    DAYS_A_YEAR,
    Moment,
    ages_contradict,
    completed_months,
    completed_years,
    in_zone,
    moment_of,
    parse_age,
    parse_date,
    parse_moment,
    parse_offset,
    parse_time,
    start_of,
    written_age,
    written_moment,
    years_between,
)

NOON = datetime(2024, 1, 10, 12)
HOUR = timedelta(hours=1)
BIRTHS = [date(2000, 1, 1) + timedelta(days) for days in range(366 + 3 * 365)]  # four years
PEOPLE = st.dates(date(1900, 1, 1), date(2030, 12, 31))


def birthday(birth: date, years: int) -> date:
    """The n-th birthday; of 29 February on 1 March where the year has none."""
    if (birth.month, birth.day) == (2, 29) and years % 4:
        return date(birth.year + years, 3, 1)
    return date(birth.year + years, birth.month, birth.day)


def header(**elements: str) -> dict[str, object]:
    from pydicom.datadict import tag_for_keyword

    return {f"{tag_for_keyword(name) or 0:08X}": {"Value": [text]}
            for name, text in elements.items()}  # fmt: skip


# --- ages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("years", range(1, 19))
def test_every_birthday_over_four_years_of_births(years: int) -> None:
    for birth in BIRTHS:
        day = birthday(birth, years)
        eve = day - timedelta(1)
        before = years_between(birth, eve)
        assert before is not None
        assert (completed_years(birth, eve), completed_years(birth, day)) == (years - 1, years)
        assert years - 1 < before < years
        assert years_between(birth, day) == years
        if years > 2:  # younger ones are told in months
            assert written_age(birth, eve) == f"{years - 1:03d}Y"
            assert written_age(birth, day) == f"{years:03d}Y"


@given(PEOPLE, st.integers(0, 40_000))
def test_an_age_grows_from_day_to_day_and_its_fraction_is_below_one(birth: date, days: int) -> None:
    day = birth + timedelta(days)
    age, next_age = years_between(birth, day), years_between(birth, day + timedelta(1))
    assert age is not None
    assert next_age is not None
    assert age < next_age
    assert 0 <= age - completed_years(birth, day) < 1


def test_nobody_is_older_than_people_get_or_not_born_yet() -> None:
    assert years_between(date(2020, 1, 2), date(2020, 1, 1)) is None
    assert years_between(date(1800, 1, 1), date(2020, 1, 1)) is None
    assert years_between(date(9990, 5, 1), date(9999, 12, 31)) == 9  # no tenth birthday exists


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2024, 2, 29), date(2024, 2, 29), "000D"),
        (date(2024, 1, 1), date(2024, 1, 11), "010D"),
        (date(2024, 1, 1), date(2024, 3, 31), "090D"),
        (date(2024, 1, 1), date(2024, 4, 1), "003M"),
        (date(2023, 1, 15), date(2024, 1, 14), "011M"),
        (date(2023, 1, 15), date(2024, 1, 15), "012M"),
        (date(2022, 3, 1), date(2024, 2, 29), "023M"),
        (date(2022, 3, 1), date(2024, 3, 1), "002Y"),
        (date(2020, 2, 29), date(2022, 2, 28), "023M"),
        (date(2020, 2, 29), date(2022, 3, 1), "002Y"),
    ],
)
def test_small_children_are_told_in_days_and_months(birth: date, day: date, age: str) -> None:
    assert written_age(birth, day) == age


@given(PEOPLE, st.integers(0, 40_000))
def test_twelve_months_are_a_year(birth: date, days: int) -> None:
    day = birth + timedelta(days)
    assert completed_months(birth, day) // 12 == completed_years(birth, day)


@given(PEOPLE, st.integers(0, 40_000))
def test_a_written_age_is_read_again_and_fits(birth: date, days: int) -> None:
    day = birth + timedelta(days)
    told, exact = parse_age(written_age(birth, day)), years_between(birth, day)
    assert told is not None
    assert exact is not None
    assert not ages_contradict(exact, told)
    assert told.years <= exact + 3 / DAYS_A_YEAR  # rounded down; months differ in length


@pytest.mark.parametrize(
    ("text", "years"),
    [("018Y", 18.0), ("216M", 18.0), ("000Y", 0.0), ("000D", 0.0), ("010D", 10 / 365.25),
     ("052W", 364 / 365.25), ("45 Y", 45.0), ("45y", 45.0)],
)  # fmt: skip
def test_ages_that_are_told(text: str, years: float) -> None:
    told = parse_age(text)
    assert told is not None
    assert told.years == years


@pytest.mark.parametrize("text", ["", "42", "0045", "Y045", "old", "-01Y", "\u0661\u0668Y"])
def test_ages_that_are_none(text: str) -> None:
    assert parse_age(text) is None


# --- dates and times ------------------------------------------------------------------------------


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 12, 31)))
def test_dates_and_times_come_back_as_written(moment: datetime) -> None:
    assert parse_date(moment.strftime("%Y%m%d")) == moment.date()
    at = parse_time(moment.strftime("%H%M%S.%f"))
    assert at is not None
    assert datetime.min + at == datetime.combine(date.min, moment.time())
    assert parse_moment(written_moment(moment)) == Moment(moment)


@given(st.text(max_size=24) | st.from_regex(r"[0-9.:+-]{0,24}", fullmatch=True))
def test_any_text_is_read_or_nothing(text: str) -> None:
    for read in (parse_date, parse_time, parse_offset, parse_age):
        read(text)
    moment = parse_moment(text)
    assert not (moment.at and moment.fault)


@pytest.mark.parametrize("text", ["20230231", "230102", "2023.0102", "２０２３０１０２", ""])
def test_dates_that_are_none_are_nothing(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1221", 44460), ("12", 43200), ("122100.5", 44460.5), ("122100.00", 44460),
        ("12:21:00", 44460), ("12:21", 44460), ("122160", 44520), ("000000", 0),
        ("122100.1234567", 44460.123456),
    ],
)  # fmt: skip
def test_times_of_the_standard_and_of_its_forerunner(text: str, seconds: float) -> None:
    assert parse_time(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "noon", "250000", "126000", "12:2100", "1", "12h21", "24"])
def test_times_that_are_none_are_never_midnight(text: str) -> None:
    assert parse_time(text) is None
    assert moment_of("20240110", text).at is None


def test_old_dates_with_dots_are_read() -> None:
    assert parse_date("2023.01.02") == date(2023, 1, 2)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20240110120000", Moment(NOON)),
        ("202401101200", Moment(NOON)),
        ("20240110120000.0000000+0000", Moment(NOON, timedelta())),
        ("20240110120000-0030", Moment(NOON, -HOUR / 2)),
        ("20240110120000+1400", Moment(NOON, 14 * HOUR)),
        ("", Moment()),
        ("20240110", Moment(fault="time_absent")),
        ("2024", Moment(fault="time_absent")),
        ("2024-01-10T12:00:00Z", Moment(fault="time_unreadable")),
        ("20240110120000Z", Moment(fault="time_unreadable")),
        ("20240110 120000x", Moment(fault="time_unreadable")),
        ("20241310120000", Moment(fault="time_unreadable")),
        ("20240110250000", Moment(fault="time_unreadable")),
        ("20240110120000+2500", Moment(fault="offset_unreadable")),
        ("20240110120000+1", Moment(fault="offset_unreadable")),
        ("20240110120000-0000", Moment(fault="offset_unreadable")),
        ("99991231235960", Moment(fault="time_unreadable")),
    ],
)  # fmt: skip
def test_moments(text: str, moment: Moment) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize("text", ["+1401", "-1201", "+0060", "0100", "+1:00", "UTC", "-0000"])
def test_offsets_that_are_none(text: str) -> None:
    assert parse_offset(text) is None


# --- zones ----------------------------------------------------------------------------------------


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.integers(-12 * 60, 14 * 60), st.integers(-12 * 60, 14 * 60),
)  # fmt: skip
def test_a_moment_is_the_same_instant_in_every_zone(at: datetime, told: int, zone: int) -> None:
    offset, target = timedelta(minutes=told), timedelta(minutes=zone)
    local = in_zone(Moment(at, offset), None, target)
    assert local is not None
    assert local - target == at - offset
    assert in_zone(Moment(at), offset, target) == local  # PS3.3 C.12.1.1.8: its object's offset


def test_an_offset_beside_an_unknown_zone_cannot_be_applied() -> None:
    assert in_zone(Moment(NOON, HOUR), None, None) is None
    assert in_zone(Moment(NOON), None, HOUR) == NOON  # no offset anywhere: local


@pytest.mark.parametrize(
    ("elements", "at", "offset", "codes"),
    [
        ({"AcquisitionDateTime": "20240110110000+0000", "TimezoneOffsetFromUTC": "+0100"},
         NOON, HOUR, []),
        ({"AcquisitionDateTime": "20240110120000+0100"}, NOON, HOUR, []),
        ({"AcquisitionDateTime": "20240110110000+0000", "AcquisitionDate": "20240110",
          "AcquisitionTime": "120000"}, NOON, None, []),
        ({"AcquisitionDate": "20240110", "AcquisitionTime": "12:00:00"}, NOON, None, []),
        ({"AcquisitionDate": "20240110", "AcquisitionTime": "250000", "StudyDate": "20240110",
          "StudyTime": "093000"}, None, None, ["time_unreadable"]),
        ({"AcquisitionDateTime": "2024011025", "AcquisitionDate": "20240110",
          "AcquisitionTime": "12"}, NOON, None, []),
        ({"AcquisitionDate": "20240110", "SeriesDate": "20240110", "SeriesTime": "12"},
         NOON, None, []),
        ({"AcquisitionDate": "20240110", "StudyDate": "20240110"}, None, None, ["time_absent"]),
        ({"AcquisitionDate": "20240110", "AcquisitionTime": "12", "TimezoneOffsetFromUTC": "+1"},
         NOON, None, ["offset_unreadable"]),
        ({"AcquisitionDateTime": "20240110120000+2500"}, None, None, ["offset_unreadable"]),
        ({"AcquisitionTime": "120000"}, None, None, []),
        ({}, None, None, []),
    ],
)  # fmt: skip
def test_the_start_of_an_object(
    elements: dict[str, str], at: datetime | None, offset: timedelta | None, codes: list[str]
) -> None:
    start = start_of(header(**elements))
    assert (start.at, start.offset) == (at, offset)
    assert [finding.code for finding in start.findings] == codes


def test_a_clock_told_twice_once_with_its_offset_is_local_time_of_that_zone() -> None:
    header = {
        "0008002A": {"vr": "DT", "Value": ["20240101113000+0100"]},
        "00080022": {"vr": "DA", "Value": ["20240101"]},
        "00080032": {"vr": "TM", "Value": ["113000"]},
    }
    start = start_of(header)
    assert (start.at, start.offset) == (datetime(2024, 1, 1, 11, 30), timedelta(hours=1))
    header["00080032"]["Value"] = ["123000"]  # another clock: local time, of a zone nobody tells
    assert start_of(header)[:2] == (datetime(2024, 1, 1, 12, 30), None)


@pytest.mark.parametrize(
    ("text", "years", "contradict"),
    [
        ("045Y", 46.9, False), ("045Y", 47.1, True), ("010D", 0.03, False), ("010D", 1.01, True),
        ("003W", 0.2, False), ("003W", 0.5, True), ("006M", 0.9, False), ("006M", 1.6, True),
        ("000Y", 0.9, False), ("001Y", 1.9, False),
    ],
)  # fmt: skip
def test_ages_of_infants_contradict_by_less_than_those_of_adults(
    text: str, years: float, contradict: bool
) -> None:
    told = parse_age(text)
    assert told is not None
    assert ages_contradict(years, told) is contradict
