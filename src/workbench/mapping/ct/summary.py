"""One row a group of slices: means, geometry and the values computed from them.

The same aggregation serves series and acquisitions; ``key`` names the column grouped by.
"""

from __future__ import annotations

import polars as pl

from workbench.mapping.ct.slice_positions import scan_ranges
from workbench.mapping.series_values import copied_values, mean_of

PITCH = (0.05, 4.0)  # outside no scanner works; such header values are typing errors
SAME_DOSE = 0.01  # share: headers write CTDIvol with two or three digits
PRIVATE = (
    "pitch", "table_feed_mm", "rotation_time_s", "total_collimation_mm", "ctdi_phantom_cm",
    "ctdi_vol_mgy", "dlp_mgy_cm",
)  # fmt: skip


def summarise(slices: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return one row per value of ``key``, in the order of ``slices``.

    Zero is how headers say "not given" for voltages, currents, times, lengths and doses of
    images; it is never averaged in.  A voltage is no mean: of several (``voltages``) that of most
    slices counts, of as many the highest.
    """
    voltage = pl.col("KVP").filter(pl.col("KVP") > 0).round(1)
    dose = pl.col("CTDIvol").filter(pl.col("CTDIvol") > 0)
    grouped = slices.group_by(key, maintain_order=True).agg(
        spiral=pl.col("spiral").drop_nulls().first(),
        normal_z=pl.col("normal_z").min(),
        slices=pl.len(),
        first_number=pl.col("InstanceNumber").min(),
        voltages=voltage.unique().sort(),
        usual_kv=voltage.mode().max(),
        ctdi_vol_mgy=mean_of("CTDIvol"),
        ctdi_vol_varies=dose.max() > (1 + SAME_DOSE) * dose.min(),
        RevolutionTime=mean_of("RevolutionTime"),
        TableSpeed=mean_of("TableSpeed"),
        TableFeedPerRotation=mean_of("TableFeedPerRotation"),
        SpiralPitchFactor=mean_of("SpiralPitchFactor"),
        single_collimation_mm=mean_of("SingleCollimationWidth"),
        TotalCollimationWidth=mean_of("TotalCollimationWidth"),
    )
    values = copied_values(slices, key)
    for table in (grouped, scan_ranges(slices, key)):
        values = values.join(table, on=key, how="left", maintain_order="left")
    return values.with_columns(kvp_kv="usual_kv").drop("usual_kv")


def with_technique(summary: pl.DataFrame) -> pl.DataFrame:
    """Add rotation time, feed, collimation, pitch and dose to a summary.

    The standard's attributes come first, then the maker's private value (columns
    ``private_*``), then arithmetic: rotation time = feed / table speed; feed = table speed x
    rotation time; pitch = feed / total collimation (IEC 60601-2-44, 203.107), for spirals only.
    """
    in_range = pl.col("SpiralPitchFactor").is_between(*PITCH)
    summary = summary.with_columns(
        rotation_time_s=pl.coalesce(
            "RevolutionTime",
            "private_rotation_time_s",
            pl.when("spiral").then(pl.col("TableFeedPerRotation") / pl.col("TableSpeed")),
        ),
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
