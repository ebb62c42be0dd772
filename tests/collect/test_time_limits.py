"""A request ends when nothing moves any more, when it took too long, or when a person says so."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field

import pytest

from workbench.collect import time_limits
from workbench.collect.time_limits import (
    KEEP_ALIVE,
    STOP_QUIET_S,
    GivenUp,
    Interruption,
    TimeLimit,
    Watchdog,
)


@dataclass
class Desk:
    """A person, a clock that is set by hand, and what has arrived."""

    now: float = 100.0
    arrived: int = 0
    stopping: bool = False
    stopped: bool = False
    interruption: Interruption = field(init=False)

    def __post_init__(self) -> None:
        self.interruption = Interruption(
            stopping=lambda: self.stopping, stopped=lambda: self.stopped
        )

    def limit(self, *seconds: float) -> TimeLimit:
        return TimeLimit(self.interruption, lambda: self.arrived, *seconds)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    one = Desk()
    monkeypatch.setattr(time_limits.time, "monotonic", lambda: one.now)
    return one


def test_the_first_sign_of_life_may_take_longer_than_the_next(desk: Desk) -> None:
    limit = desk.limit(1800.0, 300.0, 14400.0)
    desk.now += 1799
    assert limit.over() is None, "an archive may have to load a tape"
    desk.arrived = 1
    assert limit.over() is None
    desk.now += 299
    assert limit.over() is None
    desk.now += 2
    assert limit.over() is GivenUp.STALLED


def test_without_any_sign_of_life_it_ends(desk: Desk) -> None:
    limit = desk.limit(1800.0, 300.0, 14400.0)
    desk.now += 1801
    assert limit.over() is GivenUp.STALLED


def test_what_moves_for_ever_ends_all_the_same(desk: Desk) -> None:
    limit = desk.limit(1800.0, 300.0, 14400.0)
    for _ in range(143):
        desk.now += 100
        desk.arrived += 1
        assert limit.over() is None
    desk.now += 101
    desk.arrived += 1
    assert limit.over() is GivenUp.TOO_LONG


def test_who_says_stop_waits_only_for_what_is_coming(desk: Desk) -> None:
    limit = desk.limit(1800.0, 300.0, 14400.0)
    desk.stopping = True
    for _ in range(20):
        desk.now += STOP_QUIET_S * 0.9
        desk.arrived += 1
        assert limit.over() is None, "it is on its way"
    desk.now += STOP_QUIET_S * 1.1
    assert limit.over() is GivenUp.STOPPED
    assert desk.interruption.wanted


def test_who_says_stop_twice_waits_for_nothing(desk: Desk) -> None:
    limit = desk.limit()
    assert limit.over() is None
    desk.stopped = True
    desk.arrived += 1
    assert limit.over() is GivenUp.STOPPED


def test_a_stop_is_answered_within_five_seconds() -> None:
    assert STOP_QUIET_S + 2 * time_limits.LOOK_INTERVAL_S < 5.0


def test_a_watchdog_ends_what_it_watches_and_says_why() -> None:
    ended = threading.Event()
    with Watchdog(lambda: GivenUp.STALLED, ended.set) as watchdog:
        assert ended.wait(10)
    assert watchdog.reason is GivenUp.STALLED


def test_a_watchdog_leaves_alone_what_is_in_order() -> None:
    looks, ended = threading.Semaphore(0), threading.Event()

    def over() -> None:
        looks.release()

    with Watchdog(over, ended.set) as watchdog:
        for _ in range(3):
            assert looks.acquire(timeout=10)
    assert watchdog.reason is None
    assert not ended.is_set()


def test_a_connection_whose_other_end_is_gone_is_noticed_in_minutes() -> None:
    """A cable that is pulled sends nothing: the system must ask whether somebody is there."""
    values = {option: value for _, option, value in KEEP_ALIVE}
    assert values[socket.SO_KEEPALIVE] == 1
    if hasattr(socket, "TCP_KEEPIDLE"):
        probes = values[socket.TCP_KEEPINTVL] * values[socket.TCP_KEEPCNT]
        assert values[socket.TCP_KEEPIDLE] + probes <= 180
    with socket.socket() as connection:
        for option in KEEP_ALIVE:
            connection.setsockopt(*option)
