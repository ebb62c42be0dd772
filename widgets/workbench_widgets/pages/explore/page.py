"""Looking at a survey: filter its irradiation events, and charts and a table that follow.

A chart is made from summed-up rows only; rows of single events stay in the kernel, where the
table pages through them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import altair as alt
import ipywidgets
import polars as pl
import traitlets

from workbench.language import Words, capital, data, listed, mark, n, sentences, t
from workbench.report import charts
from workbench.report.dose_by_protocol import MAX_LANES, by_protocol, counted_events, lanes
from workbench.scanners.device_signs import folded_maker, maker_name
from workbench.scanners.scanner_names import SCANNER, labelled
from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT
from workbench.survey import Survey
from workbench_widgets.parts.chart import Chart
from workbench_widgets.parts.table import FrameTable

# Lower ends of the age bands in years: the ages of the coefficient tables for children (1, 5, 10
# and 15 years; docs/dose.md), 18 as the age of adults there, then by ten years.
AGE_BANDS = (1, 5, 10, 15, 18, 30, 40, 50, 60, 70, 80)
NOT_KNOWN = mark("not known")
ALL = ""  # ipywidgets shows no words for None
PHANTOMS = ("16 cm", "32 cm", NOT_KNOWN)
SHOWN_FIRST = (
    "protocol", "body_region", "patient_age_years", "patient_sex", "ctdi_vol_mgy",
    "ctdi_phantom_cm", "dlp_mgy_cm", "scan_length_mm", "kvp_kv", "scanner", "manufacturer", "model",
    "started_at", "source", "event_type", "localizer", "patient",
)  # fmt: skip
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
    """

    scanner: str | None = None
    maker: str | None = None
    model: str | None = None
    region: str | None = None
    source: str | None = None
    ages: tuple[int, int] | None = None
    unknown_age: bool = True
    topograms: bool = False

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
        self._events, self._held = labelled(events), False
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
        self._reset = ipywidgets.Button(description=t("Show all"))
        self._count = ipywidgets.Label()
        inputs = (*self._choices.values(), self._ages, self._unknown_age, self._topograms)
        wrap = ipywidgets.Layout(flex_flow="row wrap", grid_gap="0.25rem 1rem")
        super().__init__(
            [
                ipywidgets.Box(list(self._choices.values()), layout=wrap),
                ipywidgets.Box([self._ages, self._unknown_age, self._topograms], layout=wrap),
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
        )

    def chart(self, draw: Callable[[pl.DataFrame], alt.TopLevelMixin]) -> Chart:
        """Return a chart of the events that follows the filters: ``filter.chart(ctdi_by_age)``."""
        chart = Chart(draw(self.frame))
        self.observe(lambda change: chart.show(draw(change.new)), "frame")
        return chart

    def table(self) -> FrameTable:
        """Return a table of the events that follows the filters."""
        caption = t("Irradiation events")
        table = FrameTable(_ordered(self.frame), IRRADIATION_EVENT, caption, NEXT_STEP)
        self.observe(lambda change: table.show(_ordered(change.new)), "frame")
        return table

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
        self._held = False
        self._changed()


def dlp_by_protocol(events: pl.DataFrame) -> alt.TopLevelMixin:
    """Return a chart of the dose length product by protocol: middle half and median.

    One lane a protocol, region, age group, scanner and CTDI phantom; topograms and phantoms
    are left out, and the 30 lanes with most events are drawn.
    """
    table = by_protocol(events, DOSE_ESTIMATE.empty())
    drawn = lanes(table, "dlp_mgy_cm")
    if drawn.is_empty():
        return _nothing(t("No event here has a dose length product."))
    said = [
        n(
            "Dose length product of {count} event by protocol: the bar is the middle half, the dot "
            "the median.",
            "Dose length product of {count} events by protocol: the bar is the middle half, the "
            "dot the median.",
            _with_dose(events, "dlp_mgy_cm"),
        ),
        _left_out(events, "dlp_mgy_cm", "DLP"),
    ]
    if table.height > MAX_LANES:
        said.append(t(
            "The {most} protocols with most events are drawn, of {all}.",
            most=MAX_LANES, all=table.height,
        ))  # fmt: skip
    chart = charts.range_chart(drawn, t("Dose length product (mGy·cm)")).properties(
        description=sentences(*said)
    )
    hover = alt.TooltipContent(content="encoding")
    return cast("alt.LayerChart", chart.configure_mark(tooltip=hover))


def ctdi_by_age(events: pl.DataFrame) -> alt.TopLevelMixin:
    """Return a chart of CTDIvol by age band and CTDI phantom: middle half and median."""
    bands = ctdi_bands(events)
    if bands.is_empty():
        return _nothing(t("No event here has a CTDIvol."))
    description = sentences(
        n(
            "CTDIvol of {count} event by age: the line is the middle half, the dot the median.",
            "CTDIvol of {count} events by age: the line is the middle half, the dot the median.",
            _with_dose(events, "ctdi_vol_mgy"),
        ),
        t(
            "The 16 cm and the 32 cm phantom are drawn apart, because a CTDIvol of one is another "
            "quantity than that of the other."
        ),
        _left_out(events, "ctdi_vol_mgy", "CTDIvol"),
    )
    key = alt.Legend(orient="top", title=capital(t("CTDI phantom")), symbolOpacity=1)
    phantoms = list(map(_band_words, PHANTOMS))
    colours = alt.Scale(domain=phantoms, range=[charts.MARK, charts.LIMIT, charts.TEXT])
    ages = alt.Scale(domain=list(map(_band_words, _band_names())))
    words = {name: _band_words(name) for name in (*_band_names(), *PHANTOMS)}
    spoken = bands.with_columns(pl.col("age", "phantom").replace(words))
    base = alt.Chart(spoken, width="container", height=260).encode(
        x=alt.X("age:O", scale=ages, title=t("Age (years)"), axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("phantom:N", scale=alt.Scale(domain=phantoms)),
        color=alt.Color("phantom:N", scale=colours, legend=key),
        tooltip=[
            alt.Tooltip("age:N", title=t("Age (years)")),
            alt.Tooltip("phantom:N", title=t("Phantom")),
            alt.Tooltip("events:Q", title=t("Events")),
            alt.Tooltip("p25:Q", title=t("25th percentile (mGy)"), format=".3~g"),
            alt.Tooltip("median:Q", title=t("Median (mGy)"), format=".3~g"),
            alt.Tooltip("p75:Q", title=t("75th percentile (mGy)"), format=".3~g"),
        ],
    )
    half = base.mark_rule(strokeWidth=3, opacity=0.55).encode(
        y=alt.Y("p25:Q", title=t("CTDIvol (mGy)")), y2="p75:Q"
    )
    middle = base.mark_point(filled=True, size=70, opacity=1).encode(
        y="median:Q",
        shape=alt.Shape("phantom:N", scale=alt.Scale(domain=phantoms), legend=key),
    )
    return alt.layer(half, middle).properties(description=description)


def ctdi_bands(events: pl.DataFrame) -> pl.DataFrame:
    """Return CTDIvol in mGy by age band and phantom, at most 39 rows.

    Columns: ``age``, ``phantom``, ``events``, ``p25``, ``median`` and ``p75`` (linear between
    neighbours).  Topograms and phantoms are left out, as everywhere a dose is summed up.
    """
    dose = pl.col("ctdi_vol_mgy")
    return (
        counted_events(events)
        .filter(dose.is_not_null())
        .group_by(age=_age_band(), phantom=_phantom())
        .agg(
            pl.len().alias("events"),
            dose.quantile(0.25, interpolation="linear").alias("p25"),
            dose.median().alias("median"),
            dose.quantile(0.75, interpolation="linear").alias("p75"),
        )
        .sort("age", "phantom")
    )


def explore(survey: Survey) -> ipywidgets.VBox:
    """Return filters, both charts and the table of a survey's events, in one box."""
    events = EventFilter(survey.events(preferred=True))
    return ipywidgets.VBox(
        [events, events.chart(dlp_by_protocol), events.chart(ctdi_by_age), events.table()]
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


def _band_names() -> list[str]:
    ends = pairwise(AGE_BANDS)
    return ["<1", *(f"{low}–{high - 1}" for low, high in ends), f"{AGE_BANDS[-1]}+", NOT_KNOWN]


def _age_band() -> pl.Expr:
    age = pl.col("patient_age_years").fill_nan(None)
    names = _band_names()
    band: Any = pl.when(age.is_null()).then(pl.lit(NOT_KNOWN))
    for limit, name in zip(AGE_BANDS, names, strict=False):
        band = band.when(age < limit).then(pl.lit(name))
    return cast("pl.Expr", band.otherwise(pl.lit(names[-2])))


def _phantom() -> pl.Expr:
    size = pl.concat_str(pl.col("ctdi_phantom_cm").cast(pl.String), pl.lit(" cm"))
    return size.fill_null(NOT_KNOWN)


def _band_words(name: str) -> Words:
    """Return what a band of ages, or a phantom, is called."""
    return t(NOT_KNOWN) if name == NOT_KNOWN else data(name)


def _with_dose(events: pl.DataFrame, dose: str) -> int:
    return counted_events(events)[dose].count()


def _left_out(events: pl.DataFrame, dose: str, name: str) -> Words:
    """Say what a chart of this dose does not draw."""
    return t(
        "Left out: topograms, scans of phantoms, and events without a {quantity} ({count}).",
        quantity=data(name), count=counted_events(events)[dose].null_count(),
    )  # fmt: skip


def _nothing(text: Words) -> alt.TopLevelMixin:
    """Return a chart that says why there is none."""
    description = sentences(text, t("Change the filters, or import and map more."))
    frame = pl.DataFrame({"text": [text]})
    chart = alt.Chart(frame, width=420, height=60, description=description)
    drawn = chart.mark_text(align="left", x=0, color=charts.TEXT, fontSize=13)
    return cast("alt.Chart", drawn.encode(text="text:N"))
