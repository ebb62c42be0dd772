"""The hospital's own file: the one place, besides its key, that knows patients by their IDs.

``hospital.sqlite`` holds the queue, the ledger, what was asked of the PACS, and what the page and
the service tell each other.  It never leaves the hospital: tables and reports are made from it
with pseudonyms only.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from workbench.errors import StoreError
from workbench.store.database import Sqlite

FILE = "hospital.sqlite"
VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS patient (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id TEXT NOT NULL, issuer TEXT NOT NULL, accession TEXT NOT NULL,
    study_from TEXT NOT NULL, study_to TEXT NOT NULL, birth_date TEXT NOT NULL,
    priority INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, due REAL DEFAULT 0,
    owner TEXT, lease_boot TEXT, lease_until REAL,
    added_at TEXT NOT NULL, asked_at TEXT, changed_at TEXT,
    studies INTEGER, expected INTEGER, already INTEGER, received INTEGER, refused INTEGER,
    lot INTEGER NOT NULL DEFAULT 0,
    UNIQUE (patient_id, issuer, accession, study_from, study_to)
);
CREATE INDEX IF NOT EXISTS patient_state ON patient (state, number);
CREATE INDEX IF NOT EXISTS patient_owner ON patient (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS study (
    patient INTEGER NOT NULL, study_uid TEXT NOT NULL, study_date TEXT, modalities TEXT,
    told INTEGER, unwanted TEXT NOT NULL, listed INTEGER NOT NULL,
    first_found TEXT NOT NULL, last_found TEXT NOT NULL,
    PRIMARY KEY (patient, study_uid)
);
CREATE TABLE IF NOT EXISTS series (
    patient INTEGER NOT NULL, study_uid TEXT NOT NULL, series_uid TEXT NOT NULL, modality TEXT,
    told INTEGER, unwanted TEXT NOT NULL, listed INTEGER NOT NULL, instances BLOB NOT NULL,
    PRIMARY KEY (patient, study_uid, series_uid)
);
CREATE TABLE IF NOT EXISTS answer (
    patient INTEGER NOT NULL, asked_at TEXT NOT NULL, digest TEXT NOT NULL, content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS answer_patient ON answer (patient, asked_at);
CREATE TABLE IF NOT EXISTS request (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, patient INTEGER,
    service TEXT NOT NULL, level TEXT NOT NULL, seconds REAL NOT NULL, status TEXT NOT NULL,
    completed INTEGER, failed INTEGER, warning INTEGER
);
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, severity TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS control (name TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL);
"""

# The queue is asked by lot: the order of a list, which others may have, must not show in the order
# in which objects arrive.
BY_LOT = """
DROP INDEX IF EXISTS patient_next;
CREATE INDEX IF NOT EXISTS patient_by_lot ON patient (priority DESC, tries, lot)
    WHERE due IS NOT NULL;
"""
LOT_BITS = 62  # so many that two lots are hardly ever the same; SQLite's integers have 64


def drawn() -> int:
    """Return a lot that nobody can foretell."""
    return secrets.randbits(LOT_BITS)


class HospitalFile(Sqlite):
    """The hospital's own file of one workspace; readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        if not folder.is_dir():
            raise StoreError("there is no such workspace.", "Make one: workbench init -w FOLDER")
        self.file.touch(mode=0o600)
        super().__init__(self.file, TABLES)
        self._draw_lots()
        self.write("INSERT OR IGNORE INTO meta VALUES ('version', ?)", str(VERSION))
        known = self.one("SELECT value FROM meta WHERE name = 'version'")
        if known is not None and int(known["value"]) > VERSION:
            raise StoreError(
                f"the queue was written by a newer version ({known['value']} > {VERSION}).",
                "Use the version of Workbench that wrote it, or a newer one.",
            )

    def _draw_lots(self) -> None:
        """Give the patients of an older file, which was asked in the order of its list, lots."""
        if "lot" not in self.columns("patient"):
            with self.transaction():
                if "lot" not in self.columns("patient"):
                    self.write("ALTER TABLE patient ADD COLUMN lot INTEGER NOT NULL DEFAULT 0")
                    self.many(
                        "UPDATE patient SET lot = ? WHERE number = ?",
                        [(drawn(), row["number"]) for row in self.all("SELECT number FROM patient")],
                    )
        self.define(BY_LOT)

    def note(self, name: str, value: str) -> None:
        """Keep a note of this workspace, in place of an earlier one of that name."""
        self.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)

    def noted(self, name: str) -> str:
        """Return a note; empty when there is none."""
        row = self.one("SELECT value FROM meta WHERE name = ?", name)
        return "" if row is None else str(row["value"])
