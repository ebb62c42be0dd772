"""The numbered steps from one schema of a workspace to the next.

A step is due when ``schema.INSTANCE`` or the definitions of the catalogue change; derived tables
need none.  Steps run in their order, on every engine, in one transaction: all of them, or none.
A step may find its work done and then does nothing: schemas 1 and 2 are written anew
(``upgrade``) by today's definitions, and go through the steps all the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.dicom.record import typed
from workbench.schema import INSTANCE, SCHEMA_VERSION
from workbench.store.database import Database
from workbench.store.instances import known, plain, with_moments
from workbench.store.integrity import Told, untold
from workbench.store.part_columns import damaged, read_whole
from workbench.store.tables import PartTables

FIRST = 3  # older schemas are written anew


@dataclass(frozen=True)
class Work:
    """What a step works on, within its transaction."""

    database: Database
    tables: PartTables
    told: Told = untold


@dataclass(frozen=True)
class SchemaStep:
    """One step of the schema.

    Attributes
    ----------
    before
        The version it starts from; it leads to the next one.
    reason
        One line: what is new.
    work
        What it does.
    by_opening
        Whether opening a workspace does it, rather than ``workbench store upgrade``: only what
        takes no time, and what a program of the version before can live with.
    """

    before: int
    reason: str
    work: Callable[[Work], None]
    by_opening: bool = False


def nothing(work: Work) -> None:
    """Do nothing: old rows have nulls in a new column, and opening makes new tables."""


def catalogue_column(table: str, column: str, kind: str) -> Callable[[Work], None]:
    """Return the work that adds a column to a table of the catalogue, with nulls."""

    def work(on: Work) -> None:
        if column not in on.database.columns(table):
            on.database.define(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")

    return work


def instance_columns(*names: str, **worked_out: pl.Expr) -> Callable[[Work], None]:
    """Return the work that fills new columns of the instance table in rows that are stored.

    Those named by a keyword are read from the stored headers, what cannot be read is null; those
    given an expression are worked out of the other columns.
    """

    def work(on: Work) -> None:
        parts = on.tables.parts(INSTANCE)
        for done, part in enumerate(parts):
            on.told(done, len(parts))
            old = read_whole(on.tables.place, INSTANCE, part.file)
            new = old.with_columns(_filled(old, names, worked_out))
            if new.width > old.width:
                on.tables.replace(INSTANCE, [part], [on.tables.place.write(INSTANCE, new)])
        on.told(len(parts), len(parts))
        _fill_inbox(on.database, names, worked_out)

    return work


def _filled(
    frame: pl.DataFrame, names: tuple[str, ...], worked_out: Mapping[str, pl.Expr]
) -> list[pl.Series]:
    """Return those new columns that a frame of instances lacks."""
    types, rows = INSTANCE.polars(), INSTANCE.fit(frame)
    lacking = [name for name in names if name in types and name not in frame.columns]
    headers = [_header(text) for text in rows["header"]] if lacking else []
    read = [
        pl.Series(name, [_read(header, name) for header in headers], types[name])
        for name in lacking
    ]
    out = [
        rows.with_columns(how.cast(types[name]).alias(name))[name]
        for name, how in worked_out.items()
        if name in types and name not in frame.columns
    ]
    return read + out


def _read(header: dict[str, Any], name: str) -> object:
    column = INSTANCE.column(name)
    return typed(header, column, []) if column.copied else None


def _header(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise damaged() from error


def _fill_inbox(
    database: Database, names: tuple[str, ...], worked_out: Mapping[str, pl.Expr]
) -> None:
    for waiting in database.all("SELECT number, content FROM inbox"):
        row = _header(waiting["content"])
        frame = INSTANCE.frame([with_moments(known(row, INSTANCE), INSTANCE)])
        lacking = [name for name in (*names, *worked_out) if name not in row]
        filled = _filled(frame.drop(lacking, strict=False), names, worked_out)
        new = {column.name: column.to_list()[0] for column in filled}
        database.write(
            "UPDATE inbox SET content = ? WHERE number = ?",
            json.dumps({**row, **new}, default=plain), waiting["number"],
        )  # fmt: skip


# Columns of the instance table that came with schema 8.
SINCE_8 = (
    "ImagesInAcquisition", "NumberOfFrames", "TemporalPositionIdentifier",
    "NumberOfTemporalPositions", "PatientPosition", "PatientState", "RotationDirection",
    "FilterType", "ContrastBolusRoute", "ExposureInuAs", "DataCollectionDiameter", "TableHeight",
    "ScanLength", "AcquisitionDuration", "EstimatedDoseSaving", "GeneratorPower",
    "ContrastBolusVolume", "TriggerTime", "NominalPercentageOfCardiacPhase", "PixelSpacing",
    "FocalSpots", "ReconstructionTargetCenterPatient", "DataCollectionCenterPatient",
)  # fmt: skip

STEPS = (
    SchemaStep(3, "ages by birthdays and offsets from UTC, null in rows stored before; by which "
               "rules an object was de-identified",
               catalogue_column("object", "profile", "BIGINT")),
    SchemaStep(4, "under which patient a study is kept, whose objects name several: a table that "
               "opening makes", nothing, by_opening=True),
    SchemaStep(5, "plans of reports and their runs: two tables that opening makes", nothing,
               by_opening=True),
    SchemaStep(6, "letters about runs of reports: a table that opening makes", nothing,
               by_opening=True),
    SchemaStep(7, "how many images an acquisition has, phases, position, contrast and what else "
               "of a CT header is per slice: read from the stored headers",
               instance_columns(*SINCE_8)),
)  # fmt: skip


def steps_from(version: int) -> tuple[SchemaStep, ...] | None:
    """Return the steps from a version to today's; ``None`` where it must be written anew."""
    if version < FIRST:
        return None
    return tuple(step for step in STEPS if version <= step.before < SCHEMA_VERSION)
