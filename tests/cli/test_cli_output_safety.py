"""What the command line says to a terminal: no text of a header commands it."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from tests.browser.hostile_texts import payloads
from tests.browser.hostile_workspace import hostile_workspace
from workbench.cli import main
from workbench.cli.output import finish, show_progress, tell
from workbench.schema import TABLES
from workbench.server.voila import to_stderr

TEXTS = list(payloads("http://127.0.0.1:9").values())
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_said_holds_no_control_character(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    tell(text)
    to_stderr(text)
    show_progress(1, 1, text)
    finish(argparse.Namespace(json=True), {"text": text}, "{text}")
    said = capsys.readouterr()
    assert len(said.err) > 4 * len(text)
    assert not COMMANDS.search(said.err + said.out)
    assert json.loads(said.out)["text"] == text  # a program gets it as it is, in escapes


def test_commands_on_a_hostile_workspace_say_nothing_that_a_terminal_obeys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hostile_workspace(tmp_path / "w", TEXTS, files=False)
    for name in TABLES:
        assert main(["table", name, "-w", str(folder), "--out", str(tmp_path / f"{name}.csv")]) == 0
    for words in (["check"], ["collect", "status"], ["collect", "list"], ["map"], ["dose"]):
        assert main([*words, "-w", str(folder), "--json"]) in (0, 1), words
    said = capsys.readouterr()
    assert "rows written" in said.out
    assert "7*7" in said.err + said.out  # reasons of the queue are told, hostile as they are
    assert not COMMANDS.search(said.err + said.out)
