"""Where slices lie, and how long a scan is: polars expressions over all instances.

Scan length is the distance of the outermost slice positions plus one increment (not plus the
slice thickness, which overlaps); gaps wider than 1.5 increments are not counted, because
nothing shows that they were irradiated.
"""

from __future__ import annotations

import polars as pl

GAP = 1.5  # increments; a wider step is a gap between two ranges
AXIAL = 0.7  # |z| of the slice normal, about 45 degrees: gantry tilts stay, reformats leave


def with_position(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``position_mm`` and ``normal_z`` to instances.

    ``position_mm`` is Image Position (Patient) projected on the normal of the slice (PS3.3
    C.7.6.2.1.1); in a series where any slice lacks these, Slice Location stands for all.
    """
    place, frame_axes = pl.col("ImagePositionPatient"), pl.col("ImageOrientationPatient")

    def axis(index: int) -> pl.Expr:
        return frame_axes.list.get(index, null_on_oob=True)

    normal = [
        axis((i + 1) % 3) * axis((i + 2) % 3 + 3) - axis((i + 2) % 3) * axis((i + 1) % 3 + 3)
        for i in range(3)
    ]
    usable = (place.list.len() == 3) & (frame_axes.list.len() == 6)
    projected = sum(
        (place.list.get(i, null_on_oob=True) * normal[i] for i in range(1, 3)),
        place.list.get(0, null_on_oob=True) * normal[0],
    )
    frame = frame.with_columns(
        projected=pl.when(usable).then(_finite(projected)),
        normal_z=pl.when(usable).then(normal[2].abs()),
    )
    whole = pl.col("projected").is_not_null().all().over("series_key", "kind")
    return frame.with_columns(
        position_mm=pl.when(whole)
        .then(pl.col("projected"))
        .otherwise(_finite(pl.col("SliceLocation")))
    ).drop("projected")


def _finite(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite()).then(value)


def scan_ranges(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return one row per value of ``key``: increment, span and scan length of its slices.

    Columns: ``positions`` (distinct, to 0.01 mm), ``span_mm`` (first to last position),
    ``slice_increment_mm`` (median step; a single slice takes Spacing Between Slices, else
    Slice Thickness), ``gaps`` and ``scan_length_mm``.
    """
    slices = (
        frame.filter(pl.col("position_mm").is_not_null())
        .with_columns(pl.col("position_mm").round(2))
        .select(key, "position_mm")
        .unique()
        .sort(key, "position_mm")
        .with_columns(step=pl.col("position_mm").diff().over(key))
        .with_columns(median=pl.col("step").median().over(key))
    )
    ranges = slices.group_by(key, maintain_order=True).agg(
        positions=pl.len(),
        span_mm=pl.col("position_mm").max() - pl.col("position_mm").min(),
        median=pl.col("median").first(),
        gaps=(pl.col("step") > GAP * pl.col("median")).sum(),
        joined=pl.col("step").filter(pl.col("step") <= GAP * pl.col("median")).sum(),
    )
    single = frame.group_by(key, maintain_order=True).agg(
        single=pl.coalesce(
            pl.col("SpacingBetweenSlices").abs().drop_nulls().first(),
            pl.col("SliceThickness").abs().drop_nulls().first(),
        )
    )
    increment = pl.coalesce("median", pl.when(pl.col("single") > 0).then("single"))
    return (
        ranges.join(single, on=key, how="left", maintain_order="left")
        .with_columns(slice_increment_mm=increment)
        .with_columns(
            scan_length_mm=pl.col("joined") + (pl.col("gaps") + 1) * pl.col("slice_increment_mm")
        )
        .select(key, "positions", "span_mm", "slice_increment_mm", "gaps", "scan_length_mm")
    )
