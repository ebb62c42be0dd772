"""The times of day of a whole folder, where the survey promises a clock of each patient's own.

One time may agree with the original's to the second where such a clock happens to be right, and
so may the seconds between two; many may not.  Equal times stay equal, earlier ones stay earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from workbench.verify.elements import FlatElement, by_place, name
from workbench.verify.pairs import Original, Output
from workbench.verify.result import Action, Category, Failure
from workbench.verify.told_times import DAY_US, FORMS, HOUR, MINUTE_US, SECOND_US, time_of

# A clock up to half an hour wrong, half to not quite twice as fast as time, passes the right time
# for a few seconds of an hour, if at all: by accident one time in some hundreds agrees.
MAX_EQUAL_SHARE = 0.2
MIN_EQUAL = 3  # of different minutes or patients
MIN_EQUAL_OF_ONE = 4  # of one patient's minutes: a clock's piece at the right speed has three
# Between times so far apart the clock changes its speed several times; what it does, it does in
# every hour, so whole hours stay what they are.
INTERVALS_US = range(4 * MINUTE_US, 50 * MINUTE_US)
UNKNOWN = "times of day: what the survey promises of them is not known"
TOO_FEW = f"times of day to the second: there are fewer than {MIN_EQUAL} to compare"
Person = tuple[str, str]
Minute = tuple[Person, int]


@dataclass
class FolderTimes:
    """The times of all outputs of a folder beside those of their originals."""

    times: str
    _seen: dict[Person, dict[int, set[int]]] = field(default_factory=dict)
    _by_tag: dict[int, dict[Minute, bool]] = field(default_factory=dict)

    def add(self, original: Original, output: Output) -> None:
        """Take notice of one output and its original."""
        if self.times != HOUR:
            return
        seen = self._seen.setdefault(original.who, {})
        before = by_place(original.found)
        for place, after in by_place(output.found).items():
            if after[0].vr in FORMS:
                equal = self._by_tag.setdefault(place[1], {})
                for old, new in _paired(before.get(place, []), after):
                    seen.setdefault(old, set()).add(new)
                    _note(equal, original.who, old, new)

    def failures(self) -> Iterator[Failure | None]:
        """Yield each check; ``None`` is one that passed."""
        if self.times != HOUR:
            return
        for seen in self._seen.values():
            if seen:
                kept = is_in_order(seen)
                yield None if kept else _failure("the folder", "a patient's times changed order")
        yield from self._equal_times()
        same = [_equal_intervals(seen) for seen in self._seen.values()]
        equal, total = (sum(counts) for counts in zip(*same, strict=True)) if same else (0, 0)
        if total >= MIN_EQUAL:
            bad = is_too_often(equal, total)
            what = "the seconds between times are the originals'"
            yield _failure("the folder", what) if bad else None

    def _equal_times(self) -> Iterator[Failure | None]:
        what = "times of day are the originals' to the second"
        whole = _together(self._by_tag.values())
        if len(whole) >= MIN_EQUAL:
            bad = is_too_often(sum(whole.values()), len(whole))
            yield _failure("the folder", what) if bad else None
        for tag, minutes in self._by_tag.items():
            if len(minutes) >= MIN_EQUAL:
                bad = is_too_often(sum(minutes.values()), len(minutes))
                yield _failure(f"the folder, {name(tag)}", what) if bad else None
        for told in _by_person(whole):
            if len(told) >= MIN_EQUAL_OF_ONE:
                yield _failure("the folder", f"a patient's {what}") if all(told) else None

    def unchecked(self) -> list[str]:
        """Return what could not be checked."""
        if not self.times:
            return [UNKNOWN]
        few = self.times == HOUR and len(_together(self._by_tag.values())) < MIN_EQUAL
        return [TOO_FEW] if few else []


def is_too_often(equal: int, total: int) -> bool:
    """Say whether more is equal than accident makes so."""
    return equal >= MIN_EQUAL and equal > MAX_EQUAL_SHARE * total


def is_in_order(seen: dict[int, set[int]]) -> bool:
    """Say whether equal times became equal ones, and earlier ones no later ones."""
    if any(len(new) > 1 for new in seen.values()):
        return False
    new = [time for old in sorted(seen) for time in seen[old]]
    return all(first <= second for first, second in pairwise(new))


def _note(equal: dict[Minute, bool], who: Person, old: int, new: int) -> None:
    """Note whether two times agree to the second; at midnight every clock is right."""
    if MINUTE_US <= old < DAY_US - MINUTE_US:
        minute = who, old // MINUTE_US
        equal[minute] = equal.get(minute, False) or old // SECOND_US == new // SECOND_US


def _together(groups: Iterable[dict[Minute, bool]]) -> dict[Minute, bool]:
    """Return whether any time of a patient's minute agrees, whatever it is told in."""
    whole: dict[Minute, bool] = {}
    for minutes in groups:
        for minute, same in minutes.items():
            whole[minute] = whole.get(minute, False) or same
    return whole


def _by_person(minutes: dict[Minute, bool]) -> Iterator[list[bool]]:
    people: dict[Person, list[bool]] = {}
    for (who, _), same in minutes.items():
        people.setdefault(who, []).append(same)
    yield from people.values()


def _equal_intervals(seen: dict[int, set[int]]) -> tuple[int, int]:
    """Return how many intervals between a patient's times are as they were, of how many."""
    known = {old: min(new) for old, new in seen.items() if len(new) == 1}
    compared, last = [], None
    for old in sorted(known):
        if last is None or old - last >= INTERVALS_US.start:
            if last is not None and old - last in INTERVALS_US:
                compared.append((old - last, known[old] - known[last]))
            last = old
    return sum(abs(old - new) < SECOND_US for old, new in compared), len(compared)


def _paired(before: list[FlatElement], after: list[FlatElement]) -> Iterator[tuple[int, int]]:
    """Yield times to the second of an original with the output's, where none was left out."""
    vr = after[0].vr
    old, new = ([value for each in side for value in _values(each)] for side in (before, after))
    if len(old) != len(new):
        return
    for these, those in zip(old, new, strict=True):
        left, right = time_of(vr, these), time_of(vr, those)
        if left and right and left.to_second and right.to_second:
            yield left.since_us, right.since_us


def _values(element: FlatElement) -> Iterator[str]:
    """Yield what is not empty; a value of unknown VR (UN) is what the bytes say."""
    for value in element.values:
        yield from (text for text in value.split("\\") if text.strip(" \0"))


def _failure(where: str, what: str) -> Failure:
    return Failure(Action.DATE_SHIFTED, Category.PRACTICE, 0, where, what)
