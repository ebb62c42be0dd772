"""A relational database, embedded or a server: all or nothing, one writer, no value in an error."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.conftest import Connect
from tests.store.store_rows import HERE, small_row
from workbench.errors import StoreError
from workbench.store import Store
from workbench.store.database import PORTION, Database, Sqlite, portions, with_places

NAME = "Grottenolm"  # of a patient, in a value
TABLE = "CREATE TABLE t (number {serial}, x TEXT UNIQUE, content {blob})"


def values(database: Database) -> list[str]:
    return [row["x"] for row in database.all("SELECT x FROM t ORDER BY x")]


@given(st.integers(0, 3 * PORTION + 1))
def test_portions_hold_every_value_once_in_order_and_none_is_empty(count: int) -> None:
    parts = list(portions(iter(range(count))))
    assert [value for part in parts for value in part] == list(range(count))
    assert all(0 < len(part) <= PORTION for part in parts)


def test_a_statement_gets_as_many_places_as_there_are_values() -> None:
    assert with_places("x IN ({})", [1, 2, 3]) == "x IN (?,?,?)"


def test_a_transaction_is_kept_whole_or_not_at_all(connect: Connect) -> None:
    database, reader = connect(), connect()
    database.define(TABLE)
    with pytest.raises(RuntimeError), database.transaction():
        database.write("INSERT INTO t (x) VALUES (?)", "a")
        raise RuntimeError
    assert values(reader) == []
    with database.transaction():
        database.write("INSERT INTO t (x) VALUES (?)", "a")
        assert values(reader) == [], "nobody sees half of it"
        database.write("INSERT INTO t (x) VALUES (?)", "b")
    assert values(reader) == ["a", "b"]


def test_of_nested_transactions_the_outermost_counts(connect: Connect) -> None:
    database, reader = connect(), connect()
    database.define(TABLE)
    with pytest.raises(RuntimeError), database.transaction():
        with database.transaction():
            database.write("INSERT INTO t (x) VALUES (?)", "a")
        assert values(reader) == [], "the inner one has kept nothing yet"
        raise RuntimeError
    assert values(reader) == []
    with database.transaction(), database.transaction():
        database.write("INSERT INTO t (x) VALUES (?)", "a")
    assert values(reader) == ["a"]


def test_a_transaction_that_ends_without_an_error_has_kept_what_was_written(
    database: Database,
) -> None:
    """Also where one of its statements was refused and the caller went on."""
    database.define(TABLE)
    kept = False
    with suppress(StoreError):
        with database.transaction():
            database.write("INSERT INTO t (x) VALUES (?)", "a")
            with suppress(StoreError):
                database.write("INSERT INTO t (x) VALUES (?)", "a")
        kept = True
    assert values(database) == (["a"] if kept else [])
    with database.transaction():
        database.write("INSERT INTO t (x) VALUES (?)", "b")
    assert "b" in values(database), "the next one is not harmed"


def test_a_lock_that_was_not_had_leaves_transactions_what_they_are(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("database", "postgres_session"):
        monkeypatch.setattr(f"workbench.store.{module}.LOCK_TIMEOUT_S", 0.05)
    first, second = connect(), connect()
    second.waits.limit_s = 0.1
    first.define(TABLE)
    with first.transaction():
        first.write("INSERT INTO t (x) VALUES (?)", "a")
        with pytest.raises(StoreError, match="another Workbench"), second.transaction():
            pytest.fail("two writers at once")
    with pytest.raises(RuntimeError), second.transaction():
        second.write("INSERT INTO t (x) VALUES (?)", "b")
        raise RuntimeError
    assert values(first) == ["a"], "what was not kept whole is not kept"
    with second.transaction():
        second.write("INSERT INTO t (x) VALUES (?)", "c")
    assert values(first) == ["a", "c"]


def test_a_transaction_whose_end_is_refused_is_taken_back_and_the_next_one_begins(
    database: Database,
) -> None:
    if isinstance(database, Sqlite):
        database.write("PRAGMA foreign_keys = ON")
    database.define(
        TABLE.replace("{serial}", "BIGINT PRIMARY KEY")
        + """;
        CREATE TABLE u (t BIGINT REFERENCES t (number) DEFERRABLE INITIALLY DEFERRED)"""
    )
    with pytest.raises(StoreError), database.transaction():
        database.write("INSERT INTO u (t) VALUES (?)", 7)
    assert database.all("SELECT t FROM u") == []
    with database.transaction():
        database.write("INSERT INTO t (number) VALUES (?)", 7)
        database.write("INSERT INTO u (t) VALUES (?)", 7)
    assert len(database.all("SELECT t FROM u")) == 1


def test_what_a_statement_changed_is_counted(database: Database) -> None:
    database.define(TABLE)
    assert database.many("INSERT INTO t (x) VALUES (?)", [("a",), ("b",), ("c",)]) == 3
    assert database.many("INSERT INTO t (x) VALUES (?)", []) in (0, -1)
    assert database.change("DELETE FROM t WHERE x < ?", "c") == 2
    assert database.change("DELETE FROM t WHERE x < ?", "c") == 0
    row = database.one("SELECT x, number FROM t")
    assert row is not None
    assert (row["x"], row["number"]) == ("c", 3)
    assert database.one("SELECT x FROM t WHERE x = ?", "none") is None


def test_many_rows_are_one_unit(database: Database) -> None:
    database.define(TABLE)
    with pytest.raises(StoreError):
        database.many("INSERT INTO t (x) VALUES (?)", [("a",), ("b",), ("a",)])
    assert values(database) == []


def test_more_values_than_one_statement_takes_are_asked_for_in_portions(
    database: Database,
) -> None:
    database.define(TABLE)
    names = [f"{number:05}" for number in range(2 * PORTION + 1)]
    database.many("INSERT INTO t (x) VALUES (?)", [(name,) for name in names])
    rows = database.all_among("SELECT x FROM t WHERE x IN ({})", ["none", *names[1:]])
    assert [row["x"] for row in rows] == names[1:]
    assert database.all_among("SELECT x FROM t WHERE x IN ({})", []) == []
    assert database.change_among("DELETE FROM t WHERE x IN ({})", names[:-1]) == 2 * PORTION
    assert values(database) == names[-1:]


def test_texts_and_bytes_come_back_as_they_were(database: Database) -> None:
    database.define(TABLE)
    texts = ["", "?", "100 %s", "%", "'; DROP TABLE t; --", "Þórsson 王芳", "{serial}", "a\nb"]
    content = bytes(range(256))
    database.many("INSERT INTO t (x, content) VALUES (?, ?)", [(text, content) for text in texts])
    assert sorted(values(database)) == sorted(texts)
    for text in texts:
        row = database.one("SELECT x, content FROM t WHERE x = ?", text)
        assert row is not None
        assert (row["x"], bytes(row["content"])) == (text, content)
    like = "SELECT x FROM t WHERE x LIKE '100%' AND x <> ?"
    assert [row["x"] for row in database.all(like, "")] == ["100 %s"]


def test_tables_and_columns_are_known_and_defining_them_again_changes_nothing(
    database: Database,
) -> None:
    assert not database.has("t")
    tables = (
        TABLE.replace("TABLE", "TABLE IF NOT EXISTS") + "; CREATE INDEX IF NOT EXISTS i ON t (x);"
    )
    for _ in range(2):
        database.define(tables)
        database.write("INSERT INTO t (x) VALUES (?)", None)
    assert database.has("t")
    assert not database.has("i"), "an index is no table"
    assert database.columns("t") == {"number", "x", "content"}
    assert database.columns("none") == set()
    assert len(database.all("SELECT x FROM t")) == 2


def test_definitions_belong_to_the_transaction_they_stand_in(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction():
        database.define(TABLE + "; CREATE TABLE u (y TEXT)")
        raise RuntimeError
    assert not database.has("t")
    assert not database.has("u")


def test_a_reader_sees_one_state_through_a_snapshot(connect: Connect) -> None:
    writer, reader = connect(), connect()
    writer.define(TABLE)
    with reader.snapshot():
        assert values(reader) == []
        writer.write("INSERT INTO t (x) VALUES (?)", "a")
        with reader.snapshot():
            assert values(reader) == []
        assert values(reader) == [], "the inner one has not ended it"
    assert values(reader) == ["a"]


def test_several_threads_use_one_connection_in_turn(database: Database) -> None:
    database.define(TABLE)

    def write(thread: int) -> None:
        for _ in range(20):
            with database.transaction():
                row = database.one("SELECT count(*) AS n FROM t")
                assert row is not None
                database.write("INSERT INTO t (x) VALUES (?)", f"{row['n']:04}")
                assert values(database)[-1] == f"{row['n']:04}", thread

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(database) == [f"{number:04}" for number in range(80)], "none was lost"


def test_no_error_quotes_a_value(database: Database) -> None:
    database.define(TABLE)
    database.write("INSERT INTO t (x) VALUES (?)", NAME)
    for statement, wrong in (
        ("INSERT INTO t (x) VALUES (?)", NAME),
        ("INSERT INTO t (number) VALUES (?)", NAME),
        ("SELECT nothing FROM t WHERE x = ?", NAME),
        ("INSERT INTO t (x) VALUES (?)", {NAME: NAME}),
    ):
        with pytest.raises(StoreError) as refusal:
            database.write(statement, wrong)
        assert NAME not in f"{refusal.value} {refusal.value.remedy}"
        assert refusal.value.remedy
    assert values(database) == [NAME]


def test_a_sound_database_has_no_problem(database: Database) -> None:
    database.define(TABLE)
    database.many("INSERT INTO t (x) VALUES (?)", [(str(number),) for number in range(500)])
    assert database.check() == []
    database.write("DELETE FROM t")
    database.reclaim()
    assert database.check() == []


def test_what_was_deleted_takes_room_until_it_is_given_back(database: Database) -> None:
    database.define(TABLE)
    small = database.size().total
    database.many("INSERT INTO t (x) VALUES (?)", [(f"{n} {'x' * 500}",) for n in range(5_000)])
    full = database.size().total
    assert full > small + 2_500_000
    database.write("DELETE FROM t")
    free = database.size().free
    assert database.size().total > 2_500_000, "deleting gives nothing back"
    assert free is None or free > 2_500_000
    database.reclaim()
    assert database.size().total < small + 100_000
    assert database.size().free in (None, 0)


# --- the file ------------------------------------------------------------------------------------


def filled(file: Path) -> None:
    database = Sqlite(file, TABLE)
    database.many("INSERT INTO t (x) VALUES (?)", [(f"{NAME} {n}",) for n in range(5_000)])
    database.reclaim()
    database.close()


def test_rot_in_the_file_is_told_and_quotes_no_row(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    filled(file)
    content = bytearray(file.read_bytes())
    content[8192:20480] = b"\xff" * 12288
    file.write_bytes(content)
    database = Sqlite(file)
    try:
        problems = database.check()
    except StoreError as error:
        problems = [str(error)]
    (sentence,) = problems
    assert "damaged" in sentence
    assert "backup" in sentence
    assert NAME not in sentence
    with pytest.raises(StoreError, match=r"damaged.*backup") as refusal:
        values(database)
    assert NAME not in str(refusal.value)
    database.close()


@pytest.mark.parametrize("content", [b"no database " * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_what_is_no_database_is_told_so_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.sqlite"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged.*backup"):
        Sqlite(file, TABLE)
    assert file.read_bytes() == content, "what may still be mended is left as it is"


def test_a_file_that_cannot_be_opened_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").mkdir()
    for file in (tmp_path / "x.sqlite", tmp_path / "nowhere" / "x.sqlite"):
        with pytest.raises(StoreError, match=r"cannot be opened.*rights"):
            Sqlite(file)


KILLED = """
import os, signal, sys
from pathlib import Path
from workbench.store.database import Sqlite
database = Sqlite(Path(sys.argv[1]), sys.argv[2])
with database.transaction():
    database.write("INSERT INTO t (x) VALUES (?)", "whole")
with database.transaction():
    database.many("INSERT INTO t (x) VALUES (?)", [(str(n) * 500,) for n in range(5000)])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_program_killed_in_a_transaction_leaves_nothing_of_it_and_no_lock(
    tmp_path: Path,
) -> None:
    file = tmp_path / "x.sqlite"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), TABLE], env=os.environ, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    database = Sqlite(file)
    assert values(database) == ["whole"]
    assert database.check() == []
    with database.transaction():
        database.write("INSERT INTO t (x) VALUES (?)", "next")
    assert values(database) == ["next", "whole"]
    database.close()


def test_what_is_acknowledged_is_on_disk(tmp_path: Path) -> None:
    """A commit waits for the disk (``synchronous``, SQLite's pragma page), also with a journal."""
    database = Sqlite(tmp_path / "x.sqlite", TABLE)
    settings = {
        name: database.all(f"PRAGMA {name}")[0][0]
        for name in ("synchronous", "journal_mode", "secure_delete")
    }
    assert settings == {"synchronous": 2, "journal_mode": "wal", "secure_delete": 1}
    database.close()


def test_definitions_that_fail_leave_no_connection_open(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    with pytest.raises(StoreError):
        Sqlite(file, "CREATE TABLE t (x TEXT); CREATE NONSENSE")
    with closing(sqlite3.connect(file, timeout=0)) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")


def test_free_pages_of_the_embedded_catalogue_hold_nothing_deleted(tmp_path: Path) -> None:
    database = Sqlite(tmp_path / "x.sqlite", "CREATE TABLE t (x TEXT)")
    database.many("INSERT INTO t VALUES (?)", [(f"Grottenolm {n}",) for n in range(1_000)])
    database.write("DELETE FROM t")
    database.reclaim()
    found = [os.fspath(file) for file in tmp_path.iterdir() if b"Grottenolm" in file.read_bytes()]
    assert found == []


def test_a_locked_catalogue_is_an_error_with_a_remedy(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.database.LOCK_TIMEOUT_S", 0.05)
    second = Store.open(tmp_path)
    second.waits.limit_s = 0.1
    with store.batch():
        store.add(small_row(), HERE)
        with pytest.raises(StoreError, match="another Workbench"):
            second.add(small_row("1.9"), HERE)
