"""A session with a PostgreSQL server: its driver, its address, and how it is set up."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import MissingTool, SettingsError
from workbench.store.database_wait import LOCK_TIMEOUT_S

SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")  # an identifier that needs no quotes
CONNECT_TIMEOUT_S = 10
# A peer that is gone without a word is noticed after some 30 s, by us and by the server, which
# else would hold the lock of writers for hours (libpq and the server each wait for the system).
KEEPALIVES = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
LOCK = "pg_advisory_xact_lock(hashtext(current_schema()))"
# Each session notes its last transaction in the transaction itself: where the server goes away
# at a COMMIT, the note says afterwards whether it was kept.
NOTES = """
CREATE TABLE IF NOT EXISTS writer (
    session TEXT PRIMARY KEY, done BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL
)
"""
WRITER = (  # one trip for the lock and the note
    f"INSERT INTO writer (session, done, at) SELECT ?, ?, now() FROM (SELECT {LOCK}) AS held"  # noqa: S608
    " ON CONFLICT (session) DO UPDATE SET done = excluded.done, at = excluded.at"
)
OLD_NOTES = "DELETE FROM writer WHERE at < now() - interval '1 day'"


def connected(psycopg: Any, url: str, schema: str) -> Any:
    """Return a connection to a schema, which is made where there is none."""
    connection = psycopg.connect(
        url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S,
        row_factory=psycopg.rows.dict_row, **KEEPALIVES,
    )  # fmt: skip
    try:
        _set_up(connection, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: Any, schema: str) -> None:
    settings = [
        f"CREATE SCHEMA IF NOT EXISTS {schema}",
        f"SET search_path TO {schema}",
        f"SET lock_timeout TO '{LOCK_TIMEOUT_S * 1000:.0f}ms'",
        "SET synchronous_commit TO on",  # what is acknowledged is on disk
        *(f"SET tcp_{name} TO {value}" for name, value in KEEPALIVES.items()),
    ]
    connection.execute("; ".join(settings))
    if connection.execute("SELECT to_regclass('writer') AS t").fetchone()["t"] is None:
        with connection.transaction():
            connection.execute(f"SELECT {LOCK}")
            connection.execute(NOTES)


def driver() -> Any:
    """Return the driver's package; raises ``MissingTool`` where it is not installed."""
    try:
        import psycopg
        import psycopg.rows
    except ImportError as error:
        raise MissingTool(
            "the driver of PostgreSQL is not installed.",
            'Install it: pip install "workbench[postgres]"',
        ) from error
    return psycopg


def checked(url: str, schema: str) -> tuple[str, str]:
    """Return an address and a schema's name; raises ``SettingsError`` for what is neither."""
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
