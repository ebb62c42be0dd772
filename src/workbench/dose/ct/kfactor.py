"""Effective dose of a CT event from its dose length product: E = k x DLP.

k depends on the region, the patient's age and, in some tables, the tube voltage; it holds for
a DLP measured in one CTDI phantom.  Which table is chosen changes E by half (chest, adult:
0.014 in AAPM Report 96, 0.0210 mSv/(mGy.cm) in Lee et al. 2012), so each has its own row.

A DLP of the other phantom is converted, which its row tells and its uncertainty holds, so a child
whose scanner reports the 32 cm phantom has a dose.  A value that cannot be had has a reason
instead: age, region, phantom and tube voltage are never assumed.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from workbench.dose.coefficients import (
    KFactors,
    Reals,
    k_factors,
    phantom_conversion,
    stated_uncertainty,
)
from workbench.schema import DOSE_ESTIMATE

NAME = "k_factor"
VERSION = "2"
UNIT = "mSv"
NEEDS = (
    "patient", "StudyInstanceUID", "irradiation_event_uid", "modality", "localizer",
    "body_region", "patient_age_years", "kvp_kv", "number_of_x_ray_sources", "dlp_mgy_cm",
    "dlp_basis", "exposed_length_sd_log", "ctdi_vol_mgy", "ctdi_phantom_cm",
)  # fmt: skip

ADULT_PHANTOM_CM = 32  # of bodies of adults in every table
BRIDGED = "age_interpolated_to_adult_column"

# Both default sets of docs/dose.md: ICRP 60 for comparison with older work, ICRP 103 for today.
SETS = (
    ("kfactor_aapm96", "ICRP60"),
    ("kfactor_lee2012", "ICRP60"),
    ("kfactor_lee2012", "ICRP103"),
)


def effective_dose(dlp_mgy_cm: float, k: float) -> float:
    """Return the effective dose in mSv; ``k`` in mSv/(mGy.cm)."""
    return k * dlp_mgy_cm


def coefficient(factors: KFactors, region: str, age_years: float, kvp_kv: float = 120.0) -> float:
    """Return k in mSv/(mGy.cm) for a region of the table; ``KeyError`` for an unknown one."""
    grid = factors.grids[region]
    return float(grid.look_up(np.array([age_years]), np.array([kvp_kv])).k[0])


def estimate_by_k_factor(events: pl.DataFrame, *, convert_phantom: bool = True) -> pl.DataFrame:
    """Return effective doses of CT events, one row an event and set of coefficients.

    ``events`` are rows of ``schema.IRRADIATION_EVENT``; those without a CT dose quantity and of
    another modality are left out.  The result has the columns of ``schema.DOSE_ESTIMATE``.
    """
    ct = events.filter(
        (pl.col("modality") == "CT").fill_null(value=False)
        | pl.any_horizontal(pl.col("dlp_mgy_cm", "ctdi_vol_mgy").is_not_null())
    ).with_columns(
        pl.col("patient_age_years", "kvp_kv", "dlp_mgy_cm").fill_nan(None),
        body_region=pl.col("body_region").fill_null("unknown"),
    )
    parts = [_one_set(ct, k_factors(*names), convert_phantom) for names in SETS]
    return pl.concat(parts)


def _one_set(events: pl.DataFrame, factors: KFactors, convert_phantom: bool) -> pl.DataFrame:
    regions = factors.regions.select("body_region", "coefficient_region", "use", "reason")
    known = events.join(regions, on="body_region", how="left", maintain_order="left")
    frame = _with_conversion(_with_coefficients(known, factors, convert_phantom), convert_phantom)
    frame = frame.with_columns(why_not=_reasons(factors)).with_columns(
        value=pl.when(pl.col("why_not").is_null()).then(
            pl.col("k") * pl.col("dlp_mgy_cm") * pl.col("conversion")
        )
    )
    return _as_estimates(frame, factors)


def _with_coefficients(events: pl.DataFrame, factors: KFactors, convert: bool) -> pl.DataFrame:
    """Add k, the phantom it holds for and the flags of the look-up; null where unknown."""
    count = events.height
    ages = _reals(events, "patient_age_years")
    kvps = _reals(events, "kvp_kv")
    sizes = _reals(events, "ctdi_phantom_cm")
    regions = events["coefficient_region"].fill_null("").to_numpy()
    known = np.isfinite(ages) & (ages >= 0)
    if factors.needs_voltage:
        known &= np.isfinite(kvps) & (kvps > 0)
    k, phantom = np.full(count, np.nan), np.zeros(count, dtype=np.int64)
    flags: dict[str, np.ndarray] = {}
    for region, grid in factors.grids.items():
        here = known & (regions == region)
        coefficients = grid.look_up(ages[here], kvps[here])
        k[here], phantom[here] = coefficients.k, coefficients.phantom_cm
        for name, flag in coefficients.flags.items():
            flags.setdefault(name, np.zeros(count, dtype=bool))[here] = flag
        if convert:
            # A DLP in the adults' phantom, of an age between the last child column and adults.
            here &= sizes == ADULT_PHANTOM_CM
            found, between = grid.bridged(ages[here], kvps[here], phantom_conversion(32, 16)[0])
            k[here] = np.where(found, between, k[here])
            flags["age_above_last_child_column"][here] &= ~found
            flags.setdefault(BRIDGED, np.zeros(count, dtype=bool))[here] = found
    return events.with_columns(
        pl.Series("k", k, nan_to_null=True),
        pl.Series("table_phantom_cm", phantom).replace(0, None),
        *(pl.Series(name, flag) for name, flag in flags.items()),
    )


def _reals(events: pl.DataFrame, column: str) -> Reals:
    return events[column].cast(pl.Float64).fill_null(math.nan).to_numpy()


def _with_conversion(events: pl.DataFrame, allowed: bool) -> pl.DataFrame:
    """Add the factor that brings the DLP to the table's phantom, and its sd on the log scale."""
    theirs, ours = pl.col("ctdi_phantom_cm"), pl.col("table_phantom_cm")
    factors, spreads = [pl.when(theirs == ours).then(1.0)], [pl.when(theirs == ours).then(0.0)]
    for source, target in ((32, 16), (16, 32)) if allowed else ():
        here = pl.when((theirs == source) & (ours == target))
        factor, spread = phantom_conversion(source, target)
        factors.append(here.then(factor))
        spreads.append(here.then(spread))
    return events.with_columns(conversion=pl.coalesce(factors), conversion_sd=pl.coalesce(spreads))


def _reasons(factors: KFactors) -> pl.Expr:
    """Return why there is no value, all causes in one sentence, or null."""
    dlp, age, kvp = pl.col("dlp_mgy_cm"), pl.col("patient_age_years"), pl.col("kvp_kv")
    unusable = ~dlp.is_finite() | (dlp < 0)
    voltage = (kvp.is_null() | ~(kvp > 0)) & factors.needs_voltage
    unlike = (pl.col("ctdi_phantom_cm") != pl.col("table_phantom_cm")) & pl.col(
        "conversion"
    ).is_null()
    causes = (
        pl.when(dlp.is_null()).then(pl.lit("no DLP")),
        pl.when(unusable).then(pl.lit("DLP is not a dose")),
        pl.when(age.is_null()).then(pl.lit("age unknown")),
        pl.when(age < 0).then(pl.lit("age is negative")),
        pl.when(pl.col("body_region") == "unknown").then(pl.lit("body region unknown"))
        .when(pl.col("use").is_null()).then(pl.lit("body region not in the list of regions"))
        .when(pl.col("use") == "none").then(pl.col("reason")),
        pl.when(voltage).then(pl.lit("tube voltage unknown")),
        pl.when(pl.col("ctdi_phantom_cm").is_null()).then(pl.lit("CTDI phantom unknown")),
        pl.when(unlike).then(
            pl.format("DLP is for the {} cm phantom, the coefficient for {} cm",
                      "ctdi_phantom_cm", "table_phantom_cm")),
    )  # fmt: skip
    joined = pl.concat_str(causes, separator="; ", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _flags(factors: KFactors, looked_up: list[str]) -> pl.Expr:
    """Return the list of conversions and assumptions of each row that has a value."""
    converted = pl.col("conversion") != 1.0
    marks = {
        **{name: pl.col(name) for name in looked_up},
        "region_approximated": pl.col("use") == "approximate",
        "localizer": pl.col("localizer").fill_null(value=False),
        "first_of_several_x_ray_sources": pl.col("number_of_x_ray_sources") > 1,
        "dlp_from_ctdi_vol_and_exposed_length":
            pl.col("dlp_basis") == "ctdi_vol_times_exposed_length",
        "scanner_spread_of_phantom_factor_not_stated": converted,
        "table_phantom_inferred": pl.lit(factors.phantom_inferred),
        "sd_log_unshared_not_stated": pl.lit(stated_uncertainty(NAME, "unshared") is None),
    }  # fmt: skip
    record = pl.when(converted).then(
        pl.format("dlp_converted_{}_to_{}_cm_factor_{}",
                  "ctdi_phantom_cm", "table_phantom_cm", "conversion")
    )  # fmt: skip
    written = [pl.when(mark).then(pl.lit(name)) for name, mark in marks.items()]
    both = pl.concat_list(record, *written).list.drop_nulls()
    return (
        pl.when(pl.col("value").is_not_null())
        .then(both)
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
    )


def _unshared() -> pl.Expr:
    """Return what differs from event to event: how sure a DLP is that images tell."""
    stated = pl.lit(stated_uncertainty(NAME, "unshared"), dtype=pl.Float64)
    length = pl.when(pl.col("value").is_not_null()).then("exposed_length_sd_log")
    both = (stated.fill_null(0.0) ** 2 + length**2).sqrt()
    return pl.when(length.is_not_null()).then(both).otherwise(stated)


def _as_estimates(frame: pl.DataFrame, factors: KFactors) -> pl.DataFrame:
    shared = stated_uncertainty(NAME, "shared")
    present = pl.col("value").is_not_null()
    looked_up = [name for name in frame.columns if name.startswith(("age_", "kvp_"))]
    looked_up = [name for name in looked_up if frame.schema[name] == pl.Boolean]
    spread = (shared**2 + pl.col("conversion_sd") ** 2).sqrt() if shared else None
    estimates = frame.select(
        "patient", "StudyInstanceUID", "irradiation_event_uid",
        quantity=pl.lit("effective_dose"),
        organ=pl.lit(None, dtype=pl.String),
        value=pl.col("value"),
        unit=pl.lit(UNIT),
        reason=pl.col("why_not"),
        method=pl.lit(NAME),
        method_version=pl.lit(VERSION),
        table_id=pl.lit(factors.table_id),
        coefficient=pl.when(present).then("k"),
        tissue_weights=pl.lit(factors.tissue_weights),
        sd_log_shared=pl.when(present).then(spread),
        sd_log_unshared=_unshared(),
        flags=_flags(factors, looked_up),
    )  # fmt: skip
    return DOSE_ESTIMATE.fit(estimates).cast(pl.Schema(DOSE_ESTIMATE.polars()))
