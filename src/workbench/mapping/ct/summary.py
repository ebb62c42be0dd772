"""One row a group of slices: means, geometry and the values computed from them.

The same aggregation serves series and acquisitions; ``key`` names the column grouped by.
"""

from __future__ import annotations

import polars as pl

from workbench.mapping.ct.slice_positions import scan_ranges
from workbench.mapping.series_values import copied_values, mean_of

SAME_DOSE = 0.01  # share: headers write CTDIvol with two or three digits
PRIVATE = (
    "pitch", "table_feed_mm", "rotation_time_s", "total_collimation_mm", "ctdi_phantom_cm",
    "ctdi_vol_mgy", "dlp_mgy_cm", "table_speed_mm_s",
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
        Exposure=mean_of("Exposure"),
        ExposureInuAs=mean_of("ExposureInuAs"),
        images_in_acquisition=pl.col("ImagesInAcquisition")
        .filter(pl.col("ImagesInAcquisition") > 0)
        .max(),
        slice_location_min_mm=pl.col("position_mm").min(),
        slice_location_max_mm=pl.col("position_mm").max(),
        gantry_tilt_deg=pl.col("GantryDetectorTilt").drop_nulls().first(),
        reconstruction_diameter_mm=pl.col("ReconstructionDiameter").drop_nulls().first(),
        data_collection_diameter_mm=pl.col("DataCollectionDiameter").drop_nulls().first(),
        table_height_mm=pl.col("TableHeight").drop_nulls().first(),
    )
    values = copied_values(slices, key)
    for table in (grouped, scan_ranges(slices, key)):
        values = values.join(table, on=key, how="left", maintain_order="left")
    return values.with_columns(kvp_kv="usual_kv").drop("usual_kv")
