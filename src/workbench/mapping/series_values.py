"""What every series, or part of one, tells of itself: texts, times, means of its technique."""

from __future__ import annotations

import polars as pl

from workbench.schema import INSTANCE

FIRST = tuple(
    name for name in INSTANCE.names
    if INSTANCE.column(name).copied and INSTANCE.column(name).kind == "text"
    and name not in ("SOPClassUID", "SOPInstanceUID", "IrradiationEventUID")
)  # fmt: skip


def copied_values(instances: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return one row per value of the column ``key``, in the order of ``instances``.

    Of texts and numbers of series the first that is given counts; voltage, current, time (ms) and
    thickness (mm) are means.
    """
    return instances.group_by(key, maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in FIRST),
        pl.col("patient").drop_nulls().first(),
        pl.col("ImageType").drop_nulls().first(),
        pl.col("SeriesNumber").drop_nulls().min(),
        pl.col("patient_age_years").drop_nulls().first(),
        pl.col("age_contradictory").any(),
        started_at=pl.col("started_at").min(),
        ended_at=pl.col("started_at").max(),
        AcquisitionNumbers=pl.col("AcquisitionNumber").drop_nulls().unique().sort(),
        kvp_kv=mean_of("KVP"),
        tube_current_ma=mean_of("XRayTubeCurrent"),
        exposure_time_ms=mean_of("ExposureTime"),
        slice_thickness_mm=mean_of("SliceThickness"),
    )


def mean_of(name: str) -> pl.Expr:
    """Return the mean of a column's values above zero.

    Zero is how headers say "not given" for voltages, currents, times, lengths and doses of
    images; it is never averaged in.
    """
    usable = pl.col(name).is_finite() & (pl.col(name) > 0)
    mean = pl.col(name).filter(usable).mean()
    return pl.when(mean.is_finite()).then(mean).alias(name)
