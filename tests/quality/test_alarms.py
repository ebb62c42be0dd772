"""Alarms by e-mail: a real server of the protocol takes them, or a person is told why not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workbench.errors import NetworkError, SettingsError
from workbench.quality.alarms import Letter, Post
from workbench.settings import QualitySettings

LETTER = Letter("CT1: alarm", ["Noise 6.1 HU, limit 5.5 HU.", "\x1b[2Jnothing is obeyed"])


class MailServer:
    """A server of RFC 5321 that keeps what it takes; ``refuse`` answers a command with 550."""

    def __init__(self, refuse: str = "") -> None:
        self.taken: list[str] = []
        self.recipients: list[str] = []
        self._refuse = refuse
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rwb") as stream:
            self._say(stream, "220 ready")
            for line in iter(stream.readline, b""):
                verb, _, rest = line.decode().strip().partition(" ")
                word = f"{verb.upper()} {rest}".strip()
                if self._refuse and word.startswith(self._refuse):
                    self._say(stream, "550 no <secret@example.org>")
                elif word.startswith("EHLO"):
                    self._say(stream, "250 hello")
                elif word == "DATA":
                    self._say(stream, "354 go on")
                    text = b"".join(iter(stream.readline, b".\r\n"))
                    self.taken.append(text.decode())
                    self._say(stream, "250 taken")
                elif word == "QUIT":
                    self._say(stream, "221 bye")
                    return
                else:
                    if word.startswith("RCPT"):
                        self.recipients.append(word.split("<")[1].split(">")[0])
                    self._say(stream, "250 ok")

    def _say(self, stream: object, text: str) -> None:
        stream.write(f"{text}\r\n".encode())  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)


@contextmanager
def mail_server(refuse: str = "") -> Iterator[MailServer]:
    server = MailServer(refuse)
    try:
        yield server
    finally:
        server.close()


def settings(address: str, *to: str) -> QualitySettings:
    return QualitySettings(mail_server=address, mail_security="none", mail_to=to,
                           mail_from="workbench@example.org")  # fmt: skip


def test_a_letter_arrives_at_everyone_once(tmp_path: Path) -> None:
    with mail_server() as server:
        post = Post(settings(server.address, "a@example.org", "b@example.org"), tmp_path)
        assert post.send(LETTER, ["b@example.org", "c@example.org"]) == 3
    assert sorted(server.recipients) == ["a@example.org", "b@example.org", "c@example.org"]
    assert "limit 5.5 HU" in server.taken[0]
    assert "\x1b" not in server.taken[0]


def test_nobody_to_tell_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nobody"):
        Post(settings("127.0.0.1:9"), tmp_path).send(LETTER, [])


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_refuses_is_said_without_its_words(command: str, tmp_path: Path) -> None:
    with mail_server(command) as server, pytest.raises(NetworkError) as caught:
        Post(settings(server.address, "a@example.org"), tmp_path).send(LETTER, [])
    assert "example" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert not server.taken


def test_a_server_that_is_away_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NetworkError, match="mail server"):
        Post(settings(f"127.0.0.1:{port}", "a@example.org"), tmp_path).send(LETTER, [])


@pytest.mark.parametrize("address", ["mail.example.org", ":25", "mail:x"])
def test_a_wrong_address_is_said(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="host:port"):
        Post(settings(address, "a@example.org"), tmp_path).send(LETTER, [])


def test_no_line_break_becomes_a_header(tmp_path: Path) -> None:
    with mail_server() as server:
        post = Post(settings(server.address, "a@example.org"), tmp_path)
        post.send(Letter("CT1\nBcc: evil@example.org", ["x"]), [])
    assert "\nBcc:" not in server.taken[0]
