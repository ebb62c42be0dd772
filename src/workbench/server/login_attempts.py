"""How often passwords may be tried: few times from one address, and everywhere ever more slowly.

Wrong ones are counted for each address, so that nobody can lock out others.  Two things remain for
somebody who has many addresses, or shares one with those who work: whatever the address, many
attempts a minute make each of them wait some seconds, and no more than a few are looked at
together; and a browser that has logged in before is known by a cookie, has a count of its own and
waits for nobody (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

MAX_FAILURES, WITHIN_S = 10, 60.0  # wrong passwords of an address until it has to wait
MAX_ADDRESSES = 10_000  # of which attempts are remembered; the oldest is forgotten
MAX_QUICK = 60  # attempts of all within WITHIN_S, until each is held up
HOLD_STEP_S, MAX_HOLD_S = 0.1, 5.0  # by each attempt more, and at most
MAX_AT_ONCE = 20  # attempts held up or looked at together
BUSY_S = 2  # after which who found them all taken may come again
KEY_BYTES = 32
MAX_KNOWN = 20  # browsers of one address that are known
IPV6_PREFIX = 64  # bits: a subscriber has all addresses behind them (RFC 6177)


class LoginAttempts:
    """What was tried lately, by address and by known browser."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}
        self._known: dict[str, str] = {}
        self._lately: deque[float] = deque(maxlen=MAX_QUICK + int(MAX_HOLD_S / HOLD_STEP_S))
        self._at_once = 0

    def wait_s(self, address: str, browser: str = "") -> int:
        """Return for how many seconds nothing is tried for who asks; 0 mostly."""
        known = self._recognised(browser)
        failures = self._failures.get(known or network_of(address), deque())
        busy = 0 if known or self._at_once < MAX_AT_ONCE else BUSY_S
        if len(failures) < MAX_FAILURES:
            return busy
        return max(busy, round(failures[0] + WITHIN_S - self._clock()))

    @contextmanager
    def attempt(self, address: str, browser: str = "") -> Iterator[float]:
        """Count a password while it is tried: those tried at the same time count, too.

        Yields how many seconds to wait before it is looked at.
        """
        known = self._recognised(browser)
        for origin in filter(None, (known, network_of(address))):
            self._failures_of(origin).append(self._clock())
        self._at_once += 1
        try:
            yield 0.0 if known else self._hold_s()
        finally:
            self._at_once -= 1

    def succeeded(self, address: str, browser: str = "") -> str:
        """Take back what was counted for a right password; return a new browser's cookie.

        It is empty for a browser that is known already.
        """
        known = self._recognised(browser)
        for origin in filter(None, (known, network_of(address))):
            failures = self._failures_of(origin)
            if failures:
                failures.pop()
        return "" if known else self._know(network_of(address))

    def _hold_s(self) -> float:
        now = self._clock()
        self._lately.append(now)
        many = sum(now - tried < WITHIN_S for tried in self._lately)
        return min(MAX_HOLD_S, max(0, many - MAX_QUICK) * HOLD_STEP_S)

    def _failures_of(self, origin: str) -> deque[float]:
        if origin not in self._failures:
            while len(self._failures) >= MAX_ADDRESSES:
                del self._failures[next(iter(self._failures))]
            self._failures[origin] = deque(maxlen=MAX_FAILURES)
        return self._failures[origin]

    def _recognised(self, browser: str) -> str:
        """Return the name under which a browser is known; empty for any other."""
        name = sha256(browser.encode()).hexdigest()
        return name if name in self._known else ""

    def _know(self, network: str) -> str:
        key = secrets.token_urlsafe(KEY_BYTES)
        neighbours = [name for name, place in self._known.items() if place == network]
        for name in neighbours[: max(0, len(neighbours) - MAX_KNOWN + 1)]:
            del self._known[name]
        while len(self._known) >= MAX_ADDRESSES:
            del self._known[next(iter(self._known))]
        self._known[sha256(key.encode()).hexdigest()] = network
        return key


def network_of(address: str) -> str:
    """Return what is counted together: an IPv4 address, or the network of an IPv6 one."""
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    if not isinstance(read, IPv6Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return f"{int(read) >> (128 - IPV6_PREFIX):x}::/{IPV6_PREFIX}"
