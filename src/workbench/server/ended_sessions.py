"""What an ended session leaves open is closed: its websockets, and the kernels behind them.

A right is asked for when a request comes.  A websocket is one request that lasts for hours, so it
is asked again and again whether its visitor is still logged in.
"""

from __future__ import annotations

from typing import Protocol

from workbench.language import mark
from workbench.server.sessions import Session, Sessions
from workbench.server.visits import VisitorKernels

LOOK_AGAIN_S = 1.0
POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1
LOGGED_OUT = mark("This page was closed because its log-in has ended. Log in and reload it.")


class OpenSocket(Protocol):
    """A websocket of a visitor."""

    session: Session | None

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close it."""


class EndedSessions:
    """Closes websockets and kernels of visitors who are no longer logged in."""

    def __init__(self, sessions: Sessions, kernels: VisitorKernels) -> None:
        self._sessions = sessions
        self._kernels = kernels
        self._sockets: set[OpenSocket] = set()

    def opened(self, socket: OpenSocket) -> None:
        """Watch a websocket."""
        self._sockets.add(socket)

    def closed(self, socket: OpenSocket) -> None:
        """Watch it no more."""
        self._sockets.discard(socket)

    async def look_after(self) -> None:
        """Close what belongs to no visitor who is logged in."""
        here = self._sessions.visitors()
        for socket in list(self._sockets):
            if socket.session is None or socket.session.visitor not in here:
                self.closed(socket)
                socket.close(POLICY_VIOLATION, "logged out")
        for visitor in self._kernels.visitors() - here:
            await self._kernels.leave_all(visitor, LOGGED_OUT)
