"""A small relational database in one file: SQLite, used so that what is acknowledged stays."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.errors import StoreError

BUSY_SECONDS = 10.0


class Database:
    """One connection to one file, usable from several threads in turn.

    A transaction that returns is on disk (``synchronous=FULL``); what is deleted is overwritten
    (``secure_delete``), because rows may have to be forgotten for good.
    """

    def __init__(self, file: Path, tables: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        with _explained():
            self._connection = sqlite3.connect(
                file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.executescript(tables)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside one unit: all of it is kept, or nothing."""
        with self._lock, _explained():
            self._depth += 1
            if self._depth == 1:
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all queries inside see one state, whatever another process writes meanwhile."""
        with self._lock, _explained():
            outermost = not self._connection.in_transaction
            if outermost:
                self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if outermost:
                    self._connection.execute("COMMIT")

    def write(self, statement: str, *values: Any) -> int:
        """Run one writing statement; return the number of the last row inserted."""
        with self._lock, _explained():
            return self._connection.execute(statement, values).lastrowid or 0

    def change(self, statement: str, *values: Any) -> int:
        """Run one writing statement; return how many rows it changed."""
        with self._lock, _explained():
            return self._connection.execute(statement, values).rowcount

    def one(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row of a query, or ``None``."""
        with self._lock, _explained():
            row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
            return row

    def all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._lock, _explained():
            return self._connection.execute(statement, values).fetchall()

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one writing statement for many rows; return how many rows it changed."""
        with self.transaction():
            return self._connection.executemany(statement, rows).rowcount

    def vacuum(self) -> None:
        """Write the file anew without its free pages, and empty its journal."""
        with self._lock, _explained():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        # SQLite's own words name tables and columns only, never a value.
        raise StoreError(
            f"the database refused: {error}.",
            "If another Workbench is writing, wait for it; else check disk space and rights.",
        ) from error
