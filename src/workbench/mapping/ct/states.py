"""Role and state of each series, with the reason in words."""

from __future__ import annotations

import polars as pl

from workbench.mapping.content_tree import REPORT_KINDS
from workbench.mapping.rules import Rules
from workbench.model import MappingState, SeriesRole
from workbench.schema import SERIES

COUNTED = "reconstruction of a scan that is already counted"
DERIVED_ONLY = "derived images only: the original scan is missing"
SCREEN = "dose screen without a dose sequence: its text is not read"
NO_EVENT = "the dose report holds no CT event"
SECONDARY = "secondary image without a dose"


def with_states(
    series: pl.DataFrame, events: pl.DataFrame, headers: pl.DataFrame, rules: Rules
) -> pl.DataFrame:
    """Add ``role``, ``state``, ``state_reason`` and ``irradiation_event_uids`` to series.

    ``events`` are those of all sources, ``headers`` what ``header_events`` returned.

    A SCAN or TOPOGRAM is MAPPED when every column its role needs is filled, else INCOMPLETE;
    what does not enter the dose is UNUSED.
    """
    shown = (
        events.select("patient", "irradiation_event_uid", SeriesInstanceUID="SeriesInstanceUIDs")
        .explode("SeriesInstanceUID")
        .group_by("patient", "SeriesInstanceUID")
        .agg(irradiation_event_uids=pl.col("irradiation_event_uid").unique().sort())
    )
    series = series.join(
        shown, on=["patient", "SeriesInstanceUID"], how="left", maintain_order="left",
        nulls_equal=True,
    )  # fmt: skip
    series = series.with_columns(role=_role(headers)).with_columns(
        missing=pl.when(pl.col("role") == SeriesRole.ACQUISITION)
        .then(_missing(rules.generic.needs.SCAN))
        .when(pl.col("role") == SeriesRole.LOCALIZER)
        .then(_missing(rules.generic.needs.TOPOGRAM))
    )
    series = series.join(
        _too_few(headers), on="series_key", how="left", maintain_order="left"
    ).with_columns(state=_state(headers), state_reason=_reason(headers))
    mapped = pl.col("state") == MappingState.MAPPED
    return series.with_columns(state_reason=pl.when(~mapped).then("state_reason"))


def _role(headers: pl.DataFrame) -> pl.Expr:
    kind = pl.col("kind")
    counted = headers.filter(~pl.col("derived_only") & ~pl.col("localizer"))
    further = counted["lengthened_by"].explode().drop_nulls()
    scan = pl.col("series_key").is_in([*counted["read_from"], *further])
    return (
        pl.when(kind.is_in(["report", "dose_info"]))
        .then(pl.lit(SeriesRole.DOSE_REPORT.value))
        .when(kind == "localizer")
        .then(pl.lit(SeriesRole.LOCALIZER.value))
        .when((kind == "image") & scan)
        .then(pl.lit(SeriesRole.ACQUISITION.value))
        .when(kind.is_in(["image", "derived"]))
        .then(pl.lit(SeriesRole.RECONSTRUCTION.value))
        .otherwise(pl.lit(SeriesRole.OTHER.value))
    )


def _too_few(headers: pl.DataFrame) -> pl.DataFrame:
    """Return why the images of scans are too few for a dose, one row a series that shows one."""
    shown = pl.concat_list("lengthened_by", pl.concat_list("read_from"))
    return (
        headers.filter(pl.col("lacking").is_not_null() & pl.col("dlp_mgy_cm").is_null())
        .select("lacking", series_key=shown)
        .explode("series_key")
        .group_by("series_key")
        .agg(pl.col("lacking").min())
    )


def _missing(columns: tuple[str, ...]) -> pl.Expr:
    names = [
        pl.when(_absent(name)).then(pl.lit(SERIES.column(name).name)).otherwise(None)
        for name in columns
    ]
    return pl.concat_list(names).list.drop_nulls().list.join(", ")


def _absent(name: str) -> pl.Expr:
    absent = pl.col(name).is_null()
    return absent | (pl.col(name) == "unknown") if name == "body_region" else absent


def _lonely(headers: pl.DataFrame) -> pl.Expr:
    """Return whether an event is read from a derived series: no original images are there."""
    lonely = pl.col("irradiation_event_uids").is_not_null()
    derived = headers.filter("derived_only")["read_from"].to_list()
    counted = pl.col("series_key").is_in(derived)
    return (pl.col("role") == SeriesRole.RECONSTRUCTION) & lonely & counted


def _state(headers: pl.DataFrame) -> pl.Expr:
    role, read = pl.col("role"), pl.col("irradiation_event_uids").is_not_null()
    projection = pl.col("report_kind").is_in(["projection", "nuclear"])
    enough = pl.col("lacking").is_null()
    mapped = ((pl.col("missing") == "") & enough) | ((role == SeriesRole.DOSE_REPORT) & read)
    unused = (role == SeriesRole.OTHER) | projection
    unused |= (role == SeriesRole.RECONSTRUCTION) & ~_lonely(headers)
    return (
        pl.when(unused.fill_null(False))
        .then(pl.lit(MappingState.UNUSED.value))
        .when(mapped.fill_null(False))
        .then(pl.lit(MappingState.MAPPED.value))
        .otherwise(pl.lit(MappingState.INCOMPLETE.value))
    )


def _reason(headers: pl.DataFrame) -> pl.Expr:
    role, report = pl.col("role"), pl.col("report_kind")
    report_words = report.replace_strict(REPORT_KINDS, default=None, return_dtype=pl.String)
    modality = pl.col("Modality").str.extract(r"^([A-Z]{2,16})$").fill_null("unknown")
    unsupported = pl.format("modality {} is not part of this application", modality)
    return (
        pl.when(role == SeriesRole.RECONSTRUCTION)
        .then(pl.when(_lonely(headers)).then(pl.lit(DERIVED_ONLY)).otherwise(pl.lit(COUNTED)))
        .when(report == "ct")
        .then(pl.lit(NO_EVENT))
        .when(report.is_not_null())
        .then(report_words)
        .when(role == SeriesRole.DOSE_REPORT)
        .then(pl.lit(SCREEN))
        .when(role == SeriesRole.OTHER)
        .then(pl.when(pl.col("Modality") == "CT").then(pl.lit(SECONDARY)).otherwise(unsupported))
        .when(pl.col("missing") == "")
        .then("lacking")
        .when(pl.col("lacking").is_not_null())
        .then(pl.format("missing: {}; {}", "missing", "lacking"))
        .otherwise(pl.format("missing: {}", "missing"))
    )
