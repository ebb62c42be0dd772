"""What must be done before a stage, where it was not: said to whoever runs it too early."""

from __future__ import annotations

import polars as pl

from workbench.survey import Survey


def before_mapping(survey: Survey) -> str:
    """Return what to do first where there is nothing to map yet; else an empty text."""
    if _count(survey, "instance"):
        return ""
    return (
        "There are no objects yet. Bring some in with: workbench import FOLDER, workbench receive "
        "or workbench collect run"
    )


def before_dosing(survey: Survey) -> str:
    """Return what to do first where objects are there but were never mapped; else empty."""
    if _count(survey, "series") or not _count(survey, "instance"):
        return ""
    return "There are objects, but they are not mapped yet. Run first: workbench map"


def _count(survey: Survey, table: str) -> int:
    return int(survey.lazy(table).select(pl.len()).collect().item())
