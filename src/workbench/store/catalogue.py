"""The relational catalogue: which objects there are, what was refused, and where the tables lie.

It is kept small, for it grows by a row an object: UIDs, contents and places are known by digests
of 16 bytes, a series' UIDs and patient stand once.  Everything else of an object is in the parts.
A change of these definitions is a step of ``steps``.
"""

from __future__ import annotations

from hashlib import blake2b

from workbench.store import quality_records, report_letters, report_runs
from workbench.store.database import Database

FILE = "catalogue.sqlite"
DIGEST = 16  # bytes; among 10^9 objects two are the same with a chance of 10^-21

TABLES = (
    """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS series (
    number {serial},
    series_uid TEXT NOT NULL, study_uid TEXT NOT NULL, patient TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS series_known ON series (series_uid, study_uid, patient);
CREATE INDEX IF NOT EXISTS series_study ON series (study_uid);
CREATE INDEX IF NOT EXISTS series_patient ON series (patient);
CREATE TABLE IF NOT EXISTS object (
    number {serial},
    sop {blob} NOT NULL, content {blob} NOT NULL, series BIGINT NOT NULL,
    origin {blob}, stamp BIGINT, profile BIGINT
);
CREATE UNIQUE INDEX IF NOT EXISTS object_sop ON object (sop);
CREATE UNIQUE INDEX IF NOT EXISTS object_origin ON object (origin) WHERE origin IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_series ON object (series);
CREATE TABLE IF NOT EXISTS refused (
    number {serial},
    verdict TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
    source TEXT NOT NULL, received_at TEXT NOT NULL, origin {blob}, sop {blob}
);
CREATE UNIQUE INDEX IF NOT EXISTS refused_origin ON refused (origin) WHERE origin IS NOT NULL;
CREATE INDEX IF NOT EXISTS refused_sop ON refused (sop) WHERE sop IS NOT NULL;
CREATE TABLE IF NOT EXISTS identity (
    name {blob} PRIMARY KEY, patient TEXT NOT NULL, content {blob}
);
CREATE INDEX IF NOT EXISTS identity_patient ON identity (patient);
CREATE TABLE IF NOT EXISTS inbox (number {serial}, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS finding (number {serial}, object BIGINT NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS finding_object ON finding (object);
CREATE TABLE IF NOT EXISTS part (
    number {serial},
    file TEXT NOT NULL UNIQUE, table_name TEXT NOT NULL, rows BIGINT NOT NULL,
    size BIGINT NOT NULL, sha256 TEXT NOT NULL, retired_at DOUBLE PRECISION
);
CREATE TABLE IF NOT EXISTS fingerprint (
    stage TEXT NOT NULL, study_uid TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (stage, study_uid)
);
CREATE TABLE IF NOT EXISTS run (
    run_number {serial},
    stage TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
    version TEXT NOT NULL, outcome TEXT, counts TEXT
);
"""
    + quality_records.TABLES
    + report_runs.TABLES
    + report_letters.TABLES
)
OBJECTS = "object"  # the counter that numbers objects, stored or not
ERASURES = "erasure"  # the counter of erasures: what was read before one may not be written after


def digest_of(text: str) -> bytes:
    """Return the 16 bytes by which the catalogue knows a UID or the place of a file."""
    return blake2b(text.encode(), digest_size=DIGEST).digest()


def erasures(database: Database) -> int:
    """Return how often patients were erased."""
    row = database.one("SELECT value FROM counter WHERE name = ?", ERASURES)
    return 0 if row is None else int(row["value"])


def count_erasure(database: Database) -> None:
    """Note that patients are erased, within its transaction."""
    database.write(
        "INSERT INTO counter (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
        ERASURES,
    )
