"""Sessions: a cookie is worth what was proved, as long as it lasts, and a new one when more is."""

from __future__ import annotations

from workbench.rights import Right, Rights
from workbench.server.sessions import (
    LASTS_S,
    MAX_FAILURES,
    MAX_SESSIONS,
    WITHIN_S,
    Sessions,
)

TOKENS = {Right.LOOK: "look-token", Right.ADMINISTER: "admin-token"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_gives_its_right_only() -> None:
    sessions = Sessions(TOKENS)
    assert sessions.granted("look-token") == Rights.of([Right.LOOK])
    assert sessions.granted("admin-token") == Rights.of([Right.ADMINISTER])
    for wrong in ("", "look", "look-token ", "LOOK-TOKEN", "ü"):
        assert sessions.granted(wrong) == Rights()
    assert Sessions({}).granted("") == Rights()


def test_a_session_is_found_by_its_key_until_it_ends() -> None:
    clock = Clock()
    sessions = Sessions(TOKENS, clock)
    key, session = sessions.open(Rights.of([Right.LOOK]))
    assert sessions.find(key) == session
    for other in ("", key[:-1], key.swapcase(), session.visitor):
        assert sessions.find(other) is None
    clock.now += LASTS_S + 1
    assert sessions.find(key) is None
    key, _ = sessions.open(Rights.of([Right.LOOK]))
    sessions.close(key)
    assert sessions.find(key) is None


def test_a_further_right_makes_another_key_of_the_same_visitor() -> None:
    sessions = Sessions(TOKENS)
    old, before = sessions.open(Rights.of([Right.LOOK]))
    new, after = sessions.open(Rights.of([Right.COLLECT]), before)
    assert sessions.find(old) is None
    assert sessions.find(new) == after
    assert after.visitor == before.visitor
    assert after.rights == Rights.of([Right.LOOK, Right.COLLECT])


def test_keys_do_not_lie_in_the_memory() -> None:
    sessions = Sessions(TOKENS)
    key, _ = sessions.open(Rights.of([Right.LOOK]))
    assert key not in repr(vars(sessions))


def test_the_oldest_sessions_make_room() -> None:
    sessions = Sessions(TOKENS)
    first, _ = sessions.open(Rights.of([Right.LOOK]))
    for _ in range(MAX_SESSIONS):
        last, _ = sessions.open(Rights.of([Right.LOOK]))
    assert sessions.find(first) is None
    assert sessions.find(last) is not None


def test_after_many_wrong_passwords_everybody_waits() -> None:
    clock = Clock()
    sessions = Sessions(TOKENS, clock)
    for _ in range(MAX_FAILURES - 1):
        sessions.trying()
    assert sessions.wait_s() == 0
    sessions.trying()
    assert sessions.wait_s() == WITHIN_S
    clock.now += WITHIN_S
    assert sessions.wait_s() == 0


def test_a_right_password_is_taken_back_from_what_is_counted() -> None:
    sessions = Sessions(TOKENS, Clock())
    for _ in range(3 * MAX_FAILURES):
        sessions.trying()
        sessions.succeeded()
    assert sessions.wait_s() == 0
    sessions.succeeded()
    assert sessions.wait_s() == 0
