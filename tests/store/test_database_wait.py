"""A database that is locked or away is waited for: told, with an end, on nobody else's time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from tests.store.conftest import Connect
from workbench.errors import StoreError
from workbench.store import database_wait
from workbench.store.database import Database
from workbench.store.database_wait import (
    HURRY_LIMIT_S,
    RETRY_LIMIT_S,
    ConnectionLostError,
    DatabaseBusyError,
    DatabaseWait,
)


class Clock:
    """A clock that only pauses move on."""

    def __init__(self) -> None:
        self.now, self.pauses = 1_000.0, 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(database_wait, "time", made)
    return made


def busy_until(clock: Clock, moment: float) -> Callable[[], str]:
    def attempt() -> str:
        if clock.now < moment:
            raise DatabaseBusyError("another Workbench is writing.", "Wait.")
        return "done"

    return attempt


def test_it_is_tried_again_for_ten_minutes_and_told_once(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    begun = clock.now
    with caplog.at_level(logging.WARNING):
        assert DatabaseWait().until_done(busy_until(clock, begun + 590)) == "done"
    assert clock.now - begun == pytest.approx(590, abs=1.1)
    assert caplog.text.count("another Workbench is writing") == 1
    assert "600 s" in caplog.text
    assert "Ctrl-C" in caplog.text


def test_what_stays_locked_is_an_error_after_ten_minutes(clock: Clock) -> None:
    begun = clock.now
    with pytest.raises(DatabaseBusyError, match="another Workbench"):
        DatabaseWait().until_done(busy_until(clock, float("inf")))
    assert clock.now - begun == pytest.approx(RETRY_LIMIT_S, abs=1.1)


def test_a_moment_is_not_worth_a_word(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert DatabaseWait().until_done(busy_until(clock, clock.now + 3)) == "done"
    assert caplog.text == ""


def test_what_else_goes_wrong_is_not_tried_again(clock: Clock) -> None:
    def broken() -> None:
        raise StoreError("the database's file is damaged.", "Restore it.")

    with pytest.raises(StoreError, match="damaged"):
        DatabaseWait().until_done(broken)
    assert clock.pauses == 0


def test_a_lost_connection_is_waited_for_as_a_lock_is(clock: Clock) -> None:
    def away() -> None:
        raise ConnectionLostError("the PostgreSQL server does not answer.")

    with pytest.raises(ConnectionLostError):
        DatabaseWait().until_done(away)
    assert clock.pauses > 100


def test_whoever_hears_of_it_may_end_it(clock: Clock) -> None:
    """So the button Stop of a page ends what waits."""
    waits, heard = DatabaseWait(), []

    def stop_at_the_third(text: str) -> None:
        heard.append(text)
        if len(heard) == 3:
            raise KeyboardInterrupt

    waits.heard = stop_at_the_third
    with pytest.raises(KeyboardInterrupt):
        waits.until_done(busy_until(clock, float("inf")))
    assert heard == ["waiting: another Workbench is writing."] * 3


def test_a_program_that_is_to_end_waits_a_few_seconds_more(clock: Clock) -> None:
    waits, begun = DatabaseWait(), clock.now
    waits.heard = lambda _: waits.hurry() if clock.now > begun + 60 else None
    with pytest.raises(DatabaseBusyError):
        waits.until_done(busy_until(clock, float("inf")))
    assert clock.now - begun < 60 + HURRY_LIMIT_S
    waits.limit_s = 1.0
    waits.hurry()
    assert waits.limit_s == 1.0, "who is quicker stays so"


def test_a_thread_on_which_somebody_waits_has_a_limit_of_its_own(clock: Clock) -> None:
    waits, begun = DatabaseWait(), clock.now
    with waits.at_most(10.0), waits.at_most(60.0):
        assert waits.limit_here_s == 10.0
        elsewhere: list[float] = []
        thread = threading.Thread(target=lambda: elsewhere.append(waits.limit_here_s))
        thread.start()
        thread.join()
        assert elsewhere == [RETRY_LIMIT_S]
        with pytest.raises(DatabaseBusyError):
            waits.until_done(busy_until(clock, float("inf")))
    assert clock.now - begun == pytest.approx(10, abs=1.1)
    assert waits.limit_here_s == RETRY_LIMIT_S


# --- real engines --------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("database", "postgres_session"):
        monkeypatch.setattr(f"workbench.store.{module}.LOCK_TIMEOUT_S", 0.05)


def held_for(database: Database, seconds: float) -> threading.Thread:
    """Hold the lock of writers in a thread of its own; returns when it is held."""
    held = threading.Event()

    def hold() -> None:
        with database.transaction():
            database.write("INSERT INTO t VALUES (?)", 0)
            held.set()
            time.sleep(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    return thread


@pytest.mark.usefixtures("quick")
def test_another_writer_is_waited_for_in_every_way_there_is_to_write(connect: Connect) -> None:
    first, second = connect(), connect()
    first.define("CREATE TABLE t (x BIGINT)")
    ways: list[Callable[[], object]] = [
        lambda: second.write("INSERT INTO t VALUES (?)", 1),
        lambda: second.many("INSERT INTO t VALUES (?)", [(2,)]),
        lambda: second.atomically(lambda: second.write("INSERT INTO t VALUES (?)", 3)),
        lambda: second.one("INSERT INTO t VALUES (?) RETURNING x", 4),
        lambda: second.change_among("INSERT INTO t SELECT x + 5 FROM t WHERE x IN ({})", [0]),
    ]
    for way in ways:
        thread = held_for(first, 0.2)
        way()
        thread.join()
        first.write("DELETE FROM t WHERE x = ?", 0)
    assert sorted(row["x"] for row in first.all("SELECT x FROM t")) == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("quick")
def test_while_one_thread_waits_another_is_not_held_up(connect: Connect) -> None:
    """A peer's object is refused in time although the receiver itself waits for ten minutes."""
    first, second = connect(), connect()
    first.define("CREATE TABLE t (x BIGINT)")
    holder = held_for(first, 0.8)
    patient = threading.Thread(target=lambda: second.write("INSERT INTO t VALUES (?)", 1))
    patient.start()
    time.sleep(0.2)
    with second.waits.at_most(0.1), pytest.raises(DatabaseBusyError):
        second.write("INSERT INTO t VALUES (?)", 2)
    assert holder.is_alive()
    assert second.all("SELECT x FROM t") == [], "and it reads"
    patient.join()
    holder.join()
    assert sorted(row["x"] for row in first.all("SELECT x FROM t")) == [0, 1]


def test_nothing_is_written_where_one_state_is_read(database: Database) -> None:
    """It would be taken back with the reading, silently."""
    database.define("CREATE TABLE t (x BIGINT)")
    for write in (
        lambda: database.write("INSERT INTO t VALUES (1)"),
        lambda: database.change("INSERT INTO t VALUES (1)"),
        lambda: database.many("INSERT INTO t VALUES (?)", [(1,)]),
        lambda: database.atomically(lambda: None),
    ):
        with pytest.raises(StoreError, match="one state"):
            database.seen_at_once(write)
    database.write("INSERT INTO t VALUES (2)")
    assert database.seen_at_once(lambda: len(database.all("SELECT x FROM t"))) == 1
    with database.transaction():
        database.write("INSERT INTO t VALUES (3)")
        assert database.seen_at_once(lambda: len(database.all("SELECT x FROM t"))) == 2
