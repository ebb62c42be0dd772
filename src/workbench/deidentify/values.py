"""Single values: dates moved, ages read, numbers and times recognised.

All functions take and return text as DICOM writes it (PS3.5 section 6.2) and raise
``ValueError`` for what they do not understand; the message never holds the value.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

DATE = re.compile(r"(\d{4})([.-]?)(\d{2})\2(\d{2})\Z")  # dots: the form of ACR-NEMA, PS3.5
MOMENT = re.compile(r"(\d{8})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)\Z")
KEPT_DATE = re.compile(r"\d{4}(?:[.-]?\d{2}){0,2}(?:\d{2}){0,3}(?:\.\d{1,6})?(?:[+-]\d{4})?\Z")
TIME = re.compile(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,9})?)?)?\Z")
UID = re.compile(r"[0-9.]{1,64}\Z")  # PS3.5 section 9.1
AGE = re.compile(r"(\d{1,3})\s?([DWMYdwmy])\Z")
_NUMBER = rb"\s*[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+|\d+\.\d+(?:,\d+\.\d+)+)(?:[eE][+-]?\d+)?\s*"
NUMBERS = re.compile(rb"(?:%s)?(?:\\(?:%s)?)*[\s\x00]*" % (_NUMBER, _NUMBER))

YEAR = 365.2425  # days, Gregorian mean
DAYS = {"D": 1.0, "W": 7.0, "M": YEAR / 12, "Y": YEAR}
YEARS_FROM = 730  # an age of two years or more is told in years,
MONTHS_FROM = 92  # one of three months or more in months, a smaller one in days
OLDEST_PLAUSIBLE = 130 * 366  # days


def parse_date(text: str) -> date:
    """Return the calendar day of a DA value."""
    match = DATE.match(text.strip())
    if match is None:
        raise ValueError("not a date")
    return date(int(match[1]), int(match[3]), int(match[4]))


def shift_date(text: str, days: int) -> str:
    """Return a DA value moved into the past."""
    return _written(parse_date(text), days)


def shift_moment(text: str, days: int) -> str:
    """Return a DT value with its day moved into the past; time and offset stay.

    A value without a day (only a year or month) cannot be moved and is refused.
    """
    match = MOMENT.match(text.strip())
    if match is None:
        raise ValueError("not a date and time")
    return _written(parse_date(match[1]), days) + match[2]


def _written(day: date, days: int) -> str:
    try:
        return (day - timedelta(days=days)).strftime("%Y%m%d").rjust(8, "0")
    except OverflowError as error:
        raise ValueError("a date before the year 1") from error


def checked_date(text: str) -> str:
    """Return a DA or DT value as it is; other words than of dates and times are refused."""
    if not KEPT_DATE.match(text.strip()):
        raise ValueError("not a date")
    return text


def checked_time(text: str) -> str:
    """Return a TM value as it is."""
    if not TIME.match(text.strip()):
        raise ValueError("not a time")
    return text


def checked_uid(text: str) -> str:
    """Return a UID as it is."""
    if not UID.match(text):
        raise ValueError("not a UID")
    return text


def is_numbers(text: bytes) -> bool:
    """Say whether text holds only numbers (DS or IS), as values separated by backslashes.

    A comma as decimal sign, or between decimal numbers, is wrong by the standard, but seen in
    real headers: it stays.
    """
    return NUMBERS.fullmatch(text) is not None


def age_days(text: str) -> tuple[float, str]:
    """Return the length of an AS value in days, and its unit letter."""
    match = AGE.match(text.strip())
    if match is None:
        raise ValueError("not an age")
    unit = match[2].upper()
    return int(match[1]) * DAYS[unit], unit


def age_between(birth: date, day: date) -> int:
    """Return an age in days; refuses what no person can have."""
    days = (day - birth).days
    if not 0 <= days <= OLDEST_PLAUSIBLE:
        raise ValueError("not a person's age")
    return days


def written_age(days: int) -> str:
    """Return an AS value in the unit that suits the age: days, months or years, rounded down."""
    unit = "D" if days < MONTHS_FROM else "M" if days < YEARS_FROM else "Y"
    # A birthday may fall a day early or late of the mean year: half a day decides for it.
    return f"{int((days + 0.5) / DAYS[unit]):03d}{unit}"
