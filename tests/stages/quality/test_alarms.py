"""Alarms by e-mail: a real server of the protocol takes them, or a person is told why not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.stages.quality.mail_server import mail_server
from workbench.errors import NetworkError, SettingsError
from workbench.settings import QualitySettings
from workbench.stages.quality.alarm_mail import Letter, Post

LETTER = Letter("CT1: alarm", ["Noise 6.1 HU, limit 5.5 HU.", "\x1b[2Jnothing is obeyed"])


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
