"""A patient's clock: order, equality and closeness stay; the time of day and intervals do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from workbench.deidentify.confidentiality_profile import BUILT_IN, load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.patient_clock import (
    DAY_US,
    HOUR_US,
    PatientClock,
    Times,
    day_of,
    stricter,
)
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.deidentify.standard_tables import data_bytes
from workbench.dicom.values import parse_moment, parse_time
from workbench.errors import SettingsError

Through = Callable[..., Dataset]
SECRETS = st.binary(min_size=32, max_size=32)
MOMENTS = st.integers(0, DAY_US - 1)
BY_DAY = st.integers(4 * HOUR_US, 20 * HOUR_US)  # where no clock comes right for midnight


@given(SECRETS, MOMENTS, MOMENTS)
def test_earlier_stays_earlier_equal_stays_equal_and_a_day_stays_a_day(secret, one, other) -> None:
    clock = PatientClock(secret)
    a, b = clock.moved(one), clock.moved(other)
    assert 0 <= a < DAY_US
    assert (one <= other) <= (a <= b)
    assert (one == other) <= (a == b)


@given(SECRETS, MOMENTS)
def test_no_time_is_wrong_by_an_hour(secret, at) -> None:
    assert abs(PatientClock(secret).moved(at) - at) < HOUR_US


@given(SECRETS, BY_DAY, st.integers(0, 60_000_000))
def test_times_close_together_stay_close_and_pauses_stay_pauses(secret, at, apart) -> None:
    """Headers round by a second, mapping allows two; tables pause for ten, mapping wants five."""
    clock = PatientClock(secret)
    moved = clock.moved(at + apart) - clock.moved(at)
    assert 0.5 * apart - 1 <= moved <= 1.73 * apart + 1
    assert (apart <= 1_000_000) <= (moved <= 2_000_000)


@given(SECRETS, BY_DAY, st.integers(1, 4))
def test_zones_that_whole_hours_lie_between_still_fit(secret, at, hours) -> None:
    clock = PatientClock(secret)
    later = at - hours * HOUR_US
    if later >= 3 * HOUR_US + HOUR_US:
        assert abs(clock.moved(at) - clock.moved(later) - hours * HOUR_US) <= 1


@given(SECRETS, st.integers(0, 86_399), st.integers(0, 999_999))
def test_a_time_is_written_as_the_standard_wants_it(secret, seconds, micros) -> None:
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02d}{minutes % 60:02d}{second:02d}.{micros:06d}"
    clock = PatientClock(secret)
    written = clock.time(text)
    read = parse_time(written)
    assert read is not None
    assert len(written) == 13
    assert read == timedelta(microseconds=clock.moved(seconds * 1_000_000 + micros))
    moment = clock.moment(f"20200229{text}+0100")
    assert parse_moment(moment).at is not None
    assert moment == f"20200229{written}+0100"


def test_two_patients_and_two_surveys_have_unlike_clocks() -> None:
    one, other = (Pseudonyms(bytes(32), name, "LU01") for name in ("ONE", "TWO"))
    times = {
        PatientClock(names.clock_secret("", patient)).time("101213.25")
        for names in (one, other) for patient in ("1", "2", "3")
    }  # fmt: skip
    assert len(times) == 6
    again = Pseudonyms(bytes(32), "ONE", "LU01").clock_secret(" ", " 1 ")
    assert again == one.clock_secret("", "1"), "as the pseudonym: blanks do not count"


@pytest.mark.parametrize(
    ("text", "same"),
    [("10:12:13", "101213"), ("101213.5", "101213.500000"), ("101213.123456789", "101213.123456"),
     ("235960", "235959.999999"), (" 101213 ", "101213.0")],
)  # fmt: skip
def test_one_time_in_two_spellings_stays_one_time(text: str, same: str) -> None:
    clock = PatientClock(bytes(range(32)))
    assert clock.time(text) == clock.time(same)


def test_what_tells_no_minute_or_no_time_stays() -> None:
    clock = PatientClock(bytes(range(32)))
    assert clock.time("10") == "10"
    assert len(clock.time("1012")) == 4
    for text in ("20200101", "2020.01.01", "202001", "2020", "2020+0100"):
        assert clock.moment(text) == text
    assert clock.moment("2020010110+0100") == "2020010110+0100"


@pytest.mark.parametrize("text", ["", "2512", "1060", "101299", "noon", "10:12:13 h", "1012-13"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        PatientClock(bytes(32)).time(text)


@pytest.mark.parametrize("text", ["20200101 101213", "2020-01-01101213", "20200101101213Z", "x"])
def test_what_is_no_moment_is_refused_and_never_told_as_it_was(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        PatientClock(bytes(32)).moment(text)
    with pytest.raises(ValueError, match="not a"):
        day_of(text)


def test_an_offset_with_part_of_an_hour_is_left_out(through: Through) -> None:
    """The clock goes otherwise there: no time told with one could be compared with the others."""
    clock = PatientClock(bytes(range(32)))
    assert clock.moment("20200101101213+0530") == clock.moment("20200101101213")
    assert clock.moment("20200101101213-0500").endswith("-0500")
    data = through(Times.HOUR, TimezoneOffsetFromUTC="+0545")
    assert not data.get("TimezoneOffsetFromUTC")
    assert through(Times.HOUR, TimezoneOffsetFromUTC="+0200").TimezoneOffsetFromUTC == "+0200"


@pytest.mark.parametrize("one", list(Times))
def test_of_two_the_coarser_counts(one: Times) -> None:
    assert stricter(one, "exact") == stricter("exact", one) == one
    assert stricter(one, Times.REMOVED) is Times.REMOVED


# --- in a header ---------------------------------------------------------------------------------


def profile(times: Times, options: str) -> str:
    text = data_bytes(BUILT_IN).decode("utf-8").replace('"rtn_long_modif"', options)
    return text.replace('times = "exact"', f'times = "{times}"')


def header(**values: str) -> Dataset:
    """Return a header with times, one of them in a report's item."""
    data = Dataset()
    data.PatientID, data.StudyInstanceUID, data.SOPInstanceUID = "7", "1.2.3", "1.2.3.4"
    data.StudyDate, data.StudyTime = "20200110", "101213"
    data.AcquisitionDateTime = "20200110101214.250000"
    data.ContentTime = "10:12:15"
    item = Dataset()
    item.ValueType, item.DateTime, item.Time = "DATETIME", "20200110101216", "101217"
    data.ContentSequence = [item]
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return data


@pytest.fixture
def through(tmp_path: Path) -> Through:
    """De-identify such a header under a profile with other times, and other options."""

    def apply(times: Times, options: str = '"rtn_long_modif"', **values: str) -> Dataset:
        path = tmp_path / "profile.toml"
        path.write_text(profile(times, options), "utf-8")
        names = Pseudonyms(bytes(32), "EPI-CT", "LU01")
        return Deidentifier(load_profile(path), names).apply(header(**values)).dataset

    return apply


def times_in(data: Dataset) -> list[str]:
    item = data.ContentSequence[0]
    days = (data.AcquisitionDateTime, item.DateTime)
    return [data.StudyTime, data.ContentTime, item.Time, *(str(day)[8:] for day in days)]


def test_exact_times_stay_as_they_were(through: Through) -> None:
    data = through(Times.EXACT)
    assert times_in(data) == ["101213", "10:12:15", "101217", "101214.250000", "101216"]
    assert data.LongitudinalTemporalInformationModified == "MODIFIED"


def test_under_hour_every_time_at_every_depth_is_of_the_patients_clock(through: Through) -> None:
    data = through(Times.HOUR)
    clock = PatientClock(Pseudonyms(bytes(32), "EPI-CT", "LU01").clock_secret("", "7"))
    told = ("101213", "101215", "101217", "101214.25", "101216")
    assert times_in(data) == [clock.time(text) for text in told]
    assert data.LongitudinalTemporalInformationModified == "MODIFIED"


def test_under_removed_no_time_of_day_is_left_and_days_are(through: Through) -> None:
    data = through(Times.REMOVED, TimezoneOffsetFromUTC="+0200")
    assert times_in(data) == ["", "", "", "", ""]
    assert not data.TimezoneOffsetFromUTC
    assert len(data.StudyDate) == len(str(data.AcquisitionDateTime)) == 8


@pytest.mark.parametrize("times", [Times.HOUR, Times.REMOVED])
def test_changed_times_are_not_claimed_to_be_kept(times: Times, through: Through) -> None:
    full = '"rtn_long_full"'
    data = through(times, full)
    codes = {code.CodeValue for code in data.DeidentificationMethodCodeSequence}
    assert data.StudyDate == "20200110", "dates were to stay"
    assert data.StudyTime != "101213"
    assert str(data.AcquisitionDateTime).startswith("20200110")
    assert "101214" not in str(data.AcquisitionDateTime)
    assert data.LongitudinalTemporalInformationModified == "MODIFIED"
    # PS3.16 CID 7050: 113106 full dates, 113107 modified dates
    assert "113107" in codes
    assert "113106" not in codes
    exact = through(Times.EXACT, full)
    assert exact.LongitudinalTemporalInformationModified == "UNMODIFIED"
    assert "113106" in {code.CodeValue for code in exact.DeidentificationMethodCodeSequence}


def test_a_profile_without_a_word_on_times_is_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    digests = []
    for times in ("", 'times = "exact"\n', 'times = "hour"\n', 'times = "removed"\n'):
        built_in = data_bytes(BUILT_IN).decode("utf-8")
        path.write_text(built_in.replace('times = "exact"\n', times), "utf-8")
        digests.append(load_profile(path).sha256)
    assert digests[0] == digests[1] == load_profile().sha256
    assert len(set(digests)) == 3
    path.write_text(built_in.replace('times = "exact"', 'times = "daily"'), "utf-8")
    with pytest.raises(SettingsError, match="times"):
        load_profile(path)
