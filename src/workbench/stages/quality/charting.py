"""Control charts of kept results: points, baselines, tolerances and events of a test profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from workbench.language import Words, data, t
from workbench.report.control_chart import Event, Look, Segment
from workbench.report.html_tables import PRINTED_UNITS
from workbench.report.quality_page import label_words
from workbench.spc.baseline import Baseline, Point, baseline_of
from workbench.spc.chart import ChartSettings, ControlChart, control_chart
from workbench.stages.quality.alarms import ALARM
from workbench.stages.quality.desk import QualityDesk
from workbench.store.quality_records import REJECTED, StoredResult

BASELINE, EVENT = "baseline", "event"  # kinds of events
UNITS = {**PRINTED_UNITS, "[hnsf'U]": "HU"}
LEVELS = {
    "reference": "reference", "warning_low": "warning tolerance",
    "warning_high": "warning tolerance", "alarm_low": "tolerance", "alarm_high": "tolerance",
}  # fmt: skip


@dataclass(frozen=True)
class Series:
    """The values of one measurement under one test profile, over time."""

    profile: str
    measurement: str
    label: Words
    unit: str
    points: tuple[Point, ...]
    values: tuple[Mapping[str, Any], ...]

    @property
    def title(self) -> Words:
        """Name with unit."""
        unit = UNITS.get(self.unit, self.unit)
        return Words(f"{self.label} ({data(unit)})") if unit else self.label


def measurements(results: Sequence[StoredResult]) -> dict[str, Words]:
    """Return name and label of everything that was measured, as the newest result has it."""
    return {
        value["name"]: label_words(value)
        for result in results for value in result.content["values"]
    }  # fmt: skip


def series_of(desk: QualityDesk, profile: str, measurement: str) -> Series:
    """Return the values of a measurement; results without a date or a value are left out."""
    points, values = [], []
    label, unit = data(measurement), ""
    for result in desk.quality.results(profile):
        for value in result.content["values"]:
            if value["name"] != measurement:
                continue
            label, unit = label_words(value), value["unit"] or unit
            if value["value"] is not None and result.acquired_at is not None:
                counts = result.decision != REJECTED
                points.append(Point(
                    result.acquired_at, value["value"], result.number, counts, value["state"]
                ))  # fmt: skip
                values.append(value)
    return Series(profile, measurement, label, unit, tuple(points), tuple(values))


def baselines(desk: QualityDesk, profile: str, measurement: str) -> list[Baseline]:
    """Return the baselines that were set for a measurement."""
    return [
        Baseline.of(event.content["baseline"])
        for event in desk.quality.events(profile)
        if event.kind == BASELINE and event.content["measurement"] == measurement
    ]


def set_baseline(
    desk: QualityDesk, series: Series, period: tuple[datetime, datetime], by: str, reason: str
) -> Baseline:
    """Freeze a baseline of the points of a period; it holds from the first of them on.

    Raises ``SettingsError`` for too few points.
    """
    first, last = period
    used = [point for point in series.points if first <= point.moment <= last]
    begins = min((point.moment for point in used if point.counts), default=first)
    known = baselines(desk, series.profile, series.measurement)
    baseline = baseline_of(used, begins, by, reason).numbered(len(known) + 1)
    desk.quality.note_event(
        series.profile, BASELINE, begins, by,
        {"measurement": series.measurement, "baseline": baseline.row(), "words": reason},
    )  # fmt: skip
    return baseline


def chart_of(
    desk: QualityDesk, profile: str, measurement: str, settings: ChartSettings | None = None,
    clickable: bool = False,
) -> tuple[ControlChart, Look, Series]:  # fmt: skip
    """Return the chart of a measurement, and what stands around its points."""
    series = series_of(desk, profile, measurement)
    chart = control_chart(series.points, baselines(desk, profile, measurement), settings)
    look = Look(series.title, tuple(_levels(series)), tuple(_events(desk, profile, measurement)),
                clickable)  # fmt: skip
    return chart, look, series


def _levels(series: Series) -> Iterator[Segment]:
    """Yield the limits as they were in force when each value was judged."""
    for name, kind in LEVELS.items():
        began: tuple[datetime, float] | None = None
        in_force = [
            (point.moment, value.get(name))
            for point, value in zip(series.points, series.values, strict=True)
        ]
        for (moment, level), (after, next_level) in pairwise([*in_force, (None, None)]):
            if level is None or moment is None:
                continue
            began = began or (moment, level)
            if next_level != level:
                yield Segment(kind, began[0], after or moment, began[1])
                began = None


def _events(desk: QualityDesk, profile: str, measurement: str) -> Iterator[Event]:
    for event in desk.quality.events(profile):
        if event.kind == ALARM:
            continue
        if event.kind == BASELINE:
            if event.content["measurement"] == measurement:
                yield Event(event.happened_at, _baseline_words(str(event.content["words"] or "")))
        else:
            yield Event(event.happened_at, data(event.content["words"]))


def _baseline_words(reason: str) -> Words:
    return t("baseline: {reason}", reason=data(reason)) if reason.strip(": ") else t("baseline")
