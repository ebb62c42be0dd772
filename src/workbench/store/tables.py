"""The tables as immutable parts, of which the catalogue says which ones count."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from workbench.errors import StoreError
from workbench.schema import TABLES, Table
from workbench.store.catalogue import erasures
from workbench.store.database import Database
from workbench.store.parts import PartFile, Place

GRACE_PERIOD_S = 600.0  # a reader may still hold a part that was replaced


class OvertakenError(Exception):
    """Another process has replaced the same parts or moved the same rows: its work counts."""


@dataclass(frozen=True)
class Part:
    """A part that counts: its file, and what the catalogue knows of it."""

    file: str
    table: Table
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class TableVersion:
    """What some tables are at a moment; who replaces them says which one the work began with.

    Attributes
    ----------
    files
        The parts that count, by the name of their table.
    erasures
        How often patients were erased: rows read before that may name them.
    """

    files: Mapping[str, tuple[str, ...]]
    erasures: int


def nothing_else() -> None:
    """Write nothing else."""


class PartTables:
    """The table ``part`` of a catalogue, and the files it names."""

    def __init__(self, database: Database, place: Place) -> None:
        self._database = database
        self.place = place

    def parts(self, table: Table | None = None) -> list[Part]:
        """Return the parts that count, oldest first: of one table, or of all."""
        rows = self._database.all(
            "SELECT * FROM part WHERE retired_at IS NULL AND (? = '' OR table_name = ?)"
            " ORDER BY number",
            *[table.name if table else ""] * 2,
        )
        return [
            Part(
                row["file"], table_named(row["table_name"]), row["rows"], row["size"], row["sha256"]
            )
            for row in rows
        ]

    def scan(self, table: Table) -> pl.LazyFrame:
        """Return a table as a lazy frame."""
        return self.place.scan(table, [part.file for part in self.parts(table)])

    @contextmanager
    def reading(self, parts: Sequence[Part]) -> Iterator[None]:
        """Raise ``OvertakenError`` for an error of reading parts that no longer count.

        Another process has replaced them, and erased their files without waiting for readers.
        """
        try:
            yield
        except (OSError, pl.exceptions.PolarsError, StoreError) as error:
            counting = {part.file for part in self.parts()}
            if all(part.file in counting for part in parts):
                raise
            raise OvertakenError from error

    def version(self, names: Iterable[str]) -> TableVersion:
        """Return what some tables are now."""
        files = {name: tuple(part.file for part in self.parts(TABLES[name])) for name in names}
        return TableVersion(files, erasures(self._database))

    def publish(
        self,
        frames: Mapping[str, pl.DataFrame],
        since: TableVersion | None = None,
        also: Callable[[], None] = nothing_else,
    ) -> None:
        """Replace tables by new ones, all at once; ``also`` writes what belongs to them.

        Raises ``OvertakenError``, and keeps nothing, where the tables of ``since`` are no longer
        what they were then, or patients have been erased.
        """
        with self.place.writing():
            written = {
                name: self.place.write(TABLES[name], frame) for name, frame in frames.items()
            }

            def swap() -> None:
                if since is not None and self.version(since.files) != since:
                    raise OvertakenError
                for name, file in written.items():
                    self.retire(part.file for part in self.parts(TABLES[name]))
                    self.note(TABLES[name], file)
                also()

            try:
                self._database.atomically(swap)
            except OvertakenError:
                for file in written.values():
                    self.place.remove(file.name)
                raise
        self.sweep()

    def replace(self, table: Table, old: Sequence[Part], new: Iterable[PartFile]) -> None:
        """Put new parts in the place of old ones, within a transaction.

        Raises ``OvertakenError`` when one of the old ones no longer counts.
        """
        if self.retire(part.file for part in old) != len(old):
            raise OvertakenError
        for file in new:
            self.note(table, file)

    def retire(self, files: Iterable[str]) -> int:
        """Say that parts no longer count; returns of how many that was new."""
        return self._database.change_among(
            f"UPDATE part SET retired_at = {time.time()!r}"  # noqa: S608 - a number of ours
            " WHERE retired_at IS NULL AND file IN ({})",
            files,
        )

    def note(self, table: Table, file: PartFile) -> None:
        """Say that a part counts; one without rows is not needed."""
        if not file.rows:
            self.place.remove(file.name)
            return
        self._database.write(
            "INSERT INTO part (file, table_name, rows, size, sha256) VALUES (?, ?, ?, ?, ?)",
            file.name, table.name, file.rows, file.size, file.sha256,
        )  # fmt: skip

    def sweep(self, grace: float = GRACE_PERIOD_S) -> None:
        """Remove parts replaced a while ago, and files a cut-off run left behind."""
        before = time.time() - grace
        old = self._database.all("SELECT file FROM part WHERE retired_at <= ?", before)
        names = [row["file"] for row in old]
        self._database.change_among("DELETE FROM part WHERE file IN ({})", names)
        for name in names:
            self.place.remove(name)
        self.place.remove_strangers(self.named)

    def retired(self) -> int:
        """Return how many replaced parts wait for their removal."""
        row = self._database.one("SELECT count(*) AS n FROM part WHERE retired_at IS NOT NULL")
        return int(row["n"]) if row else 0

    def named(self) -> set[str]:
        """Return the files of all parts, also of those that no longer count."""
        return {row["file"] for row in self._database.all("SELECT file FROM part")}


def table_named(name: str) -> Table:
    """Return a table by its name; raises ``StoreError`` for one that a newer program made."""
    if name not in TABLES:
        raise StoreError(
            "this workspace has a table that this version of Workbench does not know.",
            "Use the version that wrote it, or a newer one.",
        )
    return TABLES[name]
