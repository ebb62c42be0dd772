"""Sessions: a cookie is worth what was proved, as long as it lasts, and a new one when more is."""

from __future__ import annotations

from workbench.rights import Right, Rights
from workbench.server.sessions import LASTS_S, MAX_SESSIONS, Sessions

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


def test_a_token_shown_with_each_request_is_a_visitor_of_its_own() -> None:
    clock = Clock()
    sessions = Sessions(TOKENS, clock)
    look, admin = (sessions.bearing(token) for token in TOKENS.values())
    assert look is not None
    assert admin is not None
    assert (look.rights, admin.rights) == (Rights.of([Right.LOOK]), Rights.of([Right.ADMINISTER]))
    assert look.visitor != admin.visitor
    assert not any(token in repr(look) for token in TOKENS.values())
    for wrong in ("", "look", "look-token "):
        assert sessions.bearing(wrong) is None
    clock.now += 100 * LASTS_S
    assert {look.visitor, admin.visitor} <= sessions.visitors()  # as long as the server


def test_who_is_logged_in_is_known() -> None:
    clock = Clock()
    sessions = Sessions({}, clock)
    assert sessions.visitors() == frozenset()
    keys, visitors = zip(*(sessions.open(Rights.of([Right.LOOK])) for _ in range(3)), strict=True)
    names = [session.visitor for session in visitors]
    assert sessions.visitors() == set(names)
    sessions.close(keys[0])
    assert sessions.visitors() == set(names[1:])
    clock.now += LASTS_S
    sessions.open(Rights.of([Right.DECIDE]), visitors[2])  # it lasts anew, under the same name
    clock.now += 1
    assert sessions.visitors() == {names[2]}
