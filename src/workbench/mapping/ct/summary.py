"""One row a group of slices: means, geometry and the values computed from them.

The same aggregation serves series and acquisitions; ``key`` names the column grouped by.
"""

from __future__ import annotations

import polars as pl

from workbench.mapping.ct.slice_positions import scan_ranges
from workbench.schema import INSTANCE

PITCH = (0.05, 4.0)  # outside no scanner works; such header values are typing errors
FIRST = tuple(
    name for name in INSTANCE.names
    if INSTANCE.column(name).copied and INSTANCE.column(name).kind == "text"
    and name not in ("SOPClassUID", "SOPInstanceUID", "IrradiationEventUID")
)  # fmt: skip
PRIVATE = (
    "pitch", "table_feed_mm", "rotation_time_s", "total_collimation_mm", "ctdi_phantom_cm",
    "ctdi_vol_mgy", "dlp_mgy_cm",
)  # fmt: skip


def summarise(slices: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return one row per value of ``key``, in the order of ``slices``.

    Zero is how headers say "not given" for voltages, currents, times, lengths and doses of
    images; it is never averaged in.
    """
    grouped = slices.group_by(key, maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in FIRST),
        pl.col("patient").drop_nulls().first(),
        pl.col("ImageType").drop_nulls().first(),
        pl.col("SeriesNumber").drop_nulls().min(),
        pl.col("patient_age_years").drop_nulls().first(),
        pl.col("age_contradictory").any(),
        started_at=pl.col("started_at").min(),
        ended_at=pl.col("started_at").max(),
        AcquisitionNumbers=pl.col("AcquisitionNumber").drop_nulls().unique().sort(),
        spiral=pl.col("spiral").drop_nulls().first(),
        normal_z=pl.col("normal_z").min(),
        slices=pl.len(),
        kvp_kv=_mean("KVP"),
        tube_current_ma=_mean("XRayTubeCurrent"),
        exposure_time_ms=_mean("ExposureTime"),
        slice_thickness_mm=_mean("SliceThickness"),
        ctdi_vol_mgy=_mean("CTDIvol"),
        RevolutionTime=_mean("RevolutionTime"),
        TableSpeed=_mean("TableSpeed"),
        TableFeedPerRotation=_mean("TableFeedPerRotation"),
        SpiralPitchFactor=_mean("SpiralPitchFactor"),
        single_collimation_mm=_mean("SingleCollimationWidth"),
        TotalCollimationWidth=_mean("TotalCollimationWidth"),
    )
    return grouped.join(scan_ranges(slices, key), on=key, how="left", maintain_order="left")


def _mean(name: str) -> pl.Expr:
    usable = pl.col(name).is_finite() & (pl.col(name) > 0)
    mean = pl.col(name).filter(usable).mean()
    return pl.when(mean.is_finite()).then(mean).alias(name)


def with_technique(summary: pl.DataFrame) -> pl.DataFrame:
    """Add rotation time, feed, collimation, pitch and dose to a summary.

    The standard's attributes come first, then the maker's private value (columns
    ``private_*``), then arithmetic: feed = table speed x rotation time; pitch = feed / total
    collimation (IEC 60601-2-44, 203.107), for spirals only.
    """
    in_range = pl.col("SpiralPitchFactor").is_between(*PITCH)
    summary = summary.with_columns(
        rotation_time_s=pl.coalesce("RevolutionTime", "private_rotation_time_s"),
        total_collimation_mm=pl.coalesce("TotalCollimationWidth", "private_total_collimation_mm"),
        ctdi_vol_mgy=pl.coalesce("ctdi_vol_mgy", "private_ctdi_vol_mgy"),
        given_pitch=pl.coalesce(pl.when(in_range).then("SpiralPitchFactor"), "private_pitch"),
    )
    summary = summary.with_columns(
        table_feed_mm=pl.coalesce(
            "TableFeedPerRotation",
            "private_table_feed_mm",
            pl.when("spiral").then(pl.col("TableSpeed") * pl.col("rotation_time_s")),
            pl.when("spiral").then(pl.col("given_pitch") * pl.col("total_collimation_mm")),
        )
    )
    quotient = pl.col("table_feed_mm") / pl.col("total_collimation_mm")
    plausible = pl.col("spiral") & quotient.is_between(*PITCH)
    return summary.with_columns(
        pitch=pl.coalesce("given_pitch", pl.when(plausible).then(quotient)),
        ctdi_phantom_cm=pl.col("phantom_cm").cast(pl.Int64),
    )
