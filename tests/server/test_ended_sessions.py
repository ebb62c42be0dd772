"""Whoever is no longer logged in has neither a websocket nor a kernel; all others keep theirs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.server.test_room_for_others import Kernel, Kernels
from workbench.rights import Right, Rights
from workbench.server.ended_sessions import LOGGED_OUT, POLICY_VIOLATION, EndedSessions
from workbench.server.sessions import LASTS_S, Session, Sessions

LOOK = Rights.of([Right.LOOK])


@dataclass(eq=False)
class Socket:
    """A websocket that says how it was closed."""

    session: Session | None
    codes: list[int | None] = field(default_factory=list)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.codes.append(code)


class Hall:
    """Sessions, kernels and what looks after both."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sessions = Sessions({Right.LOOK: "token"}, lambda: self.now)
        self.kernels = Kernels()
        self.ended = EndedSessions(self.sessions, self.kernels)

    def enter(self, session: Session | None, kernel: str = "") -> Socket:
        socket = Socket(session)
        self.ended.opened(socket)
        if session is not None and kernel:
            self.kernels.take(kernel, Kernel(), session.visitor)
        return socket

    def look(self) -> list[str]:
        asyncio.run(self.ended.look_after())
        return self.kernels.ended


def test_who_logged_out_loses_websockets_and_kernels_and_nobody_else_does() -> None:
    hall = Hall()
    key, mine = hall.sessions.open(LOOK)
    _, theirs = hall.sessions.open(LOOK)
    first, second = hall.enter(mine, "k1"), hall.enter(mine, "k2")
    other, script = hall.enter(theirs, "k3"), hall.enter(hall.sessions.bearing("token"), "k4")
    assert hall.look() == []
    hall.sessions.close(key)
    assert hall.look() == ["k1", "k2"]
    assert hall.kernels.why_ended("k1") == LOGGED_OUT
    assert hall.look() == ["k1", "k2"]
    assert [socket.codes for socket in (first, second)] == [[POLICY_VIOLATION]] * 2
    assert [socket.codes for socket in (other, script)] == [[], []]


def test_a_session_that_ran_out_is_an_ended_one() -> None:
    hall = Hall()
    socket = hall.enter(hall.sessions.open(LOOK)[1], "k1")
    script = hall.enter(hall.sessions.bearing("token"), "k2")
    hall.now = LASTS_S
    assert hall.look() == []
    hall.now += 1
    assert hall.look() == ["k1"]
    assert (socket.codes, script.codes) == ([POLICY_VIOLATION], [])


def test_a_further_right_closes_nothing() -> None:
    hall = Hall()
    _, before = hall.sessions.open(LOOK)
    socket = hall.enter(before, "k1")
    hall.sessions.open(Rights.of([Right.COLLECT]), before)
    assert hall.look() == []
    assert socket.codes == []


def test_a_kernel_that_comes_when_its_visitor_has_gone_is_ended() -> None:
    hall = Hall()
    key, mine = hall.sessions.open(LOOK)
    hall.sessions.close(key)
    hall.look()
    hall.kernels.take("late", Kernel(), mine.visitor)
    assert hall.look() == ["late"]


def test_nobody_is_no_visitor_and_what_was_closed_is_forgotten() -> None:
    hall = Hall()
    nobody = hall.enter(None)
    gone = hall.enter(None)
    hall.ended.closed(gone)
    hall.ended.closed(gone)
    hall.look()
    assert (nobody.codes, gone.codes) == ([POLICY_VIOLATION], [])
