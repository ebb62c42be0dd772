"""Which studies a stage must work on again, and its tables with their old and new rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import polars as pl

from workbench import __version__
from workbench.schema import FINDING, Table
from workbench.survey import Survey


def study_fingerprints(
    rows: pl.LazyFrame, column: str, tables: Iterable[Table], method: str = ""
) -> dict[str, str]:
    """Return a digest of each study's input and of what will be done with it.

    ``tables`` are those the stage reads and writes: where one has a new column, every study is
    new to the stage.
    """
    same = [__version__, method, *(table.shape for table in tables)]
    frame = (
        rows.select(pl.col("StudyInstanceUID").fill_null(""), column)
        .group_by("StudyInstanceUID")
        .agg(pl.col(column).sort())
        .collect()
    )
    return {
        study: hashlib.sha256("\0".join([*same, *parts]).encode()).hexdigest()
        for study, parts in frame.iter_rows()
    }


def changed_studies(known: Mapping[str, str], inputs: Mapping[str, str]) -> set[str]:
    """Return the studies whose input is not what a stage, as is known, last worked on."""
    return {study for study, value in inputs.items() if known.get(study) != value}


def in_studies(studies: Iterable[str]) -> pl.Expr:
    """Return the condition that a row is of one of the studies ("" for none)."""
    return pl.col("StudyInstanceUID").fill_null("").is_in(sorted(studies))


def merged(survey: Survey, table: Table, kept: set[str], new: pl.DataFrame) -> pl.DataFrame:
    """Return a derived table: its rows of studies to be kept, and the new ones."""
    if not kept:  # all is done anew: what was kept in a form of another version is not read
        rows = table.fit(new)
    else:
        old = survey.store.table(table.name).filter(in_studies(kept))
        rows = pl.concat([old, table.fit(new)])
    return rows.sort(*table.key, nulls_last=True) if table.key else rows


def merged_findings(survey: Survey, stage: str, kept: set[str], new: pl.DataFrame) -> pl.DataFrame:
    """Return the findings: those of other stages and kept studies, and the new ones."""
    old = survey.store.derived("finding").filter((pl.col("stage") != stage) | in_studies(kept))
    return pl.concat([old, FINDING.fit(new)])
