"""False alarms and detection delay of control-chart rules, beside the published figures.

Machines are measured once a week for 30 years against a known mean and standard deviation.  A
false alarm is the first signal of a stable machine; a delay is counted from the change on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench.spc.drift import cusum, ewma, ewma_width
from workbench.spc.run_rules import NELSONS, RULES, WESTERN_ELECTRIC

WEEKS, MACHINES = 52 * 30, 4000
SHIFT, DRIFT = 1.0, 1.0 / 52  # standard deviations; a week
Reals = NDArray[np.float64]
# Average run lengths without a change: 1/0.0027 and 1/0.0455 (normal distribution); Champ and
# Woodall, Technometrics 29:393, 1987 (Western Electric); Lucas and Saccucci, Technometrics 32:1,
# 1990 (EWMA 0.2, L = 3: some 560 when started at the target); Montgomery, SQC, table 9.3
# (CUSUM k = 0.5, h = 5: 465).
PUBLISHED = {"3 s": 370.4, "2 s": 22.0, "Western Electric, 4 rules": 91.75, "Nelson, 8 rules": 0.0,
             "EWMA 0.2, 3 s": 559.9, "CUSUM 0.5, 5": 465.0}  # fmt: skip


def by_rules(*names: str) -> Callable[[Reals], Reals]:
    """Return a function that gives the first signal of each machine, or infinity."""

    def first(z: Reals) -> Reals:
        return np.array([
            min((int(places[0]) + 1 for name in names if len(places := RULES[name].places(one))),
                default=np.inf)
            for one in z
        ])  # fmt: skip

    return first


def by_ewma(z: Reals) -> Reals:
    """Return the first signal of the EWMA (weight 0.2, exact limits of 3 s)."""
    limits = ewma_width(z.shape[1])
    return np.array([_first(np.abs(ewma(one, 0.0)) > limits) for one in z])


def by_cusum(z: Reals) -> Reals:
    """Return the first signal of the CUSUM (k = 0.5, h = 5)."""
    return np.array([_first(np.maximum(*cusum(one, 0.0, 0.5)) > 5) for one in z])


def _first(beyond: NDArray[np.bool_]) -> float:
    return float(beyond.argmax()) + 1 if beyond.any() else np.inf


def mean_run(found: Reals, weeks: int) -> float:
    """Return the mean run length; machines without a signal make it a censored estimate."""
    seen = np.minimum(found, weeks)
    return float(seen.sum() / np.isfinite(found).sum())  # exponential runs, censored at the end


def measured(machines: int = MACHINES) -> dict[str, list[float]]:
    """Print a line a rule; return weeks to the first signal: no change, step, drift."""
    weeks = {}
    z = np.random.default_rng(1).normal(size=(machines, WEEKS))
    later = z[:, :520]
    drift = later + DRIFT * np.arange(later.shape[1])
    print(f"{machines} machines, weekly for 30 years; run lengths in weeks")
    print(f"{'rule':28}{'no change':>12}{'published':>12}{'shift 1 s':>12}{'drift 1 s a year':>18}")
    for name, first in (
        ("3 s", by_rules("3s")), ("2 s", by_rules("2s")),
        ("Western Electric, 4 rules", by_rules(*WESTERN_ELECTRIC)),
        ("Nelson, 8 rules", by_rules(*NELSONS)), ("EWMA 0.2, 3 s", by_ewma),
        ("CUSUM 0.5, 5", by_cusum),
    ):  # fmt: skip
        runs = [mean_run(first(values), values.shape[1]) for values in (z, later + SHIFT, drift)]
        weeks[name] = runs
        told = PUBLISHED[name]
        published = f"{told:.0f}" if told else "–"
        print(f"{name:28}{runs[0]:12.0f}{published:>12}{runs[1]:12.1f}{runs[2]:18.1f}")
    return weeks


def main() -> None:
    """Print all rules."""
    measured()


if __name__ == "__main__":
    main()
