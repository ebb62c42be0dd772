"""A schema of a PostgreSQL server as the catalogue: for several users and machines."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import MissingTool, SettingsError, StoreError
from workbench.store.database import LOCK_TIMEOUT_S, Row, portions, with_places

SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")  # an identifier that needs no quotes
CONNECT_TIMEOUT_S = 10
WRITER = "SELECT pg_advisory_xact_lock(hashtext(current_schema()))"


class Postgres:
    """One connection to a server; statements as ``database.Database`` says.

    One writer at a time, as in SQLite: every transaction holds one lock of the schema.  A
    connection that was lost is made anew before the next transaction or query, never within one.
    """

    def __init__(self, url: str, schema: str) -> None:
        self._psycopg = _driver()
        self._url, self._schema = _checked(url, schema)
        self._lock = threading.RLock()
        self._depth = 0
        self._reading = False
        with self._explained():
            self._connection = self._connect()

    def _connect(self) -> Any:
        connection = self._psycopg.connect(
            self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S,
            row_factory=self._psycopg.rows.dict_row,
        )  # fmt: skip
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")
        connection.execute(f"SET search_path TO {self._schema}")
        connection.execute(f"SET lock_timeout TO '{LOCK_TIMEOUT_S}s'")
        connection.execute("SET synchronous_commit TO on")  # what is acknowledged is on disk
        return connection

    def _ready(self) -> Any:
        """Return a connection that works; a new one only outside of a transaction."""
        if (self._connection.closed or self._connection.broken) and not self._within:
            self._connection.close()
            self._connection = self._connect()
        return self._connection

    @property
    def _within(self) -> bool:
        return bool(self._depth or self._reading)

    def _run(self, statement: str, values: Sequence[Any] = ()) -> Any:
        with self._lock, self._explained():
            text = statement.replace("%", "%%").replace("?", "%s") if values else statement
            return self._ready().execute(text, values or None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside one unit: all of it is kept, or nothing."""
        with self._lock:
            if self._depth:
                yield
                return
            self._run("BEGIN")
            self._depth = 1
            try:
                self._run(WRITER)
                yield
            except BaseException:
                self._roll_back()
                raise
            else:
                self._commit()
            finally:
                self._depth = 0

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all queries inside see one state, whatever another process writes meanwhile."""
        with self._lock:
            if self._within:
                yield
                return
            self._run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._reading = True
            try:
                yield
            finally:
                self._roll_back()
                self._reading = False

    def _commit(self) -> None:
        """Keep what was written; raise where the server answers that it has taken it back.

        So it does, without an error, after any statement that failed, whoever caught that.
        """
        if self._run("COMMIT").statusmessage != "COMMIT":
            raise StoreError(
                "the database kept nothing, because one of the statements was refused.",
                "Run the same again; if that does not help, ask who cares for the server.",
            )

    def _roll_back(self) -> None:
        if not self._connection.closed:
            with self._explained():
                self._connection.execute("ROLLBACK")

    def write(self, statement: str, *values: Any) -> None:
        """Run one writing statement."""
        self._run(statement, values)

    def change(self, statement: str, *values: Any) -> int:
        """Run one writing statement; return how many rows it changed."""
        return int(self._run(statement, values).rowcount)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one writing statement for many rows; return how many rows it changed."""
        with self.transaction(), self._explained(), self._connection.cursor() as cursor:
            cursor.executemany(statement.replace("%", "%%").replace("?", "%s"), list(rows))
            return int(cursor.rowcount)

    def one(self, statement: str, *values: Any) -> Row | None:
        """Return the first row of a query, or ``None``."""
        return self._run(statement, values).fetchone()

    def all(self, statement: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""
        return list(self._run(statement, values).fetchall())

    def all_among(self, statement: str, values: Iterable[Any]) -> list[Row]:
        """Return the rows of a query with ``IN ({})``, asked for some values at a time."""
        rows: list[Row] = []
        for portion in portions(values):
            rows += self.all(with_places(statement, portion), *portion)
        return rows

    def change_among(self, statement: str, values: Iterable[Any]) -> int:
        """Run a writing statement with ``IN ({})`` as ``all_among`` asks."""
        with self.transaction():
            return sum(
                self.change(with_places(statement, portion), *portion)
                for portion in portions(values)
            )

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
        for table in self._tables():
            self.write(f"VACUUM (FULL) {table}")

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
            self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the server's errors into ours; only their kind is told, for they quote values."""
        psycopg = self._psycopg
        try:
            yield
        except psycopg.errors.LockNotAvailable as error:
            raise StoreError("another Workbench is writing.", "Wait for it to end.") from error
        except psycopg.OperationalError as error:
            raise StoreError(
                "the PostgreSQL server does not answer.",
                "Check that it runs, and [store] catalogue in workbench.toml; the password "
                "belongs into ~/.pgpass.",
            ) from error
        except psycopg.Error as error:
            raise StoreError(
                f"the database refused ({type(error).__name__}).", "Ask who cares for the server."
            ) from error


def _driver() -> Any:
    try:
        import psycopg
        import psycopg.rows
    except ImportError as error:
        raise MissingTool(
            "the driver of PostgreSQL is not installed.",
            'Install it: pip install "workbench[postgres]"',
        ) from error
    return psycopg


def _checked(url: str, schema: str) -> tuple[str, str]:
    if not SCHEMA.match(schema):
        raise SettingsError(
            "[store] schema is no plain name.", "Use small letters, digits and underscores."
        )
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise SettingsError(
            "[store] catalogue is no address of PostgreSQL.",
            "For example: postgresql://user@host/database",
        )
    if parts.password or "password=" in parts.query:
        raise SettingsError(
            "a password stands in [store] catalogue.", "Put it into ~/.pgpass, or set PGPASSWORD."
        )
    return url, schema
