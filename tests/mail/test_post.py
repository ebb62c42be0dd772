"""Mail is handed to real servers of the protocol, well-behaved and not: who has it is known."""

from __future__ import annotations

import datetime as dt
import logging
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mail.mail_server import (
    Certificate,
    certificate,
    drop,
    mail_server,
    scripted_server,
    stall,
    trickle,
)
from workbench.errors import NetworkError, SettingsError
from workbench.language import use_language
from workbench.mail import Attachment, Letter, MailOutcome, MailState, Post, smtp_session
from workbench.settings import MailSettings, Settings, SurveySettings

LETTER = Letter("CT1: alarm", ["Noise 6.1 HU, limit 5.5 HU.", "\x1b[2Jnothing is obeyed"])
A, B, C = "a@example.org", "b@example.org", "c@example.org"
UNKNOWN = "550 5.1.1 no such user <b@example.org>"
LATER = "450 4.2.0 <b@example.org> greylisted"


def settings(address: str, **more: object) -> Settings:
    mail = MailSettings(address, "none", "workbench@example.org")
    return Settings(mail=replace(mail, **more))  # type: ignore[arg-type]


def sent(
    address: str, folder: Path, to: tuple[str, ...] = (A,), letter: Letter = LETTER, **more: object
) -> MailOutcome:
    return Post(settings(address, **more), folder).send(letter, to)


# --- servers that behave -------------------------------------------------------------------------


def test_a_letter_arrives_at_everyone_once(tmp_path: Path) -> None:
    with mail_server() as server:
        outcome = sent(server.address, tmp_path, (B, A, "B <B@example.org>", C))
    assert (outcome.state, outcome.total, outcome.sent) == (MailState.SENT, 3, 3)
    assert (outcome.refused, outcome.error, outcome.problem) == ((), None, "")
    assert sorted(server.recipients) == [A, B, C]
    assert len(server.taken) == 1
    assert "limit 5.5 HU" in server.taken[0]
    assert "\x1b" not in server.taken[0]


def test_umlauts_and_files_arrive_whole(tmp_path: Path) -> None:
    pdf = bytes(range(256)) * 400
    letter = Letter(
        "Übersicht für März", ["Größe: 5 µGy·cm²", "." * 3, "x" * 3000],
        attachments=(Attachment("dose_monthly 2026-03.pdf", pdf, "application/pdf"),
                     Attachment("Überblick.html", "<p>µGy</p>".encode(), "text/html")),
    )  # fmt: skip
    with mail_server() as server:
        outcome = sent(server.address, tmp_path, ("Dr. Jürgen Öz <a@example.org>",), letter)
    assert outcome.state is MailState.SENT
    message = server.message()
    assert message["Subject"] == "Übersicht für März"
    assert message["To"].addresses[0].display_name == "Dr. Jürgen Öz"
    assert message["To"].addresses[0].addr_spec == A
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == list(letter.lines)
    files = [(part.get_filename(), part.get_content_type(), part.get_content())
             for part in message.iter_attachments()]  # fmt: skip
    assert files[0] == ("dose_monthly 2026-03.pdf", "application/pdf", pdf)
    assert files[1] == ("Überblick.html", "text/html", "<p>µGy</p>")


def test_programs_are_asked_not_to_answer(tmp_path: Path) -> None:
    with mail_server() as server:
        sent(server.address, tmp_path)
    assert server.message()["Auto-Submitted"] == "auto-generated"
    assert server.message()["X-Auto-Response-Suppress"] == "All"
    assert server.message()["Disposition-Notification-To"] is None


def test_a_letter_sent_again_is_seen_as_one(tmp_path: Path) -> None:
    other = tmp_path / "other"
    march, april = replace(LETTER, identity="dose 03"), replace(LETTER, identity="dose 04")
    with mail_server() as server:
        for letter in (march, march, april, LETTER, LETTER):
            sent(server.address, tmp_path, letter=letter)
        sent(server.address, other, letter=march)
        named = replace(settings(server.address), survey=SurveySettings("lung"))
        Post(named, tmp_path).send(march, [A])
    numbers = [server.message(place)["Message-ID"] for place in range(len(server.taken))]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 6, "another letter, another workspace, another survey, none given"
    assert all(number.endswith("@example.org>") for number in numbers)


def test_a_server_that_refuses_plain_is_given_the_letter_encrypted(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    (tmp_path / "password").write_text("hunter2\n")
    told = {"security": "starttls", "ca_file": shown.file.name, "user": "me",
            "password_file": "password"}  # fmt: skip
    with mail_server(shown=shown) as server:
        assert sent(server.address, tmp_path, **told).state is MailState.SENT
    assert server.recipients == [A]
    assert server.plain == {"EHLO", "STARTTLS"}
    assert ("AUTH", True) in server.said
    assert server.commands.count("EHLO") == 2, "RFC 3207: what was said before counts for nothing"


def test_the_server_of_this_test_does_refuse_plain(tmp_path: Path) -> None:
    with mail_server(shown=certificate(tmp_path)) as server:
        outcome = sent(server.address, tmp_path)
    assert (outcome.state, outcome.retry) == (MailState.FAILED, False)
    assert "(530)" in outcome.problem
    assert not server.taken


def test_a_server_may_be_encrypted_from_the_start(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    with mail_server(shown=shown, implicit=True) as server:
        outcome = sent(server.address, tmp_path, security="tls", ca_file=shown.file.name)
    assert outcome.state is MailState.SENT
    assert not server.plain


def test_starttls_is_the_setting_where_none_is_made() -> None:
    assert MailSettings().security == "starttls"


def test_an_authority_of_this_computer_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.file))
    with mail_server(shown=shown) as server:
        assert sent(server.address, tmp_path, security="starttls").sent == 1


def test_with_an_own_authority_no_other_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, own = certificate(tmp_path), certificate(tmp_path, name="own")
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.file))
    with mail_server(shown=shown) as server:
        outcome = sent(server.address, tmp_path, security="starttls", ca_file=own.file.name)
    assert "authority that we do not know" in outcome.problem
    assert "ca_file" in outcome.problem
    assert not server.taken


# --- whose certificate is wrong ------------------------------------------------------------------


def encrypted(server_shows: Certificate, trusted: Certificate, folder: Path) -> MailOutcome:
    """Send to a server that shows one certificate, and trust another; it is told nothing."""
    (folder / "password").write_text("hunter2\n")
    with mail_server(shown=server_shows) as server:
        outcome = sent(server.address, folder, security="starttls", ca_file=trusted.file.name,
                       user="me", password_file="password")  # fmt: skip
    assert server.commands == ["EHLO"]
    assert outcome.state is MailState.FAILED
    assert not outcome.retry
    return outcome


def test_an_expired_certificate_is_not_taken(tmp_path: Path) -> None:
    old = certificate(tmp_path, ends=dt.timedelta(days=-1))
    outcome = encrypted(old, old, tmp_path)
    assert "certificate that has expired" in outcome.problem
    assert "renew" in outcome.problem


def test_a_certificate_of_another_server_is_not_taken(tmp_path: Path) -> None:
    other = certificate(tmp_path, "127.0.0.2")
    outcome = encrypted(other, other, tmp_path)
    assert 'does not name "127.0.0.1"' in outcome.problem
    assert "[mail] server" in outcome.problem


def test_a_stranger_is_not_taken(tmp_path: Path) -> None:
    outcome = encrypted(certificate(tmp_path), certificate(tmp_path, name="own"), tmp_path)
    assert "authority that we do not know" in outcome.problem


def test_a_server_without_starttls_is_told_nothing_in_plain(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    with mail_server() as server:
        outcome = sent(server.address, tmp_path, security="starttls", user="me",
                       password_file="password")  # fmt: skip
    assert "offers no STARTTLS" in outcome.problem
    assert not outcome.retry
    assert server.commands == ["EHLO"]


def test_a_server_that_refuses_to_encrypt_is_told_nothing_in_plain(tmp_path: Path) -> None:
    offers = {"EHLO": "250-hello\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 not now"}
    with scripted_server(**offers) as server:
        outcome = sent(server.address, tmp_path, security="starttls")
    assert "refuses to encrypt (454 4.7.0)" in outcome.problem
    assert outcome.retry
    assert server.said == ["EHLO", "STARTTLS", "QUIT"]


def test_encryption_at_a_port_without_it_is_said(tmp_path: Path) -> None:
    with mail_server() as server:
        outcome = sent(server.address, tmp_path, security="tls")
    # Which of the two is met first, a reply that is no TLS or a line that is cut, is not ours.
    assert any(said in outcome.problem for said in ("port and security", "port and encryption"))
    assert not server.taken


# --- recipients who are refused ------------------------------------------------------------------


@pytest.mark.parametrize(("reply", "code", "retry"), [
    (UNKNOWN, "550 5.1.1", False), (LATER, "450 4.2.0", True), ("452 too many", "452", True),
    ("552 mailbox <b@example.org> full", "552", True), ("553 5.1.3x odd", "553", False),
])  # fmt: skip
def test_one_of_three_who_is_refused_is_tried_again_alone(
    reply: str, code: str, retry: bool, tmp_path: Path
) -> None:
    letter = replace(LETTER, identity="alarm 7")
    with mail_server({B: reply}) as server:
        post = Post(settings(server.address), tmp_path)
        first = post.send(letter, [A, B, C])
        assert (first.state, first.sent, first.total) == (MailState.PARTLY, 2, 3)
        assert [(each.number, each.permanent) for each in first.refused] == [(2, not retry)]
        assert f"refused number 2 ({code})" in first.problem
        assert first.retry is retry
        assert server.recipients == [A, C]
        again = post.send(letter, [A, B, C], first.told)
        assert (again.state, again.sent) == (MailState.PARTLY, 0)
        assert again.refused[0].number == 2, "by the place among all, not among those tried"
        assert again.told == first.told
        server.refuse.clear()
        last = post.send(letter, [A, B, C], again.told)
    assert (last.state, last.sent, len(last.told)) == (MailState.SENT, 1, 3)
    assert server.recipients == [A, C, B]
    assert {server.message(place)["Message-ID"] for place in (0, 1)} == {
        server.message()["Message-ID"]
    }
    assert str(server.message()["To"]) == str(server.message(0)["To"])


def test_who_has_it_is_not_called_again(tmp_path: Path) -> None:
    with mail_server() as server:
        post = Post(settings(server.address), tmp_path)
        first = post.send(LETTER, [A])
        assert post.send(LETTER, [A.upper()], first.told).state is MailState.SENT
    assert len(server.taken) == 1


def test_when_everyone_is_refused_nothing_is_sent(tmp_path: Path) -> None:
    with mail_server({"RCPT": UNKNOWN}) as server:
        outcome = sent(server.address, tmp_path, (A, B))
    assert (outcome.state, outcome.sent, outcome.told) == (MailState.FAILED, 0, ())
    assert "every recipient: number 1 (550 5.1.1), 2 (550 5.1.1)" in outcome.problem
    assert "DATA" not in server.commands


def test_a_server_that_closes_between_recipients_has_sent_to_nobody(tmp_path: Path) -> None:
    with scripted_server(RCPT="421 4.3.2 shutting down") as server:
        outcome = sent(server.address, tmp_path, (A, B))
    assert (outcome.state, outcome.told, outcome.retry) == (MailState.FAILED, (), True)
    assert "ended the conversation (421 4.3.2)" in outcome.problem
    assert not server.taken


def test_no_address_is_repeated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for refuse in ({B: UNKNOWN}, {"RCPT": UNKNOWN}, {"MAIL": UNKNOWN}, {"DATA": UNKNOWN}):
        with mail_server(refuse) as server:
            outcome = sent(server.address, tmp_path, (A, B))
        assert outcome.error
        assert outcome.error.__cause__ is None
        with use_language("de"):
            said += [outcome.problem, outcome.words(), repr(outcome), str(outcome.as_json())]
    assert "example" not in "".join(said)
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("workbench")]
    assert "example" not in "".join(ours)
    assert "example" not in "".join(capsys.readouterr())


# --- size ----------------------------------------------------------------------------------------

LARGE = replace(LETTER, attachments=(Attachment("r.pdf", b"%" * 900_000, "application/pdf"),))


def test_a_message_over_the_servers_size_is_not_even_begun(tmp_path: Path) -> None:
    with mail_server(max_bytes=1_000_000) as server:
        outcome = sent(server.address, tmp_path, letter=LARGE)
        assert "has 1.2 MB, and the mail server takes 1.0 MB" in outcome.problem
        assert (outcome.state, outcome.retry) == (MailState.FAILED, False)
        assert server.commands == ["EHLO"]
        assert sent(server.address, tmp_path).state is MailState.SENT, "a small one is taken"


@pytest.mark.parametrize("at", ["MAIL", "DATA"])
def test_a_size_that_is_refused_is_told(at: str, tmp_path: Path) -> None:
    with mail_server({at: "552 5.3.4 too big for <b@example.org>"}, max_bytes=0) as server:
        outcome = sent(server.address, tmp_path, letter=LARGE)
    assert "message of 1.2 MB is too large for the mail server (552 5.3.4)" in outcome.problem
    assert not outcome.retry


# --- servers that break off, and that take their time --------------------------------------------


@pytest.mark.parametrize(
    ("command", "reply", "words", "retry"),
    [
        ("MAIL", "550 5.7.1 no", "mail from this sender (550 5.7.1)", False),
        ("MAIL", "451 4.7.1 later", "mail from this sender (451 4.7.1)", True),
        ("DATA", "554 5.7.1 spam", "did not take the message (554 5.7.1)", False),
        ("DATA", "451 4.3.0 later", "did not take the message (451 4.3.0)", True),
    ],
)
def test_what_a_server_refuses_is_told_with_its_code(
    command: str, reply: str, words: str, retry: bool, tmp_path: Path
) -> None:
    with mail_server({command: reply}) as server:
        outcome = sent(server.address, tmp_path)
    assert words in outcome.problem
    assert outcome.retry is retry
    assert not server.taken


@pytest.mark.parametrize(("reply", "retry"), [("554 no", False), ("421 busy", True)])
def test_a_server_that_does_not_talk_to_us(reply: str, retry: bool, tmp_path: Path) -> None:
    with scripted_server(greeting=reply) as server:
        outcome = sent(server.address, tmp_path)
    assert f"does not talk to us ({reply[:3]})" in outcome.problem
    assert outcome.retry is retry


STEPS = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"]


@pytest.mark.parametrize("at", STEPS)
def test_a_server_that_stalls_is_left_after_the_time_out(at: str, tmp_path: Path) -> None:
    with scripted_server(**{at: stall}) as server:
        outcome = sent(server.address, tmp_path, timeout_s=0.2)
    assert "did not answer within 0.2 seconds" in outcome.problem
    assert (outcome.state, outcome.told, outcome.retry) == (MailState.FAILED, (), True)


@pytest.mark.parametrize("at", ["greeting", "RCPT", "end"])
def test_a_server_that_never_ends_an_answer_is_left_as_well(
    at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_session, "STEPS_IN_ALL", 0.5)
    with scripted_server(**{at: trickle}) as server:
        outcome = sent(server.address, tmp_path, timeout_s=3)
    assert "did not come to an end within" in outcome.problem
    assert (outcome.state, outcome.retry) == (MailState.FAILED, True)


@pytest.mark.parametrize("at", STEPS)
def test_a_server_that_drops_us(at: str, tmp_path: Path) -> None:
    with scripted_server(**{at: drop}) as server:
        outcome = sent(server.address, tmp_path)
    assert "broke off the conversation" in outcome.problem
    assert (outcome.state, outcome.retry) == (MailState.FAILED, True)
    handed_over = at in ("DATA", "end")
    assert ("It may have taken the message" in outcome.problem) is handed_over


@pytest.mark.parametrize("good_bye", ["421 4.4.2 bye", "500 what?", drop, stall])
def test_what_was_taken_stays_taken_whatever_comes_after(good_bye: str, tmp_path: Path) -> None:
    with scripted_server(QUIT=good_bye) as server:
        outcome = sent(server.address, tmp_path, timeout_s=0.2)
    assert outcome.state is MailState.SENT
    assert len(server.taken) == 1


def test_a_server_that_is_away_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = sent(f"127.0.0.1:{port}", tmp_path)
    assert "nobody answers" in outcome.problem
    assert outcome.retry


def test_a_server_whose_name_nobody_has_is_said(tmp_path: Path) -> None:
    assert "no computer has the name" in sent("no-such-host.invalid:25", tmp_path).problem


# --- logging in ----------------------------------------------------------------------------------


def logs_in(folder: Path, password: str = "hunter2\n") -> dict[str, object]:
    (folder / "password").write_text(password)
    return {"user": "me", "password_file": "password"}


def test_a_password_that_is_not_accepted_is_said(tmp_path: Path) -> None:
    with mail_server({"AUTH": "no"}) as server:
        outcome = sent(server.address, tmp_path, **logs_in(tmp_path))
    assert "user and password (535 5.7.8)" in outcome.problem
    assert not outcome.retry
    assert "hunter2" not in outcome.problem


def test_a_server_that_knows_no_log_in_is_said(tmp_path: Path) -> None:
    with scripted_server() as server:
        outcome = sent(server.address, tmp_path, **logs_in(tmp_path))
    assert "offers no log-in" in outcome.problem


@pytest.mark.parametrize("password", ["pässwort", "", "\n"])
def test_a_password_that_cannot_be_sent_is_said_and_not_shown(
    password: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="ASCII") as refused:
        sent("127.0.0.1:9", tmp_path, **logs_in(tmp_path, password))
    assert "pässwort" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_server_can_be_tried_without_a_letter(tmp_path: Path) -> None:
    with mail_server() as server:
        Post(settings(server.address, **logs_in(tmp_path)), tmp_path).try_server()
        assert server.commands == ["EHLO", "AUTH"]
        server.refuse["AUTH"] = "no"
        with pytest.raises(NetworkError, match="user and password"):
            Post(settings(server.address, **logs_in(tmp_path)), tmp_path).try_server()


# --- settings ------------------------------------------------------------------------------------


def test_what_would_be_refused_is_told_without_calling_anybody(tmp_path: Path) -> None:
    sound = settings("127.0.0.1:9")
    (tmp_path / "empty.pem").write_text("no certificate")
    Post(sound, tmp_path).check([A, "Physics <b@example.org>"])
    for changes, to, words in (
        ({}, [], "for nobody"),
        ({}, [A, "b"], "recipient 2 is no e-mail address"),
        ({}, ["a@exämple.org"], "recipient 1"),
        ({}, ["a@b.org\nBcc: c@d.org"], "recipient 1"),
        ({}, ["a@b.org, c@d.org"], "recipient 1"),
        ({}, ["a@ex ample.org"], "recipient 1"),
        ({"sender": "a@b.org\nBcc: c@d.org"}, [A], "sender of"),
        ({"server": "mail"}, [A], "host:port"),
        ({"server": "mail:0"}, [A], "host:port"),
        ({"server": "mail:x"}, [A], "host:port"),
        ({"server": ":25"}, [A], "host:port"),
        ({"server": "mail:70000"}, [A], "host:port"),
        ({"user": "physics"}, [A], "password_file"),
        ({"ca_file": "no-such.pem"}, [A], "ca_file"),
        ({"ca_file": "empty.pem"}, [A], "ca_file"),
    ):
        post = Post(replace(sound, mail=replace(sound.mail, **changes)), tmp_path)
        with pytest.raises(SettingsError, match=words) as refused:
            post.check(to)
        assert "@" not in str(refused.value).replace("name@host", "")
        with pytest.raises(SettingsError, match=words):
            post.send(LETTER, to)  # before anybody is called: nobody listens at that port


def test_an_address_of_ipv6_is_a_host_too(tmp_path: Path) -> None:
    Post(settings("[::1]:25"), tmp_path).check([A])
    assert "nobody answers" in sent("[::1]:9", tmp_path).problem


def test_post_is_ready_when_a_server_is_named(tmp_path: Path) -> None:
    assert Post(settings("mail:25"), tmp_path).ready
    assert not Post(Settings(), tmp_path).ready
