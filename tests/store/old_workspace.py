"""Workspaces as earlier versions of Workbench wrote them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

from workbench.schema import INSTANCE, SERIES

# Schema 2 as it was written, without what the first of them lacked.
SCHEMA_2 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE object (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    verdict TEXT NOT NULL, code TEXT, reason TEXT, source TEXT NOT NULL, received_at TEXT NOT NULL,
    sop_uid TEXT, content_sha256 TEXT, origin TEXT, patient TEXT, study_uid TEXT, series_uid TEXT
);
CREATE TABLE inbox (number INTEGER PRIMARY KEY, row TEXT NOT NULL);
CREATE TABLE finding (row TEXT NOT NULL, number INTEGER);
CREATE TABLE part (
    file TEXT PRIMARY KEY, table_name TEXT NOT NULL, rows INTEGER NOT NULL, retired_at REAL
);
CREATE TABLE fingerprint (
    stage TEXT NOT NULL, study_uid TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (stage, study_uid)
);
CREATE TABLE run (
    run_number INTEGER PRIMARY KEY AUTOINCREMENT, stage TEXT NOT NULL, started_at TEXT NOT NULL,
    ended_at TEXT, version TEXT NOT NULL, outcome TEXT, counts TEXT
);
"""
AT = "2026-01-02T03:04:05.000006"
HEADER = {"00080018": {"vr": "UI", "Value": ["2.25.1"]}, "00180060": {"vr": "DS", "Value": [1.5]}}


def old_row(number: int) -> dict[str, object]:
    header = json.dumps(HEADER, separators=(",", ":")).replace("2.25.1", f"2.25.{number}")
    return {
        "object_number": number, "patient": "SITE-A", "SOPInstanceUID": f"2.25.{number}",
        "StudyInstanceUID": "2.25.50", "SeriesInstanceUID": "2.25.60", "source": "folder",
        "header": header, "content_sha256": hashlib.sha256(header.encode()).hexdigest(),
    }  # fmt: skip


def write_old(folder: Path, version: str) -> None:
    """Write catalogue and parts of schema 1 or 2 into a folder."""
    (folder / "parts").mkdir()
    INSTANCE.frame([old_row(1), old_row(2)]).write_parquet(folder / "parts/instance-a.parquet")
    SERIES.frame([{"SeriesInstanceUID": "2.25.60"}]).write_parquet(
        folder / "parts/series-a.parquet"
    )
    connection = sqlite3.connect(folder / "catalogue.sqlite")
    connection.executescript(SCHEMA_2)
    connection.execute("INSERT INTO meta VALUES ('schema_version', ?)", [version])
    for number in (1, 2, 3):
        connection.execute(
            "INSERT INTO object (verdict, source, received_at, sop_uid, origin) VALUES"
            " ('stored', 'folder', ?, ?, ?)",
            (AT, f"2.25.{number}", f"place {number}"),
        )
    connection.execute(
        "INSERT INTO object (verdict, code, reason, source, received_at, origin) VALUES"
        " ('rejected', 'not_dicom', 'it is none', 'folder', ?, 'place 4')",
        [AT],
    )
    connection.execute("INSERT INTO inbox VALUES (3, ?)", [json.dumps(old_row(3))])
    finding = {"stage": "import", "code": "bad_value", "severity": "note", "object_number": 2}
    connection.execute("INSERT INTO finding VALUES (?, 2)", [json.dumps(finding)])
    connection.execute("INSERT INTO part VALUES ('instance-a.parquet', 'instance', 2, NULL)")
    connection.execute("INSERT INTO part VALUES ('series-a.parquet', 'series', 1, NULL)")
    connection.execute(
        "INSERT INTO run (stage, started_at, version) VALUES ('import', ?, '0')", [AT]
    )
    connection.commit()
    connection.close()
