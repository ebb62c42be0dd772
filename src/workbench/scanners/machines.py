"""Which signs are one machine: by serial number first, else by maker, model and station.

Two machines with different serial numbers are never taken for one.  What may be one and is not
taken for it is told as a ``Doubt``: a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from workbench.language import Marked, mark
from workbench.scanners.device_signs import FoldedSigns, same_maker

SAME_SERIAL = mark("the same serial number")
UNLIKE_SERIALS = mark("the same model and station, but different serial numbers")
SAME_STATION = mark("the same model and station")
SAME_MODEL = mark("the same model, and of one neither serial number nor station is known")
MAX_ALIKE = 200  # signs that are compared with each other: a header may say anything


@dataclass(frozen=True)
class Doubt:
    """Two scanners that may be one; ``first`` and ``second`` are their names."""

    first: str
    second: str
    why: Marked


def machines(signs: Iterable[FoldedSigns]) -> dict[FoldedSigns, FoldedSigns]:
    """Return sign -> the first sign of its machine, the same for all signs of one machine.

    One machine are signs with the same serial number of the same maker, where model or station
    agree as well; and signs without a serial number that share maker, model and station with
    those of exactly one machine.
    """
    known = sorted(set(signs))
    home = {sign: sign for sign in known}
    for bucket in _alike(known, lambda sign: sign.serial):
        for first, second in combinations(bucket, 2):
            if _one_machine(first, second):
                _join(home, first, second)
    for bucket in _alike(known, lambda sign: sign.station and sign[:3]):
        machines_there = {home[sign] for sign in bucket if sign.serial}
        without = [sign for sign in bucket if not sign.serial]
        if len(machines_there) == 1 and without:
            _join(home, without[0], machines_there.pop())
    return home


def doubts(names: Mapping[FoldedSigns, str]) -> list[Doubt]:
    """Return what may be one scanner and stands under two names; ``names`` is sign -> name."""
    known = sorted(names)
    reasons: dict[tuple[str, str], Marked] = {}
    for key in (lambda sign: sign.serial, lambda sign: sign.model):
        for bucket in _alike(known, key):
            for first, second in combinations(bucket[:MAX_ALIKE], 2):
                why = _why(first, second) if names[first] != names[second] else None
                if why:
                    pair = sorted((names[first], names[second]))
                    reasons.setdefault((pair[0], pair[1]), why)
    return [Doubt(*pair, why) for pair, why in reasons.items()]


def _why(first: FoldedSigns, second: FoldedSigns) -> Marked | None:
    if not same_maker(first, second):
        return None
    if first.serial and first.serial == second.serial:
        return SAME_SERIAL
    if first.model != second.model or not first.model:
        return None
    if first.station and first.station == second.station:
        return UNLIKE_SERIALS if first.serial and second.serial else SAME_STATION
    if not all(sign.serial or sign.station for sign in (first, second)):
        return SAME_MODEL
    return None


def _alike(
    signs: Iterable[FoldedSigns], key: Callable[[FoldedSigns], Hashable]
) -> list[list[FoldedSigns]]:
    """Return the signs that share a key, in lists of two and more; none whose key is empty."""
    buckets: dict[Hashable, list[FoldedSigns]] = defaultdict(list)
    for sign in signs:
        if key(sign):
            buckets[key(sign)].append(sign)
    return [bucket for bucket in buckets.values() if len(bucket) > 1]


def _one_machine(first: FoldedSigns, second: FoldedSigns) -> bool:
    """Say whether two signs with the same serial number are one machine's.

    A serial number alone is not enough: makers count each model for itself.
    """
    agree = first.model == second.model or (first.station == second.station != "")
    return agree and same_maker(first, second)


def _join(home: dict[FoldedSigns, FoldedSigns], first: FoldedSigns, second: FoldedSigns) -> None:
    ahead, behind = sorted((home[first], home[second]))
    for sign in [sign for sign, place in home.items() if place == behind]:
        home[sign] = ahead
