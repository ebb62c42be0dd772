"""The verbs backup and restore: what they say, and when they say that something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.verbs import CT, run
from workbench.cli import main
from workbench.cli.output import DONE, NOT_STARTED, PROBLEMS


def test_a_workspace_goes_away_and_comes_back(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["import", str(CT), "-w", str(workspace)])
    main(["collect", "add", "--id", "MARTIN77", "-w", str(workspace)])
    capsys.readouterr()
    code, made, err = run(capsys, "backup", tmp_path / "b.tar", "-w", workspace)
    assert (code, made["objects"], made["patients"], made["key"]) == (DONE, 1, 1, False)
    code, back, told = run(capsys, "restore", tmp_path / "b.tar", "-w", tmp_path / "again")
    assert (code, back["files"], back["key"]) == (DONE, made["files"], False)
    assert "workbench key restore" in told, "who restores is told what is still missing"
    assert "MARTIN77" not in err + told + str(made) + str(back)


def test_a_key_that_is_in_the_file_is_told(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, made, err = run(capsys, "backup", tmp_path / "b.tar", "--with-key", "-w", workspace)
    assert (code, made["key"]) == (DONE, True)
    assert "key is in it" in err
    assert run(capsys, "restore", tmp_path / "b.tar", "-w", tmp_path / "again")[1]["key"] is True
    key = (workspace / "hospital.key").read_bytes()
    assert (tmp_path / "again" / "hospital.key").read_bytes() == key


def test_what_lies_on_a_server_is_told_as_missing(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = workspace / "workbench.toml"
    settings.write_text(
        settings.read_text() + '\n[store]\ncatalogue = "postgresql://h/db"\nschema = "lung"\n'
        'parts = "s3://bucket/lung"\n'
    )
    code, made, _ = run(capsys, "backup", tmp_path / "b.tar", "-w", workspace)
    assert code == PROBLEMS
    assert "pg_dump --schema=lung" in str(made["problems"])
    assert "bucket" in str(made["problems"])


def test_a_folder_that_holds_something_is_left_alone(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "backup", tmp_path / "b.tar", "-w", workspace)
    before = sorted(workspace.iterdir())
    code, _, err = run(capsys, "restore", tmp_path / "b.tar", "-w", workspace)
    assert code == NOT_STARTED
    assert "nothing was restored" in err
    assert sorted(workspace.iterdir()) == before
