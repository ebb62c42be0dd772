"""What a survey keeps of one irradiation event: every source, its doses, findings and objects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from workbench.store.database_wait import PAGE_LIMIT_S
from workbench.survey import Survey, open_survey

OBJECT = (
    "SOPInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber", "InstanceNumber",
    "IrradiationEventUID",
)  # fmt: skip
REPORT = "SR"  # a dose report speaks of every event of its study
Key = tuple[str | None, str | None]


@dataclass(frozen=True)
class EventRows:
    """The rows of one event.

    Attributes
    ----------
    sources
        Rows of ``schema.IRRADIATION_EVENT``, that to count first.
    doses, findings
        Rows of ``schema.DOSE_ESTIMATE`` and ``schema.FINDING``; findings of its study and series,
        where they are not of another event.
    objects
        The objects that show or report it, without their headers, in the order of their series.
    """

    sources: pl.DataFrame
    doses: pl.DataFrame
    findings: pl.DataFrame
    objects: pl.DataFrame


def event_rows(folder: Path, key: Key) -> EventRows:
    """Read one event by its study and UID; raises ``WorkbenchError`` where that cannot be."""
    survey = open_survey(folder, wait_s=PAGE_LIMIT_S)
    try:
        sources = _of(survey, "irradiation_event", key).sort(
            "preferred", "source", descending=[True, False], nulls_last=True
        )
        return EventRows(
            sources, _of(survey, "dose_estimate", key).sort("quantity", "organ", "method"),
            _findings(survey, key, sources), _objects(survey, key, sources),
        )  # fmt: skip
    finally:
        survey.close()


def stored_header(folder: Path, study: str | None, uid: str) -> str | None:
    """Return the de-identified header of an object as JSON; ``None`` where it is there no more."""
    survey = open_survey(folder, wait_s=PAGE_LIMIT_S)
    try:
        found = (
            survey.lazy("instance")
            .filter(pl.col("StudyInstanceUID").eq_missing(study), pl.col("SOPInstanceUID") == uid)
            .select("header")
            .collect()
        )
    finally:
        survey.close()
    return found["header"][0] if found.height else None


def _of(survey: Survey, table: str, key: Key) -> pl.DataFrame:
    study, event = key
    return (
        survey.lazy(table)
        .filter(
            pl.col("StudyInstanceUID").eq_missing(study),
            pl.col("irradiation_event_uid").eq_missing(event),
        )
        .collect()
    )


def _series_of(sources: pl.DataFrame) -> list[str]:
    named = sources["SeriesInstanceUIDs"].explode().drop_nulls()
    return named.unique().sort().to_list()


def _findings(survey: Survey, key: Key, sources: pl.DataFrame) -> pl.DataFrame:
    study, event = key
    of_event = pl.col("irradiation_event_uid").is_null() | (
        pl.col("irradiation_event_uid") == event
    )
    series = pl.col("SeriesInstanceUID")
    of_series = series.is_null() | series.is_in(_series_of(sources))
    return (
        survey.lazy("finding")
        .filter(pl.col("StudyInstanceUID") == study, of_event, of_series)
        .select("stage", "severity", "code", "column", "detail")
        .unique()
        .sort("severity", "stage", "code", "column", nulls_last=True)
        .collect()
    )


def _objects(survey: Survey, key: Key, sources: pl.DataFrame) -> pl.DataFrame:
    study, event = key
    objects = (
        survey.lazy("instance")
        .filter(pl.col("StudyInstanceUID").eq_missing(study))
        .select(OBJECT)
        .collect()
    )
    shows = pl.col("SeriesInstanceUID").is_in(_series_of(sources))
    named = pl.col("IrradiationEventUID") == event
    behind = objects.filter((shows | named | (pl.col("Modality") == REPORT)).fill_null(value=False))
    return behind.sort(
        "SeriesNumber", "SeriesInstanceUID", "InstanceNumber", "SOPInstanceUID", nulls_last=True
    )
