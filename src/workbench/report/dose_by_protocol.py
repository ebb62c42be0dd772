"""Dose by protocol: what was given, with which protocol, on which scanner.  Tables to tables.

Only like is summed up with like: a row is one scanner, protocol, region, age group and CTDI
phantom, because a CTDIvol or a DLP of one phantom is another quantity than that of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from workbench.language import Words, data, listed, number, t
from workbench.report.code_words import code_words
from workbench.scanners.scanner_names import SCANNER, labelled

# From this age a patient is compared with adult reference levels, as in workbench.dose.
ADULT_YEARS = 18.0
GROUP = (SCANNER, "protocol", "body_region", "age_group", "ctdi_phantom_cm")
MAX_LANES = 30
LABEL_CHARACTERS = 40  # of each part of a lane's label


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Counts of a survey's CT irradiation events.

    Their period is not among them: each patient's dates are moved by another number of days, so
    the first and the last of all would be those of no calendar.
    """

    events: int
    patients: int
    studies: int

    def words(self) -> Words:
        """Say the counts in two sentences."""
        if not self.events:
            return t("No CT irradiation event with a dose yet.")
        return t(
            "{events} CT irradiation events of {patients} patients in {studies} studies. Dates "
            "are shifted for each patient, so no period can be told.",
            events=self.events, patients=self.patients, studies=self.studies,
        )  # fmt: skip

    def __str__(self) -> str:
        return self.words()


def preferred_ct(events: pl.DataFrame) -> pl.DataFrame:
    """Return the CT events to count, one row an event, topograms among them.

    Adds ``age_group``: adult (18 years or more), child, or unknown; and ``scanner``, where it is
    not there: the machine by its headers alone.
    """
    age = pl.col("patient_age_years").fill_nan(None)
    ct = (pl.col("modality") == "CT") | pl.col("dlp_mgy_cm").is_not_null()
    return labelled(events).filter(
        pl.col("preferred").fill_null(value=False), ct.fill_null(value=False)
    ).with_columns(
        pl.col("ctdi_vol_mgy", "dlp_mgy_cm").fill_nan(None),
        body_region=pl.col("body_region").fill_null("unknown"),
        localizer=pl.col("localizer").fill_null(value=False),
        age_group=pl.when(age >= ADULT_YEARS).then(pl.lit("adult"))
        .when(age < ADULT_YEARS).then(pl.lit("child"))
        .otherwise(pl.lit("unknown")),
    )  # fmt: skip


def counted_events(events: pl.DataFrame) -> pl.DataFrame:
    """Return the CT events of patients that a dose is summed up for.

    Left out: topograms (makers differ in whether they report them) and scans of phantoms.
    """
    return preferred_ct(events).filter(~pl.col("localizer"), pl.col("body_region") != "phantom_qa")


def summary(events: pl.DataFrame) -> Summary:
    """Return the counts of the events that are summed up."""
    counted = counted_events(events)
    return Summary(
        events=counted.height,
        patients=counted["patient"].n_unique(),
        studies=counted["StudyInstanceUID"].n_unique(),
    )


def by_protocol(events: pl.DataFrame, doses: pl.DataFrame) -> pl.DataFrame:
    """Return one row a scanner, protocol, region, age group and phantom, most events first.

    Columns: those of ``GROUP``; ``events``, ``patients``, ``studies``; 25th percentile, median
    and 75th percentile of ``ctdi_vol_mgy`` and ``dlp_mgy_cm`` over the events (linear between
    neighbours); and for each set of coefficients in ``doses`` the median effective dose, named
    by ``effective_dose_sets``.
    """
    counted = counted_events(events)
    quartiles = [
        pl.col(name).quantile(part, interpolation="linear").alias(f"{name}_{word}")
        for name in ("ctdi_vol_mgy", "dlp_mgy_cm")
        for word, part in (("p25", 0.25), ("median", 0.5), ("p75", 0.75))
    ]
    table = counted.group_by(GROUP).agg(
        pl.len().alias("events"),
        pl.col("patient").n_unique().alias("patients"),
        pl.col("StudyInstanceUID").n_unique().alias("studies"),
        *quartiles,
    )
    for column, (table_id, weights) in effective_dose_sets(doses).items():
        doses_of_set = _of_set(doses, table_id, weights)
        medians = (
            counted.join(doses_of_set, on=("StudyInstanceUID", "irradiation_event_uid"))
            .group_by(GROUP)
            .agg(pl.col("value").median().alias(column))
        )
        table = table.join(medians, on=GROUP, how="left", nulls_equal=True)
    return table.sort("events", *GROUP, descending=[True] + [False] * len(GROUP))


def effective_dose_sets(doses: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Return column name -> (table id, tissue weights) of the sets that gave a value."""
    sets = (
        doses.filter(pl.col("quantity") == "effective_dose", pl.col("value").is_not_null())
        .select("table_id", "tissue_weights")
        .unique()
        .sort("table_id", "tissue_weights")
    )
    return {
        f"effective_dose_{weights}_{table_id}_msv": (table_id, weights)
        for table_id, weights in sets.iter_rows()
    }


def _of_set(doses: pl.DataFrame, table_id: str, weights: str) -> pl.DataFrame:
    return doses.filter(
        pl.col("quantity") == "effective_dose",
        pl.col("table_id") == table_id,
        pl.col("tissue_weights") == weights,
    ).select("StudyInstanceUID", "irradiation_event_uid", "value")


def lanes(table: pl.DataFrame, column: str, levels: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the rows of ``by_protocol`` as a chart draws them, at most 30, most events first.

    ``column`` is ``ctdi_vol_mgy`` or ``dlp_mgy_cm``.  ``levels`` has ``body_region``,
    ``ctdi_phantom_cm`` (or null for any) and ``value``: reference levels for one event of an
    adult.  Columns: label (unlike each other), p25, median, p75, reference.
    """
    shown = table.filter(pl.col(f"{column}_median").is_not_null()).head(MAX_LANES)
    values = shown.select(
        *GROUP, *(pl.col(f"{column}_{word}").alias(word) for word in ("p25", "median", "p75"))
    ).with_row_index("lane")
    reference = pl.lit(None, dtype=pl.Float64)
    if levels is not None and levels.height:
        matched = _matched_levels(values, levels)
        values = values.join(matched, on="lane", how="left")
        reference = pl.col("value")
    lanes_ = values.sort("lane").select(
        label=_label(shown), p25="p25", median="median", p75="p75", reference=reference
    )
    return lanes_.sort(shown["body_region"], shown["protocol"], lanes_["label"])


def _matched_levels(values: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    fits = pl.col("phantom").is_null() | (pl.col("phantom") == pl.col("ctdi_phantom_cm"))
    return (
        values.filter(pl.col("age_group") == "adult", pl.col("ctdi_phantom_cm").is_not_null())
        .join(
            levels.select("body_region", pl.col("phantom_cm").alias("phantom"), "value"),
            on="body_region",
        )
        .filter(fits)
        .select("lane", "value")
        .unique("lane", keep="first", maintain_order=True)
    )


def _label(shown: pl.DataFrame) -> pl.Series:
    """Return unlike labels: protocol, region, age group and, of several scanners, which."""
    several = shown[SCANNER].n_unique() > 1
    named = [_lane_words(row, several) for row in shown.iter_rows(named=True)]
    labels = pl.Series("label", named, dtype=pl.String)
    phantom = shown["ctdi_phantom_cm"].cast(pl.String).fill_null("?")
    unlike = [
        listed((label, data(f"({row + 1}, {phantom[row]} cm)")), " ") if twice else label
        for row, (label, twice) in enumerate(zip(named, labels.is_duplicated(), strict=True))
    ]
    return pl.Series("label", unlike, dtype=pl.String)


def _lane_words(row: Mapping[str, str | None], several: bool) -> Words:
    protocol, scanner = row["protocol"], row[SCANNER] if several else None
    codes = [row[name] for name in ("body_region", "age_group")]
    parts = [
        t("no protocol") if protocol is None else data(protocol[:LABEL_CHARACTERS]),
        *(code_words(code) for code in codes if code is not None),
        *([] if scanner is None else [data(scanner[:LABEL_CHARACTERS])]),
    ]
    return listed(parts, " · ")


def with_quartiles(table: pl.DataFrame) -> pl.DataFrame:
    """Return ``by_protocol`` with ``<column>_text``: median, and quartiles of several events."""
    for column in ("ctdi_vol_mgy", "dlp_mgy_cm"):
        parts = [f"{column}_{word}" for word in ("median", "p25", "p75")]
        rounded = table.select("events", pl.col(parts).round(1))
        texts = [_quartile_words(*row) for row in rounded.iter_rows()]
        table = table.with_columns(pl.Series(f"{column}_text", texts, dtype=pl.String))
    return table


def _quartile_words(
    events: int, median: float | None, low: float | None, high: float | None
) -> Words | None:
    if median is None or low is None or high is None:
        return None
    if events == 1:
        return number(median)
    return t(
        "{median} ({low} to {high})", median=number(median), low=number(low), high=number(high)
    )
