"""Guessing passwords: stopped for an address, slowed for all, and nobody else is locked out."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from workbench.server import login_attempts
from workbench.server.login_attempts import (
    BUSY_S,
    MAX_ADDRESSES,
    MAX_AT_ONCE,
    MAX_FAILURES,
    MAX_HOLD_S,
    MAX_KNOWN,
    MAX_QUICK,
    WITHIN_S,
    LoginAttempts,
    network_of,
)

STRANGER, RUTH = "192.0.2.1", "192.0.2.2"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> LoginAttempts:
    return LoginAttempts(clock)


def guess(attempts: LoginAttempts, address: str, browser: str = "", times: int = 1) -> float:
    """Try wrong passwords; return how long the last one was held up."""
    held = []
    for _ in range(times):
        with attempts.attempt(address, browser) as seconds:
            held.append(seconds)
    return held[-1]


def log_in(attempts: LoginAttempts, address: str, browser: str = "") -> str:
    with attempts.attempt(address, browser):
        pass
    return attempts.succeeded(address, browser)


def test_after_many_wrong_passwords_their_address_waits_and_no_other(
    attempts: LoginAttempts, clock: Clock
) -> None:
    guess(attempts, STRANGER, times=MAX_FAILURES - 1)
    assert attempts.wait_s(STRANGER) == 0
    guess(attempts, STRANGER)
    assert attempts.wait_s(STRANGER) == WITHIN_S
    assert attempts.wait_s(RUTH) == 0
    clock.now += WITHIN_S
    assert attempts.wait_s(STRANGER) == 0


def test_a_right_password_is_taken_back_from_what_is_counted(attempts: LoginAttempts) -> None:
    for _ in range(3 * MAX_FAILURES):
        log_in(attempts, RUTH)
    assert attempts.wait_s(RUTH) == 0
    attempts.succeeded(RUTH)
    assert attempts.wait_s(RUTH) == 0


def test_those_tried_at_the_same_time_count(attempts: LoginAttempts) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_FAILURES):
            assert attempts.wait_s(STRANGER) == 0
            stack.enter_context(attempts.attempt(STRANGER))
        assert attempts.wait_s(STRANGER) == WITHIN_S


def test_a_browser_that_logged_in_before_is_not_locked_out_by_its_neighbours(
    attempts: LoginAttempts,
) -> None:
    browser = log_in(attempts, RUTH)
    assert len(browser) > 40
    guess(attempts, RUTH, times=MAX_FAILURES)
    assert attempts.wait_s(RUTH) == WITHIN_S
    for invented in ("", browser[:-1], browser.swapcase(), "x"):
        assert attempts.wait_s(RUTH, invented) == WITHIN_S
    assert attempts.wait_s(RUTH, browser) == 0
    assert log_in(attempts, RUTH, browser) == ""  # it keeps its cookie
    # It has no more tries of its own than others, and they count for its address, too.
    assert guess(attempts, "192.0.2.9", browser, times=MAX_FAILURES) == 0.0
    assert attempts.wait_s(RUTH, browser) == WITHIN_S
    assert attempts.wait_s("192.0.2.9") == WITHIN_S


def test_keys_of_browsers_do_not_lie_in_the_memory(attempts: LoginAttempts) -> None:
    assert log_in(attempts, RUTH) not in repr(vars(attempts))


def test_who_knows_a_password_cannot_make_up_browsers_without_end(
    attempts: LoginAttempts,
) -> None:
    ours = log_in(attempts, RUTH)
    made = [log_in(attempts, STRANGER) for _ in range(3 * MAX_KNOWN)]
    known = [browser for browser in made if attempts._recognised(browser)]
    assert known == made[-MAX_KNOWN:]
    assert attempts._recognised(ours)


def test_many_addresses_are_slowed_and_nobody_is_locked_out(
    attempts: LoginAttempts, clock: Clock
) -> None:
    browser = log_in(attempts, RUTH)
    held = [guess(attempts, f"198.51.100.{number}") for number in range(MAX_QUICK - 1)]
    assert set(held) == {0.0}
    held = [guess(attempts, f"203.0.113.{number}") for number in range(200)]
    assert held == sorted(held)
    assert held[-1] == MAX_HOLD_S
    assert attempts.wait_s(RUTH) == 0
    assert 0 < guess(attempts, "192.0.2.77") <= MAX_HOLD_S
    assert guess(attempts, RUTH, browser) == 0.0
    clock.now += WITHIN_S
    assert guess(attempts, "192.0.2.77") == 0.0


def test_no_more_than_a_few_are_looked_at_together_and_a_known_browser_always_is(
    attempts: LoginAttempts,
) -> None:
    browser = log_in(attempts, RUTH)
    with ExitStack() as stack:
        for number in range(MAX_AT_ONCE):
            stack.enter_context(attempts.attempt(f"198.51.100.{number}"))
        assert attempts.wait_s("203.0.113.1") == BUSY_S
        assert attempts.wait_s(RUTH, browser) == 0
    assert attempts.wait_s("203.0.113.1") == 0
    with pytest.raises(RuntimeError), attempts.attempt(STRANGER):
        raise RuntimeError
    assert attempts._at_once == 0


def test_addresses_without_number_fill_no_memory(
    attempts: LoginAttempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_attempts, "MAX_ADDRESSES", 50)
    for number in range(500):
        log_in(attempts, f"10.0.{number // 256}.{number % 256}")
        guess(attempts, f"10.1.{number // 256}.{number % 256}")
    assert len(attempts._failures) <= 50 < MAX_ADDRESSES
    assert len(attempts._known) <= 50
    assert len(attempts._lately) < 200


@pytest.mark.parametrize(("address", "network"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3:4:5:6", "20010db800010002::/64"),
    ("2001:db8:1:2::1", "20010db800010002::/64"), ("2001:db8:1:3::1", "20010db800010003::/64"),
    ("fe80::1%eth0", "fe80000000000000::/64"), ("", "no address"), ("x" * 5000, "no address"),
])  # fmt: skip
def test_addresses_of_one_subscriber_are_counted_together(address: str, network: str) -> None:
    assert network_of(address) == (network if ":" not in network else network.lstrip("0"))
