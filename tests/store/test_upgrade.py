"""A workspace of an older schema is brought to today's without losing a row."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from workbench.errors import StoreError
from workbench.schema import INSTANCE, SERIES
from workbench.store import Store
from workbench.store.objects import Origin
from workbench.store.upgrade import upgrade

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


@pytest.fixture(params=["1", "2"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    INSTANCE.frame([old_row(1), old_row(2)]).write_parquet(tmp_path / "parts/instance-a.parquet")
    SERIES.frame([{"SeriesInstanceUID": "2.25.60"}]).write_parquet(
        tmp_path / "parts/series-a.parquet"
    )
    connection = sqlite3.connect(tmp_path / "catalogue.sqlite")
    connection.executescript(SCHEMA_2)
    connection.execute("INSERT INTO meta VALUES ('schema_version', ?)", [request.param])
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
    return tmp_path


def test_an_older_workspace_is_refused_with_the_remedy_and_left_alone(old: Path) -> None:
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(old)
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(old)


def test_nothing_is_lost(old: Path) -> None:
    assert upgrade(old) in (1, 2)
    store = Store.open(old)
    rows = store.table("instance").sort("object_number")
    assert rows["object_number"].to_list() == [1, 2, 3]
    assert [json.loads(text)["00180060"] for text in rows["header"]] == [HEADER["00180060"]] * 3
    assert rows["header"].str.contains('\n"00180060"').all()
    assert store.table("rejected")["code"].to_list() == ["not_dicom"]
    assert store.table("finding")["object_number"].to_list() == [2]
    assert store.table("series").height == store.table("run").height == 1
    assert list(store.problems()) == []
    same = rows.row(0, named=True)
    assert str(store.add(same, Origin("folder", "place 1"))) == "duplicate"
    new = {**same, "SOPInstanceUID": "2.25.9"}
    store.add(new, Origin("folder", "new"))
    newest = store.scan("instance").filter(pl.col("SOPInstanceUID") == "2.25.9").collect()
    assert newest["object_number"].item() > 4, "numbers are never given twice"
    assert upgrade(old) == 3


def test_an_upgrade_that_is_cut_off_leaves_the_workspace_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file.name: file.read_bytes() for file in (old / "parts").iterdir()}

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade(old, stop)
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(old)
    assert before.items() <= {f.name: f.read_bytes() for f in (old / "parts").iterdir()}.items()
    upgrade(old)
    assert Store.open(old).table("instance").height == 3
