"""Charts that see slow drift: moving average, EWMA, CUSUM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


def moving_average(values: Reals, length: int = 5) -> Reals:
    """Return the mean of each value and those before it, at most ``length``."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - length, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def ewma(values: Reals, start: float, weight: float = 0.2) -> Reals:
    """Return the exponentially weighted moving average (NIST/SEMATECH e-Handbook 6.3.2.4)."""
    averages = np.empty(len(values))
    last = start
    for place, value in enumerate(values):
        last = weight * value + (1 - weight) * last
        averages[place] = last
    return averages


def ewma_width(
    number: int, weight: float = 0.2, width: float = 3.0, *, exact: bool = True
) -> Reals:
    """Return the half width of the limits at each of so many points, in standard deviations.

    width sqrt(w / (2 - w) (1 - (1 - w)^2t)); the last factor is 1 far from the start, and
    everywhere where the limits are not to be ``exact``.
    """
    t = np.arange(1, number + 1) if exact else np.full(number, np.inf)
    return np.asarray(width * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * t))))


def cusum(values: Reals, target: float, slack: float) -> tuple[Reals, Reals]:
    """Return the tabular cumulative sums above and below (e-Handbook 6.3.2.3).

    ``slack`` (k) is in the unit of the values, usually half a standard deviation.
    """
    high, low = np.empty(len(values)), np.empty(len(values))
    up = down = 0.0
    for place, value in enumerate(values):
        up = max(0.0, up + value - target - slack)
        down = max(0.0, down + target - slack - value)
        high[place], low[place] = up, down
    return high, low
