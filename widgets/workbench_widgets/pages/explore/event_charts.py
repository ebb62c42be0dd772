"""The charts of Explore: of summed-up rows only."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import altair as alt
import polars as pl

from workbench.language import Words, capital, data, mark, n, sentences, t
from workbench.report import charts
from workbench.report.dose_by_protocol import MAX_LANES, by_protocol, counted_events, lanes
from workbench.schema import DOSE_ESTIMATE

# Lower ends of the age bands in years: the ages of the coefficient tables for children (1, 5, 10
# and 15 years; docs/dose.md), 18 as the age of adults there, then by ten years.
AGE_BANDS = (1, 5, 10, 15, 18, 30, 40, 50, 60, 70, 80)
NOT_KNOWN = mark("not known")
POINT = "point"  # the selection of a mark
BAND, BETWEEN = "band", " | "  # what it is called: its age band and phantom
PHANTOMS = ("16 cm", "32 cm", NOT_KNOWN)


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
    chosen = alt.selection_point(name=POINT, fields=[BAND], on="click", toggle=False)
    keyed = bands.with_columns(pl.concat_str("age", pl.lit(BETWEEN), "phantom").alias(BAND))
    spoken = keyed.with_columns(pl.col("age", "phantom").replace(words))
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
    points = middle.add_params(chosen)
    return alt.layer(half, points).properties(description=description)


def band_events(events: pl.DataFrame, band: str) -> pl.DataFrame:
    """Return the events of a mark of ``ctdi_by_age``, by what its selection is called."""
    age, _, phantom = band.partition(BETWEEN)
    return counted_events(events).filter(
        pl.col("ctdi_vol_mgy").is_not_null(), _age_band() == age, _phantom() == phantom
    )


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
