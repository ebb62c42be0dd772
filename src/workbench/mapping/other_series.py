"""Series that no modality reads: they have a row each, with the reason."""

from __future__ import annotations

import polars as pl

from workbench.mapping.body_regions import regions_of
from workbench.mapping.content_tree import DOSE_REPORT_KINDS, REPORT_KINDS
from workbench.mapping.series_values import copied_values
from workbench.model import MappingState, SeriesRole

REGION_TEXTS = {
    "ProtocolName": "protocol", "SeriesDescription": "series description",
    "StudyDescription": "study description", "BodyPartExamined": "body part",
}  # fmt: skip
WORD = r"^([A-Z]{2,16})$"  # a Modality (PS3.3 C.7.3.1.1.1), and nothing that may be a name


def other_series(instances: pl.DataFrame) -> pl.DataFrame:
    """Return one row a series of objects whose modality is not mapped."""
    key = "series_key"
    report = pl.col("report_kind").is_in(list(DOSE_REPORT_KINDS)).fill_null(False)
    first = instances.sort(~report, maintain_order=True)  # a dose report decides
    kinds = first.group_by(key, maintain_order=True).agg(pl.col("report_kind").first())
    values = copied_values(first, key).join(kinds, on=key, maintain_order="left")
    counted = values.join(instances.group_by(key).agg(instances=pl.len()), on=key, how="left",
                          maintain_order="left")  # fmt: skip
    return regions_of(counted, REGION_TEXTS).with_columns(
        role=pl.when(report).then(pl.lit(SeriesRole.DOSE_REPORT.value))
        .otherwise(pl.lit(SeriesRole.OTHER.value)),
        state=pl.lit(MappingState.UNUSED.value),
        state_reason=_reason(),
    )  # fmt: skip


def _reason() -> pl.Expr:
    words = pl.col("report_kind").replace_strict(REPORT_KINDS, default=None, return_dtype=pl.String)
    modality = pl.col("Modality").str.extract(WORD).fill_null("unknown")
    return pl.coalesce(words, pl.format("modality {} is not part of this application", modality))
