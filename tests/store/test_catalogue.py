"""The catalogue's definitions: each object once, small rows, no text by which one is found."""

from __future__ import annotations

import sqlite3
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import StoreError
from workbench.store import Store
from workbench.store.catalogue import DIGEST, TABLES, digest_of
from workbench.store.database import Database, Sqlite

MAX_ROW = 150  # bytes an object may cost with its indexes: 10^6 objects stay below 150 MB


def insert(database: Database, number: int, origin: bytes | None = None) -> None:
    database.write(
        "INSERT INTO object (sop, content, series, origin) VALUES (?, ?, ?, ?)",
        digest_of(f"2.25.{number}"), digest_of(str(number)), 1, origin,
    )  # fmt: skip


def test_digests_are_those_that_catalogues_on_disk_have() -> None:
    """RFC 7693's BLAKE2b of 16 bytes, as ``b2sum -l 128`` prints it; others would know nothing."""
    assert digest_of("").hex() == "cae66941d9efbd404e4d88758ea67670"
    assert digest_of("1.2.840.10008.1.1") == digest_of("1.2.840.10008.1.1")
    assert len(digest_of("x" * 10_000)) == DIGEST == 16


@given(st.sets(st.text(string.digits + ".", max_size=64), max_size=50))
def test_no_two_uids_share_a_digest(uids: set[str]) -> None:
    assert len({digest_of(uid) for uid in uids}) == len(uids)


def test_definitions_are_made_once_and_again(database: Database) -> None:
    database.define(TABLES)
    insert(database, 1)
    database.define(TABLES)
    assert len(database.all("SELECT * FROM object")) == 1
    for table in ("meta", "series", "refused", "inbox", "finding", "part", "run", "test_result"):
        assert database.has(table), table


def test_an_object_has_one_row_and_a_place_one_object(database: Database) -> None:
    database.define(TABLES)
    place = digest_of("a")
    insert(database, 1, place)
    for number, origin in ((1, None), (2, place)):
        with pytest.raises(StoreError):
            insert(database, number, origin)
    for number in (3, 4):
        insert(database, number)  # of the network, which has no place
    assert len(database.all("SELECT * FROM object")) == 3


def test_workspaces_of_any_age_have_their_catalogue_and_its_counter_under_these_names(
    store: Store, tmp_path: Path
) -> None:
    """Another name would begin an empty catalogue beside the one that is there."""
    assert (tmp_path / "catalogue.sqlite").is_file()
    counters = store._catalogue.all("SELECT name FROM counter")
    assert [row["name"] for row in counters] == ["object"]


def test_a_part_is_named_once(database: Database) -> None:
    database.define(TABLES)
    named = "INSERT INTO part (file, table_name, rows, size, sha256) VALUES (?, 'series', 1, 1, '')"
    database.write(named, "a")
    with pytest.raises(StoreError):
        database.write(named, "a")


def test_what_grows_with_every_object_holds_no_text(tmp_path: Path) -> None:
    """So a stolen catalogue lists no UID of an object and no path."""
    Sqlite(tmp_path / "x.sqlite", TABLES).close()
    connection = sqlite3.connect(tmp_path / "x.sqlite")
    kinds = {row[1]: row[2] for row in connection.execute("PRAGMA table_info(object)")}
    connection.close()
    assert "TEXT" not in kinds.values()
    assert {kinds[name] for name in ("sop", "content", "origin")} == {"BLOB"}


def test_an_object_costs_few_bytes(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    database = Sqlite(file, TABLES)
    rows = [(digest_of(f"u{n}"), digest_of(f"c{n}"), n // 50, digest_of(f"o{n}"), 10**12 + n)
            for n in range(20_000)]  # fmt: skip
    before = file.stat().st_size
    database.many(
        "INSERT INTO object (sop, content, series, origin, stamp) VALUES (?, ?, ?, ?, ?)", rows
    )
    database.reclaim()
    database.close()
    assert (file.stat().st_size - before) / len(rows) < MAX_ROW


def test_every_question_about_an_object_finds_it_by_an_index(tmp_path: Path) -> None:
    """Among 10^8 rows a scan of the table takes minutes."""
    database = Sqlite(tmp_path / "x.sqlite", TABLES)
    for question in (
        "SELECT 1 FROM object WHERE sop = ?", "SELECT 1 FROM object WHERE origin = ?",
        "SELECT 1 FROM object WHERE series = ?", "SELECT 1 FROM series WHERE study_uid = ?",
        "SELECT 1 FROM series WHERE patient = ?", "SELECT 1 FROM refused WHERE sop = ?",
        "SELECT 1 FROM finding WHERE object = ?",
    ):  # fmt: skip
        (plan,) = database.all(f"EXPLAIN QUERY PLAN {question}", b"x")
        assert "USING" in plan["detail"], question
        assert "INDEX" in plan["detail"], question
    database.close()
