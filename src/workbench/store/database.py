"""A small relational database: what the catalogue and the hospital's own lists ask of one.

Statements are written once, in what SQLite and PostgreSQL both understand: ``?`` stands for a
value, ``{serial}`` and ``{blob}`` in definitions for what each engine calls them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from workbench.errors import StoreError
from workbench.file_modes import create_private
from workbench.store.database_wait import (
    LOCK_TIMEOUT_S,
    DatabaseBusyError,
    DatabaseWait,
    WaitingDatabase,
)

JOURNAL_BYTES = 8 * 2**20  # what SQLite's journal keeps on disk between two transactions
PORTION = 1_000  # values of one IN (...): SQLite takes 32,766 (its limits page, item 9)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
Row = Any  # read by column name: row["x"]
T = TypeVar("T")


class DatabaseFullError(StoreError):
    """There is no room for what was to be written."""


@dataclass(frozen=True)
class DatabaseSize:
    """Room on the disk in bytes, journal included; ``free`` is what of it holds nothing.

    ``free`` is ``None`` where the engine does not say.
    """

    total: int
    free: int | None = None


class Database(Protocol):
    """One connection, usable from several threads in turn; errors are ``StoreError``.

    Another writer, and a server that is away, are waited for as ``waits`` says: at the beginning
    of a transaction, at a statement of its own, and within ``atomically`` and ``seen_at_once``.
    """

    waits: DatabaseWait

    def atomically(self, work: Callable[[], T]) -> T:
        """Do ``work`` in one transaction and return what it returns.

        Where the connection is lost on the way, nothing of it is kept, and it is done again from
        its beginning: it must say the same to the database, whatever it did before.  It is never
        kept twice.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """Make what is written inside one unit: all of it is kept, or nothing.

        One writer at a time; may be nested, the outermost one counts.  Raises ``StoreError``
        where the connection is lost on the way; ``atomically`` then tries again.
        """

    def seen_at_once(self, read: Callable[[], T]) -> T:
        """Return what ``read`` reads of one state, tried again where the connection is lost."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all queries inside see one state, whatever another process writes meanwhile."""

    def write(self, statement: str, *values: Any) -> None:
        """Run one writing statement."""

    def change(self, statement: str, *values: Any) -> int:
        """Run one writing statement; return how many rows it changed."""

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one writing statement for many rows; return how many rows it changed."""

    def one(self, statement: str, *values: Any) -> Row | None:
        """Return the first row of a query, or ``None``."""

    def all(self, statement: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""

    def all_among(self, statement: str, values: Iterable[Any]) -> list[Row]:
        """Return the rows of a query with ``IN ({})``, asked for some values at a time."""

    def change_among(self, statement: str, values: Iterable[Any]) -> int:
        """Run a writing statement with ``IN ({})`` as ``all_among`` asks."""

    def define(self, tables: str) -> None:
        """Run definitions; ``{serial}`` and ``{blob}`` stand for the engine's own words."""

    def has(self, table: str) -> bool:
        """Say whether there is a table."""

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns."""

    def reclaim(self) -> None:
        """Give back free pages, so that nothing of what was deleted remains in them."""

    def size(self) -> DatabaseSize:
        """Return how much room the database takes."""

    def check(self) -> list[str]:
        """Return what is wrong with the database itself, one sentence each."""

    def close(self) -> None:
        """Close the connection."""


def portions(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield values in lists of at most ``PORTION``."""
    waiting = list(values)
    for start in range(0, len(waiting), PORTION):
        yield waiting[start : start + PORTION]


def with_places(statement: str, values: Sequence[Any]) -> str:
    """Return a statement with as many ``?`` in its ``{}`` as there are values."""
    return statement.format(",".join("?" * len(values)))


class Sqlite(WaitingDatabase):
    """A database in one file.

    A transaction that returns is on disk (``synchronous=FULL``); what is deleted is overwritten
    (``secure_delete``), because rows may have to be forgotten for good.
    """

    def __init__(self, file: Path, tables: str = "") -> None:
        self._file = file
        super().__init__()
        with suppress(OSError):  # what stands in the way SQLite says as well
            create_private(file)  # SQLite gives its journal the mode of the file
        with _explained():
            self._connection = sqlite3.connect(
                file, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            self._set_up()
            self.define(tables)
        except BaseException:
            self._connection.close()
            raise

    def _set_up(self) -> None:
        self._connection.row_factory = sqlite3.Row
        for setting in (
            "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON",
            f"journal_size_limit = {JOURNAL_BYTES}",
        ):  # fmt: skip
            self._run(f"PRAGMA {setting}")

    def _run(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement; outside of a transaction it waits for other programs."""
        return self._asked(lambda: self._connection.execute(statement, values))

    def _asked(self, ask: Callable[[], T]) -> T:
        """Return what a statement answers; within a transaction, which is most of them, at once."""
        with self._lock:
            if self._writing or self._reading:
                return _answered(ask)
        return self._waited_for(lambda: _answered(ask))

    def _begin(self) -> None:
        with _explained():
            self._connection.execute("BEGIN IMMEDIATE")

    def _begin_reading(self) -> None:
        with _explained():
            self._connection.execute("BEGIN")

    def _commit(self) -> None:
        with _explained():
            self._connection.execute("COMMIT")

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def write(self, statement: str, *values: Any) -> None:
        """Run one writing statement."""
        self.within_transaction()  # or nowhere: not where one state is read
        self._run(statement, values)

    def change(self, statement: str, *values: Any) -> int:
        """Run one writing statement; return how many rows it changed."""
        self.within_transaction()  # or nowhere: not where one state is read
        return self._run(statement, values).rowcount

    def one(self, statement: str, *values: Any) -> Row | None:
        """Return the first row of a query, or ``None``."""
        return self._asked(lambda: self._connection.execute(statement, values).fetchone())

    def all(self, statement: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""
        return self._asked(lambda: self._connection.execute(statement, values).fetchall())

    def all_among(self, statement: str, values: Iterable[Any]) -> list[Row]:
        """Return the rows of a query with ``IN ({})``, asked for some values at a time."""
        return [
            row
            for portion in portions(values)
            for row in self.all(with_places(statement, portion), *portion)
        ]

    def change_among(self, statement: str, values: Iterable[Any]) -> int:
        """Run a writing statement with ``IN ({})`` as ``all_among`` asks."""
        with self.transaction():
            return sum(
                self.change(with_places(statement, portion), *portion)
                for portion in portions(values)
            )

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one writing statement for many rows; return how many rows it changed."""
        with self.transaction(), _explained():
            return self._connection.executemany(statement, rows).rowcount

    def define(self, tables: str) -> None:
        """Run definitions, one by one: ``executescript`` would end a transaction."""
        words = tables.replace("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT")
        for statement in words.replace("{blob}", "BLOB").split(";"):
            if statement.strip():
                self.write(statement)

    def has(self, table: str) -> bool:
        """Say whether there is a table."""
        named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return self.one(named, table) is not None

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns."""
        rows = self.all("SELECT name FROM pragma_table_info(?)", table)
        return {row["name"] for row in rows}

    def reclaim(self) -> None:
        """Write the file anew without its free pages, and empty its journal.

        Before that, what was deleted is overwritten in the file itself: until then the zeros
        stand in the journal alone, and pages cut off the file's end would keep what they held.
        """
        self.all("PRAGMA wal_checkpoint(TRUNCATE)")
        self.write("VACUUM")
        self.all("PRAGMA wal_checkpoint(TRUNCATE)")

    def size(self) -> DatabaseSize:
        """Return how much room the file and its journal take.

        They are looked at, not opened: closing a file drops SQLite's locks on it.
        """
        total = 0
        for file in (self._file, self._file.with_name(f"{self._file.name}-wal")):
            with suppress(FileNotFoundError):
                total += file.stat().st_size
        row = self.one(
            "SELECT freelist_count * page_size AS free FROM pragma_freelist_count, pragma_page_size"
        )
        return DatabaseSize(total, int(row["free"]) if row else None)

    def check(self) -> list[str]:
        """Return what SQLite's own check finds, as one sentence; it names no value."""
        rows = self.all("PRAGMA integrity_check")
        if [row[0] for row in rows] == ["ok"]:
            return []
        sentence = f"The catalogue's file is damaged ({len(rows)} places). Restore it from a backup"
        return [f"{sentence} together with the parts, or import again into a new workspace."]

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def _answered(ask: Callable[[], T]) -> T:
    """Return what ``ask`` returns; an error of SQLite is explained."""
    try:
        return ask()
    except sqlite3.Error as error:
        raise _explanation(error) from error


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _explanation(error) from error


def _explanation(error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY:
        return DatabaseBusyError(
            "another Workbench is writing.", "Wait for it to end, then run the same again."
        )
    return _other(error, code)


def _other(error: sqlite3.Error, code: int | None) -> StoreError:
    if code is None:  # Python's own words may quote a value
        name = type(error).__name__
        return StoreError("the database refused ({name}).", "Restore it from a backup.", name=name)
    if code & 0xFF in DAMAGED:
        return StoreError(
            "the database's file is damaged.", "Restore it from a backup, with all beside it."
        )
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN:
        return StoreError(
            "the database's file cannot be opened.", "Check that it is a file, and its rights."
        )
    # SQLite's own words name tables and columns only, never a value.
    kind = DatabaseFullError if code & 0xFF == sqlite3.SQLITE_FULL else StoreError
    return kind("the database refused: {why}.", "Check disk space and rights.", why=str(error))
