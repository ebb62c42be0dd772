"""The instance table: rows come in one by one or many at once, and move into parts.

A row of its own waits in the catalogue (the inbox), where it is durable at once; many rows make
a part of their own.  Compaction moves the first and joins the second, so that a part holds whole
series: neighbours differ in a dozen elements, and the compression sees them side by side.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from workbench.errors import StoreError
from workbench.model import Verdict
from workbench.schema import INSTANCE, Table
from workbench.store.database import Database
from workbench.store.objects import ObjectDecision, Objects, Taken, now
from workbench.store.parts import PartFile
from workbench.store.tables import OvertakenError, Part, PartTables

PART_ROWS = 20_000  # about 250 MB of headers as JSON in memory while a part is made
# Rows that may wait in the catalogue while others come in, about 12 MB: its file never gives pages
# back by itself, so what waits at a time is what it keeps for good.
WAITING_ROWS = 1_000
ORDER = ("patient", "StudyInstanceUID", "SeriesInstanceUID", "InstanceNumber", "object_number")


class Instances:
    """Rows of ``schema.INSTANCE`` in a catalogue's inbox and in parts."""

    def __init__(self, database: Database, tables: PartTables, objects: Objects) -> None:
        self._database = database
        self._tables = tables
        self._objects = objects

    def add(self, taken: Taken) -> ObjectDecision:
        """Keep one object; it is on disk when this returns (or when the transaction ends)."""
        return self._objects.atomically(lambda: self._added(taken))

    def _added(self, taken: Taken) -> ObjectDecision:
        decisions = self._objects.decide([taken], self._objects.reserve(1))
        self._objects.note([taken], decisions)
        for number, row in _numbered([taken], decisions):
            self._database.write(
                "INSERT INTO inbox (number, content) VALUES (?, ?)",
                number, json.dumps(row, default=plain),
            )  # fmt: skip
        return decisions[0]

    def extend(self, taken: Sequence[Taken]) -> list[ObjectDecision]:
        """Keep many objects as a part of their own; all are on disk when this returns."""
        decisions: list[ObjectDecision] | None = None
        while decisions is None:
            decisions = self._extended(taken)
        return decisions

    def _extended(self, taken: Sequence[Taken]) -> list[ObjectDecision] | None:
        """Write the part outside of the transaction, in which all must still be as decided.

        Where the database fails, the part is left: it may be that all was kept and only the
        answer was lost.  If no row names it, the next sweep removes it.
        """
        first = self._database.atomically(lambda: self._objects.reserve(len(taken)))
        decisions = self._objects.decide(taken, first)
        rows = [row for _, row in _numbered(taken, decisions)]
        with self._tables.place.writing():
            part = self._tables.place.write(INSTANCE, instance_frame(rows)) if rows else None

            def note() -> None:
                if self._objects.decide(taken, first) != decisions:
                    raise OvertakenError
                self._objects.note(taken, decisions)
                if part is not None:
                    self._tables.note(INSTANCE, part)

            try:
                self._objects.atomically(note)
            except OvertakenError:
                if part is not None:
                    self._tables.place.remove(part.name)
                return None
        return decisions

    # --- compaction --------------------------------------------------------------------------

    def compact(self, only_when_full: bool = False) -> int:
        """Move the inbox into parts and join small ones; return how many rows left the inbox.

        ``only_when_full``: nothing is moved before as many rows wait as may, and small parts are
        joined once they make a whole one.
        """
        if only_when_full and self.waiting() < _most_waiting():
            return 0
        moved = 0
        while rows := self._unload():
            moved += rows
        while (not only_when_full or self._small_rows() >= PART_ROWS) and self._join():
            pass
        return moved

    def _unload(self) -> int:
        """Move one batch; several processes may try at once, each row goes into one part only.

        Deleted rows are overwritten in the journal first: it grows by what one batch holds.
        """
        waiting = self._waiting(_most_waiting())
        if not waiting:
            return 0
        frame = waiting_frame(waiting)
        numbers = [row["number"] for row in waiting]
        with self._tables.place.writing():
            part = self._tables.place.write(INSTANCE, frame)
            return frame.height if self._swapped(numbers, [], [part]) else 0

    def _small(self) -> list[Part]:
        return [part for part in self._tables.parts(INSTANCE) if part.rows <= PART_ROWS // 2]

    def _small_rows(self) -> int:
        return sum(part.rows for part in self._small())

    def _join(self) -> bool:
        """Join small parts into one; say whether there was anything to join."""
        chosen, rows = [], 0
        for part in self._small():
            if rows + part.rows <= PART_ROWS:
                chosen.append(part)
                rows += part.rows
        if len(chosen) < 2:
            return False
        with self._tables.place.writing():
            try:
                with self._tables.reading(chosen):
                    files = [part.file for part in chosen]
                    frame = self._tables.place.scan(INSTANCE, files).collect()
            except OvertakenError:
                return True  # there may be others to join
            joined = self._tables.place.write(INSTANCE, frame.sort(*ORDER))
            return self._swapped([], chosen, [joined])

    def _swapped(
        self, numbers: Sequence[int], old: Sequence[Part], new: Sequence[PartFile]
    ) -> bool:
        """Put new parts in the place of inbox rows and old parts, unless another was quicker."""

        def swap() -> None:
            taken = self._database.change_among("DELETE FROM inbox WHERE number IN ({})", numbers)
            if taken != len(numbers):
                raise OvertakenError
            self._tables.replace(INSTANCE, old, new)

        try:
            self._database.atomically(swap)
        except OvertakenError:
            for part in new:
                self._tables.place.remove(part.name)
            return False
        return True

    # --- reading -----------------------------------------------------------------------------

    def scan(self) -> pl.LazyFrame:
        """Return all rows as a lazy frame."""
        parts, waiting = self._database.seen_at_once(
            lambda: (self._tables.scan(INSTANCE), self._waiting(-1))
        )
        if not waiting:
            return parts
        rows = waiting_frame(waiting)
        return pl.concat([parts, rows.lazy()])

    def beside_parts(self) -> pl.LazyFrame:
        """Return the rows that no part holds yet."""
        waiting = self._waiting(-1)
        return waiting_frame(waiting).lazy() if waiting else INSTANCE.empty().lazy()

    def _waiting(self, limit: int) -> list[Any]:
        """Return the oldest rows of the inbox, or all for a negative limit."""
        most = 2**62 if limit < 0 else limit
        return self._database.all("SELECT number, content FROM inbox ORDER BY number LIMIT ?", most)

    def waiting(self) -> int:
        """Return how many objects wait to be moved into a part."""
        row = self._database.one("SELECT count(*) AS waiting FROM inbox")
        return int(row["waiting"]) if row else 0


def _most_waiting() -> int:
    return min(WAITING_ROWS, PART_ROWS)


def _numbered(
    taken: Sequence[Taken], decisions: Sequence[ObjectDecision]
) -> list[tuple[int, dict[str, Any]]]:
    """Return the rows to be stored with what only the store knows of them."""
    at = now()
    return [
        (decision.number, {
            **(item.row or {}), "object_number": decision.number, "source": item.origin.source,
            "received_at": at,
        })
        for item, decision in zip(taken, decisions, strict=True)
        if decision.verdict is Verdict.STORED
    ]  # fmt: skip


def waiting_frame(waiting: Sequence[Any]) -> pl.DataFrame:
    """Return rows of the inbox as a frame, whatever columns they were written with.

    Raises ``StoreError``, which quotes nothing of them, where one is damaged.
    """
    try:
        return instance_frame([_read(row["content"]) for row in waiting])
    except (ValueError, TypeError, KeyError, pl.exceptions.PolarsError):
        raise StoreError(
            "a row that waits in the catalogue is damaged.",
            "workbench store check names it, with the remedy.",
        ) from None


def _read(content: str) -> dict[str, Any]:
    row = json.loads(content)
    return {"object_number": row["object_number"], **known(row, INSTANCE)}


def instance_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a frame in the order in which parts are sorted."""
    return INSTANCE.frame([with_moments(row, INSTANCE) for row in rows]).sort(*ORDER)


def known(row: dict[str, Any], table: Table) -> dict[str, Any]:
    """Return a row that was written by any version, without what its table does not have."""
    return {name: row[name] for name in table.names if name in row}


def with_moments(row: dict[str, Any], table: Table) -> dict[str, Any]:
    """Return a row whose dates and moments are no longer text."""
    for column in table.columns:
        text = row.get(column.name)
        if isinstance(text, str) and column.kind == "moment":
            row[column.name] = datetime.fromisoformat(text)
        elif isinstance(text, str) and column.kind == "date":
            row[column.name] = date.fromisoformat(text)
    return row


def plain(value: object) -> str:
    """Return a date or a moment as the text it is in the inbox."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
