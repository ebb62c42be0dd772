"""Totals of a study: its events that count, and beside them what its dose reports say.

A report's total includes topograms where the maker reports a dose for them and adds DLPs of both
phantoms as if they were alike; so the sum over all events is what is compared, and scans,
topograms, phantoms and types have sums of their own.  A cumulative report repeats the events of
earlier ones: events bear what the last report says, so that no total is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from workbench.model import DoseSource, Finding
from workbench.schema import IRRADIATION_EVENT, STUDY_DOSE

STUDY = ("patient", "StudyInstanceUID")
TOLERANCE = 0.01  # of the total: reports round each event (as in ct.report_events)
LEAST_DIFFERENCE = 0.01  # mGy.cm; totals are printed with two decimals
DIFFERS, MIXED, PARTIAL = "total_differs", "phantoms_mixed", "scans_without_dlp"
TYPES = {"spiral": "SPIRAL", "sequenced": "SEQUENCED", "stationary": "STATIONARY"}
PHANTOMS = {"dlp_16_cm_mgy_cm": 16, "dlp_32_cm_mgy_cm": 32}


def study_doses(events: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of ``schema.STUDY_DOSE`` from one of ``schema.IRRADIATION_EVENT``.

    A sum is null where no event tells a value, and then is not zero.
    """
    if events.is_empty():
        return STUDY_DOSE.empty()
    counted = events.filter(pl.col("preferred")).sort("started_at", nulls_last=True)
    totals = counted.group_by(STUDY, maintain_order=True).agg(*_told(), **_counts(), **_sums())
    told = totals.join(_reported(events), on=list(STUDY), how="left", nulls_equal=True)
    difference = pl.col("dlp_mgy_cm") - pl.col("reported_dlp_mgy_cm")
    told = told.with_columns(dlp_difference_mgy_cm=difference)
    flagged = told.with_columns(flags=_flags())
    return STUDY_DOSE.fit(flagged).cast(pl.Schema(STUDY_DOSE.polars())).sort(STUDY)


def _told() -> Iterator[pl.Expr]:
    for name in (
        "manufacturer", "model", "station", "patient_age_years", "patient_sex", "study_description"
    ):  # fmt: skip
        yield pl.col(name).drop_nulls().first()
    yield pl.col("started_at").min()


def _counts() -> dict[str, pl.Expr]:
    scan = ~pl.col("localizer").fill_null(False)
    ct = pl.col("modality").fill_null("CT") == "CT"
    regions = pl.col("body_region").filter(scan & (pl.col("body_region") != "unknown"))
    return {
        "modalities": pl.col("modality").drop_nulls().unique().sort(),
        "body_regions": regions.drop_nulls().unique().sort(),
        "sources": pl.col("source").unique().sort(),
        "events": pl.len(),
        "localizers": (~scan).sum(),
        "scans_without_dlp": (scan & ct & pl.col("dlp_mgy_cm").is_null()).sum(),
        "ctdi_vol_max_mgy": pl.col("ctdi_vol_mgy").filter(scan).max(),
    }


def _sums() -> dict[str, pl.Expr]:
    dlp, phantom = pl.col("dlp_mgy_cm"), pl.col("ctdi_phantom_cm")
    scan = ~pl.col("localizer").fill_null(False)
    types = {
        f"dlp_{name}_mgy_cm": _sum(dlp, scan & (pl.col("event_type") == kind))
        for name, kind in TYPES.items()
    }
    other = ~pl.col("event_type").fill_null("").is_in(list(TYPES.values()))
    sizes = {name: _sum(dlp, phantom == size) for name, size in PHANTOMS.items()}
    return {
        "dlp_mgy_cm": _sum(dlp, pl.lit(True)),
        "dlp_scans_mgy_cm": _sum(dlp, scan),
        "dlp_localizers_mgy_cm": _sum(dlp, ~scan),
        **sizes,
        "dlp_no_phantom_mgy_cm": _sum(dlp, phantom.is_null()),
        **types,
        "dlp_other_mgy_cm": _sum(dlp, scan & other),
        "dap_gy_cm2": _sum(pl.col("dap_gy_cm2"), pl.lit(True)),
    }


def _sum(value: pl.Expr, where: pl.Expr) -> pl.Expr:
    given = value.filter(where & value.is_not_null())
    return pl.when(given.len() > 0).then(given.sum())


def _reported(events: pl.DataFrame) -> pl.DataFrame:
    """Return the totals of the distinct reports of each study, of its most trusted source."""
    report = pl.col("report")
    rank = pl.col("source").replace_strict(
        [source.value for source in DoseSource], list(range(len(DoseSource))),
        default=len(DoseSource), return_dtype=pl.Int64,
    )  # fmt: skip
    told = events.filter(report.is_not_null()).select(
        *STUDY, "report", rank=rank,
        total=_number(report, "dlp_total_mgy_cm"), count=_number(report, "number_of_events"),
    )  # fmt: skip
    best = told.filter(pl.col("rank") == pl.col("rank").min().over(STUDY)).unique()
    return best.group_by(STUDY).agg(
        reported_dlp_mgy_cm=_sum(pl.col("total"), pl.lit(True)),
        reported_events=_sum(pl.col("count"), pl.lit(True)),
    )


def _number(report: pl.Expr, name: str) -> pl.Expr:
    return report.str.json_path_match(f"$.{name}").cast(pl.Float64, strict=False)


def _flags() -> pl.Expr:
    total, difference = pl.col("reported_dlp_mgy_cm"), pl.col("dlp_difference_mgy_cm")
    beyond = pl.max_horizontal(TOLERANCE * total, pl.lit(LEAST_DIFFERENCE))
    both = pl.all_horizontal(pl.col(name).is_not_null() for name in PHANTOMS)
    said = {
        PARTIAL: pl.col("scans_without_dlp") > 0, MIXED: both, DIFFERS: difference.abs() > beyond
    }  # fmt: skip
    return pl.concat_list(
        pl.when(where.fill_null(False)).then(pl.lit(word)) for word, where in said.items()
    ).list.drop_nulls()


def total_findings(events: pl.DataFrame) -> list[Finding]:
    """Return a finding for each study whose events do not sum to what its reports say."""
    totals = study_doses(IRRADIATION_EVENT.fit(events))
    differs = totals.filter(pl.col("flags").list.contains(DIFFERS))
    return [
        Finding("mapping", "study_total_differs", "the DLP of a study's events is not the total "
                "that its dose reports say; table study_dose has both", column="dlp_mgy_cm",
                study=study)
        for study in differs["StudyInstanceUID"]
    ]  # fmt: skip
