"""Looking at a survey: filter its irradiation events, and charts and a table that follow.

A chart is made from summed-up rows only; rows of single events stay in the kernel, where the
table pages through them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import ipywidgets
import polars as pl
import traitlets

from workbench.language import Words, data, listed, mark, n, t
from workbench.report.dose_by_protocol import counted_events, preferred_ct
from workbench.report.follow_up import ALL_WEEKS, WEEK, FollowUp, with_weeks
from workbench.scanners.device_signs import folded_maker, maker_name
from workbench.scanners.scanner_names import SCANNER, labelled
from workbench.schema import IRRADIATION_EVENT
from workbench.survey import Survey
from workbench_widgets.pages.explore.event_charts import (
    AGE_BANDS,
    BAND,
    POINT,
    band_events,
    ctdi_bands,
    ctdi_by_age,
    dlp_by_protocol,
)
from workbench_widgets.parts.chart import Chart
from workbench_widgets.parts.event_trail import EventTrail
from workbench_widgets.parts.table import FrameTable

__all__ = [
    "AGE_BANDS", "EventChoice", "EventFilter", "ctdi_bands", "ctdi_by_age", "dlp_by_protocol",
    "explore",
]  # fmt: skip
ALL = ""  # ipywidgets shows no words for None
SHOWN_FIRST = (
    "protocol", "body_region", "patient_age_years", "patient_sex", "ctdi_vol_mgy",
    "ctdi_phantom_cm", "dlp_mgy_cm", "scan_length_mm", "kvp_kv", "scanner", "manufacturer", "model",
    "started_at", WEEK, "source", "event_type", "localizer", "patient",
)  # fmt: skip
TABLE = mark("The table")
NEXT_STEP = mark("There are no irradiation events yet: import a folder, then map.")


@dataclass(frozen=True, kw_only=True)
class EventChoice:
    """Which irradiation events to look at; ``None`` takes all.

    Attributes
    ----------
    scanner, maker, model, region, source
        The value to keep; all spellings of a maker are alike, and upper and lower case.
    ages
        Completed years, both ends included.
    unknown_age
        Whether events of patients of unknown age are kept.
    topograms
        Whether topograms are kept.
    weeks
        The period, in weeks since each patient's first exam: dates are shifted for each.
    """

    scanner: str | None = None
    maker: str | None = None
    model: str | None = None
    region: str | None = None
    source: str | None = None
    ages: tuple[int, int] | None = None
    unknown_age: bool = True
    topograms: bool = False
    weeks: FollowUp = ALL_WEEKS

    def of(self, events: pl.DataFrame) -> pl.DataFrame:
        """Return the events chosen, in the order they came."""
        texts = {
            SCANNER: self.scanner, "model": self.model, "body_region": self.region,
            "source": self.source,
        }  # fmt: skip
        kept = [_alike(name) == value.lower() for name, value in texts.items() if value]
        if self.scanner:
            events = labelled(events)
        if self.maker:
            kept.append(_folded_makers(events) == folded_maker(self.maker))
        age = pl.col("patient_age_years").fill_nan(None)
        if self.ages is not None:
            low, high = self.ages
            kept.append(age.is_null() | ((age >= low) & (age < high + 1)))
        if not self.unknown_age:
            kept.append(age.is_not_null())
        if not self.topograms:
            kept.append(~pl.col("localizer").fill_null(value=False))
        events = self.weeks.of(events)
        return events.filter(kept) if kept else events


class EventFilter(ipywidgets.VBox):  # type: ignore[misc]
    """Filters for irradiation events.

    Parameters
    ----------
    events
        Frame of ``schema.IRRADIATION_EVENT``; take ``survey.events(preferred=True)`` so that
        an event known from two sources counts once.

    Attributes
    ----------
    frame
        The events that fit.  ``filter.observe(function, "frame")`` calls you when it changes.
    """

    frame = traitlets.Instance(pl.DataFrame)

    def __init__(self, events: pl.DataFrame) -> None:
        self._events, self._held = labelled(with_weeks(events)), False
        self._trail: EventTrail | None = None
        events = self._events
        makers = events.select(manufacturer=_makers(events))["manufacturer"]
        self._choices = {
            "scanner": _dropdown(t("Scanner"), events[SCANNER]),
            "maker": _dropdown(t("Maker"), makers),
            "model": _dropdown(t("Model"), events["model"]),
            "region": _dropdown(t("Region"), events["body_region"]),
            "source": _dropdown(t("Source"), events["source"]),
        }
        self._ages, self._unknown_age = _ages(events["patient_age_years"])
        self._topograms = _checkbox(
            t("Topograms ({count})", count=int(events["localizer"].sum())), checked=False
        )
        self._first, self._last = _week(t("From week")), _week(t("To week"))
        since = ipywidgets.Label(t("since the patient's first exam: dates are shifted"))
        self._reset = ipywidgets.Button(description=t("Show all"))
        self._count = ipywidgets.Label()
        inputs = (
            *self._choices.values(), self._ages, self._unknown_age, self._topograms, self._first,
            self._last,
        )  # fmt: skip
        wrap = ipywidgets.Layout(flex_flow="row wrap", grid_gap="0.25rem 1rem")
        super().__init__(
            [
                ipywidgets.Box(list(self._choices.values()), layout=wrap),
                ipywidgets.Box([self._ages, self._unknown_age, self._topograms], layout=wrap),
                ipywidgets.Box([self._first, self._last, since], layout=wrap),
                ipywidgets.HBox(
                    [self._count, self._reset], layout=ipywidgets.Layout(grid_gap="1rem")
                ),
            ]
        )
        for control in inputs:
            control.observe(self._changed, "value")
        self._reset.on_click(self._show_all)
        self._changed()

    @property
    def choice(self) -> EventChoice:
        """What is chosen."""
        chosen = {name: control.value or None for name, control in self._choices.items()}
        low, high = self._ages.value
        whole = (low, high) == (self._ages.min, self._ages.max)
        return EventChoice(
            **chosen,
            ages=None if whole else (low, high),
            unknown_age=self._unknown_age.value,
            topograms=self._topograms.value,
            weeks=FollowUp.read(self._first.value, self._last.value),
        )

    def chart(self, draw: Callable[[pl.DataFrame], alt.TopLevelMixin]) -> Chart:
        """Return a chart of the events that follows the filters: ``filter.chart(ctdi_by_age)``.

        A mark of ``ctdi_by_age`` that is clicked opens its events, where ``look`` is on the page.
        """
        chart = Chart(draw(self.frame))
        chart.on_select(self._open_mark)
        self.observe(lambda change: chart.show(draw(change.new)), "frame")
        return chart

    def table(self) -> FrameTable:
        """Return a table of the events that follows the filters."""
        caption = t("Irradiation events")
        table = FrameTable(_ordered(self.frame), IRRADIATION_EVENT, caption, NEXT_STEP)
        self.observe(lambda change: table.show(_ordered(change.new)), "frame")
        return table

    def look(self, survey: Survey) -> ipywidgets.VBox:
        """Return the table, whose rows open: an event beside its peers, its sources, its header."""
        table = self.table()
        self._trail = EventTrail(
            survey.folder, (TABLE, lambda: None), counted_events(self._events)
        )  # fmt: skip
        table.on_open(self._open_row)
        return ipywidgets.VBox([table, self._trail])

    def _open_row(self, row: Mapping[str, Any]) -> None:
        same = (
            pl.col("StudyInstanceUID").eq_missing(row["StudyInstanceUID"]),
            pl.col("irradiation_event_uid").eq_missing(row["irradiation_event_uid"]),
        )
        self._show(self.frame.filter(same))

    def _open_mark(self, name: str, value: Mapping[str, object]) -> None:
        chosen = value.get(BAND)
        if name == POINT and isinstance(chosen, list) and len(chosen) == 1:
            self._show(band_events(self.frame, str(chosen[0])))

    def _show(self, events: pl.DataFrame) -> None:
        rows = preferred_ct(events)
        if self._trail is not None and rows.height:
            count = n("{count} event", "{count} events", rows.height)
            self._trail.open_events(rows, count)

    def _changed(self, _: object = None) -> None:
        if self._held:
            return
        self.frame = self.choice.of(self._events)
        total = self._events.height
        shown = n(
            "{shown} of {count} events shown", "{shown} of {count} events shown", total,
            shown=self.frame.height,
        )  # fmt: skip
        self._count.value = shown if total else t(NEXT_STEP)

    def _show_all(self, _: object) -> None:
        self._held = True  # one change of the frame, not one an input
        for control in self._choices.values():
            control.value = ALL
        self._ages.value = (self._ages.min, self._ages.max)
        self._unknown_age.value = self._topograms.value = True
        self._first.value = self._last.value = ""
        self._held = False
        self._changed()


def explore(survey: Survey) -> ipywidgets.VBox:
    """Return filters, both charts and the table of a survey's events, in one box."""
    events = EventFilter(survey.events(preferred=True))
    return ipywidgets.VBox(
        [events, events.chart(dlp_by_protocol), events.chart(ctdi_by_age), events.look(survey)]
    )


def _alike(name: str) -> pl.Expr:
    return pl.col(name).str.to_lowercase()


def _spelled_makers(events: pl.DataFrame) -> list[str]:
    return events["manufacturer"].drop_nulls().unique().sort().to_list()


def _folded_makers(events: pl.DataFrame) -> pl.Expr:
    names = {text: folded_maker(text) for text in _spelled_makers(events)}
    return pl.col("manufacturer").replace(names)


def _makers(events: pl.DataFrame) -> pl.Expr:
    """Return the makers, each in one spelling: as it is known, else the first in the alphabet."""
    shown: dict[str, str] = {}
    for text in _spelled_makers(events):
        shown.setdefault(folded_maker(text), maker_name(text))
    names = {text: shown[folded_maker(text)] for text in _spelled_makers(events)}
    return pl.col("manufacturer").replace(names)


def _dropdown(label: Words, values: pl.Series) -> Any:
    """Return a choice of the values, most frequent first, each with its number of events."""
    text = values.name
    counted = (
        values.to_frame()
        .filter(pl.col(text).is_not_null())
        .group_by(_alike(text).alias("alike"))
        .agg(pl.col(text).mode().sort().first(), pl.len().alias("events"))
        .sort("events", text, descending=[True, False])
    )
    options = [(t("all ({count})", count=len(values)), ALL)]
    options += [
        (listed((data(value), data(f"({events})")), " "), value)
        for _, value, events in counted.iter_rows()
    ]
    return ipywidgets.Dropdown(
        options=options, value=ALL, description=label, layout=ipywidgets.Layout(width="19rem")
    )


def _week(label: Words) -> Any:
    return ipywidgets.Text(
        description=label, continuous_update=False, layout=ipywidgets.Layout(width="11rem")
    )


def _checkbox(label: Words, *, checked: bool) -> Any:
    return ipywidgets.Checkbox(
        description=label, value=checked, indent=False, layout=ipywidgets.Layout(width="auto")
    )


def _ages(ages: pl.Series) -> tuple[Any, Any]:
    """Return the range of completed years, and whether unknown ages are kept."""
    known = ages.fill_nan(None).drop_nulls()
    oldest = int(max(known.to_list(), default=0))
    years = ipywidgets.IntRangeSlider(
        value=(0, oldest), min=0, max=oldest, description=t("Age (years)"), continuous_update=False,
        layout=ipywidgets.Layout(width="24rem"),
    )  # fmt: skip
    unknown = t("Age not known ({count})", count=len(ages) - len(known))
    return years, _checkbox(unknown, checked=True)


def _ordered(events: pl.DataFrame) -> pl.DataFrame:
    return events.select(*SHOWN_FIRST, pl.exclude(SHOWN_FIRST))
