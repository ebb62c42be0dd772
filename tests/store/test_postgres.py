"""A PostgreSQL server as the catalogue: connections end, servers restart, nothing is half kept."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.store.postgres_server import Server
from tests.store.store_rows import taken
from workbench.errors import StoreError
from workbench.model import Verdict
from workbench.settings import StoreSettings
from workbench.store import Store
from workbench.store.database import Database
from workbench.store.postgres import Postgres


@pytest.fixture
def both(request: pytest.FixtureRequest) -> Postgres:
    server: Server = request.getfixturevalue("postgres")
    return Postgres(server.url, f"s{uuid.uuid4().hex[:12]}")


def started_soon(server: Server) -> threading.Timer:
    """Start a server in a while: longer than a few tries take."""
    timer = threading.Timer(0.7, server.start)
    timer.start()
    return timer


@pytest.mark.postgres
def test_a_server_that_is_restarted_is_waited_for(postgres: Server, tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreSettings(postgres.url, f"s{uuid.uuid4().hex[:12]}"))
    for numbers in ([0], [1, 2], [3]):
        postgres.stop()
        starting = started_soon(postgres)
        assert store.extend(taken("SITE-A", *numbers)) == [Verdict.STORED] * len(numbers)
        starting.join()
    postgres.stop()
    starting = started_soon(postgres)
    assert store.take(taken("SITE-A", 4)[0]) is Verdict.STORED
    starting.join()
    postgres.stop()
    starting = started_soon(postgres)
    assert sorted(store.table("instance")["InstanceNumber"]) == [0, 1, 2, 3, 4]
    starting.join()
    assert list(store.problems()) == []


@pytest.mark.postgres
def test_a_server_that_stays_away_is_an_error_in_the_end(postgres: Server, tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreSettings(postgres.url, f"s{uuid.uuid4().hex[:12]}"))
    store.waits.limit_s = 0.2
    postgres.stop()
    try:
        with pytest.raises(StoreError, match="does not answer"):
            store.take(taken("SITE-A", 1)[0])
        with pytest.raises(StoreError, match="does not answer"):
            store.table("instance")
    finally:
        postgres.start()
    assert store.table("instance").is_empty()
    with pytest.raises(StoreError, match="does not answer"), store.batch():
        store.take(taken("SITE-A", 2)[0])
        postgres.stop()
        postgres.start()
        store.take(taken("SITE-A", 3)[0])
    assert store.table("instance").is_empty(), "a batch that was cut is not kept in part"


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
    monkeypatch.setattr("workbench.store.postgres_session.LOCK_TIMEOUT_S", 0.2)
    schema = f"s{uuid.uuid4().hex[:12]}"
    first, second = Postgres(postgres.url, schema), Postgres(postgres.url, schema)
    second.waits.limit_s = 0.1
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
    both.write("INSERT INTO t VALUES (?)", 1)
    cut(both)
    row = both.one("INSERT INTO t VALUES (2) RETURNING x")
    assert row is not None
    cut(both)
    assert [row["x"] for row in both.all("SELECT x FROM t ORDER BY x")] == [1, 2], "each once"
    timeout, commit = (
        both.all(f"SHOW {name}")[0][name] for name in ("lock_timeout", "synchronous_commit")
    )
    assert (timeout, commit) == ("1s", "on")


@pytest.mark.postgres
def test_what_is_done_atomically_is_done_again_when_the_connection_was_lost_in_it(
    both: Postgres,
) -> None:
    both.define("CREATE TABLE t (x BIGINT)")
    tries = []

    def work() -> str:
        tries.append(both.all("SELECT x FROM t"))
        both.write("INSERT INTO t VALUES (?)", 1)
        if len(tries) < 3:
            cut(both)
        both.many("INSERT INTO t VALUES (?)", [(2,), (3,)])
        return f"at try {len(tries)}"

    assert both.atomically(work) == "at try 3"
    assert tries == [[], [], []], "nothing of the tries before was kept"
    assert [row["x"] for row in both.all("SELECT x FROM t ORDER BY x")] == [1, 2, 3]


@pytest.mark.postgres
def test_what_is_read_at_once_is_read_again_when_the_connection_was_lost_in_it(
    both: Postgres,
) -> None:
    both.define("CREATE TABLE t (x BIGINT)")
    tries = []

    def read() -> int:
        tries.append(both.all("SELECT x FROM t"))
        if len(tries) == 1:
            cut(both)
            both.all("SELECT x FROM t")
        return len(tries)

    assert both.seen_at_once(read) == 2


class Cable:
    """A connection whose cable is pulled at a COMMIT: before the server hears it, or after."""

    def __init__(self, connection: Any, heard: bool) -> None:
        self._connection, self._heard = connection, heard

    def execute(self, statement: str, values: Any = None) -> Any:
        if statement == "COMMIT":
            if self._heard:
                self._connection.execute(statement)
            self._connection.close()
        return self._connection.execute(statement, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.mark.postgres
@pytest.mark.parametrize("heard", [True, False])
def test_a_commit_without_an_answer_is_kept_once(both: Postgres, heard: bool) -> None:
    """Whether it was kept cannot be seen from here: to do it again blindly would count twice."""
    both.define("CREATE TABLE t (x BIGINT)")
    tries: list[int] = []

    def work() -> int:
        tries.append(1)
        both.write("INSERT INTO t VALUES (7)")
        return len(tries)

    both._connection = Cable(both._connection, heard)
    assert both.atomically(work) == (1 if heard else 2)
    assert [row["x"] for row in both.all("SELECT x FROM t")] == [7]
    both._connection = Cable(both._connection, heard)
    both.write("INSERT INTO t VALUES (8)")
    assert [row["x"] for row in both.all("SELECT x FROM t ORDER BY x")] == [7, 8]
    both._connection = Cable(both._connection, heard)
    with suppress(StoreError), both.transaction():
        both.write("INSERT INTO t VALUES (9)")
    kept = [row["x"] for row in both.all("SELECT x FROM t WHERE x = 9")]
    assert kept == ([9] if heard else []), "a block cannot be done again"


@pytest.mark.postgres
def test_a_commit_that_is_still_at_work_is_waited_for_before_it_is_judged(
    postgres: Server, both: Postgres
) -> None:
    """The cable is pulled, and the server still holds the transaction: nobody knows its end yet."""
    both.define("CREATE TABLE t (x BIGINT)")
    held = Postgres(postgres.url, both._schema)
    seen = []

    def end_it() -> None:
        seen.append(len(held.all("SELECT x FROM t")))
        held._connection.execute("COMMIT")

    def work() -> None:
        both.write("INSERT INTO t VALUES (7)")
        # The session goes on at the server under another hand, as one does whose client is gone.
        held._connection, both._connection = both._connection, held._connection
        both._connection.close()
        threading.Timer(0.5, end_it).start()

    both.atomically(work)
    assert seen == [1]
    assert [row["x"] for row in both.all("SELECT x FROM t")] == [7]


@pytest.mark.postgres
def test_where_nobody_can_say_whether_it_was_kept_it_is_told_and_not_done_again(
    postgres: Server, both: Postgres
) -> None:
    both.define("CREATE TABLE t (x BIGINT)")
    both.waits.limit_s = 0.2
    tries = []

    def work() -> None:
        tries.append(1)
        both.write("INSERT INTO t VALUES (7)")
        postgres.stop()

    try:
        with pytest.raises(StoreError, match="nobody can say"):
            both.atomically(work)
    finally:
        postgres.start()
    assert len(tries) == 1


@pytest.mark.postgres
def test_a_session_leaves_no_note_of_its_own_behind(postgres: Server, both: Postgres) -> None:
    other = Postgres(postgres.url, both._schema)
    other.define("CREATE TABLE t (x BIGINT)")
    other.write("INSERT INTO t VALUES (1)")
    assert len(both.all("SELECT session FROM writer")) == 1
    other.close()
    assert both.all("SELECT session FROM writer") == []


@pytest.mark.postgres
def test_a_server_that_has_answered_before_is_waited_for_from_the_beginning(
    postgres: Server,
) -> None:
    postgres.stop()
    with pytest.raises(StoreError, match="does not answer"):
        Postgres(postgres.url, "workbench")
    starting = started_soon(postgres)
    database = Postgres(postgres.url, "workbench", answered=True)
    starting.join()
    assert database.all("SELECT 1 AS x")[0]["x"] == 1
    database.close()


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
