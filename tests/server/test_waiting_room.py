"""The line before a dashboard: first come, first served, and who has left is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from workbench.server.waiting_room import FORGOTTEN_S, WaitingRoom


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_came_first_goes_in_first() -> None:
    room = WaitingRoom(Clock())
    assert [room.place(name, 0) for name in "abc"] == [1, 2, 3]
    assert room.place("c", 1) == 3
    assert room.place("d", 1) == 4
    assert room.place("a", 1) == 0
    assert [room.place(name, 0) for name in "bcd"] == [1, 2, 3]
    assert room.place("c", 2) == 0


def test_who_asks_no_more_is_forgotten() -> None:
    clock = Clock()
    room = WaitingRoom(clock)
    room.place("a", 0)
    room.place("b", 0)
    clock.now = FORGOTTEN_S - 1
    assert room.place("b", 0) == 2
    clock.now = FORGOTTEN_S + 1
    assert room.place("b", 0) == 1
    assert len(room) == 1


@given(some.lists(some.tuples(some.integers(0, 9), some.integers(0, 3)), max_size=60))
def test_nobody_is_overtaken(steps: list[tuple[int, int]]) -> None:
    room = WaitingRoom(Clock())
    waiting: list[int] = []
    for visitor, free in steps:
        place = room.place(str(visitor), free)
        if visitor not in waiting:
            waiting.append(visitor)
        assert place in (0, waiting.index(visitor) + 1)
        assert (place == 0) == (waiting.index(visitor) < free)
        if place == 0:
            waiting.remove(visitor)
        assert len(room) == len(waiting)
