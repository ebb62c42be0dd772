"""A control chart: points, the baselines they are compared with, limits, states, patterns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from workbench.spc.assumptions import RARE, STRONG, autocorrelation, normality
from workbench.spc.baseline import LEAST, USUAL, Baseline, Estimator, Point, in_time, pause
from workbench.spc.drift import cusum, ewma, ewma_width, moving_average
from workbench.spc.run_rules import ALARM, RULES
from workbench.spc.run_rules import USUAL as USUAL_RULES

OK, WARNING, NOT_JUDGED = "ok", "warning", "not judged"
ORDER = (NOT_JUDGED, OK, WARNING, ALARM)
MIN_P_VALUE_SAID = 0.001  # of a p-value


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
        Patterns do not reach over a pause longer than this; ``None``: than ``baseline.pause``.
    weight, ewma_width, exact
        Of the EWMA: weight of the newest value; limits in its standard deviations; whether they
        are those of each point, narrower at the start, or those far from it.
    slack, decision
        Of the CUSUM: k and h in standard deviations.
    length
        Of the moving average.
    """

    estimator: Estimator = "sd"
    rules: tuple[str, ...] = USUAL_RULES
    gap: timedelta | None = None
    weight: float = 0.2
    ewma_width: float = 3.0
    exact: bool = True
    slack: float = 0.5
    decision: float = 5.0
    length: int = 5


@dataclass(frozen=True)
class Violation:
    """A pattern that ends at a point: the rule's name and severity, and which points it means.

    ``meant`` has their keys, in the order of time; the point itself is the last.
    """

    rule: str
    severity: str
    meant: tuple[int, ...]


@dataclass(frozen=True)
class Charted:
    """A point on the chart.

    Attributes
    ----------
    point
        What was measured.
    baseline
        Place of its baseline in the chart's; ``None``: there is none yet.
    run
        Number of the stretch without a new baseline or a pause; ``None``: it does not count.
    violations
        The patterns that end here.
    state
        ``ok``, ``warning``, ``alarm`` or ``not judged``: the worse of what the rules and the
        tolerance say.
    moving_range
        Distance from the point before; ``None`` for the first of a run.
    average, ewma, ewma_width, high, low
        Moving average; EWMA with the half width of its limits; CUSUM above and below.  ``None``
        where there is no baseline, or the point does not count.
    """

    point: Point
    baseline: int | None = None
    run: int | None = None
    violations: tuple[Violation, ...] = ()
    state: str = NOT_JUDGED
    moving_range: float | None = None
    average: float | None = None
    ewma: float | None = None
    ewma_width: float | None = None
    high: float | None = None
    low: float | None = None

    @property
    def violated(self) -> tuple[str, ...]:
        """Names of the rules whose pattern ends here."""
        return tuple(one.rule for one in self.violations)


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
    kept = tuple(sorted(baselines, key=lambda one: (one.begins, one.version)))
    used = in_time(one for one in points if one.used)
    made = [
        Charted(one, _place(one, kept), state=_worst(one, ()) if one.counts else NOT_JUDGED)
        for one in points if not one.used
    ]  # fmt: skip
    for number, run in enumerate(_runs(used, kept, settings.gap or pause(used))):
        made += _charted(run, number, kept, settings)
    made.sort(key=lambda one: (one.point.moment, one.point.key))
    return ControlChart(tuple(made), kept, settings, tuple(_warnings(made, kept)))


def _place(point: Point, baselines: Sequence[Baseline]) -> int | None:
    """Return the place of the baseline that holds for a point."""
    found = bisect_right(baselines, point.moment, key=lambda one: one.begins)
    return found - 1 if found else None


def _runs(
    points: Sequence[Point], baselines: Sequence[Baseline], longest: timedelta
) -> Iterator[list[Point]]:
    """Yield stretches of points under one baseline and without a pause."""
    run: list[Point] = []
    for one in points:
        if run and (
            _place(one, baselines) != _place(run[-1], baselines)
            or one.moment - run[-1].moment > longest
        ):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _charted(
    run: Sequence[Point], number: int, baselines: Sequence[Baseline], settings: ChartSettings
) -> list[Charted]:
    place = _place(run[0], baselines)
    values = np.array([one.value for one in run])
    ranges = [None, *np.abs(np.diff(values)).tolist()]
    made = [
        Charted(one, place, number, state=_worst(one, ()), moving_range=distance)
        for one, distance in zip(run, ranges, strict=True)
    ]
    if place is None:
        return made
    baseline = baselines[place]
    sigma = baseline.sigma(settings.estimator)
    z = (values - baseline.mean) / sigma
    width = ewma_width(len(z), settings.weight, settings.ewma_width, exact=settings.exact)
    columns = (
        moving_average(values, settings.length), ewma(values, baseline.mean, settings.weight),
        sigma * width, *cusum(z, 0.0, settings.slack),
    )  # fmt: skip
    traces = np.array(columns).T.tolist()
    return [
        replace(
            one, violations=broken, state=_worst(one.point, broken, OK),
            average=row[0], ewma=row[1], ewma_width=row[2], high=row[3], low=row[4],
        )
        for one, broken, row in zip(made, _violations(z, run, settings.rules), traces, strict=True)
    ]  # fmt: skip


def _violations(
    z: NDArray[np.float64], run: Sequence[Point], rules: Sequence[str]
) -> list[tuple[Violation, ...]]:
    found: list[list[Violation]] = [[] for _ in z]
    for name in rules:
        rule = RULES[name]
        for end in rule.places(z).tolist():
            keys = tuple(run[place].key for place in rule.meant(z, end))
            found[end].append(Violation(name, rule.severity, keys))
    return [tuple(one) for one in found]


def _worst(one: Point, broken: Sequence[Violation], otherwise: str = NOT_JUDGED) -> str:
    """Return the worst of what rules and tolerance say."""
    said = {violation.severity for violation in broken} | {one.judged, otherwise}
    return max(said & set(ORDER), key=ORDER.index)


def _warnings(made: Sequence[Charted], baselines: Sequence[Baseline]) -> Iterator[str]:
    used = [one for one in made if one.point.used]
    if missing := sum(one.point.counts and not one.point.used for one in made):
        yield f"{missing} of {len(used) + missing} values are no numbers and count nowhere."
    if not baselines:
        yield (
            f"No baseline is set: {len(used)} of at least {LEAST} points are here. "
            "Values are judged by reference and tolerance only."
        )
        return
    if any(one.baseline is None for one in used):
        yield "Values before the first baseline are judged by reference and tolerance only."
    if baselines[-1].points < USUAL:
        yield (
            f"The last baseline has {baselines[-1].points} points only: its lines are uncertain, "
            f"with {USUAL} they are surer."
        )
    yield from _taken_for_granted([one for one in used if one.baseline == len(baselines) - 1])


def _taken_for_granted(used: Sequence[Charted]) -> Iterator[str]:
    """Yield which assumptions do not hold for values under one baseline."""
    runs = [
        np.array([one.point.value for one in run])
        for _, run in groupby(used, key=lambda one: one.run)
    ]
    p, alike = normality(np.concatenate([np.empty(0), *runs])), autocorrelation(*runs)
    if p is not None and p < RARE:
        said = f"= {p:.2g}" if p >= MIN_P_VALUE_SAID else f"< {MIN_P_VALUE_SAID}"
        yield f"The values are not normal (Anderson-Darling, p {said}): limits are approximate."
    if alike is not None and alike > STRONG:
        yield (
            f"Neighbouring values are alike (autocorrelation {alike:.2f}): limits from moving "
            "ranges are too narrow."
        )
