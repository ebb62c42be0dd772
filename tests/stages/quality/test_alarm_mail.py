"""Alarms by e-mail: a real server of the protocol takes them, or a person is told why not."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stages.quality.mail_server import Certificate, certificate, mail_server
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


def test_what_would_be_refused_is_told_without_calling_anybody(tmp_path: Path) -> None:
    sound = settings("127.0.0.1:9", "a@example.org")
    Post(sound, tmp_path).check([])
    Post(replace(sound, mail_to=()), tmp_path).check(["Physics <b@example.org>"])
    for changes, words in (
        ({"mail_to": ()}, "nobody is named"),
        ({"mail_to": ("a",)}, "e-mail address"),
        ({"mail_from": "a@b.org\nBcc: c@d.org"}, "e-mail address"),
        ({"mail_server": "mail"}, "host:port"),
        ({"mail_server": "mail:0"}, "host:port"),
        ({"mail_user": "physics"}, "mail_password_file"),
    ):
        post = Post(replace(sound, **changes), tmp_path)
        with pytest.raises(SettingsError, match=words):
            post.check([])
        with pytest.raises(SettingsError, match=words):
            post.send(LETTER, [])  # before anybody is called: nobody listens at that port
    with pytest.raises(SettingsError, match="e-mail address"):
        Post(sound, tmp_path).check(["nobody"])


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


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate of an authority that this machine trusts."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def secure(address: str, **more: str) -> QualitySettings:
    told = settings(address, "a@example.org")
    return replace(told, **{"mail_security": "starttls", **more})  # type: ignore[arg-type]


def test_starttls_is_the_setting_where_none_is_made() -> None:
    assert QualitySettings().mail_security == "starttls"


def test_a_server_that_refuses_plain_is_given_the_letter_encrypted(
    shown: Certificate, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    with mail_server(shown=shown) as server:
        told = secure(server.address, mail_user="me", mail_password_file="password")
        assert Post(told, tmp_path).send(LETTER, []) == 1
    assert server.recipients == ["a@example.org"]
    assert "limit 5.5 HU" in server.taken[0]
    assert {line.split()[0] for line in server.plain} == {"EHLO", "STARTTLS"}
    assert any(line.startswith("AUTH") for line in server.said), "it logged in, but not in plain"


def test_the_server_of_this_test_does_refuse_plain(shown: Certificate, tmp_path: Path) -> None:
    with mail_server(shown=shown) as server, pytest.raises(NetworkError):
        Post(secure(server.address, mail_security="none"), tmp_path).send(LETTER, [])
    assert not server.taken


def test_a_server_without_starttls_is_told_nothing_in_plain(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    with mail_server() as server, pytest.raises(NetworkError, match="offers no STARTTLS"):
        told = secure(server.address, mail_user="me", mail_password_file="password")
        Post(told, tmp_path).send(LETTER, [])
    assert not server.taken
    assert {line.split()[0] for line in server.said} <= {"EHLO", "QUIT"}


def test_a_server_that_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    stranger = pytest.raises(NetworkError, match="authority that we do not know")
    with mail_server(shown=certificate(tmp_path)) as server, stranger:
        Post(secure(server.address), tmp_path).send(LETTER, [])
    assert not server.taken
    assert {line.split()[0] for line in server.said} == {"EHLO", "STARTTLS"}


def test_a_certificate_of_another_server_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
    with mail_server(shown=other) as server, pytest.raises(NetworkError) as told:
        Post(secure(server.address), tmp_path).send(LETTER, [])
    assert not server.taken
    assert 'does not name "127.0.0.1"' in told.value.message
    assert "mail_server" in told.value.remedy


def test_a_password_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with mail_server() as server, pytest.raises(SettingsError, match="mail_password_file"):
        told = replace(settings(server.address, "a@example.org"), mail_user="me")
        Post(told, tmp_path).send(LETTER, [])
    assert not server.taken


def test_a_subject_is_one_line_of_bounded_length(tmp_path: Path) -> None:
    with mail_server() as server:
        post = Post(settings(server.address, "a@example.org"), tmp_path)
        post.send(Letter("noise " * 400, ["x"]), [])
    from email import message_from_string
    from email.policy import default

    subject = str(message_from_string(server.taken[0], policy=default)["Subject"])
    assert len(subject) <= 200


def test_post_is_ready_when_a_server_is_named(tmp_path: Path) -> None:
    assert Post(settings("mail:25"), tmp_path).ready
    assert not Post(QualitySettings(), tmp_path).ready
