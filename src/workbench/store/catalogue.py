"""The relational catalogue: objects, verdicts, findings, runs and the list of parts."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.errors import StoreError
from workbench.schema import SCHEMA_VERSION

FILE = "catalogue.sqlite"
BUSY_SECONDS = 10.0

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    verdict TEXT NOT NULL, code TEXT, reason TEXT,
    source TEXT NOT NULL, received_at TEXT NOT NULL,
    sop_uid TEXT, content_sha256 TEXT, origin TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS object_stored ON object (sop_uid) WHERE verdict = 'stored';
CREATE UNIQUE INDEX IF NOT EXISTS object_origin ON object (origin) WHERE origin IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_uid ON object (sop_uid);
CREATE TABLE IF NOT EXISTS inbox (number INTEGER PRIMARY KEY, row TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS finding (row TEXT NOT NULL, number INTEGER);
CREATE TABLE IF NOT EXISTS part (
    file TEXT PRIMARY KEY, table_name TEXT NOT NULL, rows INTEGER NOT NULL, retired_at REAL
);
CREATE TABLE IF NOT EXISTS fingerprint (
    stage TEXT NOT NULL, study_uid TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (stage, study_uid)
);
CREATE TABLE IF NOT EXISTS run (
    run_number INTEGER PRIMARY KEY AUTOINCREMENT,
    stage TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
    version TEXT NOT NULL, outcome TEXT, counts TEXT
);
"""


class Catalogue:
    """One connection to the catalogue, usable from several threads in turn.

    A transaction that returns is on disk (``synchronous=FULL``).
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        with _explained():
            self._connection = sqlite3.connect(
                folder / FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._prepare()

    def _prepare(self) -> None:
        self._connection.executescript(TABLES)
        known = self.one("SELECT value FROM meta WHERE name = 'schema_version'")
        if known is None:
            self.write("INSERT INTO meta VALUES ('schema_version', ?)", str(SCHEMA_VERSION))
        elif int(known["value"]) > SCHEMA_VERSION:
            raise StoreError(
                f"this workspace has schema {known['value']}, newer than {SCHEMA_VERSION}.",
                "Use the version of Workbench that wrote it, or a newer one.",
            )

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
            f"the catalogue refused: {error}.",
            "If another Workbench is writing, wait for it; else check disk space and rights.",
        ) from error
