"""Times of day are those that the survey promises, whatever form they are written in."""

from __future__ import annotations

import pytest

from workbench.verify.told_times import EXACT, HOUR, REMOVED, time_of, wrong_offset, wrong_time

SECOND = 1_000_000
ALL = (EXACT, HOUR, REMOVED)
NOT_KNOWN = ""


@pytest.mark.parametrize(
    ("vr", "text", "seconds", "to_second"),
    [
        ("TM", "10", 36_000, False), ("TM", "1011", 36_660, False), ("TM", "101112", 36_672, True),
        ("TM", "10:11:12", 36_672, True), ("TM", " 101112.5 ", 36_672.5, True),
        ("TM", "101112.123456789\0", 36_672.123456, True),
        ("DT", "2015060710", 36_000, False), ("DT", "20150607101112.25+0130", 36_672.25, True),
        ("DT", "20150607101112-0500", 36_672, True),
    ],
)  # fmt: skip
def test_a_time_of_day_in_every_form(vr: str, text: str, seconds: float, to_second: bool) -> None:
    told = time_of(vr, text)
    assert told is not None
    assert (told.since_us, told.to_second) == (round(seconds * SECOND), to_second)


@pytest.mark.parametrize(
    ("vr", "text"),
    [
        ("DT", "2015"), ("DT", "201506"), ("DT", "20150607"), ("DT", "20150607+0100"),
        ("DA", "20150607"), ("DA", "2015.06.07"), ("TM", "noon"), ("TM", "9"), ("DT", "2015-06"),
        ("TM", "20150607101112"), ("TM", "١٠١١١٢"),
    ],
)  # fmt: skip
def test_a_day_or_a_month_tells_no_time_of_day(vr: str, text: str) -> None:
    assert time_of(vr, text) is None


def test_a_leap_second_is_still_of_its_hour() -> None:
    told = time_of("TM", "105960.5")
    assert told is not None
    assert told.since_us == 11 * 3_600 * SECOND - 1


# --- exact --------------------------------------------------------------------------------------


def test_exact_times_are_the_originals_in_any_form() -> None:
    for text in ("101112", "10:11:12", "101112.000000"):
        assert wrong_time(EXACT, "TM", text, ["101112"]) == ""
    assert wrong_time(EXACT, "DT", "20110101101112", ["20150607101112"]) == ""


def test_an_exact_time_that_is_another_is_wrong() -> None:
    for text in ("101113", "1011", "10", "101112.5"):
        assert wrong_time(EXACT, "TM", text, ["101112"]), text
    assert wrong_time(EXACT, "TM", "101112", []), "a time made up"


def test_an_exact_moment_that_lost_its_time_is_wrong() -> None:
    assert wrong_time(EXACT, "DT", "20110101", ["20150607101112"])
    assert wrong_time(EXACT, "DT", "20110101", ["20150607"]) == ""
    assert wrong_time(EXACT, "DA", "20110101", ["20150607"]) == ""


# --- hour ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["101112", "093000", "110000.123456", "10", "1100"])
def test_times_of_a_patients_clock_are_true_to_an_hour(text: str) -> None:
    assert wrong_time(HOUR, "TM", text, ["101112"]) == ""
    assert wrong_time(HOUR, "DT", f"20110101{text}", ["20150607101112"]) == ""


@pytest.mark.parametrize("text", ["090000", "111113", "221112", "000000"])
def test_a_time_further_away_is_wrong(text: str) -> None:
    assert wrong_time(HOUR, "TM", text, ["101112"])
    assert wrong_time(HOUR, "DT", f"20110101{text}", ["20150607101112"])
    assert wrong_time(HOUR, "TM", text, []), "a time made up"


def test_it_is_measured_at_every_value_of_the_place() -> None:
    assert wrong_time(HOUR, "TM", "160000", ["101112", "161112"]) == ""


# --- removed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vr", "text"),
    [("TM", "101112"), ("TM", "10"), ("TM", "000000"), ("DT", "2011010110"), ("DT", "20110101000000")],
)  # fmt: skip
def test_no_time_may_be_told_where_they_are_removed(vr: str, text: str) -> None:
    assert wrong_time(REMOVED, vr, text, [text]) == "a time of day is told"


@pytest.mark.parametrize("text", ["20110101", "2011", "201101"])
def test_days_stay_where_times_are_removed(text: str) -> None:
    assert wrong_time(REMOVED, "DT", text, ["20150607101112"]) == ""


# --- offsets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "wrong_under"),
    [("+0100", {REMOVED}), ("-0500", {REMOVED}), ("+0530", {HOUR, REMOVED}), ("", set())],
)
def test_offsets_from_utc(offset: str, wrong_under: set[str]) -> None:
    assert {times for times in ALL if wrong_offset(times, offset)} == wrong_under
    assert wrong_offset(NOT_KNOWN, offset) == ""


@pytest.mark.parametrize("text", ["Zwirnhuber", "+1", "CET", "01:00"])
@pytest.mark.parametrize("times", [*ALL, NOT_KNOWN])
def test_another_text_is_no_offset(times: str, text: str) -> None:
    assert wrong_offset(times, text) == "it is no offset from UTC"


def test_an_offset_in_a_moment_counts_as_well() -> None:
    assert wrong_time(REMOVED, "DT", "20110101+0100", ["20150607+0100"])
    assert wrong_time(HOUR, "DT", "20110101101112+0530", ["20150607101112+0530"])
    assert wrong_time(HOUR, "DT", "20110101101112+0500", ["20150607101112+0500"]) == ""
    assert wrong_time(EXACT, "DT", "20110101101112+0530", ["20150607101112+0530"]) == ""


# --- whatever is promised ------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [*ALL, NOT_KNOWN])
@pytest.mark.parametrize(
    ("vr", "text"), [("TM", "Zwirnhuber"), ("TM", "noon"), ("DT", "20150607 Zwirnhuber"), ("DA", "7 June")]
)  # fmt: skip
def test_words_are_no_time_and_no_date(times: str, vr: str, text: str) -> None:
    assert wrong_time(times, vr, text, [text])


def test_nothing_else_is_said_of_a_promise_that_is_not_known() -> None:
    assert wrong_time(NOT_KNOWN, "TM", "101112", ["235959"]) == ""
    assert wrong_time(NOT_KNOWN, "DT", "20110101101112+0530", []) == ""
