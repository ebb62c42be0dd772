"""The verb ``mail test``: what happened is said, and nobody's address is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.verbs import run
from tests.mail.mail_server import mail_server
from workbench.cli import main
from workbench.settings import MailSettings, Settings
from workbench.survey import create_survey

Capture = pytest.CaptureFixture[str]
TO = "physics@example.org"


def workspace(folder: Path, mail: MailSettings) -> Path:
    create_survey(folder / "w", Settings(mail=mail)).close()
    return folder / "w"


def test_a_letter_is_sent_and_said(tmp_path: Path, capsys: Capture) -> None:
    with mail_server() as server:
        place = workspace(tmp_path, MailSettings(server.address, "none", "w@example.org"))
        code, facts, text = run(capsys, "mail", "test", "--to", TO, "-w", place)
    assert code == 0
    assert (facts["state"], facts["sent"], facts["server"]) == ("sent", 1, server.address)
    assert f"{server.address} (none) has taken the letter" in text
    assert server.recipients == [TO]
    assert server.message()["Subject"] == "Workbench: a test of mail"
    assert "Survey: survey" in server.message().get_content()
    assert TO not in text


@pytest.mark.parametrize(("refuse", "words", "again"), [
    ({TO: f"550 5.1.1 no <{TO}>"}, "number 1 (550 5.1.1)", False),
    ({TO: f"450 later <{TO}>"}, "number 1 (450)", True),
    ({"MAIL": "530 no"}, "from this sender (530)", False),
])  # fmt: skip
def test_what_was_refused_is_said(
    refuse: dict[str, str], words: str, again: bool, tmp_path: Path, capsys: Capture
) -> None:
    with mail_server(refuse) as server:
        place = workspace(tmp_path, MailSettings(server.address, "none", "w@example.org"))
        code, facts, text = run(capsys, "mail", "test", "--to", TO, "-w", place)
    assert (code, facts["state"], facts["retry"]) == (1, "failed", again)
    assert words in str(facts["problem"])
    assert words in text
    assert ("Another try may help" in text) is again
    assert TO not in text + str(facts)


def test_without_a_server_it_cannot_start(tmp_path: Path, capsys: Capture) -> None:
    assert main(["mail", "test", "--to", TO, "-w", str(workspace(tmp_path, MailSettings()))]) == 2
    assert "server" in capsys.readouterr().err


def test_what_is_no_address_is_not_repeated(tmp_path: Path, capsys: Capture) -> None:
    wrong = "MUELLER^HANS"
    place = str(workspace(tmp_path, MailSettings("mail:25")))
    assert main(["mail", "test", "--to", wrong, "-w", place]) == 2
    assert main(["mail", "test", wrong, "-w", place, "--to", TO]) == 2
    assert main(["mail", wrong]) == 2
    assert wrong not in capsys.readouterr().err
