"""Numbers, days and times as the Unicode CLDR says they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.dates import get_day_names
from babel.numbers import format_decimal

from tests.language.planted import plant
from workbench.language import clock, day, moment, number, use_language, weekday

DAY = date(2026, 3, 29)
TIME = datetime(2026, 3, 29, 7, 5, 59, tzinfo=UTC)
PATTERN = {0: "#,##0", 1: "#,##0.0", 2: "#,##0.00"}


@pytest.fixture(autouse=True)
def _some_languages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plant(monkeypatch, tmp_path, de={}, fr={}, lb={}, zz={})


@pytest.mark.parametrize("language", ["en", "de", "fr", "lb"])
@pytest.mark.parametrize("digits", [0, 1, 2])
@pytest.mark.parametrize("value", [0.0, 3.25, 999.96, 12345.678, 1e7])
def test_numbers_are_those_of_the_cldr(language: str, digits: int, value: float) -> None:
    expected = format_decimal(round(value, digits), PATTERN[digits], language)
    with use_language(language):
        # lb: Babel rounds as Python does.
        assert number(value, digits, grouped=True) == expected


def test_numbers_in_words_a_person_knows() -> None:
    assert number(12345.678, 2) == "12345.68"
    assert number(3.5) == "3.5"
    assert number(7) == "7"
    with use_language("de"):
        assert number(12345.678, 2, grouped=True) == "12.345,68"
        assert number(-0.25, 2) == "-0,25"
        assert number(3.5) == "3,5"
        assert number(7) == "7"
        assert number(float("nan"), 1) == "nan"
    with use_language("fr"):
        assert number(12345.678, 2, grouped=True) == "12\u202f345,68"
        assert number(1e7, grouped=True) == "10\u202f000\u202f000,0"


def test_days_and_moments() -> None:
    assert (day(DAY), moment(TIME), clock(TIME)) == ("2026-03-29", "2026-03-29 07:05", "07:05")
    with use_language("de"):
        assert (day(DAY), moment(TIME), clock(TIME)) == ("29.03.2026", "29.03.2026 07:05", "07:05")
    with use_language("fr"):
        assert (day(DAY), moment(TIME)) == ("29/03/2026", "29/03/2026 07:05")


def test_days_of_the_week_are_those_of_the_cldr() -> None:
    monday = date(2026, 3, 30)
    assert weekday(DAY) == "Sun"
    assert weekday(monday) == "Mon"
    for language in ("de", "fr", "lb"):
        names = get_day_names("abbreviated", "stand-alone", language)
        with use_language(language):
            assert weekday(monday) == names[0].rstrip(".")
            assert weekday(DAY) == names[6].rstrip(".")


def test_a_language_that_the_cldr_does_not_have_writes_as_english_does() -> None:
    with use_language("zz"):
        assert number(1234.5, 1, grouped=True) == "1,234.5"
        assert (day(DAY), weekday(DAY)) == ("2026-03-29", "Sun")


def test_the_pseudo_locale_marks_what_a_formatter_made() -> None:
    with use_language("xx"):
        assert number(3.5) == "«3.5»"
        assert weekday(DAY) == "«Sun»"
