"""A workspace is called in order where it is, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.settings import EntitySettings, Settings
from workbench.settings_file import read_settings
from workbench.stages.workspace_check import REST, check, check_workspace
from workbench.survey import create_survey, open_survey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_survey(tmp_path / "w").close()
    return tmp_path / "w"


def test_what_is_not_set_is_told_and_is_no_problem(folder: Path) -> None:
    checked = check_workspace(folder)
    assert checked.problems == []
    assert any("No PACS is set" in note for note in checked.notes)
    assert checked.promises
    assert checked.phantoms is not None
    assert REST not in checked.not_checked


def test_a_pacs_that_is_set_is_no_note(folder: Path) -> None:
    settings = Settings(pacs=EntitySettings("PACS", "127.0.0.1", 9))
    settings.write(folder)
    checked = check_workspace(folder)
    assert checked.problems == []
    assert not any("PACS is set" in note for note in checked.notes)


def test_each_wrong_table_is_told_and_the_rest_is_not_called_sound(folder: Path) -> None:
    (folder / "workbench.toml").write_text(
        "[pacs]\nport = 104\n[collect]\ntries = -1\n[nothing]\nkey = 1\n[server]\nkernels = 4\n"
    )
    checked = check_workspace(folder)
    assert [problem.split()[0] for problem in checked.problems] == [
        "title", "tries", "workbench.toml",
    ]  # fmt: skip
    assert checked.not_checked == [REST]
    assert (checked.notes, checked.promises, checked.phantoms) == ([], [], None)


@pytest.mark.parametrize("text", ["[survey", "\udcff"])
def test_a_file_that_nobody_can_read_is_wrong(folder: Path, text: str) -> None:
    (folder / "workbench.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    (problem,) = check_workspace(folder).problems
    assert "workbench.toml cannot be read" in problem


def test_no_workspace_is_no_problem_of_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not a workspace"):
        check_workspace(tmp_path)


def test_a_store_that_cannot_be_opened_is_wrong(folder: Path) -> None:
    (folder / "catalogue.sqlite").write_bytes(b"this is no database, and long enough to be none")
    checked = check_workspace(folder)
    assert checked.problems
    assert checked.not_checked == [REST]


def test_the_same_is_told_once(folder: Path) -> None:
    (folder / "hospital.key").unlink()
    problems = check_workspace(folder).problems
    assert len([problem for problem in problems if "key" in problem]) == 1


def test_credentials_that_cannot_be_read_or_have_moved_are_wrong(folder: Path) -> None:
    pacs = EntitySettings("PACS", retrieve="web", url="https://127.0.0.1/", token_file="token")
    Settings(pacs=pacs).write(folder)
    (folder / "token").write_text("secret\n")
    (folder / "token").chmod(0o600)
    assert check_workspace(folder).problems == []
    kept = folder / "credentials.json"
    kept.write_text(json.dumps({"pacs-token": "https://192.0.2.9"}))
    kept.chmod(0o600)
    assert "credentials confirm pacs-token" in str(check_workspace(folder).problems)
    kept.write_text("{")
    assert "credentials.json cannot be read" in str(check_workspace(folder).problems)


def test_looking_changes_nothing(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix == ".toml"}
    names = {path.name for path in folder.iterdir()}
    check_workspace(folder)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {path.name for path in folder.iterdir()} - names <= {"catalogue.sqlite-wal",
                                                               "catalogue.sqlite-shm"}  # fmt: skip
    assert read_settings(folder) == open_survey(folder).settings


def test_it_is_asked_of_an_open_survey_too(folder: Path) -> None:
    survey = open_survey(folder)
    assert check(survey) == []
    (folder / "hospital.key").chmod(0o644)
    assert any("chmod" in problem for problem in check(survey))
    survey.close()
