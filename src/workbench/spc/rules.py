"""Run rules: patterns that a stable process seldom shows.

Each takes values in standard deviations from the mean, in the order of time, and returns the
places where a pattern ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
ALARM, WARNING = "alarm", "warning"


@dataclass(frozen=True)
class Rule:
    """A pattern.

    Attributes
    ----------
    name, label
        Fixed word, and words for people.
    length
        How many points it spans.
    found
        Takes windows (window, point) of that length; says which show it.
    severity
        ``alarm`` or ``warning``.
    source
        Who proposed it.
    """

    name: str
    label: str
    length: int
    found: Callable[[Reals], Flags]
    severity: str = WARNING
    source: str = ""

    def places(self, z: Reals) -> NDArray[np.int64]:
        """Return the last places of the pattern in one run of points."""
        if len(z) < self.length:
            return np.empty(0, np.int64)
        return np.flatnonzero(self.found(sliding_window_view(z, self.length))) + self.length - 1


def _beyond(width: float) -> Callable[[Reals], Flags]:
    return lambda windows: np.asarray(np.abs(windows[:, -1]) > width)


def _of(number: int, width: float) -> Callable[[Reals], Flags]:
    """Say whether so many of a window lie beyond a width on one side, the last one among them."""

    def found(windows: Reals) -> Flags:
        above, below = windows > width, windows < -width
        high = (above.sum(1) >= number) & above[:, -1]
        return np.asarray(high | (below.sum(1) >= number) & below[:, -1])

    return found


def _one_side(windows: Reals) -> Flags:
    return np.asarray((windows > 0).all(1) | (windows < 0).all(1))


def _steady(windows: Reals) -> Flags:
    steps = np.diff(windows, axis=1)
    return np.asarray((steps > 0).all(1) | (steps < 0).all(1))


def _alternating(windows: Reals) -> Flags:
    steps = np.sign(np.diff(windows, axis=1))
    return np.asarray((steps[:, 1:] * steps[:, :-1] < 0).all(1))


def _within(windows: Reals) -> Flags:
    return np.asarray((np.abs(windows) < 1).all(1))


def _outside(windows: Reals) -> Flags:
    return np.asarray((np.abs(windows) > 1).all(1))


SHEWHART, WESTERN, NELSON = (
    "Shewhart 1931", "Western Electric, Statistical Quality Control Handbook, 1956",
    "Nelson, J. Qual. Technol. 16:237, 1984",
)  # fmt: skip
RULES = {
    rule.name: rule
    for rule in (
        Rule("3s", "1 point beyond 3 s", 1, _beyond(3), ALARM, SHEWHART),
        Rule("2s", "1 point beyond 2 s", 1, _beyond(2), WARNING, SHEWHART),
        Rule("we2", "2 of 3 beyond 2 s on one side", 3, _of(2, 2), WARNING, WESTERN),
        Rule("we3", "4 of 5 beyond 1 s on one side", 5, _of(4, 1), WARNING, WESTERN),
        Rule("we4", "8 in a row on one side", 8, _one_side, WARNING, WESTERN),
        Rule("nelson2", "9 in a row on one side", 9, _one_side, WARNING, NELSON),
        Rule("nelson3", "6 in a row rising or falling", 6, _steady, WARNING, NELSON),
        Rule("nelson4", "14 in a row up and down", 14, _alternating, WARNING, NELSON),
        Rule("nelson7", "15 in a row within 1 s", 15, _within, WARNING, NELSON),
        Rule("nelson8", "8 in a row beyond 1 s", 8, _outside, WARNING, NELSON),
    )
}
USUAL = ("3s", "2s")
WESTERN_ELECTRIC = ("3s", "we2", "we3", "we4")
# Nelson's tests 1, 5 and 6 are those of Western Electric.
NELSONS = ("3s", "nelson2", "nelson3", "nelson4", "we2", "we3", "nelson7", "nelson8")
