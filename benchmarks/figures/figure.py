"""What a figure is: a promise of the docs, the way it is measured and the limit it must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class MissingError(Exception):
    """Something the measurement needs is not on this machine; the message says what."""


class Group(StrEnum):
    """Headings of the page, in its order."""

    SPEED = "Speed"
    SIZES = "Sizes"
    TRUTH = "Truth"
    LOSSES = "Losses"
    LEAKS = "Leaks"
    ATTACKS = "Attacks"
    PAGES = "Pages"


@dataclass(frozen=True)
class Count:
    """So many of so many."""

    number: int
    of: int

    @property
    def share(self) -> float:
        """Their quotient; of nothing it is not a number, which holds no limit."""
        return self.number / self.of if self.of else float("nan")


@dataclass(frozen=True)
class Found:
    """What was measured, and what has to be said with it (how much, how often)."""

    value: float | Count
    note: str = ""


Measure = Callable[[bool], Mapping[str, Found]]  # of "short": values by the names of figures


@dataclass(frozen=True)
class Limit:
    """The floor (the value is to be at least that) or the ceiling of a figure."""

    value: float
    floor: bool

    def holds(self, value: float | Count) -> bool:
        """Say whether a value keeps to it; of a count, its share does."""
        measured = value.share if isinstance(value, Count) else value
        return measured >= self.value if self.floor else measured <= self.value


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    name
        Its key: the docs link to it, the command line asks for it.
    says
        What it is, in one line.
    unit
        ``×``, ``MB``, ``weeks`` ...; empty for a count.
    command
        What prints it by itself.
    measure
        Measures it, and perhaps others; true for the shorter way of ``make accept``.
    limit
        Its floor or ceiling; without one it is only told.
    peer
        What it is a ratio to, or what is compared with.
    digits
        Behind the point.
    """

    name: str
    group: Group
    says: str
    unit: str
    command: str
    measure: Measure
    limit: Limit | None = None
    peer: str = ""
    digits: int = 2

    def text(self, value: float | Count) -> str:
        """Return a value as the page shows it."""
        if isinstance(value, Count):
            return f"{value.number:,} of {value.of:,}"
        return f"{value:,.{self.digits}f} {self.unit}".strip()

    def limit_text(self) -> str:
        """Return the floor or the ceiling as the page shows it."""
        if self.limit is None:
            return ""
        sign = "≥" if self.limit.floor else "≤"
        if self.unit:
            return f"{sign} {self.limit.value:g} {self.unit}"
        words = {(1.0, True): "all", (0.0, False): "none"}
        share = f"{sign} {100 * self.limit.value:g} %"
        return words.get((self.limit.value, self.limit.floor), share)


def at_least(value: float) -> Limit:
    """Return a floor."""
    return Limit(value, floor=True)


def at_most(value: float) -> Limit:
    """Return a ceiling."""
    return Limit(value, floor=False)


ALL, NONE = at_least(1.0), at_most(0.0)


def by_measure(figures: Iterable[Figure]) -> Iterator[tuple[Measure, list[Figure]]]:
    """Yield each way of measuring with the figures it gives, so that it is gone once."""
    groups: dict[Measure, list[Figure]] = {}
    for figure in figures:
        groups.setdefault(figure.measure, []).append(figure)
    yield from groups.items()
