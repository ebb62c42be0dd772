"""Control charts as pictures: the same for a page that is clicked and a report that is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, cast

import altair as alt
import numpy as np
from numpy.typing import NDArray

from workbench.language import (
    Marked,
    Words,
    day_pattern,
    listed,
    mark,
    moment_pattern,
    significant,
    t,
)
from workbench.report.charts import LIMIT, MARK, RANGE, TEXT
from workbench.spc.assumptions import histogram
from workbench.spc.baseline import D4
from workbench.spc.chart import Charted, ControlChart
from workbench.spc.run_rules import RULES

PICKED = "picked"  # the parameter that holds the key of a clicked point
WIDTH, HEIGHT = 720, 300
MANY = 800  # points: more are drawn small
# A state is told by colour, shape and words.
STATES = {
    "ok": (MARK, "circle", mark("ok")), "warning": (LIMIT, "triangle-up", mark("warning")),
    "alarm": (LIMIT, "diamond", mark("alarm")),
    "not judged": (TEXT, "circle", mark("not judged")),
    "rejected": (TEXT, "cross", mark("rejected")),
}  # fmt: skip
STYLES: dict[str, tuple[str, list[int], float, Marked]] = {  # of lines: colour, dash, width, words
    "mean": (MARK, [1, 0], 1.2, mark("mean")), "control": (MARK, [5, 4], 1.0, mark("control")),
    "alarm line": (MARK, [1, 0], 1.0, mark("alarm line")),
    "tolerance": (LIMIT, [8, 3], 1.4, mark("tolerance")),
    "warning tolerance": (LIMIT, [2, 3], 1.2, mark("warning tolerance")),
    "reference": (TEXT, [1, 3], 1.0, mark("reference")),
}  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A piece of a level line: what it is, from when to when, how high."""

    kind: str
    begins: datetime
    ends: datetime
    value: float


@dataclass(frozen=True)
class Event:
    """Something that happened to the machine."""

    moment: datetime
    words: Words


@dataclass(frozen=True)
class Look:
    """What stands around the points.

    Attributes
    ----------
    title
        Of the value's axis, with its unit.
    levels
        Tolerance and reference lines; those of the statistics come from the chart itself.
    events
        Shown on the axis of time.
    clickable
        Whether a click on a point selects it (``PICKED`` -> ``key``).
    """

    title: Words
    levels: tuple[Segment, ...] = ()
    events: tuple[Event, ...] = ()
    clickable: bool = False


def individuals(chart: ControlChart, look: Look) -> alt.TopLevelMixin:
    """Return the chart of single values with the lines of its baselines and tolerances."""
    return _layers(
        look, _line(_rows(chart), "value", look),
        [*statistics(chart), *look.levels], _dots(_rows(chart), "value", look),
    )  # fmt: skip


def moving_ranges(chart: ControlChart, look: Look) -> alt.TopLevelMixin:
    """Return the chart of differences between neighbours, with D4 times their mean."""
    counted = [charted for charted in chart.points if charted.point.counts]
    rows = [
        {**_row(after), "value": abs(after.point.value - before.point.value), "state": "ok"}
        for before, after in pairwise(counted)
        if before.baseline == after.baseline
    ]
    levels = [
        Segment(kind, *_reach(chart, place), factor * baseline.mr_bar)
        for place, baseline in enumerate(chart.baselines)
        for kind, factor in (("mean", 1.0), ("alarm line", D4))
    ]
    look = Look(t("Moving range of {value}", value=look.title), (), look.events, look.clickable)
    return _layers(look, _line(rows, "value", look), levels, _dots(rows, "value", look))


def averages(chart: ControlChart, look: Look, exponential: bool = True) -> alt.TopLevelMixin:
    """Return the EWMA with its limits, or the moving average, over the single values."""
    name = "ewma" if exponential else "average"
    rows = [
        {**_row(charted), "value": getattr(charted, name),
         "state": _outside(charted, chart) if exponential else "ok"}
        for charted in chart.points if getattr(charted, name) is not None
    ]  # fmt: skip
    title = (
        t("EWMA (weight {weight}) of {value}", weight=significant(chart.settings.weight, 6),
          value=look.title)
        if exponential
        else t("Moving average ({length}) of {value}", length=chart.settings.length,
               value=look.title)
    )  # fmt: skip
    single = Look(title, (), look.events, look.clickable)
    limits = list(_ewma_limits(chart)) if exponential else []
    band = (
        alt.Chart(alt.InlineData(values=limits))
        .mark_area(color=RANGE, opacity=0.35, interpolate="step-after")
        .encode(x=_time("t"), y=_value("low", single), y2="high:Q", detail="baseline:N")
    )
    return _layers(single, band, [], _line(rows, "value", single), _dots(rows, "value", single))


def _outside(charted: Charted, chart: ControlChart) -> str:
    """Return the state of a point's EWMA."""
    if charted.ewma is None or charted.ewma_width is None or charted.baseline is None:
        return "not judged"
    off = abs(charted.ewma - chart.baselines[charted.baseline].mean)
    return "alarm" if off > charted.ewma_width else "ok"


def sums(chart: ControlChart, look: Look) -> alt.TopLevelMixin:
    """Return the tabular CUSUM, above and below, in standard deviations."""
    rows = [
        {**_row(charted), "value": value, "state": "alarm" if out else "ok", "side": side}
        for charted in chart.points
        for side, value in (
            ("above", charted.high),
            ("below", None if charted.low is None else -charted.low),
        )
        if value is not None
        for out in [abs(value) > chart.settings.decision]
    ]
    if rows:
        first, last = _span(chart.points)
        levels = [
            Segment("alarm line", first, last, sign * chart.settings.decision) for sign in (1, -1)
        ]
    else:
        levels = []
    look = Look(t("CUSUM of {value}, in s", value=look.title), (), look.events, look.clickable)
    return _layers(look, _line(rows, "value", look, "side"), levels, _dots(rows, "value", look))


def pair(left: ControlChart, right: ControlChart, looks: tuple[Look, Look]) -> alt.TopLevelMixin:
    """Return two parameters over one axis of time, each with its own axis of values."""
    layers: list[Any] = []
    for chart, look, colour, side, dash in (
        (left, looks[0], MARK, "left", [1, 0]), (right, looks[1], LIMIT, "right", [4, 2]),
    ):  # fmt: skip
        axis = alt.Axis(
            orient=cast('Literal["left", "right"]', side),
            titleColor=colour,
            tickCount=5,
            grid=side == "left",
        )
        rows = [row for row in _rows(chart) if row["state"] != "rejected"]
        base = alt.Chart(alt.InlineData(values=rows)).encode(
            x=_time("t"),
            y=alt.Y("value:Q", title=look.title, scale=alt.Scale(zero=False), axis=axis),
        )
        layers.append(base.mark_line(color=colour, strokeDash=dash, point={"color": colour}))
    both = alt.layer(*layers).resolve_scale(y="independent")
    return cast("alt.TopLevelMixin", both.properties(width=WIDTH, height=HEIGHT))


def bars(chart: ControlChart, look: Look) -> alt.TopLevelMixin:
    """Return the histogram with the normal curve of the last baseline, or of the values."""
    values = _counted(chart)
    low, high, mean, sigma = _limits(chart, values)
    bins = histogram(values, low, high)
    width = bins.edges[1] - bins.edges[0]
    rows = [
        {"from": a, "to": b, "count": count}
        for (a, b), count in zip(pairwise(bins.edges), bins.counts, strict=True)
    ]
    columns = alt.Chart(alt.InlineData(values=rows)).mark_bar(color=RANGE).encode(
        x=alt.X("from:Q", bin="binned", title=look.title,
                scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=10, grid=False)),
        x2="to:Q",
        y=alt.Y("count:Q", title=t("Points"), axis=alt.Axis(tickMinStep=1)),
    )  # fmt: skip
    layers = [columns]
    if sigma > 0:
        x = np.linspace(mean - 4 * sigma, mean + 4 * sigma, 121)
        curve = len(values) * width * np.exp(-((x - mean) ** 2) / 2 / sigma**2)
        curve /= sigma * np.sqrt(2 * np.pi)
        curve_points = [{"x": float(a), "y": float(b)} for a, b in zip(x, curve, strict=True)]
        layers.append(alt.Chart(alt.InlineData(values=curve_points)).mark_line(color=MARK).encode(
            x="x:Q", y="y:Q"
        ))  # fmt: skip
        edges = alt.InlineData(values=[{"x": low}, {"x": high}])
        layers.append(alt.Chart(edges).mark_rule(color=LIMIT, strokeDash=[5, 4]).encode(x="x:Q"))
    layered: alt.TopLevelMixin = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return layered


def counted_bars(chart: ControlChart) -> Words:
    """Say how many points the histogram has inside and outside its lines."""
    values = _counted(chart)
    low, high, _, _ = _limits(chart, values)
    bins = histogram(values, low, high)
    return t(
        "{inside} points inside {low} to {high}, {outside} outside.", inside=bins.inside,
        low=significant(low), high=significant(high), outside=bins.outside,
    )  # fmt: skip


def statistics(chart: ControlChart) -> Iterator[Segment]:
    """Yield mean, control and alarm lines of each baseline over the time it was in force."""
    sd = chart.settings.estimator == "sd"
    for place, baseline in enumerate(chart.baselines):
        reach = _reach(chart, place)
        yield Segment("mean", *reach, baseline.mean)
        for kind, width in (
            (("control", 2.0), ("alarm line", 3.0)) if sd else (("alarm line", 3.0),)
        ):
            for value in baseline.limits(chart.settings.estimator, width):
                yield Segment(kind, *reach, value)


def _counted(chart: ControlChart) -> NDArray[np.float64]:
    """Return the values that count, since the last baseline began."""
    last = len(chart.baselines) - 1 if chart.baselines else None
    return np.array(
        [
            charted.point.value
            for charted in chart.points
            if charted.point.counts and charted.baseline == last
        ]
    )


def _limits(chart: ControlChart, values: NDArray[np.float64]) -> tuple[float, float, float, float]:
    if chart.baselines:
        last = chart.baselines[-1]
        low, high = last.limits(chart.settings.estimator, 3.0)
        return low, high, last.mean, last.sigma(chart.settings.estimator)
    mean = float(values.mean())
    sigma = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return mean - 3 * sigma, mean + 3 * sigma, mean, sigma


def _reach(chart: ControlChart, place: int) -> tuple[datetime, datetime]:
    _, last = _span(chart.points)
    begins = chart.baselines[place].begins
    later = chart.baselines[place + 1 :]
    return begins, max(later[0].begins if later else last, begins)


def _span(points: Sequence[Charted]) -> tuple[datetime, datetime]:
    moments = [charted.point.moment for charted in points] or [datetime(2000, 1, 1)]
    return min(moments), max(moments)


def _rows(chart: ControlChart) -> list[dict[str, Any]]:
    return [_row(charted) for charted in chart.points]


def _row(charted: Charted) -> dict[str, Any]:
    return {
        "t": charted.point.moment.isoformat(), "value": charted.point.value,
        "key": charted.point.key,
        "state": charted.state if charted.point.counts else "rejected",
        "why": listed(t(RULES[name].label) for name in charted.violated),
        "baseline": -1 if charted.baseline is None else charted.baseline,
    }  # fmt: skip


def _ewma_limits(chart: ControlChart) -> Iterator[dict[str, Any]]:
    for charted in chart.points:
        if charted.ewma_width is not None and charted.baseline is not None:
            mean = chart.baselines[charted.baseline].mean
            yield {"t": charted.point.moment.isoformat(), "baseline": charted.baseline,
                   "low": mean - charted.ewma_width, "high": mean + charted.ewma_width}  # fmt: skip


def _time(name: str) -> alt.X:
    axis = alt.Axis(tickCount=8, grid=False, labelOverlap=True, format=day_pattern())
    return alt.X(f"{name}:T", title=None, axis=axis)


def _value(name: str, look: Look) -> alt.Y:
    return alt.Y(f"{name}:Q", title=look.title,
                 scale=alt.Scale(zero=False, padding=8), axis=alt.Axis(tickCount=6))  # fmt: skip


def _line(rows: Sequence[dict[str, Any]], name: str, look: Look, detail: str = "") -> Any:
    kept = [row for row in rows if row["state"] != "rejected"]
    chart = alt.Chart(alt.InlineData(values=kept)).mark_line(
        color=RANGE, strokeWidth=1, interpolate="linear"
    )
    # No line leads over a new baseline.
    details = ["baseline:N", *([f"{detail}:N"] if detail else [])]
    return chart.encode(x=_time("t"), y=_value(name, look), detail=details)


def _dots(rows: Sequence[dict[str, Any]], name: str, look: Look) -> Any:
    shown = [state for state in STATES if any(row["state"] == state for row in rows)]
    small = len(rows) > MANY
    words = {state: t(STATES[state][2]) for state in shown}
    worded = [{**row, "state": words.get(row["state"], row["state"])} for row in rows]
    dots = alt.Chart(alt.InlineData(values=worded)).mark_point(
        filled=True, size=14 if small else 55, opacity=1
    )
    dots = dots.encode(
        x=_time("t"), y=_value(name, look),
        color=alt.Color("state:N", title=None, scale=alt.Scale(
            domain=list(words.values()), range=[STATES[state][0] for state in shown]
        )),
        shape=alt.Shape("state:N", title=None, scale=alt.Scale(
            domain=list(words.values()), range=[STATES[state][1] for state in shown]
        )),
        tooltip=[
            alt.Tooltip("t:T", title=t("Acquired"), format=moment_pattern()),
            alt.Tooltip("value:Q", title=t("Value"), format=".5~g"),
            alt.Tooltip("state:N", title=t("State")), alt.Tooltip("why:N", title=t("Why")),
            alt.Tooltip("key:Q", title=t("Result")),
        ],
    )  # fmt: skip
    if not look.clickable:
        return dots
    picked = alt.selection_point(name=PICKED, fields=["key"], nearest=True, on="click", empty=False)
    return dots.add_params(picked).encode(
        size=alt.when(picked).then(alt.value(220)).otherwise(alt.value(14 if small else 55))
    )


def _levels(levels: Iterable[Segment], look: Look) -> Iterator[Any]:
    by_kind: dict[str, list[Segment]] = {}
    for segment in levels:
        by_kind.setdefault(segment.kind, []).append(segment)
    for kind, segments in by_kind.items():
        colour, dash, width, words = STYLES[kind]
        rows = [
            {"begins": segment.begins.isoformat(), "ends": segment.ends.isoformat(),
             "level": segment.value, "line": t(words)}
            for segment in segments
        ]  # fmt: skip
        yield (
            alt.Chart(alt.InlineData(values=rows))
            .mark_rule(color=colour, strokeDash=dash, strokeWidth=width)
            .encode(
                x=_time("begins"), x2="ends:T", y=_value("level", look),
                tooltip=[alt.Tooltip("line:N", title=t("Line")),
                         alt.Tooltip("level:Q", title=t("Lies at"), format=".5~g")],
            )
        )  # fmt: skip


def _events(events: Sequence[Event]) -> Iterator[Any]:
    if not events:
        return
    rows = [{"t": event.moment.isoformat(), "words": event.words} for event in events]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=_time("t"), tooltip=[alt.Tooltip("words:N", title=t("Event"))]
    )
    yield base.mark_rule(color=TEXT, strokeDash=[1, 3])
    yield base.mark_text(
        align="left", baseline="top", angle=90, dx=4, dy=-10, fontSize=11, color=TEXT, limit=HEIGHT
    ).encode(y=alt.value(0), text="words:N")


def _layers(look: Look, under: Any, levels: Iterable[Segment], *over: Any) -> alt.TopLevelMixin:
    layers = [under, *_levels(levels, look), *_events(look.events), *over]
    layered: alt.TopLevelMixin = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return layered
