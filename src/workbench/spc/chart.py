"""A control chart: points, the baselines they are compared with, limits, states, patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from workbench.spc.baseline import LEAST, Baseline, Estimator, Point
from workbench.spc.checks import RARE, STRONG, autocorrelation, normality
from workbench.spc.drift import cusum, ewma, ewma_width, moving_average
from workbench.spc.rules import ALARM, RULES, USUAL

OK, WARNING, NOT_JUDGED = "ok", "warning", "not judged"
ORDER = (NOT_JUDGED, OK, WARNING, ALARM)


@dataclass(frozen=True)
class ChartSettings:
    """How a chart is drawn up.

    Attributes
    ----------
    estimator
        ``sd``: lines at 2 s (control) and 3 s (alarm) with the sample's s, as Optimage drew
        them; ``moving range``: the standard I-MR chart.
    rules
        Names of ``rules.RULES``.
    gap
        Patterns do not reach over a pause longer than this.
    weight, ewma_width
        Of the EWMA: weight of the newest value, limits in standard deviations.
    slack, decision
        Of the CUSUM: k and h in standard deviations.
    length
        Of the moving average.
    """

    estimator: Estimator = "sd"
    rules: tuple[str, ...] = USUAL
    gap: timedelta = timedelta(days=90)
    weight: float = 0.2
    ewma_width: float = 3.0
    slack: float = 0.5
    decision: float = 5.0
    length: int = 5


@dataclass(frozen=True)
class Charted:
    """A point on the chart.

    Attributes
    ----------
    point
        What was measured.
    baseline
        Place of its baseline in the chart's; ``None``: there is none yet.
    violated
        Names of the rules whose pattern ends here.
    state
        ``ok``, ``warning``, ``alarm`` or ``not judged``: the worse of what the rules and the
        tolerance say.
    average, ewma, ewma_width, high, low
        Moving average; EWMA with the half width of its limits; CUSUM above and below.  ``None``
        where there is no baseline, or the point does not count.
    """

    point: Point
    baseline: int | None = None
    violated: tuple[str, ...] = ()
    state: str = NOT_JUDGED
    average: float | None = None
    ewma: float | None = None
    ewma_width: float | None = None
    high: float | None = None
    low: float | None = None


@dataclass(frozen=True)
class ControlChart:
    """A chart; points in the order of time.  ``warnings`` are sentences for people."""

    points: tuple[Charted, ...]
    baselines: tuple[Baseline, ...]
    settings: ChartSettings = field(default_factory=ChartSettings)
    warnings: tuple[str, ...] = ()


def control_chart(
    points: Sequence[Point], baselines: Sequence[Baseline] = (),
    settings: ChartSettings | None = None,
) -> ControlChart:  # fmt: skip
    """Draw up a chart.  Raises ``KeyError`` for an unknown rule."""
    settings = settings or ChartSettings()
    ordered = sorted(points, key=lambda one: (one.moment, one.key))
    kept = tuple(sorted(baselines, key=lambda one: one.begins))
    made: list[Charted] = []
    for number, run in _runs(ordered, kept, settings):
        made += _charted(run, number, kept, settings)
    made.sort(key=lambda one: (one.point.moment, one.point.key))
    return ControlChart(tuple(made), kept, settings, tuple(_warnings(made, kept)))


def _runs(
    points: Sequence[Point], baselines: Sequence[Baseline], settings: ChartSettings
) -> Iterator[tuple[int | None, list[Point]]]:
    """Yield stretches of points under one baseline and without a long pause."""
    run: list[Point] = []
    number: int | None = None
    for one in points:
        found = sum(baseline.begins <= one.moment for baseline in baselines)
        now = found - 1 if found else None
        if run and (now != number or one.moment - run[-1].moment > settings.gap):
            yield number, run
            run = []
        run.append(one)
        number = now
    if run:
        yield number, run


def _charted(
    run: Sequence[Point], number: int | None, baselines: Sequence[Baseline],
    settings: ChartSettings,
) -> list[Charted]:  # fmt: skip
    aside = [Charted(one, number) for one in run if not one.counts]  # no state: it is rejected
    counted = [one for one in run if one.counts]
    if number is None or not counted:
        return [*aside, *(Charted(one, number, state=_worse(one, ())) for one in counted)]
    baseline = baselines[number]
    sigma = baseline.sigma(settings.estimator)
    values = np.array([one.value for one in counted])
    z = (values - baseline.mean) / sigma
    violated = _violated(z, settings)
    smooth = ewma(values, baseline.mean, settings.weight)
    width = sigma * ewma_width(len(values), settings.weight, settings.ewma_width)
    high, low = cusum(z, 0.0, settings.slack)
    average = moving_average(values, settings.length)
    return aside + [
        Charted(
            one, number, violated[place], _worse(one, violated[place], OK), float(average[place]),
            float(smooth[place]), float(width[place]), float(high[place]), float(low[place]),
        )
        for place, one in enumerate(counted)
    ]  # fmt: skip


def _violated(z: NDArray[np.float64], settings: ChartSettings) -> list[tuple[str, ...]]:
    found: list[list[str]] = [[] for _ in z]
    for name in settings.rules:
        for place in RULES[name].places(z):
            found[place].append(name)
    return [tuple(one) for one in found]


def _worse(one: Point, violated: Sequence[str], otherwise: str = NOT_JUDGED) -> str:
    """Return the worst of what rules and tolerance say."""
    said = {RULES[name].severity for name in violated} | {one.judged, otherwise}
    return max(said & set(ORDER), key=ORDER.index)


def _warnings(made: Sequence[Charted], baselines: Sequence[Baseline]) -> Iterator[str]:
    counted = [one for one in made if one.point.counts]
    if not baselines:
        yield (
            f"No baseline is set: {len(counted)} of at least {LEAST} points are here. "
            "Values are judged by reference and tolerance only."
        )
        return
    last = [one.point.value for one in counted if one.baseline == len(baselines) - 1]
    values = np.array(last)
    p, alike = normality(values), autocorrelation(values)
    if p is not None and p < RARE:
        yield f"The values are not normal (Anderson-Darling, p = {p:.2g}): limits are approximate."
    if alike is not None and alike > STRONG:
        yield (
            f"Neighbouring values are alike (autocorrelation {alike:.2f}): limits from moving "
            "ranges are too narrow."
        )
