"""The picture of My scanner: doses of single irradiation events as strips, a row an age group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import polars as pl

from workbench.language import Words, data, n, number, t
from workbench.report import charts
from workbench.report.charts import ChartPoint
from workbench.report.html_tables import with_words
from workbench_widgets.pages.my_scanner import scanner_frames as frames

ROUND = [part * 10.0**power for power in range(-3, 6) for part in (1, 2, 5)]
# Below: too few for a median to be told; below: quartiles of so few move by chance.  With ten
# values the 95 % interval of a median reaches from the 2nd to the 9th, with twenty from the 6th to
# the 15th (order statistics; Conover, Practical Nonparametric Statistics, 3rd ed., 3.2).
FEW, SOME = 10, 20
COUNT_ROOM = 8  # px between the picture and the numbers beside it


def strip_chart(
    lanes: pl.DataFrame, dots: pl.DataFrame, axis: str,
    beside: Sequence[tuple[pl.DataFrame, pl.DataFrame]] = (),
) -> alt.LayerChart:  # fmt: skip
    """Return strips: dots over a bar of the middle half, with median, level and number of values.

    ``beside`` are lanes and dots of pictures that shall have the same axis.
    """
    x = _axis([(lanes, dots), *beside], axis)
    lane = alt.Y(
        "label:N", sort=None, title=None,
        axis=alt.Axis(
            grid=False, ticks=False, domain=False, labelExpr="split(datum.label, '\\n')",
        ),
    )  # fmt: skip
    counted = with_words(lanes, "counted", lambda row: count_words(row["count"]))
    rows = alt.Chart(alt.InlineData(values=counted.to_dicts()), width=330, height=alt.Step(46))
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
    count = base.mark_text(align="left", dx=COUNT_ROOM, color=charts.TEXT, fontSize=12).encode(
        x=alt.value("width"), text="counted:N"
    )
    size = alt.Size("count:Q", legend=None, scale=alt.Scale(domain=[1, 20], range=[40, 300]))
    drawn = dots.select("label", "value", "count", number=pl.int_range(pl.len()))
    named = drawn.with_columns(number=pl.concat_str(pl.lit(charts.POINT), pl.col("number")))
    points = (
        alt.Chart(alt.InlineData(values=named.to_dicts()))
        .mark_circle(color=charts.MARK, opacity=0.85)
        .encode(y=lane, x=x("value"), size=size, description="number:N")
    )
    return alt.LayerChart(layer=[half, middle, level, count, points])


def chart_points(dots: pl.DataFrame, name: str, unit: str, side: str = "") -> list[ChartPoint]:
    """Return what each dot is and asks for; ``side`` goes before what it asks for."""
    return [
        ChartPoint(
            n(
                "{lane}\n{quantity} {value} {unit}: {count} event. Enter or click shows it.",
                "{lane}\n{quantity} {value} {unit}: {count} events. Enter or click shows them.",
                row["count"],
                lane=Words(row["label"]), quantity=data(name), value=number(row["value"]),
                unit=data(unit),
            ),
            f"{side}{row['point']}",
            row["lane"],
        )
        for row in dots.iter_rows(named=True)
    ]  # fmt: skip


def count_words(count: int | None) -> Words:
    """Say of how many values something is, and whether these are few."""
    count = count or 0
    if count < FEW:
        return t("◇ n = {count}, too few", count=count)
    if count < SOME:
        return t("◇ n = {count}, few", count=count)
    return t("n = {count}", count=count)


def _axis(drawn: Sequence[tuple[pl.DataFrame, pl.DataFrame]], title: str) -> Callable[[str], alt.X]:
    """Return what makes the horizontal axis of a column; the same for every layer.

    ``drawn`` are lanes and dots; several pictures get one domain, that of all they show.
    """
    dots = pl.concat([one for _, one in drawn])
    wide = frames.wide(dots)
    shown = pl.concat([dots["value"], *(lanes["reference"] for lanes, _ in drawn)]).drop_nulls()
    low, high = (shown.min(), shown.max()) if len(drawn) > 1 else (None, None)
    domain: dict[str, Any] = (
        {} if high is None else {"domain": [low if wide else 0, high], "nice": True}
    )
    scale = alt.Scale(type="log" if wide else "linear", zero=not wide, **domain)
    ticks = alt.Axis(format=",.6~g", **({"values": ROUND} if wide else {"tickCount": 5}))
    return lambda column: alt.X(f"{column}:Q", title=title, scale=scale, axis=ticks)
