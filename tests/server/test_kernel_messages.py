"""What may pass from a page to its kernel, in every way a message can be written."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jupyter_server.services.kernels.connection.base import (
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)
from tornado.ioloop import IOLoop

from workbench.server.kernel_messages import STATES, V1, OwnKernelMessages, may_pass

PASS = [
    ("comm_msg", {"comm_id": "x", "data": {"method": "custom"}}),
    ("comm_open", {"comm_id": "x", "target_name": STATES}),
    ("comm_close", {"comm_id": "x"}), ("comm_info_request", {}), ("kernel_info_request", {}),
]  # fmt: skip
DROP = [
    ("execute_request", {"code": "1"}), ("complete_request", {}), ("inspect_request", {}),
    ("history_request", {}), ("is_complete_request", {}), ("shutdown_request", {}),
    ("interrupt_request", {}), ("debug_request", {}), ("input_reply", {"value": "1"}),
    ("create_subshell_request", {}), ("comm_open", {"target_name": "jupyter.widget"}),
    ("comm_open", {}), ("comm_open", []), ("COMM_MSG", {}), (None, {}), (["comm_msg"], {}),
]  # fmt: skip


def written(kind: Any, content: Any, channel: Any) -> list[tuple[str | bytes, str | None]]:
    """Return a message in the three ways it may come in."""
    whole = {"header": {"msg_type": kind, "msg_id": "1"}, "parent_header": {}, "metadata": {},
             "content": content, "channel": channel}  # fmt: skip
    parts = [json.dumps(whole[name]).encode() for name in
             ("header", "parent_header", "metadata", "content")]  # fmt: skip
    ways: list[tuple[str | bytes, str | None]] = [(json.dumps(whole), None)]
    ways.append((serialize_binary_message({**whole, "buffers": [b"x"]}), None))
    if isinstance(channel, str):
        ways.append((serialize_msg_to_ws_v1(parts, channel), V1))
    return ways


@pytest.mark.parametrize(("kind", "content"), PASS)
def test_messages_of_widgets_pass(kind: str, content: dict[str, Any]) -> None:
    assert [may_pass(*way) for way in written(kind, content, "shell")] == [True] * 3
    for channel in ("control", "stdin", "iopub", "", "Shell"):
        assert not any(may_pass(*way) for way in written(kind, content, channel))


@pytest.mark.parametrize(("kind", "content"), DROP)
def test_nothing_else_passes(kind: Any, content: Any) -> None:
    assert not any(may_pass(*way) for way in written(kind, content, "shell"))


@given(
    some.one_of(some.binary(max_size=200), some.text(max_size=200)), some.sampled_from([V1, None])
)
def test_no_rubbish_passes_or_raises(message: str | bytes, protocol: str | None) -> None:
    assert may_pass(message, protocol) is False


class Socket(OwnKernelMessages):
    """A websocket as far as pings go; ``did`` is what it did."""

    ping_interval = 30_000
    ws_connection = SimpleNamespace(client_terminated=False)

    def __init__(self) -> None:
        self.did: list[str] = []
        self.last_ping = self.last_pong = 0.0  # when it was opened

    def ping(self, data: bytes = b"") -> None:
        self.did.append("asked")

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.did.append("closed")


@pytest.mark.parametrize(("answers", "closed"), [(True, False), (False, True)])
def test_a_page_that_answers_keeps_its_websocket(
    monkeypatch: pytest.MonkeyPatch, answers: bool, closed: bool
) -> None:
    socket, now = Socket(), 0.0
    clock = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr(IOLoop, "current", staticmethod(lambda: clock))
    for _ in range(6):
        now += 30.007  # a timer is late now and then
        socket.send_ping()
        if answers:
            socket.last_pong = now + 0.001
    assert ("closed" in socket.did) == closed
    assert socket.did[0] == "asked"


def test_a_machine_that_slept_asks_before_it_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    socket = Socket()
    monkeypatch.setattr(IOLoop, "current", staticmethod(lambda: SimpleNamespace(time=lambda: 9e4)))
    socket.send_ping()
    assert socket.did == ["asked"]
