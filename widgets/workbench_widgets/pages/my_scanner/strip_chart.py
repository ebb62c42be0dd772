"""The picture of My scanner: doses of single irradiation events as strips, a row an age group."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import polars as pl

from workbench.report import charts
from workbench_widgets.pages.my_scanner import scanner_frames as frames

ROUND = [part * 10.0**power for power in range(-3, 6) for part in (1, 2, 5)]


def strip_chart(lanes: pl.DataFrame, dots: pl.DataFrame, axis: str) -> alt.LayerChart:
    """Return strips: dots over a bar of the middle half, with median and reference level."""
    x = _axis(dots, axis)
    lane = alt.Y(
        "label:N", sort=None, title=None,
        axis=alt.Axis(
            grid=False, ticks=False, domain=False, labelExpr="split(datum.label, '\\n')",
        ),
    )  # fmt: skip
    rows = alt.Chart(alt.InlineData(values=lanes.to_dicts()), width=330, height=alt.Step(46))
    base = rows.encode(y=lane)
    half = base.mark_bar(color=charts.RANGE, height=18).encode(x=x("p25"), x2="p75:Q")
    middle = base.mark_tick(color=charts.TEXT, thickness=2.5, height=24, opacity=1).encode(
        x=x("median")
    )
    level = (
        base.transform_filter("isValid(datum.reference)")
        .mark_tick(color=charts.LIMIT, thickness=3.5, height=36, opacity=1)
        .encode(x=x("reference"))
    )
    size = alt.Size("count:Q", legend=None, scale=alt.Scale(domain=[1, 20], range=[40, 300]))
    points = (
        alt.Chart(alt.InlineData(values=dots.to_dicts()))
        .mark_circle(color=charts.MARK, opacity=0.85)
        .encode(y=lane, x=x("value"), size=size)
    )
    return alt.LayerChart(layer=[half, points, middle, level])


def _axis(dots: pl.DataFrame, title: str) -> Callable[[str], alt.X]:
    """Return what makes the horizontal axis of a column; the same for every layer."""
    wide = frames.wide(dots)
    scale = alt.Scale(type="log" if wide else "linear", zero=not wide)
    ticks = alt.Axis(format=",.6~g", **({"values": ROUND} if wide else {"tickCount": 5}))
    return lambda column: alt.X(f"{column}:Q", title=title, scale=scale, axis=ticks)
