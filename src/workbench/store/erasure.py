"""Erase patients, and prove that nothing remains of them.

Parts that hold a patient are written anew without the patient's rows, the new list of parts is
published at once, and old parts are removed when no reader can hold them any more.  The catalogue
overwrites what it deletes and is then written anew, so that free pages hold nothing either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from workbench.errors import StoreError
from workbench.schema import FINDING, Table
from workbench.store.catalogue import count_erasure
from workbench.store.database import Database
from workbench.store.erasure_proof import Proof, prove
from workbench.store.parts import PartFile
from workbench.store.patient_identities import forget
from workbench.store.tables import OvertakenError, Part, PartTables

MAX_TRIES = 20  # that another process may interfere with; each looks only at what is new
# Tables of the catalogue that hold text.
CATALOGUED = ("series", "identity", "refused", "inbox", "finding", "fingerprint", "run",
              "report_plan", "report_run", "report_letter")  # fmt: skip


@dataclass(frozen=True)
class Traces:
    """Everything by which patients could be found again in a workspace.

    Attributes
    ----------
    patients
        Their pseudonyms.
    studies, series
        Pseudonymous UIDs.
    objects
        Numbers of their objects.
    sops
        Digests of the objects' UIDs, as the catalogue holds them.
    """

    patients: tuple[str, ...]
    studies: frozenset[str]
    series: frozenset[str]
    objects: frozenset[int]
    sops: tuple[bytes, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """What may stand in a file as text."""
        return tuple(sorted({*self.patients, *self.studies, *self.series}))


@dataclass(frozen=True)
class _LookedAt:
    """A part, and what was written in its place; ``None`` where it names nobody."""

    old: Part
    new: PartFile | None


class Erasure:
    """Erases patients from one store."""

    def __init__(self, database: Database, tables: PartTables) -> None:
        self._database = database
        self._tables = tables

    def traces(self, patients: Iterable[str]) -> Traces:
        """Return what the catalogue knows of patients, given by their pseudonyms."""
        names = tuple(sorted(set(patients)))
        series = self._database.all_among("SELECT * FROM series WHERE patient IN ({})", names)
        objects = self._database.all_among(
            "SELECT number, sop FROM object WHERE series IN ({})", [row["number"] for row in series]
        )
        return Traces(
            names,
            frozenset(row["study_uid"] for row in series) - {""},
            frozenset(row["series_uid"] for row in series) - {""},
            frozenset(row["number"] for row in objects),
            tuple(bytes(row["sop"]) for row in objects),
        )

    def erase(self, traces: Traces) -> int:
        """Erase patients; return the number of their objects.  Old parts are retired.

        What another process adds or replaces meanwhile is not lost, and is looked at too.
        """
        looked: dict[str, _LookedAt] = {}
        with self._tables.place.writing():
            for _ in range(MAX_TRIES):
                try:
                    self._look(traces, looked)
                    self._database.atomically(lambda: self._swap(traces, looked))  # noqa: B023
                except OvertakenError:
                    traces = self._anew(traces, looked)
                else:
                    return len(traces.objects)
            for look in looked.values():
                self._drop(look)
        raise StoreError(
            "other programs kept changing the tables.", "Stop the collector, then try again."
        )

    def _look(self, traces: Traces, looked: dict[str, _LookedAt]) -> None:
        """Write those parts anew, without the patients' rows, that were not looked at yet."""
        for part in self._tables.parts():
            if part.file not in looked:
                with self._tables.reading([part]):
                    looked[part.file] = _LookedAt(part, self._without(part, traces))

    def _without(self, part: Part, traces: Traces) -> PartFile | None:
        theirs = _theirs(part.table, traces)
        if theirs is None:
            return None
        place = self._tables.place
        rows = place.scan(part.table, [part.file]).select(theirs.fill_null(value=False))
        named = rows.collect().to_series()
        if not named.any():
            return None  # a part keeps its columns, also those only a newer program knows
        return place.write(part.table, place.raw(part.file).collect().filter(~named))

    def _swap(self, traces: Traces, looked: dict[str, _LookedAt]) -> None:
        """Put the new parts in place, in a transaction in which nothing of them is new."""
        parts = self._tables.parts()
        if self.traces(traces.patients) != traces or any(p.file not in looked for p in parts):
            raise OvertakenError
        for look in looked.values():
            if look.new is not None:
                self._tables.replace(look.old.table, [look.old], [look.new])
        self._forget(traces)
        count_erasure(self._database)

    def _anew(self, traces: Traces, looked: dict[str, _LookedAt]) -> Traces:
        """Return the patients' traces as they are now; forget looks that no longer hold."""
        now = self.traces(traces.patients)
        counting = {part.file for part in self._tables.parts()}
        for file in list(looked):
            if now != traces or file not in counting:
                self._drop(looked.pop(file))
        return now

    def _drop(self, look: _LookedAt) -> None:
        if look.new is not None:
            self._tables.place.remove(look.new.name)

    def _forget(self, traces: Traces) -> None:
        change = self._database.change_among
        for statement in (
            "DELETE FROM inbox WHERE number IN ({})",
            "DELETE FROM finding WHERE object IN ({})",
            "DELETE FROM object WHERE number IN ({})",
        ):
            change(statement, traces.objects)
        change("DELETE FROM refused WHERE sop IN ({})", traces.sops)
        change("DELETE FROM fingerprint WHERE study_uid IN ({})", traces.studies)
        change("DELETE FROM series WHERE patient IN ({})", traces.patients)
        forget(self._database, traces.patients, traces.studies)


def _theirs(table: Table, traces: Traces) -> pl.Expr | None:
    """Say which rows of a table are the patients'; ``None`` where no row can be."""
    if "patient" in table.names:
        return pl.col("patient").is_in(traces.patients)
    if table is FINDING:
        return pl.col("StudyInstanceUID").is_in(list(traces.studies)) | pl.col(
            "object_number"
        ).is_in(list(traces.objects))
    return None


@dataclass(frozen=True)
class Remains:
    """What is left of erased patients; all is well when nothing is.

    Attributes
    ----------
    rows
        Rows that name them, by where they stand: a table's parts, or the catalogue.
    strangers
        Parts that the catalogue does not name and that could not be removed yet.
    retired
        Replaced parts that some reader may still hold.
    searched
        What was looked for in the other files of the workspace, and what was found.
    """

    rows: dict[str, int]
    strangers: int
    retired: int
    searched: Proof

    @property
    def nothing(self) -> bool:
        """Whether nothing is left."""
        return not (self.rows or self.strangers or self.retired or self.searched.left)


def remains(database: Database, tables: PartTables, folder: Path, traces: Traces) -> Remains:
    """Look for traces of patients in parts, catalogue and every other file of a workspace.

    Every part that lies there is read, in all its text, whether it counts or not.
    """
    counts: Counter[str] = Counter()
    for name in sorted(tables.place.names()):
        if name.endswith(".parquet"):
            of = name.rpartition("-")[0]
            counts[f"parts of {of}"] += _rows_naming(tables.place.raw(name), traces)
    for name in CATALOGUED:
        counts[f"catalogue, {name}"] += _rows_in(database, name, traces)
    known = database.all_among("SELECT 1 FROM object WHERE sop IN ({})", traces.sops)
    counts["catalogue, object"] += len(known)
    return Remains(
        {where: rows for where, rows in counts.items() if rows},
        len(tables.place.names() - tables.named()),
        tables.retired(),
        prove(folder, traces.texts, len(traces.objects)),
    )


def _rows_naming(rows: pl.LazyFrame, traces: Traces) -> int:
    """Count the rows of a part that name a patient, in any of its columns of text."""
    if not traces.texts:  # nobody was asked for: nothing names nobody
        return 0
    columns = rows.collect_schema()
    texts = [name for name, kind in columns.items() if kind == pl.String]
    lists = [name for name, kind in columns.items() if kind == pl.List(pl.String)]
    words = [pl.col(texts), *(pl.col(column).list.join("\0") for column in lists)]
    naming = pl.any_horizontal(
        *(word.str.contains_any(list(traces.texts)).fill_null(value=False) for word in words)
    )
    return int(rows.select(naming.sum()).collect(engine="streaming").item())


def _rows_in(database: Database, table: str, traces: Traces) -> int:
    if not traces.texts:
        return 0
    named = re.compile("|".join(map(re.escape, traces.texts)))
    rows = database.all(f"SELECT * FROM {table}")  # noqa: S608 - a name of our own
    columns = database.columns(table)  # a row of one engine is a tuple of values, of another a dict
    return sum(any(named.search(str(row[column])) for column in columns) for row in rows)
