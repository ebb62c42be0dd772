"""Where slices lie along the table, and how long a scan is: polars expressions over all instances.

Scan length is what the slices cover along the table: each reaches half way to its neighbours, and
the outermost ones as far beyond.  It is not the slice thickness that counts, which overlaps.  DLP
is taken along the table too (IEC 60601-2-44), so a tilted gantry does not shorten it.
"""

from __future__ import annotations

import polars as pl

GAP = 1.5  # increments; a wider step is a gap between two ranges
AXIAL = 0.7  # |z| of the slice normal, about 45 degrees: gantry tilts stay, reformats leave
ALIKE = 0.1  # share by which steps of one increment differ: positions are written rounded
TOUCHING = 1.01  # thicknesses; slices farther apart leave something between them


def with_position(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``position_mm`` and ``normal_z`` to instances.

    ``position_mm`` is the z of Image Position (Patient) for slices across the table, tilted or
    not: from slice to slice it grows as the table moves.  For reformats it is the position
    projected on their normal (PS3.3 C.7.6.2.1.1).  In a series where any slice lacks these, Slice
    Location stands for all.
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
    along = place.list.get(2, null_on_oob=True)
    frame = frame.with_columns(normal_z=pl.when(usable).then(normal[2].abs())).with_columns(
        projected=pl.when(usable).then(
            _finite(pl.when(pl.col("normal_z") >= AXIAL).then(along).otherwise(projected))
        )
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
    Slice Thickness), ``gaps``, ``scan_length_mm``, ``first_edge_mm`` and ``last_edge_mm``: what
    the slices cover.

    A step is a gap when it is wider than ``GAP`` increments and than the slices are thick, unless
    its neighbours are as wide: then the increment changed.
    """
    slices = _steps(frame, key)
    ranges = slices.group_by(key, maintain_order=True).agg(
        positions=pl.len(),
        span_mm=pl.col("position_mm").max() - pl.col("position_mm").min(),
        slice_increment_mm=pl.coalesce("median", "width").first(),
        gaps=pl.col("gap").sum(),
        scan_length_mm=(pl.col("low") + pl.col("high")).sum(),
        first_edge_mm=(pl.col("position_mm") - pl.col("low")).first(),
        last_edge_mm=(pl.col("position_mm") + pl.col("high")).last(),
    )
    known = pl.col("slice_increment_mm").is_not_null()
    return ranges.with_columns(pl.when(known).then("scan_length_mm").alias("scan_length_mm"))


def _steps(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return distinct slices of each ``key`` in their order, with what lies on both sides.

    ``width`` is what a slice alone covers, ``low`` and ``high`` how far it reaches to both sides.
    """
    places = (
        frame.filter(pl.col("position_mm").is_not_null())
        .with_columns(
            pl.col("position_mm").round(2),
            spacing=pl.col("SpacingBetweenSlices").abs(),
            thickness=pl.col("SliceThickness").abs(),
        )
        .group_by(key, "position_mm")
        .agg(pl.col("spacing", "thickness").drop_nulls().first())
        .sort(key, "position_mm")
        .with_columns(step=pl.col("position_mm").diff().over(key))
        .with_columns(
            median=pl.col("step").median().over(key),
            thick=(pl.col("thickness") + pl.col("thickness").shift(1).over(key)) / 2,
        )
    )
    wide = (pl.col("step") > GAP * pl.col("median")) & (
        pl.col("step") > TOUCHING * pl.col("thick").fill_null(0.0)
    )
    own = pl.coalesce("spacing", "thickness")
    places = places.with_columns(
        gap=wide & ~_like_its_neighbours(key),
        apart=pl.col("step") > TOUCHING * pl.col("thick"),
        width=pl.when(own > 0).then(own),
    )
    before = pl.when(~pl.col("gap")).then("step")
    after = before.shift(-1).over(key)
    alone = pl.coalesce("width", "median")
    return places.with_columns(
        low=pl.coalesce(before, after, alone) / 2, high=pl.coalesce(after, before, alone) / 2
    )


def _like_its_neighbours(key: str) -> pl.Expr:
    step = pl.col("step")
    near = [
        ((step.shift(by).over(key) - step).abs() <= ALIKE * step).fill_null(False)
        for by in (-2, -1, 1, 2)
    ]
    return pl.sum_horizontal(near) >= 2


def touching_runs(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return ``runs`` per value of ``key``: begin and end (mm) of each stack of touching slices.

    In a sequence a row of rotations exposed them.
    """
    numbered = _steps(frame, key).with_columns(
        run=(pl.col("apart").fill_null(pl.col("gap")).fill_null(False)).cum_sum().over(key)
    )
    reach = pl.coalesce("thickness", "width", "median") / 2
    runs = numbered.group_by(key, "run", maintain_order=True).agg(
        begin=(pl.col("position_mm") - pl.min_horizontal("low", reach)).first(),
        end=(pl.col("position_mm") + pl.min_horizontal("high", reach)).last(),
    )
    return runs.group_by(key, maintain_order=True).agg(runs=pl.concat_list("begin", "end"))
