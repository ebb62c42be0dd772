"""A PostgreSQL server as the catalogue: connections end, servers restart, nothing is half kept."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

import pytest

from tests.store.postgres_server import Server
from tests.store.store_rows import taken
from workbench.errors import MissingTool, SettingsError, StoreError
from workbench.model import Verdict
from workbench.settings import StoreSettings
from workbench.store import Store
from workbench.store.database import Database
from workbench.store.postgres import Postgres


@pytest.fixture
def both(request: pytest.FixtureRequest) -> Postgres:
    server: Server = request.getfixturevalue("postgres")
    return Postgres(server.url, f"s{uuid.uuid4().hex[:12]}")


@pytest.mark.postgres
def test_a_server_that_was_restarted_is_asked_again(postgres: Server, tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreSettings(postgres.url, f"s{uuid.uuid4().hex[:12]}"))
    store.extend(taken("SITE-A", 0))
    postgres.stop()
    with pytest.raises(StoreError, match="does not answer"):
        store.take(taken("SITE-A", 1)[0])
    postgres.start()
    assert store.take(taken("SITE-A", 1)[0]) is Verdict.STORED
    with pytest.raises(StoreError, match="does not answer"), store.batch():
        store.take(taken("SITE-A", 2)[0])
        postgres.stop()
        postgres.start()
        store.take(taken("SITE-A", 3)[0])
    assert sorted(store.table("instance")["InstanceNumber"]) == [0, 1]


@pytest.mark.postgres
def test_errors_of_the_server_quote_no_value(both: Database) -> None:
    both.define("CREATE TABLE t (x TEXT PRIMARY KEY)")
    both.write("INSERT INTO t VALUES (?)", "Grottenolm")
    with pytest.raises(StoreError) as told:
        both.write("INSERT INTO t VALUES (?)", "Grottenolm")
    assert "Grottenolm" not in str(told.value)
    assert both.all("SELECT x FROM t WHERE x LIKE ?", "Grotten%")[0]["x"] == "Grottenolm"
    with pytest.raises(RuntimeError), both.transaction():
        both.write("DELETE FROM t")
        raise RuntimeError
    assert len(both.all("SELECT x FROM t")) == 1


@pytest.mark.postgres
def test_one_writer_at_a_time_and_a_reader_sees_one_state(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.postgres.LOCK_TIMEOUT_S", 0.2)
    schema = f"s{uuid.uuid4().hex[:12]}"
    first, second = Postgres(postgres.url, schema), Postgres(postgres.url, schema)
    first.define("CREATE TABLE t (x BIGINT)")
    with second.snapshot():
        assert second.all("SELECT x FROM t") == []
        with first.transaction():
            first.write("INSERT INTO t VALUES (?)", 1)
        assert second.all("SELECT x FROM t") == []
    assert len(second.all("SELECT x FROM t")) == 1
    refused = pytest.raises(StoreError, match="another Workbench")
    with first.transaction(), refused, second.transaction():
        pass
    with second.transaction():
        second.write("INSERT INTO t VALUES (?)", 2)


def cut(database: Postgres) -> None:
    """End a connection as a server does that an administrator restarts."""
    own = database.one("SELECT pg_backend_pid() AS pid")
    assert own is not None
    other = Postgres(database._url, database._schema)
    other.all("SELECT pg_terminate_backend(?)", own["pid"])
    other.close()


@pytest.mark.postgres
def test_a_connection_lost_between_two_queries_is_made_anew_with_all_its_settings(
    both: Postgres,
) -> None:
    both.define("CREATE TABLE t (x BIGINT)")
    cut(both)
    with pytest.raises(StoreError, match="does not answer"):
        both.write("INSERT INTO t VALUES (?)", 1)
    both.write("INSERT INTO t VALUES (?)", 2)
    assert [row["x"] for row in both.all("SELECT x FROM t")] == [2], "in the same schema"
    timeout, commit = (
        both.all(f"SHOW {name}")[0][name] for name in ("lock_timeout", "synchronous_commit")
    )
    assert (timeout, commit) == ("10s", "on")


@pytest.mark.postgres
def test_a_connection_lost_within_a_transaction_is_never_made_anew_in_it(both: Postgres) -> None:
    """Else its second half would be kept without the first."""
    both.define("CREATE TABLE t (x BIGINT)")
    with pytest.raises(StoreError), both.transaction():
        both.write("INSERT INTO t VALUES (?)", 1)
        cut(both)
        for value in (2, 3):
            with pytest.raises(StoreError):
                both.write("INSERT INTO t VALUES (?)", value)
    assert both.all("SELECT x FROM t") == []
    with pytest.raises(StoreError), both.snapshot():
        cut(both)
        both.all("SELECT x FROM t")
    with both.transaction():
        both.write("INSERT INTO t VALUES (?)", 4)
    assert len(both.all("SELECT x FROM t")) == 1


@pytest.mark.postgres
def test_a_snapshot_writes_nothing(both: Postgres) -> None:
    both.define("CREATE TABLE t (x BIGINT)")
    with pytest.raises(StoreError), both.snapshot():
        both.write("INSERT INTO t VALUES (?)", 1)
    both.write("INSERT INTO t VALUES (?)", 2)
    assert len(both.all("SELECT x FROM t")) == 1


@pytest.mark.postgres
def test_two_schemas_of_one_server_do_not_know_each_other(postgres: Server, both: Postgres) -> None:
    """Also not each other's writers."""
    other = Postgres(postgres.url, f"s{uuid.uuid4().hex[:12]}")
    both.define("CREATE TABLE t (x BIGINT)")
    assert not other.has("t")
    assert other.columns("t") == set()
    with both.transaction(), other.transaction():
        other.define("CREATE TABLE t (x TEXT)")
    assert both.columns("t") == other.columns("t") == {"x"}
    assert both.all("SELECT x FROM t") == []


@pytest.mark.postgres
def test_a_table_that_cannot_be_read_is_told_by_its_name(both: Postgres) -> None:
    both.define("CREATE TABLE t (x BIGINT); CREATE TABLE u (x BIGINT)")
    assert both.check() == []
    both.write("INSERT INTO u VALUES (?)", 1)
    both.define("ALTER TABLE u RENAME TO held; CREATE VIEW u AS SELECT x / 0 AS x FROM held")
    assert both.check() == [], "a view is nobody's table"
    both.write("ALTER TABLE held ADD COLUMN y TEXT")
    broken = both.all

    def unreadable(statement: str, *values: object) -> list[object]:
        if "count(t::text) FROM held" in statement:
            return broken("SELECT 1 / 0")
        return broken(statement, *values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(both, "all", unreadable)
        (sentence,) = both.check()
    assert sentence.startswith("Table held ")
    assert "backup" in sentence


def test_without_the_driver_the_remedy_is_its_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingTool, match=r'pip install "workbench\[postgres\]"'):
        Postgres("postgresql://host/db", "workbench")


@pytest.mark.parametrize(
    "schema", ["", "Upper", "1st", "a-b", "a b", 'a"b', "a;b", "a" * 64, "pg\n", "ä"]
)
def test_a_schema_is_a_plain_name(schema: str) -> None:
    with pytest.raises(SettingsError, match="plain name"):
        Postgres("postgresql://host/db", schema)


@pytest.mark.parametrize(
    "url", ["postgresql://user:secret@host/db", "postgresql://host/db?user=x&password=secret"]
)
def test_a_password_does_not_stand_in_the_settings(url: str) -> None:
    with pytest.raises(SettingsError, match=r"password.*PGPASSWORD") as refusal:
        Postgres(url, "workbench")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["", "host", "mysql://host/db", "http://host/db"])
def test_an_address_is_one_of_postgresql(url: str) -> None:
    with pytest.raises(SettingsError, match="postgresql://user@host/database"):
        Postgres(url, "workbench")


def test_a_server_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"does not answer.*pgpass") as refusal:
        Postgres(f"postgresql://Grottenolm@/db?host={tmp_path}", "workbench")
    assert "Grottenolm" not in str(refusal.value)
