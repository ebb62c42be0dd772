"""Open the catalogue of a workspace, and see that it is one of today's schema."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.errors import StoreError
from workbench.schema import SCHEMA_VERSION
from workbench.settings import StoreSettings
from workbench.store.catalogue import FILE, OBJECTS, TABLES
from workbench.store.database import Database, Sqlite
from workbench.store.parts import Place
from workbench.store.steps import Work, steps_from
from workbench.store.tables import PartTables

VERSION = re.compile(r"[1-9][0-9]{0,5}\Z")


def open_catalogue(
    folder: Path, settings: StoreSettings, place: Place, answered: bool = False
) -> Database:
    """Open the catalogue of a workspace, a new one where there is none.

    One of today's schema is opened without a lock: a reader waits for no writer.  Small steps to
    it are made at once, under the lock of writers: of two programs that open it the second finds
    them done.  ``answered`` as ``connect`` says.  Raises ``StoreError`` where larger ones are
    due, and for a catalogue of a newer version, a damaged one, and parts that have lost theirs.
    """
    database = connect(folder, settings, answered)

    def make_ready() -> None:
        version = version_in(database)
        if version is None:
            _check_no_parts(place)
        else:
            _make_small_steps(version, Work(database, PartTables(database, place)))
        define(database)

    try:
        if version_in(database) != SCHEMA_VERSION:
            database.atomically(make_ready)
    except BaseException:
        database.close()
        raise
    return database


def connect(folder: Path, settings: StoreSettings, answered: bool = False) -> Database:
    """Return the database of a workspace's catalogue, as it is.

    ``answered``: a server is known to be there, and waited for where it does not answer.
    """
    if settings.catalogue:
        from workbench.store.postgres import Postgres

        return Postgres(settings.catalogue, settings.schema, answered)
    return Sqlite(folder / FILE)


def version_in(database: Database) -> int | None:
    """Return the version of a catalogue's schema; ``None`` where there is none yet."""
    if not database.has("meta"):
        return None
    known = database.one("SELECT value FROM meta WHERE name = 'schema_version'")
    text = "1" if known is None else str(known["value"])
    if not VERSION.match(text):
        raise StoreError(
            "the catalogue says no version of its schema: it is damaged.",
            "Restore it from a backup together with the parts.",
        )
    return int(text)


def check_not_newer(version: int) -> None:
    """Raise ``StoreError`` for the schema of a newer Workbench."""
    if version > SCHEMA_VERSION:
        raise StoreError(
            "this workspace has schema {version}, newer than {schema_version}.",
            "Use the version of Workbench that wrote it, or a newer one.",
            version=version,
            schema_version=SCHEMA_VERSION,
        )


def define(database: Database) -> None:
    """Make what today's schema has and a catalogue lacks, and note its version."""
    database.define(TABLES)
    noted = database.one("SELECT value FROM meta WHERE name = 'schema_version'")
    if noted is None or noted["value"] != str(SCHEMA_VERSION):
        database.write(
            "INSERT INTO meta (name, value) VALUES ('schema_version', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            str(SCHEMA_VERSION),
        )
    database.write(
        "INSERT INTO counter (name, value) VALUES (?, 0) ON CONFLICT DO NOTHING", OBJECTS
    )


def _make_small_steps(version: int, work: Work) -> None:
    check_not_newer(version)
    steps = steps_from(version)
    if steps is None or not all(step.by_opening for step in steps):
        raise StoreError(
            "this workspace has schema {version}, older than {schema_version}.",
            "Copy the folder, then run: workbench store upgrade -w FOLDER",
            version=version,
            schema_version=SCHEMA_VERSION,
        )
    for step in steps:
        step.work(work)


def _check_no_parts(place: Place) -> None:
    """Refuse to begin a catalogue beside parts: it would take them for left ones."""
    parts = sum(name.endswith(".parquet") for name in place.names())
    if parts:
        raise StoreError(
            "the catalogue is missing or empty, but there are {parts} parts.",
            "Restore it from a backup, or begin anew: workbench init -w ANOTHER-FOLDER",
            parts=parts,
        )
