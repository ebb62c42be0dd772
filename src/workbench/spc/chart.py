"""A control chart: points, the baselines they are compared with, limits, states, patterns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from workbench.language import Figures, Saying, mark
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
        return tuple(violation.rule for violation in self.violations)


@dataclass(frozen=True)
class ControlChart:
    """A chart; points in the order of time.  ``warnings`` are sentences for people."""

    points: tuple[Charted, ...]
    baselines: tuple[Baseline, ...]
    settings: ChartSettings = field(default_factory=ChartSettings)
    warnings: tuple[Saying, ...] = ()


def control_chart(
    points: Sequence[Point], baselines: Sequence[Baseline] = (),
    settings: ChartSettings | None = None,
) -> ControlChart:  # fmt: skip
    """Draw up a chart.  Raises ``KeyError`` for an unknown rule."""
    settings = settings or ChartSettings()
    kept = tuple(sorted(baselines, key=lambda baseline: (baseline.begins, baseline.version)))
    used = in_time(point for point in points if point.used)
    drawn = [
        Charted(point, _place(point, kept), state=_worst(point, ()) if point.counts else NOT_JUDGED)
        for point in points if not point.used
    ]  # fmt: skip
    for number, run in enumerate(_runs(used, kept, settings.gap or pause(used))):
        drawn += _charted(run, number, kept, settings)
    drawn.sort(key=lambda charted: (charted.point.moment, charted.point.key))
    return ControlChart(tuple(drawn), kept, settings, tuple(_warnings(drawn, kept)))


def _place(point: Point, baselines: Sequence[Baseline]) -> int | None:
    """Return the place of the baseline that holds for a point."""
    begun = bisect_right(baselines, point.moment, key=lambda baseline: baseline.begins)
    return begun - 1 if begun else None


def _runs(
    points: Sequence[Point], baselines: Sequence[Baseline], longest: timedelta
) -> Iterator[list[Point]]:
    """Yield stretches of points under one baseline and without a pause."""
    run: list[Point] = []
    for point in points:
        if run and (
            _place(point, baselines) != _place(run[-1], baselines)
            or point.moment - run[-1].moment > longest
        ):
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _charted(
    run: Sequence[Point], number: int, baselines: Sequence[Baseline], settings: ChartSettings
) -> list[Charted]:
    place = _place(run[0], baselines)
    values = np.array([point.value for point in run])
    ranges = [None, *np.abs(np.diff(values)).tolist()]
    drawn = [
        Charted(point, place, number, state=_worst(point, ()), moving_range=distance)
        for point, distance in zip(run, ranges, strict=True)
    ]
    if place is None:
        return drawn
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
            charted, violations=broken, state=_worst(charted.point, broken, OK),
            average=row[0], ewma=row[1], ewma_width=row[2], high=row[3], low=row[4],
        )
        for charted, broken, row in zip(
            drawn, _violations(z, run, settings.rules), traces, strict=True
        )
    ]  # fmt: skip


def _violations(
    z: NDArray[np.float64], run: Sequence[Point], rules: Sequence[str]
) -> list[tuple[Violation, ...]]:
    violations: list[list[Violation]] = [[] for _ in z]
    for name in rules:
        rule = RULES[name]
        for end in rule.places(z).tolist():
            keys = tuple(run[place].key for place in rule.meant(z, end))
            violations[end].append(Violation(name, rule.severity, keys))
    return [tuple(broken) for broken in violations]


def _worst(point: Point, broken: Sequence[Violation], otherwise: str = NOT_JUDGED) -> str:
    """Return the worst of what rules and tolerance say."""
    states = {violation.severity for violation in broken} | {point.judged, otherwise}
    return max(states & set(ORDER), key=ORDER.index)


def _warnings(drawn: Sequence[Charted], baselines: Sequence[Baseline]) -> Iterator[Saying]:
    used = [charted for charted in drawn if charted.point.used]
    if missing := sum(charted.point.counts and not charted.point.used for charted in drawn):
        yield Saying(
            mark("{missing} of {total} values are no numbers and count nowhere."),
            missing=missing, total=len(used) + missing,
        )  # fmt: skip
    if not baselines:
        yield Saying(
            mark(
                "No baseline is set: {here} of at least {least} points are here. "
                "Values are judged by reference and tolerance only."
            ),
            here=len(used), least=LEAST,
        )  # fmt: skip
        return
    if any(charted.baseline is None for charted in used):
        yield Saying(
            mark("Values before the first baseline are judged by reference and tolerance only.")
        )
    if baselines[-1].points < USUAL:
        yield Saying(
            mark(
                "The last baseline has {points} points only: its lines are uncertain, "
                "with {usual} they are surer."
            ),
            points=baselines[-1].points, usual=USUAL,
        )  # fmt: skip
    yield from _taken_for_granted(
        [charted for charted in used if charted.baseline == len(baselines) - 1]
    )


def _taken_for_granted(used: Sequence[Charted]) -> Iterator[Saying]:
    """Yield which assumptions do not hold for values under one baseline."""
    runs = [
        np.array([charted.point.value for charted in run])
        for _, run in groupby(used, key=lambda charted: charted.run)
    ]
    p, alike = normality(np.concatenate([np.empty(0), *runs])), autocorrelation(*runs)
    if p is not None and p < RARE:
        words = f"= {p:.2g}" if p >= MIN_P_VALUE_SAID else f"< {MIN_P_VALUE_SAID}"
        yield Saying(
            mark("The values are not normal (Anderson-Darling, p {p}): limits are approximate."),
            p=Figures(words),
        )
    if alike is not None and alike > STRONG:
        yield Saying(
            mark(
                "Neighbouring values are alike (autocorrelation {alike}): limits from moving "
                "ranges are too narrow."
            ),
            alike=Figures(f"{alike:.2f}"),
        )
