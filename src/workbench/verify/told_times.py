"""Times of day in an output, as the survey promises them: exact, by a patient's clock, or none.

``hour`` is judged over a whole folder: one time may agree with the original's to the second where
a patient's clock happens to be right; many may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from pydicom.datadict import tag_for_keyword

from workbench.verify.elements import FlatElement, by_place
from workbench.verify.pairs import Original, Output
from workbench.verify.result import Action, Category, Failure
from workbench.verify.scheme import MAX_CLOCK_MIN

EXACT, HOUR, REMOVED = "exact", "hour", "removed"
SECOND_US, MINUTE_US = 1_000_000, 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
# TM and DT of PS3.5 6.2, with the colons, dots and dashes of ACR-NEMA that it asks readers to know,
# and the further digits of a fraction that some write.
_TIME = r"(?P<hour>\d\d)(?:(?P<sign>:?)(?P<minute>\d\d)(?:(?P=sign)(?P<second>\d\d)(?:\.(?P<part>\d{1,9}))?)?)?"
TIME = re.compile(rf"{_TIME}\Z", re.ASCII)
MOMENT = re.compile(
    rf"(?P<day>\d{{4}}(?:[.-]?\d\d){{0,2}})(?:(?<=\d{{8}}){_TIME})?(?P<offset>[+-]\d{{4}})?\Z",
    re.ASCII,
)
OFFSET = tag_for_keyword("TimezoneOffsetFromUTC")
# By accident one time in some thousands agrees to the second: a clock that is half an hour wrong
# at most passes zero error for a second or two of an hour, if at all.
MAX_EQUAL_SHARE = 0.2
MIN_EQUAL = 3  # of different minutes or patients
UNKNOWN = "times of day: what the survey promises of them is not known"
TOO_FEW = f"times of day to the second: there are fewer than {MIN_EQUAL} to compare"


class TimeOfDay(NamedTuple):
    """Microseconds since midnight; whether seconds are told."""

    since_us: int
    to_second: bool


def time_of(text: str) -> TimeOfDay | None:
    """Return the time of a TM or DT value; ``None`` where it tells none."""
    match = TIME.match(text.strip(" \0")) or MOMENT.match(text.strip(" \0"))
    if match is None or match["hour"] is None:
        return None
    part = (match["part"] or "0")[:6].ljust(6, "0")
    past = MINUTE_US * int(match["minute"] or 0) + SECOND_US * int(match["second"] or 0) + int(part)
    # A leap second is the last of its hour.
    return TimeOfDay(int(match["hour"]) * HOUR_US + min(past, HOUR_US - 1), bool(match["second"]))


def wrong_time(times: str, text: str, before: Iterable[str]) -> str:
    """Return what is wrong with a TM value, with the originals' values at its place.

    Words are no time of day, whatever the survey promises.
    """
    told = TIME.match(text.strip(" \0")) and time_of(text)
    if not told:
        return "it is no time of day"
    return _wrong(times, told, before)


def wrong_moment(times: str, text: str, before: Iterable[str]) -> str:
    """Return what is wrong with the form, the time of day and the offset of a DA or DT value."""
    match = MOMENT.match(text.strip(" \0"))
    if match is None:
        return "it is no date"
    if bad := wrong_offset(times, match["offset"] or ""):
        return bad
    told = time_of(text)
    if told is None:
        gone = times == EXACT and not any(time_of(value) is None for value in before)
        return "the time of day is gone" if gone else ""
    return _wrong(times, told, before)


def _wrong(times: str, told: TimeOfDay, before: Iterable[str]) -> str:
    if times == REMOVED:
        return "a time of day is told"
    old = {time for value in before if (time := time_of(value))}
    if times == EXACT:
        return "" if told in old else "it is not the original's time"
    least = MAX_CLOCK_MIN * MINUTE_US
    close = any(abs(told.since_us - time.since_us) <= least for time in old)
    return "" if close or times != HOUR else "it is not within an hour of the original's"


def wrong_offset(times: str, offset: str) -> str:
    """Return what is wrong with an offset from UTC; parts of an hour name few places."""
    if offset and times == REMOVED:
        return "an offset from UTC is told"
    parts = times == HOUR and bool(offset) and offset[-2:] != "00"
    return "an offset with parts of an hour is told" if parts else ""


@dataclass
class FolderTimes:
    """The times of all outputs of a folder beside those of their originals."""

    times: str
    _seen: dict[tuple[str, str], dict[int, set[int]]] = field(default_factory=dict)

    def add(self, original: Original, output: Output) -> None:
        """Take notice of one output and its original."""
        if self.times != HOUR:
            return
        seen = self._seen.setdefault(original.who, {})
        before = by_place(original.found)
        for place, after in by_place(output.found).items():
            if after[0].vr in ("TM", "DT"):
                for old, new in _paired(before.get(place, []), after):
                    seen.setdefault(old, set()).add(new)

    def failures(self) -> Iterator[Failure | None]:
        """Yield each check; ``None`` is one that passed."""
        if self.times != HOUR:
            return
        for seen in self._seen.values():
            kept = is_in_order(seen)
            yield None if kept else _failure("a patient's times are not in the originals' order")
        equal, comparable = self._equal()
        if comparable >= MIN_EQUAL:
            tells = equal >= MIN_EQUAL and equal > MAX_EQUAL_SHARE * comparable
            yield _failure("times of day are the originals' to the second") if tells else None

    def unchecked(self) -> list[str]:
        """Return what could not be checked."""
        if not self.times:
            return [UNKNOWN]
        few = self.times == HOUR and self._equal()[1] < MIN_EQUAL
        return [TOO_FEW] if few else []

    def _equal(self) -> tuple[int, int]:
        """Return how many minutes of patients have times as the originals, of how many."""
        minutes: dict[tuple[tuple[str, str], int], bool] = {}
        for who, seen in self._seen.items():
            for old, new in seen.items():
                if MINUTE_US <= old < DAY_US - MINUTE_US:  # at midnight every clock is right
                    same = any(old // SECOND_US == each // SECOND_US for each in new)
                    key = who, old // MINUTE_US
                    minutes[key] = minutes.get(key, False) or same
        return sum(minutes.values()), len(minutes)


def is_in_order(seen: dict[int, set[int]]) -> bool:
    """Say whether equal times became equal ones, and earlier ones no later ones."""
    if any(len(new) > 1 for new in seen.values()):
        return False
    new = [time for old in sorted(seen) for time in seen[old]]
    return all(first <= second for first, second in pairwise(new))


def _paired(before: list[FlatElement], after: list[FlatElement]) -> Iterator[tuple[int, int]]:
    """Yield times to the second of an original with the output's, where none was left out."""
    old, new = ([value for each in side for value in _values(each)] for side in (before, after))
    if len(old) == len(new):
        for these, those in zip(map(time_of, old), map(time_of, new), strict=True):
            if these and those and these.to_second and those.to_second:
                yield these.since_us, those.since_us


def _values(element: FlatElement) -> Iterator[str]:
    """Yield what is not empty; a value of unknown VR (UN) is what the bytes say."""
    for value in element.values:
        yield from (text for text in value.split("\\") if text.strip(" \0"))


def _failure(what: str) -> Failure:
    return Failure(Action.DATE_SHIFTED, Category.PRACTICE, 0, "the folder", what)
