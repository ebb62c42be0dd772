"""A letter to try the mail server with goes the way of all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.unmarked import wrong_in_text
from tests.mail.mail_server import mail_server
from workbench.errors import SettingsError
from workbench.mail import MailState
from workbench.settings import MailSettings, ServerSettings, Settings
from workbench.stages.mail_test import ready_post, send_test_mail


def test_it_speaks_the_language_of_the_house(tmp_path: Path) -> None:
    with mail_server() as server:
        mail = MailSettings(server.address, "none", "w@example.org")
        settings = Settings(mail=mail, server=ServerSettings(language="xx"))
        assert send_test_mail(settings, tmp_path, "a@example.org").state is MailState.SENT
    lines = [str(server.message()["Subject"]), *server.message().get_content().splitlines()]
    assert [wrong for line in lines for wrong in wrong_in_text(line)] == []


def test_every_test_is_a_letter_of_its_own(tmp_path: Path) -> None:
    with mail_server() as server:
        settings = Settings(mail=MailSettings(server.address, "none", "w@example.org"))
        for _ in range(2):
            send_test_mail(settings, tmp_path, "a@example.org")
    assert server.message(0)["Message-ID"] != server.message(1)["Message-ID"]


def test_without_a_server_nothing_is_made_up(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no mail server is set"):
        ready_post(Settings(), tmp_path)
