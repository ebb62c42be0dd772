"""Run rules: patterns that a stable process seldom shows.

Each takes values in standard deviations from the mean, in the order of time, and returns the
places where a pattern ends.  A value on a line is not beyond it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workbench.language import Marked, mark

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
ALARM, WARNING = "alarm", "warning"
ON_LINE = 1e-9  # standard deviations; nearer to a line is on it, but for rounding


@dataclass(frozen=True)
class RunRule:
    """A pattern.

    Attributes
    ----------
    name, label
        Fixed word, and words for people: marked, translated where they are shown.
    length
        How many points it spans.
    found
        Takes windows (window, point) of that length; says which show it.
    severity
        ``alarm`` or ``warning``.
    source
        Who proposed it.
    part
        Says which points of a window belong to the pattern; ``None``: all.
    """

    name: str
    label: Marked
    length: int
    found: Callable[[Reals], Flags]
    severity: str = WARNING
    source: str = ""
    part: Callable[[Reals], Flags] | None = None

    def places(self, z: Reals) -> NDArray[np.int64]:
        """Return the last places of the pattern in one run of points."""
        return np.flatnonzero(self.ends(z))

    def ends(self, z: Reals) -> Flags:
        """Return whether the pattern ends at each point; runs stand along the last axis."""
        if not z.size:
            return np.zeros(z.shape, bool)
        # Before the first point there are none: NaN is on no side of anything.
        before = np.full((*z.shape[:-1], self.length - 1), np.nan)
        windows = sliding_window_view(np.concatenate([before, z], axis=-1), self.length, axis=-1)
        return self.found(windows)

    def meant(self, z: Reals, place: int) -> tuple[int, ...]:
        """Return the places of the points that belong to the pattern that ends at a place."""
        start = max(place - self.length + 1, 0)
        window = z[start : place + 1]
        kept = np.ones(len(window), bool) if self.part is None else self.part(window)
        return tuple((np.flatnonzero(kept) + start).tolist())


def _beyond(width: float) -> Callable[[Reals], Flags]:
    return lambda windows: np.asarray(np.abs(windows[..., -1]) > width + ON_LINE)


def _of(number: int, width: float) -> Callable[[Reals], Flags]:
    """Say whether so many of a window lie beyond a width on one side, the last one among them."""

    def found(windows: Reals) -> Flags:
        above, below = windows > width + ON_LINE, windows < -width - ON_LINE
        high = (above.sum(-1) >= number) & above[..., -1]
        return np.asarray(high | (below.sum(-1) >= number) & below[..., -1])

    return found


def _as_last(width: float) -> Callable[[Reals], Flags]:
    """Say which of a window lie beyond a width on the side of the last one."""
    return lambda window: np.asarray(window * np.sign(window[-1]) > width + ON_LINE)


def _one_side(windows: Reals) -> Flags:
    return np.asarray((windows > ON_LINE).all(-1) | (windows < -ON_LINE).all(-1))


def _steady(windows: Reals) -> Flags:
    steps = np.diff(windows, axis=-1)
    return np.asarray((steps > ON_LINE).all(-1) | (steps < -ON_LINE).all(-1))


def _alternating(windows: Reals) -> Flags:
    steps = np.diff(windows, axis=-1)
    up, down = steps > ON_LINE, steps < -ON_LINE
    turns = (up[..., 1:] & down[..., :-1]) | (down[..., 1:] & up[..., :-1])
    return np.asarray(turns.all(-1))


def _within(windows: Reals) -> Flags:
    return np.asarray((np.abs(windows) < 1 - ON_LINE).all(-1))


def _outside(windows: Reals) -> Flags:
    return np.asarray((np.abs(windows) > 1 + ON_LINE).all(-1))


SHEWHART, WESTERN, NELSON = (
    "Shewhart 1931", "Western Electric, Statistical Quality Control Handbook, 1956",
    "Nelson, J. Qual. Technol. 16:237, 1984",
)  # fmt: skip
RULES = {
    rule.name: rule
    for rule in (
        RunRule("3s", mark("1 point beyond 3 s"), 1, _beyond(3), ALARM, SHEWHART),
        RunRule("2s", mark("1 point beyond 2 s"), 1, _beyond(2), WARNING, SHEWHART),
        RunRule(
            "we2",
            mark("2 of 3 beyond 2 s on one side"),
            3,
            _of(2, 2),
            WARNING,
            WESTERN,
            _as_last(2),
        ),
        RunRule(
            "we3",
            mark("4 of 5 beyond 1 s on one side"),
            5,
            _of(4, 1),
            WARNING,
            WESTERN,
            _as_last(1),
        ),
        RunRule("we4", mark("8 in a row on one side"), 8, _one_side, WARNING, WESTERN),
        RunRule("nelson2", mark("9 in a row on one side"), 9, _one_side, WARNING, NELSON),
        RunRule("nelson3", mark("6 in a row rising or falling"), 6, _steady, WARNING, NELSON),
        RunRule("nelson4", mark("14 in a row up and down"), 14, _alternating, WARNING, NELSON),
        RunRule("nelson7", mark("15 in a row within 1 s"), 15, _within, WARNING, NELSON),
        RunRule("nelson8", mark("8 in a row beyond 1 s"), 8, _outside, WARNING, NELSON),
    )
}
USUAL = ("3s", "2s")
WESTERN_ELECTRIC = ("3s", "we2", "we3", "we4")
# Nelson's tests 1, 5 and 6 are those of Western Electric.
NELSONS = ("3s", "nelson2", "nelson3", "nelson4", "we2", "we3", "nelson7", "nelson8")
