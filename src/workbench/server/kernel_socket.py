"""The websocket between a page and its kernel: open as long as the page answers and is allowed."""

from __future__ import annotations

from typing import Any, ClassVar

from tornado.ioloop import IOLoop
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from workbench.server.ended_sessions import EndedSessions
from workbench.server.handlers import OfOwnKernel
from workbench.server.kernel_messages import for_page, is_look, may_pass

PATIENCE = 3.5  # times the time between two questions, whether a page is there


class OwnKernelMessages(OfOwnKernel, VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """The websocket between a page and its kernel."""

    allowed_methods: ClassVar[frozenset[str]] = frozenset({"GET"})
    last_ping: float = 0.0

    @property
    def ended_sessions(self) -> EndedSessions:
        """What closes this websocket when its visitor's session has ended."""
        ended: EndedSessions = self.settings["ended_sessions"]
        return ended

    async def open(self, kernel_id: str) -> None:
        """Begin, in sight of what closes it."""
        self.ended_sessions.opened(self)
        await super().open(kernel_id=kernel_id)

    def on_close(self) -> None:
        """End; Jupyter's own fails where the page went before the kernel answered."""
        self.ended_sessions.closed(self)
        if self.connection is not None:
            super().on_close()

    def send_ping(self) -> None:
        """Ask whether the page is still there; it is gone after three questions without an answer.

        Jupyter's own takes the first question for an unanswered one, and closes every websocket
        after half a minute when an answer may not take longer than the time between two.
        """
        now = IOLoop.current().time()
        asked_lately = now - self.last_ping < 2 * self.ping_interval / 1000
        late = now - self.last_pong > PATIENCE * self.ping_interval / 1000
        if self.ws_connection is None:
            self.ping_callback.stop()
        elif self.ws_connection.client_terminated or (asked_lately and late):
            self.close()
        else:
            self.ping(b"")
            self.last_ping = now

    def write_message(self, message: bytes | str | dict[str, Any], binary: bool = False) -> Any:
        """Send a page what its kernel says, but for what went wrong there."""
        if for_page(message, self.selected_subprotocol):
            return super().write_message(message, binary)
        return None

    def on_message(self, message: str | bytes) -> Any:
        """Hand on what may pass; the rest is dropped without a word.

        Tornado closes a websocket whose handler raises, and logs what it raised.
        """
        if self.connection is None or not may_pass(message, self.selected_subprotocol):
            return
        if not is_look(message):
            self.kernels.used(self.path_kwargs["kernel_id"])
        try:
            super().on_message(message)
        except Exception:  # noqa: BLE001  whatever Jupyter meets: a page must not choose its log
            self.log.error("a message of a page could not be handed on")  # noqa: TRY400
