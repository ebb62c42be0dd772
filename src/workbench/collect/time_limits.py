"""When a request of ours is given up: a person says stop, nothing moves any more, or too long.

A peer may say "pending" for ever (PS3.4 section C.4.2 knows no end to it), a cable may be pulled
while a peer is waited for.  A thread looks on and ends the connection, so that the queue goes on.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from workbench.language import mark

LOOK_INTERVAL_S = 0.25
# Once a person has said stop, a request that brings nothing for so long is given up: two looks of
# a collector, and well within the five seconds that a person waits for an answer.
STOP_QUIET_S = 2.0
# A request that is late is given up by us; the time-out of the library below it is so much later.
LATE_S = 10.0
# A peer that is waited for and whose machine or cable is gone is noticed after two minutes: 60 s of
# silence, then four questions of the system, 15 s apart (tcp(7)).
KEEP_ALIVE: tuple[tuple[int, int, int], ...] = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
        if hasattr(socket, name)
    ),
)


class GivenUp(StrEnum):
    """Why a request was ended by us."""

    STOPPED = mark("stopped")
    STALLED = mark("nothing moved any more")
    TOO_LONG = mark("it took too long")


@dataclass(frozen=True)
class Interruption:
    """What whoever asks a peer looks at meanwhile.

    Attributes
    ----------
    arrived
        Returns how many bytes have come to our receiver so far, parts of objects included.
    stopping
        Says whether a person wants an end, but what is on its way may still come.
    stopped
        Says whether to end at once.
    """

    arrived: Callable[[], int] = lambda: 0
    stopping: Callable[[], bool] = lambda: False
    stopped: Callable[[], bool] = lambda: False

    @property
    def wanted(self) -> bool:
        """Whether a person wants an end."""
        return self.stopped() or self.stopping()


class TimeLimit:
    """Says when one request is over; signs of life put that off.

    Parameters
    ----------
    progress
        Returns something that is another one whenever there was a sign of life.
    first, next_one, whole
        Seconds for the first sign of life, between two, and in all.
    """

    def __init__(
        self,
        interruption: Interruption,
        progress: Callable[[], object],
        first: float = float("inf"),
        next_one: float = float("inf"),
        whole: float = float("inf"),
    ) -> None:
        self._interruption, self._progress = interruption, progress
        self._first, self._next, self._whole = first, next_one, whole
        self._began = self._moved = time.monotonic()
        self._sign = progress()
        self._alive = False

    def over(self) -> GivenUp | None:
        """Return why to end now; ``None`` while it may go on."""
        now = time.monotonic()
        sign = self._progress()
        if sign != self._sign:
            self._sign, self._moved, self._alive = sign, now, True
        quiet = now - self._moved
        if self._interruption.stopped():
            return GivenUp.STOPPED
        if quiet > STOP_QUIET_S and self._interruption.stopping():
            return GivenUp.STOPPED
        if quiet > (self._next if self._alive else self._first):
            return GivenUp.STALLED
        return GivenUp.TOO_LONG if now - self._began > self._whole else None


class Watchdog:
    """Ends what it watches when its time is over; a context manager with a thread.

    Parameters
    ----------
    over
        Is asked several times a second.
    end
        Ends it; may be called again while nothing has come of it.

    Attributes
    ----------
    reason
        Why it was ended; ``None`` when it was not.
    """

    def __init__(self, over: Callable[[], GivenUp | None], end: Callable[[], None]) -> None:
        self._over, self._end = over, end
        self.reason: GivenUp | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no more."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(LOOK_INTERVAL_S):
            reason = self._over()
            if reason is not None:
                self.reason = reason
                self._end()
