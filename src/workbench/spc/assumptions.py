"""What control limits take for granted: values that are normal, and independent of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Reals = NDArray[np.float64]
LEAST = 8  # values
MAX_BINS = 60
STRONG = 0.4  # lag-1 autocorrelation beyond which I-MR limits are too narrow (Montgomery, SQC)
RARE = 0.05
MAX_TABLED_A_SQUARED = 10.0  # A squared


@dataclass(frozen=True)
class Histogram:
    """Counts of values between edges, and inside and outside of limits."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    inside: int
    outside: int


def histogram(values: Reals, low: float | None = None, high: float | None = None) -> Histogram:
    """Return the histogram of values; bins by Freedman and Diaconis (1981), at most 60."""
    low_quarter, high_quarter = np.percentile(values, (25, 75))
    wide = 2 * (high_quarter - low_quarter) / len(values) ** (1 / 3)
    reach = float(np.ptp(values))
    bins = max(1, int(min(np.ceil(reach / wide), MAX_BINS))) if wide > reach / MAX_BINS else (
        MAX_BINS if reach else 1
    )  # fmt: skip
    counts, edges = np.histogram(values, bins)
    out = np.zeros(len(values), bool)
    if low is not None:
        out |= values < low
    if high is not None:
        out |= values > high
    return Histogram(
        tuple(edges.tolist()), tuple(counts.tolist()), int((~out).sum()), int(out.sum())
    )


def normality(values: Reals) -> float | None:
    """Return the p-value of Anderson and Darling's test; ``None`` for fewer than 8 values.

    Mean and standard deviation from the sample; p by D'Agostino and Stephens, Goodness-of-Fit
    Techniques, 1986, table 4.9.
    """
    n = len(values)
    if n < LEAST or not np.ptp(values) > 0:
        return None
    z = np.sort((values - values.mean()) / values.std(ddof=1))
    i = np.arange(1, n + 1)
    a = -n - float(np.mean((2 * i - 1) * (log_ndtr(z) + log_ndtr(-z[::-1]))))
    a *= 1 + 0.75 / n + 2.25 / n**2
    if a >= MAX_TABLED_A_SQUARED:
        p = 0.0  # under 1e-23; the formula below would rise again
    elif a >= 0.6:
        p = np.exp(1.2937 - 5.709 * a + 0.0186 * a**2)
    elif a >= 0.34:
        p = np.exp(0.9177 - 4.279 * a - 1.38 * a**2)
    elif a >= 0.2:
        p = 1 - np.exp(-8.318 + 42.796 * a - 59.938 * a**2)
    else:
        p = 1 - np.exp(-13.436 + 101.14 * a - 223.73 * a**2)
    return float(np.clip(p, 0, 1))


def autocorrelation(*runs: Reals) -> float | None:
    """Return the lag-1 autocorrelation, neighbours within each run; ``None`` for fewer than 8.

    Around the mean of all: Box, Jenkins, Reinsel and Ljung, Time Series Analysis, 5th ed., 2.1.5.
    """
    values = np.concatenate([np.empty(0), *runs])
    if len(values) < LEAST or not np.ptp(values) > 0:
        return None
    off = [run - values.mean() for run in runs]
    return sum(float(run[1:] @ run[:-1]) for run in off) / sum(float(run @ run) for run in off)
