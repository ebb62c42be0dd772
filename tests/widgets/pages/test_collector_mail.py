"""Mail on the collector's page: its settings, a trial of its server, and its password's address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail.mail_server import mail_server
from workbench import create_survey
from workbench.rights import GIVEN
from workbench.settings import MailSettings, Settings
from workbench.settings_file import read_settings
from workbench_widgets.pages.collector import CollectorPage, collector_page
from workbench_widgets.parts.live.live import Ask, Reply


@pytest.fixture
def page(tmp_path: Path) -> Iterator[CollectorPage]:
    (tmp_path / "w").mkdir(mode=0o700)
    create_survey(tmp_path / "w", Settings()).close()
    (tmp_path / "w" / "password").write_text("hunter2")
    made = collector_page(str(tmp_path / "w"))
    assert isinstance(made, CollectorPage)
    made.answer(Ask("section", {"value": "settings"}))
    yield made
    made.close()


def ask(page: CollectorPage, name: str, **values: str) -> Reply:
    return page.answer(Ask(name, values))


def mail_of(page: CollectorPage) -> MailSettings:
    return read_settings(page.desk.survey.folder).mail


def saved(page: CollectorPage, address: str, **more: str) -> Reply:
    values = {"server": address, "security": "none", "sender": "w@example.org", "user": "", **more}
    return ask(page, "save-mail", **{f"mail.{key}": value for key, value in values.items()})


def tried(page: CollectorPage, which: str = "mail") -> str:
    """Test, and return what stands beside the test of mail when it has ended."""
    ask(page, "test", value=which)
    end = time.monotonic() + 60
    while " …</span>" in (shown := ask(page, "show").html) and time.monotonic() < end:
        time.sleep(0.05)
    return shown.split("The mail server answers, and lets us in")[-1].split("</p>")[0]


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_written(page: CollectorPage) -> None:
    shown = saved(page, "mail.example.org", sender="nobody").html
    server = shown.split('name="mail.server"')[1].split("</label>")[0]
    sender = shown.split('name="mail.sender"')[1].split("</label>")[0]
    assert "host:port" in server
    assert "no e-mail address" in sender
    assert mail_of(page) == MailSettings()
    assert "Saved" in saved(page, "mail.example.org:25").html
    assert mail_of(page) == MailSettings("mail.example.org:25", "none", "w@example.org")


def test_other_keys_of_the_table_stay(page: CollectorPage) -> None:
    file = page.desk.survey.folder / "workbench.toml"
    file.write_text(file.read_text() + '\n[mail]\nca_file = "ca.pem"\ntimeout_s = 5\n')
    assert "Saved" in saved(page, "mail.example.org:25").html
    assert (mail_of(page).ca_file, mail_of(page).timeout_s) == ("ca.pem", 5)


def test_the_server_is_tried_and_no_letter_is_sent(page: CollectorPage) -> None:
    with mail_server() as server:
        saved(page, server.address)
        assert "It answers. It is sent no password." in tried(page)
        assert server.commands == ["EHLO"]
    assert "nobody answers" in tried(page).lower()


def test_all_tests_leave_out_a_server_that_is_not_set(page: CollectorPage) -> None:
    assert "not tested yet" in tried(page, "all")
    assert "No mail server is set" in tried(page)


def test_a_password_does_not_go_along_with_a_changed_address(page: CollectorPage) -> None:
    file = page.desk.survey.folder / "workbench.toml"
    with mail_server() as server:
        file.write_text(file.read_text() + '\n[mail]\npassword_file = "password"\n')
        saved(page, server.address, user="me")
        assert "takes user and password" in tried(page)
    with mail_server() as other:
        assert (
            "password of the mail server was given for"
            in saved(page, other.address, user="me").html
        )
        assert "was given for" in tried(page)
        assert "AUTH" not in other.commands
        assert "give-mail" in ask(page, "show").html
        assert "It may go to" in ask(page, "give-mail").html
        assert "takes user and password" in tried(page)
        assert "AUTH" in other.commands


def test_only_who_administers_may_say_who_gets_mail(
    page: CollectorPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIVEN, "collect")
    for name in ("save-mail", "give-mail"):
        assert "right to administer" in ask(page, name, **{"mail.server": "evil:25"}).html
    assert mail_of(page) == MailSettings()
