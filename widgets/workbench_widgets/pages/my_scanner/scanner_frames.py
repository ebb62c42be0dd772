"""The frames behind the dashboard of a scanner.  Tables to tables; nothing is drawn here."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from workbench.report.exam_table import exams
from workbench.report.follow_up import ALL_WEEKS, WEEK, FollowUp, with_weeks
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
    "reference": pl.Float64(), "count": pl.Int64(),
})  # fmt: skip
DOT = pl.Schema({
    "label": pl.String(), "value": pl.Float64(), "count": pl.Int64(), "lane": pl.Int64(),
    "point": pl.String(),
})  # fmt: skip
PHANTOMS_CM = range(1, 100)  # of any CTDI phantom there may be
OF_LANE = ("body_region", "age_group", "ctdi_phantom_cm")
WIDE = 30  # values over a factor of 30 are drawn on a logarithmic axis


@dataclass(frozen=True, kw_only=True)
class ScannerChoice:
    """What a reader has chosen; None of region or protocol means all of them.

    ``scanner`` is its name, as everywhere; None where there is none.  ``weeks`` is the period.
    ``beside`` is the scanner, in ``beside_weeks``, that stands beside it: None for none, and it
    may be the same one.
    """

    scanner: str | None
    region: str | None
    protocol: str | None
    country: str
    year: int
    weeks: FollowUp = ALL_WEEKS
    beside: str | None = None
    beside_weeks: FollowUp = ALL_WEEKS

    @property
    def other(self) -> ScannerChoice | None:
        """What stands beside it: of the same region and protocol."""
        if self.beside is None:
            return None
        return replace(self, scanner=self.beside, weeks=self.beside_weeks, beside=None)


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
    rows = _of(counted_events(choice.weeks.of(events)), choice.scanner)
    if choice.region is not None:
        rows = rows.filter(pl.col("body_region") == choice.region)
    if choice.protocol is not None:
        rows = rows.filter(pl.col("protocol") == choice.protocol)
    return rows


def chosen_exams(events: pl.DataFrame, series: pl.DataFrame, choice: ScannerChoice) -> pl.DataFrame:
    """Return a choice's exams as rows of ``exam_table.EXAM``.

    An exam is of a region, or of a protocol, where one of its scans is; it is always summed whole.
    ``series`` are rows of ``schema.SERIES``.
    """
    rows = exams(_of(preferred_ct(choice.weeks.of(with_weeks(events))), choice.scanner), series)
    if choice.region is not None:
        rows = rows.filter(pl.col("body_regions").list.contains(choice.region))
    if choice.protocol is not None:
        rows = rows.filter(pl.col("protocols").list.contains(choice.protocol))
    return rows


def undated(events: pl.DataFrame, choice: ScannerChoice) -> int:
    """Return how many events of a choice no week is known of."""
    whole = chosen_events(with_weeks(events), replace(choice, weeks=ALL_WEEKS))
    return whole[WEEK].null_count()


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
    A dot's ``point`` is what ``point_events`` finds its events by.
    """
    table = summed_up(chosen, column).head(MAX_LANES).sort("body_region", "age_group",
                                                            "ctdi_phantom_cm")  # fmt: skip
    if table.is_empty():
        return no_lanes(), no_dots()
    labels = functools.partial(_lane_words, with_region=with_region)
    matched = pl.concat([lanes(table[row], column, levels) for row in range(table.height)])
    named = with_words(table, "label", labels).with_row_index("lane")
    known = chosen.filter(pl.col(column).is_not_null())
    counts = known.group_by(OF_LANE).agg(pl.len().alias("count"))
    of_lanes = named.select(*OF_LANE, "label", "lane").join(
        counts, on=OF_LANE, how="left", nulls_equal=True, maintain_order="left"
    )
    rows = matched.with_columns(of_lanes["label"], of_lanes["count"])
    return rows.select(list(LANE)).cast(LANE), _dots(known, of_lanes.drop("count"), column)


def _dots(known: pl.DataFrame, of_lanes: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the dots of events with a value, lane by lane, by value."""
    kept = known.select(*OF_LANE, column).join(of_lanes, on=OF_LANE, nulls_equal=True)
    dots, digits = no_dots(), DOT_DIGITS[-1]
    for digits in DOT_DIGITS:
        dots = (
            kept.group_by("lane", "label", *OF_LANE, value=pl.col(column).round_sig_figs(digits))
            .agg(pl.len().alias("count"))
            .sort("lane", "value")
        )
        if dots.height <= MAX_DOTS:
            break
    points = [json.dumps([column, *row, digits]) for row in dots.select(*OF_LANE, "value").rows()]
    return (
        dots.with_columns(pl.Series("point", points, dtype=pl.String)).select(list(DOT)).cast(DOT)
    )


def point_events(chosen: pl.DataFrame, point: str) -> pl.DataFrame:
    """Return the events of a dot, none for what is no dot: a page may send any text."""
    try:
        column, region, group, size, value, digits = json.loads(point)
    except (ValueError, TypeError, RecursionError):
        return chosen.clear()
    numbers_right = isinstance(value, int | float) and digits in DOT_DIGITS
    if column not in ("ctdi_vol_mgy", "dlp_mgy_cm") or not numbers_right:
        return chosen.clear()
    if size is not None and size not in PHANTOMS_CM:
        return chosen.clear()
    if not all(isinstance(one, str) for one in (region, group)):
        return chosen.clear()
    return chosen.filter(
        pl.col("body_region") == region,
        pl.col("age_group") == group,
        pl.col("ctdi_phantom_cm").eq_missing(pl.lit(size, dtype=pl.Int64)),
        pl.col(column).round_sig_figs(digits) == value,
    )


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
