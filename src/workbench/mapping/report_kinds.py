"""Which instances are dose reports, and of which modality."""

from __future__ import annotations

import polars as pl

from workbench.mapping.content_tree import report_kind

STRUCTURED_REPORT = "1.2.840.10008.5.1.4.1.1.88."  # SOP classes of PS3.4 B.5 begin so


def with_report_kind(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``report_kind``: a key of ``REPORT_KINDS`` for structured reports, else null.

    Only these are opened: their SOP class does not say whether they hold a dose (GE stores its
    CT dose report as Enhanced SR), nor of which modality.
    """
    structured = (pl.col("Modality") == "SR") | pl.col("SOPClassUID").str.starts_with(
        STRUCTURED_REPORT
    )
    frame = frame.with_columns(structured=structured.fill_null(False))
    headers = frame.filter("structured")["header"].unique().to_list()
    kinds = {text: report_kind(text) for text in headers if text is not None}
    return frame.with_columns(
        report_kind=pl.when("structured")
        .then(
            pl.col("header").replace_strict(
                list(kinds), list(kinds.values()), default="no_dose", return_dtype=pl.String
            )
        )
        .otherwise(None)
    ).drop("structured")
