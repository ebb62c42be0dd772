"""The frames behind the dashboard of a scanner.  Tables to tables; nothing is drawn here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.language import Marked, Words, data, listed, mark, t
from workbench.report.code_words import UNKNOWN, code_words
from workbench.report.dose_by_protocol import (
    by_protocol,
    counted_events,
    lanes,
    preferred_ct,
    with_quartiles,
)
from workbench.report.html_tables import with_words
from workbench.report.reference import ENOUGH_PATIENTS as ENOUGH
from workbench.report.reference import chosen_levels
from workbench.scanners.scanner_names import SCANNER
from workbench.schema import DOSE_ESTIMATE

__all__ = ["ENOUGH", "ScannerChoice"]

MAX_LANES = 10
REGION_CHARACTERS = 30  # of a lane's label
KINDS = {"topograms": mark("topograms"), "scans of phantoms": mark("scans of phantoms")}
# Events whose values agree in so many digits share a dot: fewer when there are many events.
DOT_DIGITS = (3, 2)
MAX_DOTS = 500
LANE = pl.Schema({
    "label": pl.String(), "p25": pl.Float64(), "median": pl.Float64(), "p75": pl.Float64(),
    "reference": pl.Float64(),
})  # fmt: skip
DOT = pl.Schema({"label": pl.String(), "value": pl.Float64(), "count": pl.Int64()})
WIDE = 30  # values over a factor of 30 are drawn on a logarithmic axis


@dataclass(frozen=True, kw_only=True)
class ScannerChoice:
    """What a reader has chosen; None of region or protocol means all of them.

    ``scanner`` is its name, as everywhere; None where there is none.
    """

    scanner: str | None
    region: str | None
    protocol: str | None
    country: str
    year: int


def no_lanes() -> pl.DataFrame:
    """Return an empty frame of lanes."""
    return pl.DataFrame(schema=LANE)


def no_dots() -> pl.DataFrame:
    """Return an empty frame of dots."""
    return pl.DataFrame(schema=DOT)


def scanners(events: pl.DataFrame) -> list[tuple[str, int]]:
    """Return the CT scanners' names with their number of exams of patients, most exams first."""
    patients = ~pl.col("localizer") & (pl.col("body_region") != "phantom_qa")
    exams = pl.col("StudyInstanceUID").filter(patients).n_unique()
    counted = (
        preferred_ct(events)
        .group_by(SCANNER)
        .agg(exams.alias("exams"))
        .sort("exams", SCANNER, descending=[True, False])
    )
    return list(counted.iter_rows())


def level_sets(levels: pl.DataFrame) -> list[tuple[str, tuple[str, int]]]:
    """Return label and (country, year) of the sets with a level that is compared, newest first."""
    sets = levels.select("country", "year").unique().sort("year", "country", descending=True)
    return [
        (f"{country} {year}", (country, year))
        for country, year in sets.iter_rows()
        if chosen_levels(levels, country, year).height
    ]


def regions(events: pl.DataFrame, scanner: str | None) -> list[str]:
    """Return the body regions of a scanner's exams, sorted."""
    return _of(counted_events(events), scanner)["body_region"].unique().sort().to_list()


def protocols(events: pl.DataFrame, scanner: str | None, region: str | None) -> list[str]:
    """Return the protocols of a scanner's exams in a region, or in all, sorted."""
    rows = _of(counted_events(events), scanner)
    if region is not None:
        rows = rows.filter(pl.col("body_region") == region)
    return rows["protocol"].drop_nulls().unique().sort().to_list()


def chosen_events(events: pl.DataFrame, choice: ScannerChoice) -> pl.DataFrame:
    """Return the patients' events of a choice, without topograms and phantoms."""
    rows = _of(counted_events(events), choice.scanner)
    if choice.region is not None:
        rows = rows.filter(pl.col("body_region") == choice.region)
    if choice.protocol is not None:
        rows = rows.filter(pl.col("protocol") == choice.protocol)
    return rows


def summed_up(chosen: pl.DataFrame, column: str | None = None) -> pl.DataFrame:
    """Return one row a region, age group and phantom, as ``by_protocol`` has them.

    With ``column`` only rows in which it has a median.
    """
    merged = chosen.with_columns(protocol=pl.lit(None, dtype=pl.String))
    table = by_protocol(merged, DOSE_ESTIMATE.empty())
    return table if column is None else table.filter(pl.col(f"{column}_median").is_not_null())


def strip(
    chosen: pl.DataFrame, column: str, levels: pl.DataFrame, *, with_region: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lanes (``LANE``) and the dots (``DOT``) of a strip chart, at most 10 lanes.

    ``levels`` are those for one event.  Dots are counts of rounded values: no event is in them.
    """
    table = summed_up(chosen, column).head(MAX_LANES).sort("body_region", "age_group",
                                                            "ctdi_phantom_cm")  # fmt: skip
    if table.is_empty():
        return no_lanes(), no_dots()
    labels = functools.partial(_lane_words, with_region=with_region)
    matched = pl.concat([lanes(table[row], column, levels) for row in range(table.height)])
    rows = matched.with_columns(with_words(table, "label", labels)["label"]).cast(LANE)
    return rows.select(list(LANE)), _dots(_labelled(chosen, labels), rows["label"], column)


def _labelled(chosen: pl.DataFrame, labels: Callable[[Mapping[str, Any]], Words]) -> pl.DataFrame:
    """Return events with the labels of their lanes; there are few of these."""
    of_lane = ("body_region", "age_group", "ctdi_phantom_cm")
    known = with_words(chosen.select(of_lane).unique(), "label", labels)
    return chosen.join(known, on=of_lane, how="left", nulls_equal=True)


def _dots(labelled: pl.DataFrame, shown: pl.Series, column: str) -> pl.DataFrame:
    kept = labelled.filter(pl.col("label").is_in(shown.to_list()), pl.col(column).is_not_null())
    dots = no_dots()
    for digits in DOT_DIGITS:
        dots = (
            kept.group_by("label", value=pl.col(column).round_sig_figs(digits))
            .agg(pl.len().alias("count"))
            .sort("label", "value")
            .select(list(DOT))
            .cast(DOT)
        )
        if dots.height <= MAX_DOTS:
            break
    return dots


def _lane_words(row: Mapping[str, Any], *, with_region: bool) -> Words:
    """Return what a lane is called: its region on a line of its own, then group and phantom."""
    group, size = row["age_group"], row["ctdi_phantom_cm"]
    text = t(
        "{group}, {size} cm",
        group=t("age unknown") if group == UNKNOWN else code_words(group),
        size=t("unknown") if size is None else data(size),
    )
    if not with_region:
        return text
    return listed((code_words(row["body_region"][:REGION_CHARACTERS]), text), "\n")


def wide(dots: pl.DataFrame) -> bool:
    """Whether the values reach over more than a factor of 30."""
    low, high = dots["value"].min(), dots["value"].max()
    if not isinstance(low, float) or not isinstance(high, float):
        return False
    return low > 0 and high > WIDE * low


def numbers(chosen: pl.DataFrame) -> pl.DataFrame:
    """Return ``summed_up`` with median and quartiles as text, ``<column>_text``."""
    rows = summed_up(chosen).sort("body_region", "age_group", "ctdi_phantom_cm")
    return with_quartiles(rows)


def lacking(chosen: pl.DataFrame) -> dict[Marked, int]:
    """Return what is missing -> the number of events that lack it, without the zeros."""
    counts = {
        mark("CTDIvol"): chosen["ctdi_vol_mgy"].null_count(),
        mark("DLP"): chosen["dlp_mgy_cm"].null_count(),
        mark("CTDI phantom"): chosen["ctdi_phantom_cm"].null_count(),
        mark("age"): chosen.filter(pl.col("age_group") == "unknown").height,
    }
    return {what: count for what, count in counts.items() if count}


def of_choice(compared: pl.DataFrame, choice: ScannerChoice) -> pl.DataFrame:
    """Return the rows of ``report.reference.compare`` of a scanner and region."""
    rows = _of(compared, choice.scanner)
    if choice.region is not None:
        rows = rows.filter(pl.col("body_region") == choice.region)
    return rows


def state(row: Mapping[str, object]) -> str:
    """Return ``few``, ``above`` or ``below`` for a row of ``report.reference.compare``."""
    patients, ratio = row["patients"], row["ratio"]
    if not isinstance(patients, int) or not isinstance(ratio, float) or patients < ENOUGH:
        return "few"
    return "above" if ratio > 1 else "below"


def apart(events: pl.DataFrame, scanner: str) -> pl.DataFrame:
    """Return one row for topograms and one for scans of phantoms, where there are any.

    Columns: kind, events, exams, medians of ``ctdi_vol_mgy`` and ``dlp_mgy_cm``.
    """
    kind = (
        pl.when("localizer").then(pl.lit("topograms"))
        .when(pl.col("body_region") == "phantom_qa").then(pl.lit("scans of phantoms"))
    )  # fmt: skip
    return (
        _of(preferred_ct(events), scanner)
        .with_columns(kind=kind)
        .filter(pl.col("kind").is_not_null())
        .group_by("kind")
        .agg(
            pl.len().alias("events"),
            pl.col("StudyInstanceUID").n_unique().alias("exams"),
            pl.col("ctdi_vol_mgy", "dlp_mgy_cm").median(),
        )
        .sort("kind", descending=True)
    )


def _of(rows: pl.DataFrame, scanner: str | None) -> pl.DataFrame:
    return rows.clear() if scanner is None else rows.filter(pl.col(SCANNER) == scanner)
