"""The websocket of a page: it stays open whatever is sent, and closes when it is not allowed."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from tornado.ioloop import IOLoop
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.server.broken_server import broken
from tests.server.page_messages import MALFORMED, SAID, Written, in_every_way, whole
from tests.server.server_workspace import harmless, make_workspace
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right
from workbench.server.ended_sessions import POLICY_VIOLATION, EndedSessions
from workbench.server.kernel_messages import V1
from workbench.server.kernel_socket import OwnKernelMessages
from workbench.server.sessions import Sessions
from workbench.server.voila import ServerProcess

BAD = [message for messages in MALFORMED.values() for message in messages]
ENDLESS = "bytes that are none"  # without the check Jupyter counts their parts for hours
HANDED_ON = "a message of a page could not be handed on"


class Socket(OwnKernelMessages):
    """A websocket as far as pings go; ``did`` is what it did."""

    ping_interval = 30_000
    ws_connection = SimpleNamespace(client_terminated=False)

    def __init__(self) -> None:
        self.did: list[str] = []
        self.path_kwargs = {"kernel_id": "k"}
        kernels = SimpleNamespace(visitors=frozenset, used=self.did.append)
        self.application = SimpleNamespace(settings={
            "ended_sessions": EndedSessions(Sessions({}), kernels), "kernel_manager": kernels,
        })  # fmt: skip
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


class FailingConnection:
    """What Jupyter does with a message that it cannot read."""

    def handle_incoming_message(self, message: str) -> None:
        raise KeyError(message)


def test_what_jupyter_cannot_read_neither_closes_nor_speaks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    socket: Any = Socket()
    socket.connection = FailingConnection()
    monkeypatch.setattr(OwnKernelMessages, "selected_subprotocol", None, raising=False)
    monkeypatch.setattr(OwnKernelMessages, "log", logging.getLogger("workbench.test"))
    sound = json.dumps(whole("comm_info_request", {"target_name": SAID}))
    socket.on_message(sound)
    assert HANDED_ON in caplog.text
    assert SAID not in caplog.text
    with pytest.raises(KeyError):  # as it is without us
        super(OwnKernelMessages, socket).on_message(sound)
    caplog.clear()
    socket.on_message(json.dumps({"header": SAID}))
    socket.connection = None  # the page went before the kernel answered
    socket.on_message(sound)
    socket.ended_sessions.opened(socket)
    socket.on_close()
    assert caplog.text == ""


# --- with a kernel ------------------------------------------------------------------------------


def opened(
    server: ServerProcess, visitor: WebVisitor, kernel: str, protocol: str | None, name: str = "s"
) -> Any:
    """Open a websocket as a page does; a second one of the same name would replace it."""
    base = server.url.partition("?")[0].replace("http", "ws")
    return connect(
        f"{base}api/kernels/{kernel}/channels?session_id={name}{protocol}",
        open_timeout=60, proxy=None, additional_headers=visitor.headers,
        origin=server.url.partition("/?")[0],  # type: ignore[arg-type]
        subprotocols=[Subprotocol(protocol)] if protocol else None,
    )  # fmt: skip


def answers(socket: Any, protocol: str | None) -> bool:
    """Say whether the kernel answers a question of its page."""
    asked = whole("comm_info_request", {})
    asked["header"]["msg_id"] = uuid4().hex  # the same message a second time is none to a kernel
    (question,) = [
        message
        for message, way in in_every_way(asked)
        if way == protocol and isinstance(message, bytes) == (protocol == V1)
    ]
    socket.send(question)
    while True:
        told = socket.recv(60)
        if b"comm_info_reply" in (told if isinstance(told, bytes) else told.encode()):
            return True


def bad_messages_sent(server: ServerProcess, bad: Sequence[Written]) -> None:
    visitor = WebVisitor(server, Right.LOOK)
    kernel = visitor.kernel("my_scanner")
    for protocol in (None, V1):
        with opened(server, visitor, kernel, protocol) as socket:
            for message, way in bad:
                if way == protocol:
                    socket.send(message)
            assert answers(socket, protocol)


def test_whatever_is_sent_the_websocket_stays_open_and_the_log_is_empty(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ServerProcess(make_workspace(tmp_path / "w", harmless())) as server:
        bad_messages_sent(server, BAD)
    assert capfd.readouterr().err == ""


def test_so_it_is_when_the_check_of_messages_is_broken(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = "from workbench.server import kernel_socket\nkernel_socket.may_pass = lambda *_: True"
    with broken(make_workspace(tmp_path / "w", harmless()), code) as server:
        bad_messages_sent(server, [message for name in MALFORMED for message in MALFORMED[name]
                                   if name != ENDLESS])  # fmt: skip
    told = capfd.readouterr().err
    assert SAID not in told
    assert "Traceback" not in told
    assert told.count(HANDED_ON) == 1  # once a minute: many lines would fill the disk


def frame(first: int, content: bytes, length: bytes = b"") -> bytes:
    """Return a frame as a browser's (RFC 6455 section 5.2), with a mask of zeros."""
    return bytes([first]) + (length or bytes([0x80 | len(content)])) + bytes(4) + content


BROKEN_FRAMES = (
    frame(0x81, b"\xff\xfe"), frame(0x80, b"no beginning"), frame(0x83, b"no such kind"),
    frame(0xF1, b"reserved bits"), frame(0x09, b"a ping in parts"), frame(0x88, b"\0"),
    frame(0x88, b"\x03\xe8\xff"), frame(0x89, b"", b"\xfe\x00\x7e") + b"x" * 126,
    frame(0x82, b"", b"\xff" + (2**63 - 1).to_bytes(8, "big")), bytes([0x81, 0x05]) + b"nomask",
)  # fmt: skip


def test_frames_that_are_none_end_their_own_websocket_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ServerProcess(make_workspace(tmp_path / "w", harmless())) as server:
        visitor = WebVisitor(server, Right.LOOK)
        kernel = visitor.kernel("my_scanner")
        with opened(server, visitor, kernel, None) as other:
            for number, broken_frame in enumerate(BROKEN_FRAMES):
                with opened(server, visitor, kernel, None, f"s{number}") as socket:
                    socket.socket.sendall(broken_frame)
                    with suppress(ConnectionClosed, TimeoutError):
                        while True:
                            socket.recv(2)
            assert answers(other, None)
    # Jupyter may say of each that it ended early; which place said it is all that is left.
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) <= 3
    assert [line for line in lines if not re.fullmatch(r"warning in \w+\.py:\d+", line)] == []


LATER = """
import pathlib, time
from workbench.server import sessions, web_application
later = pathlib.Path({file!r})
clock = lambda: time.monotonic() + (2 * sessions.LASTS_S if later.exists() else 0)
web_application.Sessions = lambda tokens: sessions.Sessions(tokens, clock)
"""
FEW = "from workbench.server import sessions\nsessions.MAX_SESSIONS = 2"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    return make_workspace(tmp_path / "w", harmless())


@pytest.mark.parametrize("end", ["logged out", "expired", "made room"])
def test_an_ended_session_closes_its_websocket_and_nobody_elses(workspace: Path, end: str) -> None:
    later = workspace.parent / "later"
    with broken(workspace, LATER.format(file=str(later)) if end == "expired" else FEW) as server:
        visitor, script = WebVisitor(server, Right.LOOK), WebVisitor(server, None)
        token = server.urls[Right.LOOK].partition("token=")[2]
        script.headers["Authorization"] = f"Bearer {token}"  # it lasts as long as the server
        kernels = [who.kernel("my_scanner") for who in (visitor, script)]
        with (
            opened(server, visitor, kernels[0], None) as socket,
            opened(server, script, kernels[1], None) as other,
        ):
            assert answers(socket, None)
            if end == "logged out":
                assert visitor.ask("/logout", "POST")[0] == 303
            elif end == "expired":
                later.touch()
            else:
                [WebVisitor(server, Right.LOOK) for _ in range(2)]
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket.recv(60)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == POLICY_VIOLATION
            assert answers(other, None)
        assert visitor.ask(f"/api/kernels/{kernels[0]}")[0] == 403
        assert script.ask(f"/api/kernels/{kernels[1]}")[0] == 200


def test_it_would_stay_open_if_nobody_looked(workspace: Path) -> None:
    code = "from workbench.server import ended_sessions\nended_sessions.LOOK_AGAIN_S = 1e6"
    with broken(workspace, code) as server:
        visitor = WebVisitor(server, Right.LOOK)
        with opened(server, visitor, visitor.kernel("my_scanner"), None) as socket:
            assert visitor.ask("/logout", "POST")[0] == 303
            with pytest.raises(TimeoutError):
                while True:
                    socket.recv(5)
