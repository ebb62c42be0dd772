"""A hospital's file as version 1 wrote it: everybody in clear."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing
from datetime import date
from pathlib import Path

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import FILE

SOMEBODY = ListedPatient(
    "GROTTENOLM-4711", "SPITAL-X", "ACC-998877", date(2019, 3, 4), date(2020, 5, 6),
    date(1964, 9, 17), 3,
)  # fmt: skip
UID, SERIES, OBJECT = "1.2.826.0.1.77001", "1.2.826.0.1.77002", "1.2.826.0.1.77003"
ANSWERS = {"STUDY": [{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Grottenolm^Egon"}]}}]}
SECRETS = (
    "GROTTENOLM-4711", "SPITAL-X", "ACC-998877", "2019-03-04", "2020-05-06", "1964-09-17", UID,
    SERIES, OBJECT, "Grottenolm^Egon", "2018-11-12",
)  # fmt: skip
VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE patient (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id TEXT NOT NULL, issuer TEXT NOT NULL, accession TEXT NOT NULL,
    study_from TEXT NOT NULL, study_to TEXT NOT NULL, birth_date TEXT NOT NULL,
    priority INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, due REAL DEFAULT 0,
    owner TEXT, lease_boot TEXT, lease_until REAL,
    added_at TEXT NOT NULL, asked_at TEXT, changed_at TEXT,
    studies INTEGER, expected INTEGER, already INTEGER, received INTEGER, refused INTEGER,
    UNIQUE (patient_id, issuer, accession, study_from, study_to)
);
CREATE INDEX patient_next ON patient (priority DESC, tries, number) WHERE due IS NOT NULL;
CREATE INDEX patient_state ON patient (state, number);
CREATE INDEX patient_owner ON patient (owner) WHERE owner IS NOT NULL;
CREATE TABLE study (
    patient INTEGER NOT NULL, study_uid TEXT NOT NULL, study_date TEXT, modalities TEXT,
    told INTEGER, unwanted TEXT NOT NULL, listed INTEGER NOT NULL,
    first_found TEXT NOT NULL, last_found TEXT NOT NULL, PRIMARY KEY (patient, study_uid)
);
CREATE TABLE series (
    patient INTEGER NOT NULL, study_uid TEXT NOT NULL, series_uid TEXT NOT NULL, modality TEXT,
    told INTEGER, unwanted TEXT NOT NULL, listed INTEGER NOT NULL, instances BLOB NOT NULL,
    PRIMARY KEY (patient, study_uid, series_uid)
);
CREATE TABLE answer (
    patient INTEGER NOT NULL, asked_at TEXT NOT NULL, digest TEXT NOT NULL, content BLOB NOT NULL
);
CREATE INDEX answer_patient ON answer (patient, asked_at);
CREATE TABLE request (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, patient INTEGER,
    service TEXT NOT NULL, level TEXT NOT NULL, seconds REAL NOT NULL, status TEXT NOT NULL,
    completed INTEGER, failed INTEGER, warning INTEGER
);
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, severity TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE control (name TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL);
INSERT INTO meta VALUES ('version', '1'), ('key_sheet abc', '2026-01-01');
"""


def write_plain(folder: Path, others: int = 400) -> None:
    """Write a file as version 1 did: somebody, others, and two who were taken off again."""
    with closing(sqlite3.connect(folder / FILE)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.executescript(VERSION_1)
        insert = (
            "INSERT INTO patient (number, patient_id, issuer, accession, study_from, study_to,"
            " birth_date, priority, state, reason, tries, due, added_at, asked_at, studies)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 2, NULL, 'then', 'later', 4)"
        )
        old.execute(insert, (1, "GROTTENOLM-4711", "SPITAL-X", "ACC-998877", "2019-03-04",
                             "2020-05-06", "1964-09-17", 3, "incomplete", "why"))  # fmt: skip
        old.executemany(insert, [
            (number, f"GROTTENOLM-4711-{number}", "SPITAL-X", "", "", "", "", 0, "waiting", "")
            for number in range(2, others + 4)
        ])  # fmt: skip
        old.execute("DELETE FROM patient WHERE number > ?", (others + 1,))
        old.execute(
            "INSERT INTO study VALUES (1, ?, '2018-11-12', 'CT', 1, '', 1, 'a', 'b')", (UID,)
        )
        packed = zlib.compress(OBJECT.encode())
        old.execute("INSERT INTO series VALUES (1, ?, ?, 'CT', 1, '', 1, ?)", (UID, SERIES, packed))
        content = zlib.compress(json.dumps(ANSWERS).encode())
        old.execute("INSERT INTO answer VALUES (1, 'now', 'digest', ?)", (content,))
        old.execute("INSERT INTO event (at, severity, text) VALUES ('now', 'info', 'kept')")
        old.commit()
