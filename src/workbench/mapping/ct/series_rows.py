"""Rows of the series table for CT: technique, dose, body region, role and state."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from workbench.mapping.body_regions import regions_of
from workbench.mapping.ct.series import deciding, facts_of
from workbench.mapping.ct.states import with_states
from workbench.mapping.ct.summary import summarise
from workbench.mapping.ct.technique import with_technique
from workbench.mapping.other_series import REGION_TEXTS
from workbench.mapping.rules import Rules
from workbench.model import DoseSource

OF_SLICES = (
    "slice_increment_mm", "scan_length_mm", "slice_location_min_mm", "slice_location_max_mm"
)  # fmt: skip


def series_rows(
    instances: pl.DataFrame,
    read: Mapping[DoseSource, pl.DataFrame],
    events: pl.DataFrame,
    rules: Rules,
) -> pl.DataFrame:
    """Return one row a series.

    ``instances`` are those that ``prepared`` returned, ``read`` the frame of each source of CT,
    ``events`` the rows of all sources with one preferred.
    """
    summary = _summary(instances, deciding(instances))
    return with_states(summary, events, read[DoseSource.HEADER], rules)


def _summary(instances: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """One row a series with technique, dose and body region."""
    key = "series_key"
    kinds = decided.group_by(key).agg(pl.col("kind").first(), pl.col("report_kind").first())
    counted = instances.group_by(key).agg(instances=(pl.col("frame") == 1).sum())
    series = summarise(decided, key)
    for table in (facts_of(decided, key), kinds, counted):
        series = series.join(table, on=key, how="left", maintain_order="left")
    image = pl.col("kind").is_in(["image", "derived"])  # only their slices lie along the table
    series = (
        with_technique(series)
        .with_columns(pl.when(image).then(name).alias(name) for name in OF_SLICES)
        .with_columns(images=pl.when(image | (pl.col("kind") == "localizer")).then("slices"))
    )
    return regions_of(series, REGION_TEXTS)
