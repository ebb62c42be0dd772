"""Times of day made coarse: true to about an hour, their order kept; or removed.

Times of an examination, to the second, join two surveys of one hospital, and a survey with the
hospital's own lists.  But mapping needs times: they tell scans apart and match a dose report with
its images, so cutting them off at the hour would mistake one scan for another.

With ``hour``, every patient has a clock of his own, made from the survey's secret.  It is fast or
slow by up to half an hour, and goes faster and slower by turns, so that neither the time of day
nor the seconds between two times are those of the hospital, or those of another survey.  Equal
times stay equal, earlier ones stay earlier, those close together stay close (``SPREAD``), and
every day stays the same day.  What it does it does in every hour, but for those around midnight:
so times told in two zones that whole hours lie between still fit.  Offsets from UTC with parts of
an hour are not told.  Tables that leave a workspace show full hours of this clock.
"""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.language import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
WRONG_US = HOUR_US // 2  # how fast or slow a clock is at most
NIGHT_US = 3 * HOUR_US  # before and after midnight, where it comes right, so that days stay
# By how much of its half the middle of an hour, of a half, a quarter ... moves at most.  The clock
# goes 0.50 to 1.72 times as fast as time: mapping's 2 s tolerance still holds for the 1 s by which
# headers round, and a pause of the table of 10 s is one of 5 s at least.  (Around midnight it is
# up to a sixth slower or faster still.)
SPREAD = (0.35, 0.12, 0.06, 0.04, 0.03)
PIECES = 1 << len(SPREAD)
SECRET_BYTES = PIECES  # one for each middle, and one for how wrong it is
HALF_RANGE = 127.5  # of a byte

# Colons are of ACR-NEMA; more digits of a fraction than six are told by some.
TIME = re.compile(
    r"(?P<hour>\d{2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:\.(?P<part>\d{1,9}))?)?)?\Z",
    re.ASCII,
)
DAY = re.compile(r"\d{4}(?:[.-]?\d{2}){0,2}(?:[+-]\d{4})?\Z", re.ASCII)  # or month, or year alone
MOMENT = re.compile(r"(?P<day>\d{8})(?P<time>\d{2}[\d.]*)?(?P<offset>[+-]\d{4})?\Z", re.ASCII)


class Times(StrEnum):
    """What becomes of times of day."""

    EXACT = "exact"
    HOUR = "hour"
    REMOVED = "removed"


# What each promises, for those who choose.
PROMISES = MappingProxyType(
    {
        Times.EXACT: mark(
            "Times of day leave to the second: they join two surveys of this hospital, "
            "and a survey with any list that holds times of examinations."
        ),
        Times.HOUR: mark(
            "Times of day leave in full hours, true to about an hour, ages in full years; "
            "what is stored and mapped keeps the order of times, on a clock of each patient's own."
        ),
        Times.REMOVED: mark(
            "No time of day leaves or is stored, days do; ages leave in full years; "
            "series that only their times tell apart count as one."
        ),
    }
)


def stricter(one: str, other: str) -> Times:
    """Return the one of two that tells less."""
    order = list(Times)
    return max(Times(one), Times(other), key=order.index)


class PatientClock:
    """The clock of one patient in one survey.

    Parameters
    ----------
    secret
        At least 32 bytes that nobody outside the hospital knows.
    """

    def __init__(self, secret: bytes) -> None:
        self._starts = _starts(secret)
        self._wrong = round(WRONG_US * (secret[SECRET_BYTES - 1] - HALF_RANGE) / HALF_RANGE)

    def time(self, text: str) -> str:
        """Return a TM value on this clock; raises ``ValueError`` for what is none.

        Hours alone stay.  A time to the second gets all digits of its fraction: a second may have
        become almost two.
        """
        match = TIME.match(text.strip())
        if match is None:
            raise ValueError("not a time")
        hour, minute, second, part = match.group("hour", "minute", "second", "part")
        if int(hour) > 23 or int(minute or 0) > 59 or int(second or 0) > 60:
            raise ValueError("not a time")
        if minute is None:
            return hour
        past = int(minute) * 60_000_000 + int(second or 0) * 1_000_000
        past = min(past + int((part or "0")[:6].ljust(6, "0")), HOUR_US - 1)
        seconds, micros = divmod(self.moved(int(hour) * HOUR_US + past), 1_000_000)
        minutes, seconds = divmod(seconds, 60)
        written = f"{minutes // 60:02d}{minutes % 60:02d}"
        return written if second is None else f"{written}{seconds:02d}.{micros:06d}"

    def moment(self, text: str) -> str:
        """Return a DT (or DA) value on this clock; one without a time of day stays.

        Its day stays.  An offset from UTC that is not of whole hours is left out.  Raises
        ``ValueError`` for what is none.
        """
        match = _moment(text)
        if match is None or not match["time"]:
            return text
        return match["day"] + self.time(match["time"]) + whole_hours(match["offset"] or "")

    def moved(self, since_us: int) -> int:
        """Return where microseconds since midnight stand on this clock."""
        width = HOUR_US // PIECES
        piece, rest = divmod(since_us % HOUR_US, width)
        start, end = self._starts[piece : piece + 2]
        even = since_us - since_us % HOUR_US + start + rest * (end - start) // width
        return even + self._wrong * min(even, DAY_US - even, NIGHT_US) // NIGHT_US


def _starts(secret: bytes) -> Sequence[int]:
    """Return where each 32nd of an hour starts on the clock, and where the last one ends (us)."""
    draws = iter(secret)
    starts = [0, HOUR_US]
    for spread in SPREAD:
        middles = [
            a + round((b - a) / 2 * (1 + spread * (next(draws) - HALF_RANGE) / HALF_RANGE))
            for a, b in pairwise(starts)
        ]
        starts = [each for pair in zip(starts, middles, strict=False) for each in pair]
        starts.append(HOUR_US)
    return starts


def whole_hours(offset: str) -> str:
    """Return an offset from UTC of whole hours; empty for another."""
    return offset if offset[-2:] == "00" else ""


def day_of(text: str) -> str:
    """Return a DT (or DA) value without its time of day; raises ``ValueError`` for what is none."""
    match = _moment(text)
    return text if match is None else match["day"]


def _moment(text: str) -> re.Match[str] | None:
    match = MOMENT.match(text.strip())
    if match is None and not DAY.match(text.strip()):
        raise ValueError("not a date and time")
    return match
