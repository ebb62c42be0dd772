"""One row an exam, one row a patient: the frames most questions of a cohort begin with.

A sum is empty unless every value that belongs to it is there, with the reason as a code; what is
known stands beside it as a lower bound.  (polars itself sums what is missing as nothing.)
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from workbench.schema.cohort_tables import EXAM, PATIENT_DOSE

EXAM_KEY = ("StudyInstanceUID", "modality")
# Roles of series that irradiate, or show what did: a study that has one had an exam.
IRRADIATING = ("SCAN", "TOPOGRAM", "RECONSTRUCTION")
NO_DLP, NO_EVENT, SERIES_INCOMPLETE = "no_dlp", "no_event", "series_incomplete"
REASONS = {
    NO_DLP: "a scan has no dose length product",
    NO_EVENT: "images or reports are here and no irradiation event could be made of them",
    SERIES_INCOMPLETE: "a series of scans is not whole, or lacks what a dose needs",
}
# What the region rules say of a scan that is none of the body.
NO_REGIONS = ("unknown", "bolus_tracking", "localizer", "phantom_qa")
REPORTED = ("rdsr", "dose_sequence")  # sources that name every exposure, whatever images are here
# From head to foot; a region that is not listed stands behind, in order of its letters.
DOWNWARDS = (
    "head", "sinus_facial", "petrous_bone", "head_neck", "neck", "cervical_spine", "chest",
    "chest_lowdose", "chest_pe", "cardiac", "thoracic_spine", "chest_abdomen_pelvis", "abdomen",
    "abdomen_pelvis", "kub", "virtual_colonoscopy", "lumbar_spine", "pelvis_hip",
)  # fmt: skip


def exams(hospital: str, events: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """Return ``schema.cohort_tables.EXAM``.

    Parameters
    ----------
    hospital
        Code of the site.
    events
        Preferred rows of ``schema.IRRADIATION_EVENT``, with ``scanner``.
    series
        Rows of ``schema.SERIES``.
    """
    summed = _of_events(events)
    shown = _of_series(series)
    joined = summed.join(shown, on=EXAM_KEY, how="full", coalesce=True)
    reasons = pl.concat_list(
        _when(pl.col("scans").is_null(), NO_EVENT),
        _when(pl.col("scans_without_dlp") > 0, NO_DLP),
        _when(
            (pl.col("incomplete_series") > 0) & ~pl.col("reported").fill_null(value=False),
            SERIES_INCOMPLETE,
        ),
    ).list.drop_nulls()
    frame = joined.with_columns(
        pl.lit(hospital).alias("hospital"),
        *(
            pl.coalesce(name, f"{name}_of_series").alias(name)
            for name in ("patient", "started_at", "patient_age_years", "patient_sex")
        ),
        pl.coalesce("study_description", "study_description_of_series").alias("study_description"),
        pl.col("scans", "topograms", "phases").fill_null(0),
        pl.when(pl.col("scans_without_dlp") == 0).then("known_dlp_mgy_cm").alias("dlp_mgy_cm"),
        reasons.alias("reasons"),
    ).with_columns((pl.col("reasons").list.len() == 0).alias("complete"))
    return EXAM.fit(frame).sort(*EXAM.key)


def _of_events(events: pl.DataFrame) -> pl.DataFrame:
    scan = ~pl.col("localizer").fill_null(value=False)
    region = pl.col("body_region").filter(scan & ~pl.col("body_region").is_in(NO_REGIONS))
    grouped = events.sort("started_at", nulls_last=True).group_by(EXAM_KEY, maintain_order=True)
    frame = grouped.agg(
        pl.col("patient", "scanner").drop_nulls().first(),
        pl.col("started_at").min(),
        pl.col("patient_age_years").min(),
        pl.col("patient_sex").drop_nulls().first(),
        pl.col("study_description").drop_nulls().first(),
        region.drop_nulls().alias("regions"),
        pl.col("protocol").filter(scan).drop_nulls().unique(maintain_order=True)
        .alias("protocols"),
        scan.sum().cast(pl.Int64).alias("scans"),
        (~scan).sum().cast(pl.Int64).alias("topograms"),
        (scan & pl.col("dlp_mgy_cm").is_null()).sum().alias("scans_without_dlp"),
        _sum("dlp_mgy_cm").alias("known_dlp_mgy_cm"),
        pl.col("ctdi_vol_mgy").filter(scan).max().alias("maximum_ctdi_vol_mgy"),
        pl.col("ctdi_phantom_cm").filter(scan).drop_nulls().unique().sort().cast(pl.String)
        .alias("ctdi_phantoms_cm"),
        pl.col("source").unique().sort().alias("sources"),
        pl.col("source").is_in(REPORTED).any().alias("reported"),
        pl.col("flags").explode(empty_as_null=True).drop_nulls().unique().sort(),
    )  # fmt: skip
    return _with_regions(frame)


def _with_regions(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the regions as one text, and how often the most frequent was scanned."""
    rows = frame.select("StudyInstanceUID", "modality", "regions").explode("regions")
    counted = rows.drop_nulls("regions").group_by(*EXAM_KEY, "regions").len()
    order = {region: place for place, region in enumerate(DOWNWARDS)}
    named = (
        counted.with_columns(
            pl.col("regions").replace_strict(order, default=len(order)).alias("place")
        )
        .sort("place", "regions")
        .group_by(EXAM_KEY, maintain_order=True)
        .agg(
            pl.col("regions").str.join(" + ").alias("exam_region"),
            pl.col("len").max().cast(pl.Int64).alias("phases"),
        )
    )
    unknown = pl.when(pl.col("scans") > 0).then(pl.lit("unknown"))
    return frame.join(named, on=EXAM_KEY, how="left").with_columns(
        pl.coalesce("exam_region", unknown).alias("exam_region"), pl.col("phases").fill_null(0)
    )


def _of_series(series: pl.DataFrame) -> pl.DataFrame:
    """Return what the series of a study tell; a report alone is no exam of its own modality."""
    seen = series.filter(pl.col("role").is_in(IRRADIATING)).rename({"Modality": "modality"})
    scan = pl.col("role") == "SCAN"
    return seen.group_by(EXAM_KEY).agg(
        pl.col("patient").first().alias("patient_of_series"),
        pl.col("started_at").min().alias("started_at_of_series"),
        pl.col("patient_age_years").min().alias("patient_age_years_of_series"),
        pl.col("PatientSex").drop_nulls().first().alias("patient_sex_of_series"),
        pl.col("StudyDescription").drop_nulls().first().alias("study_description_of_series"),
        pl.col("ContrastBolusAgent").is_not_null().any().alias("contrast"),
        (scan & (pl.col("state") == "INCOMPLETE")).sum().alias("incomplete_series"),
    )


def with_estimates(exams_: pl.DataFrame, doses: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Add the sum of each estimate over the scans of an exam.

    It is empty unless every scan has a value and nothing else of the exam is missing.

    Parameters
    ----------
    exams_
        Rows of ``EXAM``.
    doses
        One row an event and a column an estimate (``dose_frames.doses``, wide).
    names
        Of those estimates.
    """
    scans = doses.filter(~pl.col("localizer").fill_null(value=False))
    summed = scans.group_by(EXAM_KEY).agg(whole(name) for name in names)
    return exams_.join(summed, on=EXAM_KEY, how="left").with_columns(
        pl.when("complete").then(name).alias(name) for name in names
    )


def patient_doses(exams_: pl.DataFrame, names: Sequence[str] = ()) -> pl.DataFrame:
    """Return ``schema.cohort_tables.PATIENT_DOSE`` of rows of ``EXAM``, and sums of estimates."""
    frame = exams_.group_by("patient").agg(
        *(whole(name, pl.col("complete").all()) for name in names),
        pl.col("hospital").first(),
        pl.col("patient_sex").drop_nulls().mode().sort().first(),
        pl.len().cast(pl.Int64).alias("exams"),
        pl.col("complete").sum().cast(pl.Int64).alias("complete_exams"),
        pl.col("scans").sum(),
        pl.col("started_at").min().alias("first_exam_at"),
        pl.col("started_at").max().alias("last_exam_at"),
        pl.col("patient_age_years").min().alias("age_first_years"),
        pl.col("patient_age_years").max().alias("age_last_years"),
        whole("dlp_mgy_cm", pl.col("complete").all()),
        _sum("known_dlp_mgy_cm"),
        pl.col("complete").all(),
        pl.col("reasons").explode(empty_as_null=True).drop_nulls().unique().sort(),
    )
    fitted = PATIENT_DOSE.fit(frame).with_columns(frame.get_column(name) for name in names)
    return fitted.sort("patient")


def whole(column: str, complete: pl.Expr | None = None) -> pl.Expr:
    """Return a sum that is empty where a value is, or where not all is there."""
    every = pl.col(column).null_count() == 0
    return (
        pl.when(every if complete is None else every & complete)
        .then(pl.col(column).sum())
        .alias(column)
    )


def _sum(column: str) -> pl.Expr:
    """Return the sum of what is known; empty where nothing is."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column)


def _when(condition: pl.Expr, code: str) -> pl.Expr:
    return pl.when(condition.fill_null(value=False)).then(pl.lit(code))
