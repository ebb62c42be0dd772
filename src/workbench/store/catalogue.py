"""The relational catalogue: objects, verdicts, findings, runs and the list of parts."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import StoreError
from workbench.schema import SCHEMA_VERSION
from workbench.store.database import Database

FILE = "catalogue.sqlite"

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


# What later versions of the schema add, in order; each is done once, in one transaction.
MIGRATIONS = {
    2: (
        "ALTER TABLE object ADD COLUMN patient TEXT",
        "ALTER TABLE object ADD COLUMN study_uid TEXT",
        "ALTER TABLE object ADD COLUMN series_uid TEXT",
        "CREATE INDEX object_study ON object (study_uid, series_uid) WHERE study_uid IS NOT NULL",
        "CREATE INDEX object_series ON object (series_uid) WHERE series_uid IS NOT NULL",
    ),
}


class Catalogue(Database):
    """The catalogue of one workspace."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FILE, TABLES)
        if self._version() < SCHEMA_VERSION:
            self._migrate()
        elif self._version() > SCHEMA_VERSION:
            raise StoreError(
                f"this workspace has schema {self._version()}, newer than {SCHEMA_VERSION}.",
                "Use the version of Workbench that wrote it, or a newer one.",
            )

    def _version(self) -> int:
        known = self.one("SELECT value FROM meta WHERE name = 'schema_version'")
        return 1 if known is None else int(known["value"])

    def _migrate(self) -> None:
        with self.transaction():
            for version in range(self._version() + 1, SCHEMA_VERSION + 1):
                for statement in MIGRATIONS[version]:
                    self.write(statement)
            self.write("INSERT OR REPLACE INTO meta VALUES ('schema_version', ?)",
                       str(SCHEMA_VERSION))  # fmt: skip
