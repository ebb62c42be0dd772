"""A page that somebody wrote herself: it says to its kernel whatever the websocket lets pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    serialize_binary_message,
)
from websockets.sync.client import connect

from tests.server.web_visitor import WebVisitor
from workbench.server.kernel_messages import STATES
from workbench.server.voila import ServerProcess

LIVE = "workbench_widgets.parts.live.live.Live"  # as anywidget names the class
VERSION = "1.0.0"  # of the protocol that asks for the states of all widgets
PATIENCE_S = 60.0


class ForgedPage:
    """A dashboard's websocket in a visitor's hand; a context manager.

    Attributes
    ----------
    kernel
        The number of its kernel.
    said
        What the kernel said meanwhile, of all kinds of messages: kind and content.
    shown
        The HTML of each part.
    """

    def __init__(self, server: ServerProcess, visitor: WebVisitor, dashboard: str) -> None:
        self.kernel = visitor.kernel(dashboard)
        base = server.url.partition("?")[0].replace("http", "ws")
        self._connection = connect(
            f"{base}api/kernels/{self.kernel}/channels?session_id=forged", proxy=None,
            additional_headers=visitor.headers, origin=server.url.partition("/?")[0],  # type: ignore[arg-type]
            open_timeout=PATIENCE_S, max_size=None,
        )  # fmt: skip
        self._socket = self._connection.__enter__()
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.shown: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._connection.__exit__(kind, error, trace)

    def tell(self, kind: str, content: Mapping[str, Any], values: tuple[bytes, ...] = ()) -> str:
        """Send a message of any kind; return its number."""
        number = uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "session": "forged", "username": "",
                  "version": "5.3", "date": "2026-01-01T00:00:00Z"}  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": {"version": VERSION},
                   "content": content, "channel": "shell"}  # fmt: skip
        if values:
            self._socket.send(serialize_binary_message({**message, "buffers": list(values)}))
        else:
            self._socket.send(json.dumps(message))
        return number

    def settle(self) -> list[tuple[str, dict[str, Any]]]:
        """Wait until the kernel has done all that was asked; return what it said meanwhile."""
        begun, last = len(self.said), self.tell("kernel_info_request", {})
        done: set[str] = set()
        while done != {"kernel_info_reply", "idle"}:
            kind, content, parent = self._heard()
            if parent == last and kind == "kernel_info_reply":
                done.add(kind)
            elif parent == last and content.get("execution_state") == "idle":
                done.add("idle")
        return self.said[begun:]

    def widgets(self) -> dict[str, dict[str, Any]]:
        """Return the state of each widget of the page, by its number."""
        control = uuid4().hex
        self.tell("comm_open", {"comm_id": control, "target_name": STATES, "data": {}})
        self.tell("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
        for _, content in self.settle():
            data = content.get("data", {})
            if data.get("method") == "update_states":
                return {number: each["state"] for number, each in data["states"].items()}
        return {}

    def parts(self, *sections: str) -> tuple[str, str]:
        """Return the numbers of the part with the tabs, and of the one below where there is one."""
        live = [number for number, state in self.widgets().items()
                if state.get("_anywidget_id") == LIVE]  # fmt: skip
        for number in live:
            self.ask(number, "show")
        tabs = [f'value="{section}"' for section in sections]
        upper = [n for n in live if any(tab in self.shown.get(n, "") for tab in tabs)]
        (lower,) = [number for number in live if number not in upper] or [""]
        return upper[0], lower

    def ask(
        self, part: str, name: str, values: Mapping[str, str] | None = None,
        files: tuple[bytes, ...] = (),
    ) -> str:  # fmt: skip
        """Ask a part for a thing as its buttons do; return the HTML that all parts show then."""
        self.custom(part, {"ask": name, "values": values or {}}, files)
        for kind, content in self.settle():
            told = content["data"].get("content") if kind == "comm_msg" else None
            if isinstance(told, Mapping) and "html" in told:
                self.shown[content["comm_id"]] = str(told["html"])
        return "".join(self.shown.values())

    def custom(self, part: str, content: object, files: tuple[bytes, ...] = ()) -> None:
        """Send a part a message of its own kind."""
        data = {"method": "custom", "content": content}
        self.tell("comm_msg", {"comm_id": part, "data": data}, files)

    def change(self, part: str, state: Mapping[str, Any]) -> None:
        """Change what a widget holds."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.tell("comm_msg", {"comm_id": part, "data": data})

    def _heard(self) -> tuple[str, dict[str, Any], str]:
        told = self._socket.recv(PATIENCE_S)
        message = deserialize_binary_message(told) if isinstance(told, bytes) else json.loads(told)
        kind, content = str(message["header"]["msg_type"]), dict(message["content"])
        self.said.append((kind, content))
        return kind, content, str(message["parent_header"].get("msg_id", ""))
