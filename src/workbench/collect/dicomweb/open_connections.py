"""The connections that a web client holds open: cut from outside when a request is given up.

A thread that waits for a server cannot be told to stop; its connection can be shut down, and then
it waits no more.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from workbench.collect.time_limits import KEEP_ALIVE, GivenUp, Interruption, TimeLimit, Watchdog

# What httpcore calls the moments at which a connection is there (its extension "trace").
OPENED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class OpenConnections:
    """Those of one client, which makes one request at a time; a context manager with a thread.

    Attributes
    ----------
    given_up
        Why the last request was cut; ``None`` when it was not.
    """

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption
        self._sockets: list[socket.socket] = []
        self._limit: TimeLimit | None = None
        self._bytes = 0
        self._watchdog = Watchdog(self._over, self._cut)
        self.given_up: GivenUp | None = None

    def __enter__(self) -> Self:
        """Begin to look."""
        self._watchdog.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no more."""
        self._watchdog.__exit__(kind, error, trace)

    @property
    def wanted_end(self) -> bool:
        """Whether a person wants an end."""
        return self._interruption.wanted

    def opened(self, moment: str, details: dict[str, Any]) -> None:
        """Take note of a connection (httpcore's extension "trace")."""
        if moment not in OPENED:
            return
        connection = details["return_value"].get_extra_info("socket")
        if connection is None:
            return
        with suppress(OSError):
            for option in KEEP_ALIVE:
                connection.setsockopt(*option)
        self._sockets.append(connection)

    def moved(self, size: int) -> None:
        """Take note of bytes that have come."""
        self._bytes += size

    @contextmanager
    def request(self, first: float, next_one: float, whole: float) -> Iterator[Callable[[], bool]]:
        """Hold one request, which is cut when its time (in seconds) is over."""
        self.given_up = None
        self._limit = TimeLimit(self._interruption, lambda: self._bytes, first, next_one, whole)
        try:
            yield lambda: self.given_up is not None
        finally:
            self._limit = None

    def _over(self) -> GivenUp | None:
        limit = self._limit
        return None if limit is None else limit.over()

    def _cut(self) -> None:
        self.given_up = self._watchdog.reason
        open_sockets, self._sockets = self._sockets, []
        for connection in open_sockets:
            with suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)
