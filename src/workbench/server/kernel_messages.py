"""What a page may say to its kernel: messages of widgets that the kernel has made, nothing else.

Jupyter's protocol lets a page run code, make objects of any registered widget class, and end the
kernel.  A dashboard needs none of it: it asks which widgets there are, asks for their state, and
sends them messages; what those may do is decided in the kernel, by the rights it was given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from tornado.ioloop import IOLoop
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from workbench.server.handlers import OfOwnKernel

ALLOWED = frozenset({"comm_info_request", "comm_msg", "comm_close", "kernel_info_request"})
STATES = "jupyter.widget.control"  # the one channel that a page may open: the states of all widgets
CHANNEL = "shell"
PATIENCE = 3.5  # times the time between two questions, whether a page is there
V1 = "v1.kernel.websocket.jupyter.org"
HEADER, CONTENT = 0, 3  # places in a message of that protocol
MIN_PARTS, MAX_PARTS = 6, 1000  # channel, four parts, its end; then binary values, as of files


def allowed(channel: object, kind: object, content: object) -> bool:
    """Say whether a page may send such a message."""
    if channel != CHANNEL:
        return False
    if kind == "comm_open":
        return isinstance(content, Mapping) and content.get("target_name") == STATES
    return kind in ALLOWED


def may_pass(message: str | bytes, protocol: str | None) -> bool:
    """Say whether a message of a page may go to its kernel; one that cannot be read may not."""
    try:
        if protocol == V1:
            if not isinstance(message, bytes):
                return False
            _check_parts(message, 8, "little", MIN_PARTS)
            channel, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call]
            return allowed(channel, *_kind_and_content(parts))
        told = _told(message)
        header, content = told["header"], told.get("content")
        return allowed(told.get("channel", CHANNEL), header["msg_type"], content)
    except Exception:  # noqa: BLE001  whatever a stranger sends
        return False


def _check_parts(message: bytes, size: int, order: Literal["little", "big"], least: int) -> None:
    """Raise ``ValueError`` for a number of parts that would keep Jupyter counting for minutes.

    It stands first, in ``size`` bytes, and as many places of the same size follow.
    """
    parts = int.from_bytes(message[:size], order)
    if not least <= parts <= MAX_PARTS or size * (parts + 1) > len(message):
        raise ValueError("no such number of parts")


def _told(message: str | bytes) -> Mapping[str, Any]:
    if isinstance(message, bytes):
        _check_parts(message, 4, "big", 1)
        binary: Mapping[str, Any] = deserialize_binary_message(message)  # type: ignore[no-untyped-call]
        return binary
    text: Mapping[str, Any] = json.loads(message)
    return text


def _kind_and_content(parts: Sequence[bytes]) -> tuple[Any, Any]:
    kind = json.loads(parts[HEADER])["msg_type"]
    return kind, json.loads(parts[CONTENT]) if kind == "comm_open" else None


class OwnKernelMessages(OfOwnKernel, VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """The websocket between a page and its kernel."""

    allowed_methods: ClassVar[frozenset[str]] = frozenset({"GET"})
    last_ping: float = 0.0

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

    def on_message(self, message: str | bytes) -> None:
        """Hand on what may pass; the rest is dropped without a word."""
        if may_pass(message, self.selected_subprotocol):
            super().on_message(message)
