"""Whether the names of a folder's outputs tell in which order, or when, they were made.

Whoever has the hospital's list of patients, and outputs in the list's order, needs no key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt

from workbench.verify.pairs import Original, Output
from workbench.verify.result import Action, Category, Failure

WHOLE_FOLDER = 0  # stands for an output's number
MIN_PATIENTS = 8  # in the very same order by accident: 1 in 40,320
MIN_RANKED_PATIENTS = 30
# Spearman's rho times sqrt(n - 1) is about normal: beyond 5 by accident once in some 2 million.
MAX_DEVIATIONS = 5.0
DIGITS = re.compile(r"(\d+)")
# A day, or a day with a time, as a number of its own; the long numbers of UIDs are none.
ARRIVAL = re.compile(
    r"(?<!\d)20\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?:[T_-]?\d{6})?(?!\d)"
)
Person = tuple[str, str]


@dataclass
class FolderOrder:
    """What the outputs' names and the order of their originals say about each other."""

    _seen: list[tuple[str, Person, str]] = field(default_factory=list)

    def add(self, original: Original, output: Output) -> None:
        """Take notice of one output and its original."""
        self._seen.append((original.name, original.who, output.name))

    def failures(self) -> Iterator[Failure | None]:
        """Yield each check; ``None`` is one that passed."""
        by_output = self._people(lambda seen: natural(seen[2]))
        orders = {
            "the outputs' names are in the order of the originals":
                (self._people(lambda seen: natural(seen[0])),
                 self._people(lambda seen: [seen[0]])),
            "the outputs' names are in the order of the patients' identifiers":
                (sorted(by_output), sorted(by_output, key=lambda who: natural(who[1]))),
        }  # fmt: skip
        for what, candidates in orders.items():
            tells = any(is_same_order(by_output, order) for order in candidates)
            yield _failure(what) if tells else None
        dated = any(ARRIVAL.search(name) for _, _, name in self._seen)
        yield _failure("a name holds a day, as of arrival") if dated else None

    def _people(self, key: Callable[[tuple[str, Person, str]], list[str]]) -> list[Person]:
        """Return the patients in the order in which they first come."""
        return list(dict.fromkeys(who for _, who, _ in sorted(self._seen, key=key)))


def natural(name: str) -> list[str]:
    """Return a key that sorts 9 before 10."""
    return [part.zfill(64) if part.isdigit() else part for part in DIGITS.split(name)]


def is_same_order(these: Sequence[Person], those: Sequence[Person]) -> bool:
    """Say whether one order follows from another: the same, reversed, or nearly so for many."""
    number = len(these)
    if number < MIN_PATIENTS:
        return False
    rank = {who: place for place, who in enumerate(those)}
    apart = sum((place - rank[who]) ** 2 for place, who in enumerate(these))
    rho = 1 - 6 * apart / (number * (number**2 - 1))  # Spearman, without ties
    if number < MIN_RANKED_PATIENTS:
        return abs(rho) == 1
    return abs(rho) * sqrt(number - 1) > MAX_DEVIATIONS


def _failure(what: str) -> Failure:
    return Failure(Action.PATID_CONSISTENT, Category.PRACTICE, WHOLE_FOLDER, "the folder", what)
