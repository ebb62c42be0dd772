"""Baselines: what a process was like while it was good, frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from workbench.errors import SettingsError

LEAST, USUAL = 8, 20  # points; AIAG, Statistical Process Control, 2nd ed. 2005: 25 subgroups
# Mean range of two normal values in standard deviations: d2 of n = 2, ASTM E2587-16 table 3.
D2 = 1.128
D4 = 3.267  # upper limit of the moving range in its mean, likewise
Estimator = Literal["sd", "moving range"]


@dataclass(frozen=True)
class Point:
    """One measured value.

    Attributes
    ----------
    moment
        When it was acquired.
    value
        In the unit of the measurement.
    key
        Number of the result it comes from.
    counts
        A rejected result is shown, but counts nowhere.
    judged
        What reference and tolerance say of it: ``ok``, ``warning``, ``alarm``; empty: nothing.
    """

    moment: datetime
    value: float
    key: int = 0
    counts: bool = True
    judged: str = ""


@dataclass(frozen=True)
class Baseline:
    """A process as it was, and since when it is what new points are compared with.

    Attributes
    ----------
    mean, sd, mr_bar
        Mean, sample standard deviation, mean moving range.
    points
        Number of points it was made of.
    begins
        It holds for points from then on, until another one begins.
    by, reason
        Who set it, and why.
    """

    mean: float
    sd: float
    mr_bar: float
    points: int
    begins: datetime
    by: str = ""
    reason: str = ""

    def sigma(self, estimator: Estimator) -> float:
        """Return the standard deviation: of the sample, or mean moving range / d2."""
        return self.sd if estimator == "sd" else self.mr_bar / D2

    def limits(self, estimator: Estimator, width: float) -> tuple[float, float]:
        """Return mean -/+ ``width`` standard deviations."""
        reach = width * self.sigma(estimator)
        return self.mean - reach, self.mean + reach

    def row(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {**vars(self), "begins": self.begins.isoformat()}

    @classmethod
    def of(cls, row: dict[str, Any]) -> Baseline:
        """Return the baseline that ``row`` was made of."""
        return cls(**{**row, "begins": datetime.fromisoformat(row["begins"])})


def baseline_of(points: Sequence[Point], begins: datetime, by: str, reason: str = "") -> Baseline:
    """Return the baseline of points that count, in the order of time.

    Raises ``SettingsError`` for fewer than 8, or for points that are all the same.
    """
    ordered = sorted((one for one in points if one.counts), key=lambda one: one.moment)
    values = np.array([one.value for one in ordered])
    if len(values) < LEAST:
        raise SettingsError(
            f"a baseline needs at least {LEAST} points, and {len(values)} count.",
            "Measure more, or judge by reference and tolerance until then.",
        )
    spread = float(values.std(ddof=1))
    if not spread > 0:
        raise SettingsError("all points of the baseline are the same.", "Choose others.")
    moving = float(np.abs(np.diff(values)).mean())
    return Baseline(float(values.mean()), spread, moving, len(values), begins, by, reason)
