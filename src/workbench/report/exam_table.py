"""One row an exam: what was scanned and, where all of it is known, how much dose it was."""

from __future__ import annotations

import polars as pl

from workbench.language import mark
from workbench.report.dose_by_protocol import preferred_ct
from workbench.report.follow_up import WEEK, with_weeks
from workbench.schema import Column, Table

EXAM = Table(
    "exam",
    "One row a CT study of a patient, with the sum of its dose length products where it is whole.",
    ("StudyInstanceUID",),
    (
        Column("body_regions", "texts", mark("Body regions of its scans")),
        Column("protocols", "texts", mark("Protocols of its scans")),
        Column("age_group", "text", mark("adult (18 years or more), child or unknown")),
        Column(WEEK, "integer", mark("Whole weeks since the patient's first exam"), "wk"),
        Column("scans", "integer", mark("Irradiation events without topograms"), "{count}"),
        Column("topograms", "integer", mark("Topograms"), "{count}"),
        Column(
            "dlp_sum_mgy_cm", "real",
            mark("Sum of the dose length products of its scans, where it is whole"), "mGy.cm",
        ),
        Column("ctdi_phantom_cm", "integer", mark("CTDI phantom of the sum: 16 or 32"), "cm"),
        Column("no_sum", "text", mark("Why there is no sum")),
        Column("flags", "texts", mark("What a reader must know of its events")),
        Column("StudyInstanceUID", "text", mark("Pseudonym of the study")),
    ),
)  # fmt: skip
# Why a sum would be less than what was given, or of unlike things; the first that fits is told.
INCOMPLETE = "series not mapped"
NO_DLP = "a scan without DLP"
NO_PHANTOM = "CTDI phantom unknown"
TWO_PHANTOMS = "two CTDI phantoms"


def exams(events: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """Return the exams of patients as rows of ``EXAM``, most dose first.

    Parameters
    ----------
    events
        Rows of ``schema.IRRADIATION_EVENT``; of several sources only the preferred one counts.
    series
        Rows of ``schema.SERIES``: a scan that shows no irradiation event may have given a dose
        that none tells.
    """
    counted = preferred_ct(with_weeks(events)).filter(pl.col("body_region") != "phantom_qa")
    scan = ~pl.col("localizer")
    sizes = pl.col("ctdi_phantom_cm").filter(scan)
    shown = pl.col("irradiation_event_uids").list.len().fill_null(0) > 0
    unmapped = (pl.col("role") == "OTHER") & (pl.col("state") == "INCOMPLETE")
    lost = (
        series.filter(((pl.col("role") == "SCAN") & ~shown) | unmapped)
        .select("StudyInstanceUID")
        .unique()
        .with_columns(lost=pl.lit(value=True))
    )
    rows = (
        counted.group_by("StudyInstanceUID")
        .agg(
            pl.col("body_region").filter(scan).unique().sort().alias("body_regions"),
            pl.col("protocol").filter(scan).drop_nulls().unique().sort().alias("protocols"),
            pl.col("age_group").mode().sort().first(),
            pl.col(WEEK).min(),
            scan.sum().cast(pl.Int64).alias("scans"),
            pl.col("localizer").sum().cast(pl.Int64).alias("topograms"),
            pl.col("dlp_mgy_cm").filter(scan).sum().alias("dlp_sum_mgy_cm"),
            pl.col("dlp_mgy_cm").filter(scan).null_count().alias("_without"),
            sizes.max().alias("ctdi_phantom_cm"),
            sizes.null_count().alias("_unknown"),
            sizes.drop_nulls().n_unique().alias("_sizes"),
            pl.col("flags").list.explode(keep_nulls=False, empty_as_null=False)
            .unique().sort().alias("flags"),
        )
        .filter(pl.col("scans") > 0)
        .join(lost, on="StudyInstanceUID", how="left")
    )  # fmt: skip
    why = (
        pl.when("lost").then(pl.lit(INCOMPLETE))
        .when(pl.col("_without") > 0).then(pl.lit(NO_DLP))
        .when(pl.col("_sizes") > 1).then(pl.lit(TWO_PHANTOMS))
        .when(pl.col("_unknown") > 0).then(pl.lit(NO_PHANTOM))
    )  # fmt: skip
    whole = pl.col("no_sum").is_null()
    summed = rows.with_columns(no_sum=why).with_columns(
        pl.when(whole).then("dlp_sum_mgy_cm").alias("dlp_sum_mgy_cm"),
        pl.when(whole).then("ctdi_phantom_cm").alias("ctdi_phantom_cm"),
    )
    return EXAM.fit(summed.select(EXAM.names)).sort(
        "dlp_sum_mgy_cm", "StudyInstanceUID", descending=[True, False], nulls_last=True
    )
