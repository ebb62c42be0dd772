"""A schema of a PostgreSQL server as the catalogue: for several users and machines."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from workbench.errors import StoreError
from workbench.store.database import DatabaseSize, Row, portions, with_places
from workbench.store.database_wait import (
    ConnectionLostError,
    DatabaseBusyError,
    WaitingDatabase,
)
from workbench.store.postgres_session import LOCK, OLD_NOTES, WRITER, checked, connected, driver

T = TypeVar("T")
READS = ("SELECT", "SHOW")


class Postgres(WaitingDatabase):
    """One connection to a server; statements as ``database.Database`` says.

    One writer at a time, as in SQLite: every transaction holds one lock of the schema.  A
    connection that was lost is made anew before the next transaction or query, never within one.

    ``answered``: the server has answered before, so one that does not is waited for already at
    the beginning; otherwise its address may be wrong, and that is told at once.
    """

    def __init__(self, url: str, schema: str, answered: bool = False) -> None:
        super().__init__()
        self._psycopg = driver()
        self._url, self._schema = checked(url, schema)
        self._open = False
        self._session, self._number = uuid.uuid4().hex, 0
        self._connection: Any = None
        if answered:
            self._waited_for(self._ready)
        else:
            self._ready()

    def _ready(self) -> Any:
        """Return a connection that works; a new one only outside of a transaction."""
        if not self._open and (self._connection is None or self._connection.closed):
            with self._explained():
                self._connection = connected(self._psycopg, self._url, self._schema)
        return self._connection

    def _run(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement once."""
        with self._explained():
            text = statement.replace("%", "%%").replace("?", "%s") if values else statement
            return self._ready().execute(text, values or None)

    # --- transactions --------------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin a transaction: alone, and with a note of its number."""
        self._opened("BEGIN")
        try:
            self._number += 1
            self._run(WRITER, (self._session, self._number))
        except BaseException:
            self._roll_back()
            raise

    def _begin_reading(self) -> None:
        self._opened("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _opened(self, statement: str) -> None:
        """Open a transaction: until it has ended, the connection is not made anew."""
        self._run(statement)
        self._open = True

    def _commit(self) -> None:
        """Keep what was written; raise where the server answers that it has taken it back.

        So it does, without an error, after any statement that failed, whoever caught that.
        Where no answer comes, it is asked for again: ``ConnectionLostError`` says that nothing
        was kept.
        """
        try:
            kept = self._run("COMMIT").statusmessage == "COMMIT"
        except ConnectionLostError:
            if not self._was_kept():
                raise
            return
        self._open = False
        if not kept:
            raise StoreError(
                "the database kept nothing, because one of the statements was refused.",
                "Run the same again; if that does not help, ask who cares for the server.",
            )

    def _was_kept(self) -> bool:
        """Say whether the transaction was kept whose end nobody has confirmed.

        The lock of writers is had when it has ended, one way or the other.
        """
        self._open = self._writing = False  # it is over, and a new connection may be made
        try:
            return self._waited_for(self._noted) == self._number
        except (ConnectionLostError, DatabaseBusyError) as error:
            raise StoreError(
                "the PostgreSQL server went away at the end of a transaction, and nobody can "
                "say whether it was kept.",
                "When the server is back, run the same again: it sees what there is.",
            ) from error

    def _noted(self) -> int | None:
        self._opened("BEGIN")
        try:
            self._run(f"SELECT {LOCK}")
            noted = self._run("SELECT done FROM writer WHERE session = ?", (self._session,))
            row = noted.fetchone()
        finally:
            self._roll_back()
        return None if row is None else int(row["done"])

    def _roll_back(self) -> None:
        """Take back what is open; a connection that cannot even do that is ended."""
        try:
            with self._explained():
                self._connection.execute("ROLLBACK")
        except StoreError:
            self._connection.close()
        self._open = False

    # --- statements ----------------------------------------------------------------------------

    def write(self, statement: str, *values: Any) -> None:
        """Run one writing statement."""
        self.atomically(lambda: self._run(statement, values))

    def change(self, statement: str, *values: Any) -> int:
        """Run one writing statement; return how many rows it changed."""
        return int(self.atomically(lambda: self._run(statement, values)).rowcount)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one writing statement for many rows; return how many rows it changed."""
        text, all_rows = statement.replace("%", "%%").replace("?", "%s"), list(rows)

        def run() -> int:
            with self._explained(), self._connection.cursor() as cursor:
                cursor.executemany(text, all_rows)
                return int(cursor.rowcount)

        return self.atomically(run)

    def one(self, statement: str, *values: Any) -> Row | None:
        """Return the first row of a query, or ``None``."""
        return self._asked(statement, values, lambda cursor: cursor.fetchone())

    def all(self, statement: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""
        return list(self._asked(statement, values, lambda cursor: cursor.fetchall()))

    def _asked(self, statement: str, values: Sequence[Any], rows: Callable[[Any], T]) -> T:
        """Return the rows of a query; of one that writes, in a transaction, lest it do so twice."""

        def run() -> T:
            cursor = self._run(statement, values)
            with self._explained():
                return rows(cursor)

        reads = statement.lstrip().upper().startswith(READS)
        return self._waited_for(run) if reads else self.atomically(run)

    def all_among(self, statement: str, values: Iterable[Any]) -> list[Row]:
        """Return the rows of a query with ``IN ({})``, asked for some values at a time."""
        rows: list[Row] = []
        for portion in portions(values):
            rows += self.all(with_places(statement, portion), *portion)
        return rows

    def change_among(self, statement: str, values: Iterable[Any]) -> int:
        """Run a writing statement with ``IN ({})`` as ``all_among`` asks."""
        lots = [(with_places(statement, portion), portion) for portion in portions(values)]
        return self.atomically(lambda: sum(self.change(text, *some) for text, some in lots))

    def define(self, tables: str) -> None:
        """Run definitions; ``{serial}`` and ``{blob}`` stand for the engine's own words."""
        serial = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
        self.write(tables.replace("{serial}", serial).replace("{blob}", "BYTEA"))

    def has(self, table: str) -> bool:
        """Say whether there is a table."""
        named = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?"
        return self.one(named, table) is not None

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns."""
        rows = self.all(
            "SELECT column_name AS name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = ?",
            table,
        )
        return {row["name"] for row in rows}

    def reclaim(self) -> None:
        """Write the tables anew, so that nothing of what was deleted remains in free pages."""
        for table in self._tables():  # no transaction may be about it
            vacuum = f"VACUUM (FULL) {table}"
            self._waited_for(lambda vacuum=vacuum: self._run(vacuum))  # type: ignore[misc]

    def size(self) -> DatabaseSize:
        """Return how much room the schema's tables take, with their indexes."""
        row = self.one(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS total"
            " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = current_schema() AND c.relkind = 'r'"
        )
        return DatabaseSize(int(row["total"]) if row else 0)

    def check(self) -> list[str]:
        """Read every row of every table; return what could not be read."""
        problems = []
        for table in self._tables():
            try:
                self.all(f"SELECT count(t::text) FROM {table} AS t")  # noqa: S608 - a table of ours
            except StoreError:
                problems.append(f"Table {table} of the catalogue cannot be read. Restore a backup.")
        return problems

    def _tables(self) -> list[str]:
        rows = self.all("SELECT tablename AS t FROM pg_tables WHERE schemaname = current_schema()")
        return sorted(row["t"] for row in rows)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if not self._connection.closed:
                with suppress(StoreError):  # else others remove our note after a day
                    self._run("DELETE FROM writer WHERE session = ?", (self._session,))
                    self._run(OLD_NOTES)
            self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the server's errors into ours; only their kind is told, for they quote values."""
        psycopg = self._psycopg
        try:
            yield
        except psycopg.errors.LockNotAvailable as error:
            raise DatabaseBusyError(
                "another Workbench is writing.", "Wait for it to end, then run the same again."
            ) from error
        except psycopg.Error as error:
            if not self._lost(error):
                raise StoreError(
                    "the database refused ({kind}).",
                    "Ask who cares for the server.",
                    kind=type(error).__name__,
                ) from error
            raise ConnectionLostError(
                "the PostgreSQL server does not answer.",
                "Check that it runs, and [store] catalogue in workbench.toml; the password "
                "belongs into ~/.pgpass.",
            ) from error

    def _lost(self, error: Any) -> bool:
        """Say whether the connection is gone with an error; then it is closed for good.

        An error without a code is the driver's own: there was nobody to give one.  Codes 08 are
        exceptions of the connection, 57P those of a server that is going or coming (PostgreSQL's
        appendix A).
        """
        code = error.sqlstate
        lost = isinstance(error, self._psycopg.OperationalError) and (
            code is None or code.startswith(("08", "57P"))
        )
        if lost and self._connection is not None:
            self._connection.close()
        return bool(lost)
