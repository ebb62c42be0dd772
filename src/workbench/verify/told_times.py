"""Times of day in an output, as the survey promises them: exact, by a patient's clock, or none.

Under ``hour`` a whole folder is judged too: ``folder_times``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from pydicom.datadict import tag_for_keyword

from workbench.verify.scheme import MAX_CLOCK_MIN

EXACT, HOUR, REMOVED = "exact", "hour", "removed"  # the later, the less is told
SECOND_US, MINUTE_US = 1_000_000, 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
# TM and DT of PS3.5 6.2, with the colons, dots and dashes of ACR-NEMA that it asks readers to know,
# and the further digits of a fraction that some write.
_TIME = r"(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\.(?P<part>\d{1,9}))?)?)?"
TIME = re.compile(rf"{_TIME}\Z", re.ASCII)
# A time stands behind a whole day only: 201506 is a month.
MOMENT = re.compile(
    rf"(?P<day>\d{{4}}(?:[.-]?\d\d){{0,2}})(?:(?<=\d{{8}}){_TIME})?(?P<offset>[+-]\d{{4}})?\Z",
    re.ASCII,
)
OFFSET = tag_for_keyword("TimezoneOffsetFromUTC")
OFFSET_FORM = re.compile(r"[+-]\d{4}\Z", re.ASCII)
FORMS = {"TM": TIME, "DA": MOMENT, "DT": MOMENT}


class TimeOfDay(NamedTuple):
    """Microseconds since midnight; whether seconds are told."""

    since_us: int
    to_second: bool


def match_of(vr: str, text: str) -> re.Match[str] | None:
    """Return the parts of a TM, DA or DT value; ``None`` where it has not the form of one."""
    return FORMS[vr].match(text.strip(" \0"))


def time_of(vr: str, text: str) -> TimeOfDay | None:
    """Return the time of day of a TM, DA or DT value; ``None`` where it tells none."""
    match = match_of(vr, text)
    if match is None or match["hour"] is None:
        return None
    part = (match["part"] or "0")[:6].ljust(6, "0")
    past = MINUTE_US * int(match["minute"] or 0) + SECOND_US * int(match["second"] or 0) + int(part)
    # A leap second is the last of its hour.
    return TimeOfDay(int(match["hour"]) * HOUR_US + min(past, HOUR_US - 1), bool(match["second"]))


def wrong_time(times: str, vr: str, text: str, before: Iterable[str]) -> str:
    """Return what is wrong with a TM, DA or DT value, with the originals' values at its place.

    Words are no time of day, whatever the survey promises.  Of an unknown promise (empty) nothing
    else is wrong.
    """
    match = match_of(vr, text)
    if match is None:
        return "it is no time of day" if vr == "TM" else "it is no date"
    if vr == "DT" and (bad := wrong_offset(times, match["offset"] or "")):
        return bad
    told, known = time_of(vr, text), [time_of(vr, value) for value in before]
    if told is None:
        gone = times == EXACT and known and all(known)
        return "the time of day is gone" if gone else ""
    return _wrong(times, told, {time for time in known if time})


def _wrong(times: str, told: TimeOfDay, known: set[TimeOfDay]) -> str:
    if times == REMOVED:
        return "a time of day is told"
    if times == EXACT:
        return "" if told in known else "it is not the original's time"
    least = MAX_CLOCK_MIN * MINUTE_US
    close = any(abs(told.since_us - time.since_us) <= least for time in known)
    return "" if close or times != HOUR else "it is not within an hour of the original's"


def wrong_offset(times: str, offset: str) -> str:
    """Return what is wrong with an offset from UTC; parts of an hour name few places."""
    if offset and not OFFSET_FORM.match(offset):
        return "it is no offset from UTC"
    if offset and times == REMOVED:
        return "an offset from UTC is told"
    parts = times == HOUR and bool(offset) and offset[-2:] != "00"
    return "an offset with parts of an hour is told" if parts else ""
