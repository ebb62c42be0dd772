"""Weekly results as a control chart is given them."""

from __future__ import annotations

from datetime import datetime, timedelta

from workbench.spc.baseline import Point, baseline_of
from workbench.spc.chart import ChartSettings, ControlChart, control_chart

START = datetime(2020, 1, 6, 8)


WEEK = timedelta(days=7)


def points(values: list[float], start: datetime = START, step: timedelta = WEEK) -> list[Point]:
    return [Point(start + n * step, value, n) for n, value in enumerate(values)]


def chart(values: list[float], settings: ChartSettings | None = None) -> ControlChart:
    found = points(values)
    return control_chart(found, [baseline_of(found, START, "N. N.")], settings)


def violated(found: ControlChart) -> list[tuple[str, ...]]:
    return [one.violated for one in found.points if one.violated]
