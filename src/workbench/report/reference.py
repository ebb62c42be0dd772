"""Medians of a scanner against diagnostic reference levels.  Tables to tables.

A level is compared with what it was set for: a level for one sequence or acquisition with the
median over single events, a level for a complete examination with the median over sums of a
study.  Levels for adults are compared with adults only; a level that states its phantom only
with doses in that phantom, one that does not (``phantom_cm`` null) with each phantom apart.
"""

from __future__ import annotations

import polars as pl

from workbench.errors import SettingsError
from workbench.language import Words, data, listed, mark, n, t
from workbench.report.dose_by_protocol import counted_events, preferred_ct
from workbench.scanners.scanner_names import SCANNER

# Of the French decree of 24 October 2011, which that of 23 May 2019 (ASN 2019-DC-0667) replaced: a
# comparison takes 30 patients an examination.
ENOUGH_PATIENTS = 30
SINGLE_EVENT = ("per sequence", "one acquisition")
WHOLE_STUDY = "complete exam"
COLUMNS = {"ctdi_vol": "ctdi_vol_mgy", "dlp": "dlp_mgy_cm"}
# What a row of a comparison says: codes of its columns, written for people by reference_words.
SUMS, EVENTS = mark("sums over a study"), mark("single events")
FEW = f"fewer than {ENOUGH_PATIENTS} patients"
UNSAID = mark("the level does not state its phantom")
# Why the sum of a study is not compared.
NO_DLP = mark("an event has no DLP")
NO_REGION = mark("the body region of an event is unknown")
REGIONS = mark("not one body region")
NO_PHANTOM = mark("the CTDI phantom of an event is unknown")
PHANTOMS = mark("two CTDI phantoms, whose DLP do not add up")
SCANNERS = mark("more than one scanner")
NOT_COMPARED = {text: text for text in (NO_DLP, NO_REGION, REGIONS, NO_PHANTOM, PHANTOMS, SCANNERS)}
# Their dose belongs to the examination they prepare, whatever their own region.
NO_REGION_OF_ITS_OWN = ("bolus_tracking", "localizer")


def chosen_levels(levels: pl.DataFrame, country: str, year: int) -> pl.DataFrame:
    """Return the adult CT levels of a country and year that are compared."""
    return levels.filter(
        pl.col("compared"),
        pl.col("country") == country,
        pl.col("year") == year,
        pl.col("modality") == "CT",
        pl.col("group") == "adult",
        pl.col("quantity").is_in(list(COLUMNS)),
    )


def named_levels(levels: pl.DataFrame, country: str, year: int) -> pl.DataFrame:
    """Return ``chosen_levels``; raises ``SettingsError`` where there are none, and says which are.

    A report without the levels that were asked for would look as if nothing exceeded them.
    """
    chosen = chosen_levels(levels, country, year)
    if chosen.height:
        return chosen
    pairs = levels.select("country", "year").unique().sort("country", "year").iter_rows()
    known = [f"{name} {of}" for name, of in pairs if chosen_levels(levels, name, of).height]
    raise SettingsError(
        "there are no CT reference levels of country={country} year={year}.",
        "There are: {known}. Write -p country=NAME -p year=YEAR.",
        country=country,
        year=year,
        known=", ".join(known) or mark("none"),
    )


def event_levels(levels: pl.DataFrame, quantity: str) -> pl.DataFrame:
    """Return the chosen levels of a quantity that are set for a single event."""
    return levels.filter(pl.col("quantity") == quantity, pl.col("scope").is_in(list(SINGLE_EVENT)))


def compare(events: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """Return a scanner's medians beside the chosen levels.

    Parameters
    ----------
    events
        Rows of ``schema.IRRADIATION_EVENT``.
    levels
        Rows of ``chosen_levels``.

    Returns
    -------
    pl.DataFrame
        Columns: scanner, body_region, quantity, ctdi_phantom_cm,
        ``compared_with`` (what the median is of), ``patients``, ``count``, ``median``,
        ``level``, ``unit``, ``ratio``, ``exam``, ``scope``, ``note``.
    """
    adults = counted_events(events).filter(pl.col("age_group") == "adult")
    sums = study_sums(events).filter(
        pl.col("not_compared").is_null(), pl.col("age_group") == "adult"
    )
    parts = [
        _medians(source, levels.filter(pl.col("quantity") == quantity, scope), quantity)
        for source, scope in (
            (adults, pl.col("scope").is_in(list(SINGLE_EVENT))),
            (sums, pl.col("scope") == WHOLE_STUDY),
        )
        for quantity in COLUMNS
        if COLUMNS[quantity] in source.columns
    ]
    order = (SCANNER, "body_region", "quantity", "ctdi_phantom_cm")
    return pl.concat(parts).sort(order)


def reference_words(code: str) -> Words:
    """Return how a code of ``compare`` is written for people."""
    few = n("fewer than {count} patient", "fewer than {count} patients", ENOUGH_PATIENTS)
    known = {
        SUMS: t(SUMS), EVENTS: t(EVENTS), FEW: few, UNSAID: t(UNSAID),
        f"{FEW}; {UNSAID}": listed((few, t(UNSAID)), t("; ")),
    }  # fmt: skip
    return known.get(code) or data(code)


def _medians(rows: pl.DataFrame, levels: pl.DataFrame, quantity: str) -> pl.DataFrame:
    fits = pl.col("phantom_cm").is_null() | (pl.col("phantom_cm") == pl.col("ctdi_phantom_cm"))
    column = COLUMNS[quantity]
    keys = (SCANNER, "body_region", "ctdi_phantom_cm")
    level = ("value", "unit", "exam", "scope", "phantom_cm")
    few = pl.when(pl.col("patients") < ENOUGH_PATIENTS).then(pl.lit(FEW))
    unsaid = pl.when(pl.col("phantom_cm").is_null()).then(pl.lit(UNSAID))
    note = pl.concat_str(few, unsaid, separator="; ", ignore_nulls=True)
    return (
        rows.filter(pl.col(column).is_not_null(), pl.col("ctdi_phantom_cm").is_not_null())
        .join(levels.select("body_region", *level), on="body_region")
        .filter(fits)
        .group_by(*keys, *level)
        .agg(
            pl.col("patient").n_unique().alias("patients"),
            pl.len().alias("count"),
            pl.col(column).median().alias("median"),
        )
        .select(
            *keys[:-1],
            pl.lit(quantity).alias("quantity"),
            "ctdi_phantom_cm",
            pl.when(pl.col("scope") == WHOLE_STUDY).then(pl.lit(SUMS))
            .otherwise(pl.lit(EVENTS)).alias("compared_with"),
            "patients",
            "count",
            "median",
            pl.col("value").alias("level"),
            "unit",
            (pl.col("median") / pl.col("value")).alias("ratio"),
            "exam",
            "scope",
            pl.when(note != "").then(note).alias("note"),
        )
    )  # fmt: skip


def study_sums(events: pl.DataFrame) -> pl.DataFrame:
    """Return the DLP of each CT study, or why its sum cannot be compared.

    Topograms are left out, because only some makers report their dose; bolus tracking counts.
    Columns: StudyInstanceUID, patient, scanner, body_region, age_group,
    ctdi_phantom_cm, dlp_mgy_cm, events, ``not_compared`` (null, or the reason).
    """
    scans = preferred_ct(events).filter(~pl.col("localizer"), pl.col("body_region") != "phantom_qa")
    own = ~pl.col("body_region").is_in(list(NO_REGION_OF_ITS_OWN))
    regions = pl.col("body_region").filter(own).unique().sort()
    studies = scans.group_by("StudyInstanceUID").agg(
        pl.col("patient", SCANNER, "age_group").sort().first(),
        regions.alias("regions"),
        pl.col("ctdi_phantom_cm").min(),
        pl.col("dlp_mgy_cm").sum(),
        pl.len().alias("events"),
        without=pl.col("dlp_mgy_cm").null_count(),
        no_phantom=pl.col("ctdi_phantom_cm").null_count(),
        phantoms=pl.col("ctdi_phantom_cm").drop_nulls().n_unique(),
        scanners=pl.col(SCANNER).n_unique(),
    )
    reason = (
        pl.when(pl.col("without") > 0).then(pl.lit(NO_DLP))
        .when(pl.col("regions").list.contains("unknown")).then(pl.lit(NO_REGION))
        .when(pl.col("regions").list.len() != 1).then(pl.lit(REGIONS))
        .when(pl.col("no_phantom") > 0).then(pl.lit(NO_PHANTOM))
        .when(pl.col("phantoms") > 1).then(pl.lit(PHANTOMS))
        .when(pl.col("scanners") > 1).then(pl.lit(SCANNERS))
    )  # fmt: skip
    return studies.select(
        "StudyInstanceUID", "patient", SCANNER,
        pl.col("regions").list.first().alias("body_region"),
        "age_group", "ctdi_phantom_cm",
        pl.when(pl.col("without") == 0).then("dlp_mgy_cm"),
        "events",
        reason.alias("not_compared"),
    ).sort("StudyInstanceUID")  # fmt: skip
