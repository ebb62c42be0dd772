"""Baselines: what a process was like while it was good, frozen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from workbench.errors import SettingsError

LEAST, USUAL = 8, 20  # points; AIAG, Statistical Process Control, 2nd ed. 2005: 25 subgroups
# Mean range of two normal values in standard deviations: d2 of n = 2, ASTM E2587-16 table 3.
D2 = 1.128
D4 = 3.267  # upper limit of the moving range in its mean, likewise
# A pause: patterns and moving ranges do not reach over it.  Of tests that are seldom done
# (yearly), three times what is usual between them.
GAP, USUAL_GAPS = timedelta(days=90), 3
ROUNDING = 1e-12  # of the values; nearer together they are the same
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

    @property
    def used(self) -> bool:
        """Whether it counts and is a number."""
        return self.counts and math.isfinite(self.value)


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
    version
        Number in its series; of two that begin together the higher holds.
    first, last
        Moments of the first and last point it was made of.
    """

    mean: float
    sd: float
    mr_bar: float
    points: int
    begins: datetime
    by: str = ""
    reason: str = ""
    version: int = 1
    first: datetime | None = None
    last: datetime | None = None

    def sigma(self, estimator: Estimator) -> float:
        """Return the standard deviation: of the sample, or mean moving range / d2."""
        return self.sd if estimator == "sd" else self.mr_bar / D2

    def limits(self, estimator: Estimator, width: float) -> tuple[float, float]:
        """Return mean -/+ ``width`` standard deviations."""
        reach = width * self.sigma(estimator)
        return self.mean - reach, self.mean + reach

    def row(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def of(cls, row: dict[str, Any]) -> Baseline:
        """Return the baseline that ``row`` was made of."""
        moments = {
            name: datetime.fromisoformat(row[name])
            for name in ("begins", "first", "last") if row.get(name) is not None
        }  # fmt: skip
        return cls(**{**row, **moments})

    def numbered(self, version: int) -> Baseline:
        """Return it with its number in the series."""
        return replace(self, version=version)


def baseline_of(points: Sequence[Point], begins: datetime, by: str, reason: str = "") -> Baseline:
    """Return the baseline of points that count, in any order.

    Moving ranges over a pause are left out.  Raises ``SettingsError`` for fewer than 8, or for
    points that are all the same.
    """
    ordered = in_time(point for point in points if point.used)
    values = np.array([point.value for point in ordered])
    if len(values) < LEAST:
        raise SettingsError(
            "a baseline needs at least {least} points, and {number} count.",
            "Measure more, or judge by reference and tolerance until then.",
            least=LEAST,
            number=len(values),
        )
    if np.ptp(values) <= ROUNDING * np.abs(values).max():
        raise SettingsError("all points of the baseline are the same.", "Choose others.")
    return Baseline(
        float(values.mean()), float(values.std(ddof=1)), _mean_moving_range(ordered), len(values),
        begins, by, reason, first=ordered[0].moment, last=ordered[-1].moment,
    )  # fmt: skip


def in_time(points: Iterable[Point]) -> list[Point]:
    """Return points in the order of time; of the same time by key."""
    return sorted(points, key=lambda point: (point.moment, point.key))


def pause(points: Sequence[Point]) -> timedelta:
    """Return beyond which distance two points in the order of time have a pause between them.

    90 days; or three times the median distance of 8 points or more, where that is longer.
    """
    steps = sorted(after.moment - before.moment for before, after in pairwise(points))
    return GAP if len(points) < LEAST else max(GAP, USUAL_GAPS * steps[len(steps) // 2])


def _mean_moving_range(points: Sequence[Point]) -> float:
    """Return the mean distance of neighbours; over pauses too where it would be nothing else."""
    longest = pause(points)
    near = [
        abs(after.value - before.value)
        for before, after in pairwise(points) if after.moment - before.moment <= longest
    ]  # fmt: skip
    if any(near):
        return float(np.mean(near))
    return float(np.abs(np.diff([point.value for point in points])).mean())
