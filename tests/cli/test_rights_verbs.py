"""The verbs ``rights`` and ``credentials``, as a person types them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.credentials import check_address
from workbench.rights import Right, Rights
from workbench.server.passwords import Passwords
from workbench.settings import EntitySettings, Settings
from workbench.settings_file import read_settings
from workbench.survey import create_survey

Capture = pytest.CaptureFixture[str]
PASSWORD = "four words drawn by lot"


def run(capsys: Capture, *words: object) -> tuple[int, dict[str, object], str]:
    code = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out.splitlines()[-1]), err


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_survey(tmp_path / "w", Settings()).close()
    return tmp_path / "w"


def test_a_right_is_given_a_password_and_taken_away(
    workspace: Path, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    told = run(capsys, "rights", "set", "look", "-w", workspace, "--password-file", file)
    assert told[:2] == (0, {"right": "look", "state": "password"})
    assert PASSWORD not in told[2]
    assert Passwords(workspace).granted(PASSWORD) == Rights.of([Right.LOOK])
    run(capsys, "rights", "set", "collect", "-w", workspace, "--nobody")
    code, told_of, text = run(capsys, "rights", "list", "-w", workspace)
    assert code == 0
    assert told_of == {"rights": {
        "look": "password", "decide": "address", "collect": "nobody", "administer": "address",
    }}  # fmt: skip
    for right in Right:
        assert f"{right}:" in text
    run(capsys, "rights", "set", "look", "-w", workspace, "--address")
    assert Passwords(workspace).granted(PASSWORD) == Rights()


def test_what_is_no_right_or_no_workspace_is_said(
    workspace: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert run(capsys, "rights", "set", "everything", "-w", workspace)[0] == 2
    assert "workbench init" in run(capsys, "rights", "list", "-w", tmp_path)[2]
    assert "--passphrase-file" in run(capsys, "rights", "set", "look", "-w", workspace)[2]


def test_a_moved_credential_is_listed_and_confirmed(workspace: Path, capsys: Capture) -> None:
    assert run(capsys, "credentials", "list", "-w", workspace)[:2] == (0, {"credentials": []})
    web = EntitySettings("PACS", retrieve="web", url="https://a.example", token_file="t")
    settings = replace(read_settings(workspace), pacs=web)
    settings.write(workspace)
    check_address(workspace, settings, "pacs-token")
    assert run(capsys, "credentials", "list", "-w", workspace)[0] == 0
    replace(settings, pacs=replace(web, url="https://b.example")).write(workspace)
    code, _, text = run(capsys, "credentials", "list", "-w", workspace)
    assert code == 1
    assert "given for https://a.example" in text
    assert "credentials confirm pacs-token" in run(capsys, "check", "-w", workspace)[2]
    assert run(capsys, "credentials", "confirm", "pacs-token", "-w", workspace)[0] == 0
    assert run(capsys, "credentials", "list", "-w", workspace)[0] == 0
    assert run(capsys, "credentials", "confirm", "pacs-key", "-w", workspace)[0] == 2
