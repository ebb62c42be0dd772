"""Single values: dates moved, numbers, dates and times recognised (read: ``dicom.values``).

All functions take and return text as DICOM writes it (PS3.5 section 6.2) and raise
``ValueError`` for what they do not understand; the message never holds the value.
"""

from __future__ import annotations

import re
from datetime import timedelta

from workbench.dicom.values import parse_age, parse_date, parse_offset

# More digits of a fraction than six are no DICOM, but told by some: they are cut off.
MOMENT = re.compile(r"(\d{8})(\d{0,6}(?:\.\d{1,6})?)((?<=\.\d{6})\d{1,3})?([+-]\d{4})?\Z", re.ASCII)
KEPT_DATE = re.compile(r"\d{4}(?:[.-]?\d{2}){0,2}(?:\d{2}){0,3}(?:\.\d{1,6})?(?:[+-]\d{4})?\Z")
TIME = re.compile(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,9})?)?)?\Z")
UID = re.compile(r"[0-9.]{1,64}\Z")  # PS3.5 section 9.1
_NUMBER = rb"\s*[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+|\d+\.\d+(?:,\d+\.\d+)+)(?:[eE][+-]?\d+)?\s*"
NUMBERS = re.compile(rb"(?:%s)?(?:\\(?:%s)?)*[\s\x00]*" % (_NUMBER, _NUMBER))


def shift_date(text: str, days: int) -> str:
    """Return a DA value moved into the past."""
    return _written(text, days)


def shift_moment(text: str, days: int) -> str:
    """Return a DT value with its day moved into the past; time and offset stay.

    A value without a day (only a year or month) cannot be moved and is refused.
    """
    match = MOMENT.match(text.strip())
    if match is None:
        raise ValueError("not a date and time")
    return _written(match[1], days) + match[2] + (match[4] or "")


def _written(text: str, days: int) -> str:
    day = parse_date(text)
    if day is None:
        raise ValueError("not a date")
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


def checked_age(text: str) -> str:
    """Return an AS value as it is."""
    if parse_age(text) is None:
        raise ValueError("not an age")
    return text


def checked_offset(text: str) -> str:
    """Return an offset from UTC as it is."""
    if parse_offset(text) is None:
        raise ValueError("not an offset from UTC")
    return text
