"""Who may read and change a workspace: each thing opened on purpose, and found with its remedy."""

from __future__ import annotations

import grp
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.cli import main
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.errors import SettingsError
from workbench.schema import INSTANCE
from workbench.settings import (
    EntitySettings,
    MailSettings,
    ProtectSettings,
    Settings,
    StoreSettings,
    TlsSettings,
)
from workbench.stages.workspace_modes import mode_problems, not_checked, server_problems
from workbench.store.part_folder import FolderPlace
from workbench.survey import Survey, create_survey, open_survey

STRANGER = 65534  # nobody, on Linux
ROOT = os.geteuid() == 0


def filled(folder: Path, settings: Settings | None = None) -> Survey:
    """A workspace with a file of every kind that Workbench makes, under an open umask."""
    before = os.umask(0)
    try:
        survey = create_survey(folder, settings)
        HospitalFile(folder).close()
        survey.store.begin_run("import", "0")  # the journal of the catalogue is there now
        FolderPlace(folder).write(INSTANCE, INSTANCE.empty())
        for name in ("phantoms", "reports", "exports"):
            (folder / name).mkdir(mode=0o700)
            (folder / name).chmod(0o700)
            (folder / name / "MUELLER.dcm").write_text("x")
            (folder / name / "MUELLER.dcm").chmod(0o600)
    finally:
        os.umask(before)
    return survey


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    made = filled(tmp_path / "w")
    yield made
    made.close()


def test_what_workbench_makes_is_closed_under_any_umask(survey: Survey) -> None:
    assert mode_problems(survey) == []
    files = [survey.folder, *survey.folder.rglob("*")]
    assert len(files) > 10
    assert not [file.name for file in files if file.stat().st_mode & 0o077]


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("workbench.toml", "workbench.toml"),
        ("hospital.key", "hospital.key"),
        ("hospital.sqlite", "hospital.sqlite"),
        ("catalogue.sqlite", "catalogue.sqlite"),
        ("catalogue.sqlite-wal", "catalogue.sqlite-wal"),
        ("catalogue.sqlite-shm", "catalogue.sqlite-shm"),
        ("parts", "parts"),
        ("parts/*.parquet", "parts"),
        ("phantoms/MUELLER.dcm", "phantoms"),
        ("reports/MUELLER.dcm", "reports"),
        ("exports/MUELLER.dcm", "exports"),
    ],
)
@pytest.mark.parametrize(
    ("mode", "verb"), [(0o040, "read"), (0o004, "read"), (0o020, "change"), (0o002, "change")]
)
def test_each_thing_that_is_opened_is_named_with_its_remedy(
    survey: Survey, name: str, named: str, mode: int, verb: str
) -> None:
    (file,) = survey.folder.glob(name)
    file.chmod(file.stat().st_mode | mode)
    (problem,) = mode_problems(survey)
    assert f"Others than the owner may {verb}: {named}. " in problem
    assert problem.endswith(f"run: chmod -R go= {named}")
    assert "MUELLER" not in problem
    subprocess.run(["chmod", "-R", "go=", named], cwd=survey.folder, check=True)
    assert mode_problems(survey) == []


def test_files_of_others_making_are_counted_and_not_named(survey: Survey) -> None:
    for name in ("MUELLER^ERIKA.dcm", "list of patients.csv"):
        (survey.folder / name).write_text("x")
        (survey.folder / name).chmod(0o644)
    (survey.folder / "workbench.toml").chmod(0o644)
    (problem,) = mode_problems(survey)
    assert "may read: workbench.toml, other files (2). " in problem
    assert problem.endswith("chmod -R go= .")
    assert "MUELLER" not in problem
    assert "list" not in problem


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777])
def test_an_open_folder_is_found(survey: Survey, mode: int) -> None:
    survey.folder.chmod(mode)
    assert mode_problems(survey) == ["Others may open the workspace folder. Run: chmod 700 FOLDER"]


@pytest.mark.parametrize(("mode", "wrong"), [(0o777, True), (0o1777, False), (0o775, False)])
def test_a_folder_above_that_everybody_changes_is_found_unless_it_is_sticky(
    tmp_path: Path, mode: int, wrong: bool
) -> None:
    survey = filled(tmp_path / "above" / "between" / "w")
    (tmp_path / "above").chmod(mode)
    problems = mode_problems(survey)
    survey.close()
    assert bool(problems) == wrong
    if wrong:
        assert problems[0].endswith("run: chmod o-w ../..")
        assert str(tmp_path) not in problems[0]


def test_links_that_lead_out_or_nowhere_are_found_and_others_are_not(
    survey: Survey, tmp_path: Path
) -> None:
    (survey.folder / "latest").symlink_to(survey.folder / "reports")
    assert mode_problems(survey) == []
    shutil.move(survey.folder / "parts", tmp_path / "elsewhere")
    (survey.folder / "parts").symlink_to(tmp_path / "elsewhere")
    (survey.folder / "reports" / "gone").symlink_to("/nowhere/at/all")
    (problem,) = mode_problems(survey)
    assert "lead out of the workspace, or nowhere: parts, reports." in problem
    assert "mount" in problem


@pytest.mark.skipif(not ROOT, reason="not allowed here: to give a file to another user")
def test_files_of_another_user_are_found(survey: Survey) -> None:
    os.chown(survey.folder / "workbench.toml", STRANGER, -1)
    os.chown(survey.folder / "phantoms" / "MUELLER.dcm", STRANGER, -1)
    (problem,) = mode_problems(survey)
    assert "belong to another user: phantoms, workbench.toml." in problem
    assert "chown" in problem


@pytest.mark.skipif(not ROOT, reason="not allowed here: to become another user")
def test_somebody_else_is_told_that_the_workspace_is_not_his(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    assert any("belongs to another user" in problem for problem in mode_problems(survey))


def test_a_folder_that_cannot_be_looked_into_is_told(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(folder: Path) -> Any:
        if folder.name == "parts":
            raise PermissionError
        return scandir(folder)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", listed)
    (problem,) = mode_problems(survey)
    assert "1 folders of the workspace cannot be looked into" in problem


# --- files that the settings name ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "settings", "mode", "wrong"),
    [
        ("[pacs] token_file", Settings(pacs=EntitySettings("P", token_file="x")), 0o640, True),
        ("[pacs] token_file", Settings(pacs=EntitySettings("P", token_file="x")), 0o600, False),
        ("[mail] password_file", Settings(mail=MailSettings(password_file="x")), 0o604, True),
        ("[mail] ca_file", Settings(mail=MailSettings(ca_file="x")), 0o664, True),
        ("[mail] ca_file", Settings(mail=MailSettings(ca_file="x")), 0o644, False),
        ("[tls] key", Settings(tls=TlsSettings("x", "x", "x")), 0o644, True),
        ("[protect] profile", Settings(protect=ProtectSettings(profile="x")), 0o664, True),
        ("[protect] profile", Settings(protect=ProtectSettings(profile="x")), 0o644, False),
        ("[protect] words", Settings(protect=ProtectSettings(words="x")), 0o602, True),
    ],
)  # fmt: skip
def test_a_file_that_a_setting_names_is_looked_at_where_it_lies(
    tmp_path: Path, key: str, settings: Settings, mode: int, wrong: bool
) -> None:
    named = tmp_path / "beside"
    named.write_text("secret")
    named.chmod(mode)
    tables = {
        name: replace(table, **{k: str(named) for k, v in vars(table).items() if v == "x"})
        for name, table in vars(settings).items()
        if table is not None and hasattr(table, "__dataclass_fields__")
    }
    survey = filled(tmp_path / "w", replace(settings, **tables))
    problems = [problem for problem in mode_problems(survey) if key in problem]
    assert bool(problems) == wrong
    assert all("chmod" in problem for problem in problems)
    named.unlink()
    assert any(f"{key} is not there" in problem for problem in mode_problems(survey))
    survey.close()


# --- a folder that a group shares ----------------------------------------------------------------


def our_group() -> str:
    """A group of this process: root's tests have several, a user's his own at least."""
    return grp.getgrgid(os.getegid()).gr_name


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Survey]:
    (tmp_path / "w").mkdir()
    settings = Settings(store=StoreSettings(group=our_group()))
    made = filled(tmp_path / "w", settings)
    yield made
    made.close()


def test_a_shared_folder_is_the_groups_and_the_secrets_stay_the_owners(shared: Survey) -> None:
    assert mode_problems(shared) == []
    modes = {file.name: file.stat().st_mode & 0o7777 for file in shared.folder.iterdir()}
    assert shared.folder.stat().st_mode & 0o7777 == 0o2770
    assert modes["parts"] == 0o2770
    assert modes["workbench.toml"] == modes["catalogue.sqlite"] == 0o660
    assert modes["catalogue.sqlite-wal"] == 0o660
    assert modes["hospital.key"] == modes["hospital.sqlite"] == 0o600
    (part,) = (shared.folder / "parts").iterdir()
    assert part.stat().st_mode & 0o777 == 0o660


def test_what_the_world_or_the_group_may_not_is_found_there_too(shared: Survey) -> None:
    (shared.folder / "workbench.toml").chmod(0o664)
    (shared.folder / "hospital.sqlite").chmod(0o660)
    problems = " ".join(mode_problems(shared))
    assert "Others than the owner and the group may read: workbench.toml." in problems
    assert "may change: hospital.sqlite. In the workspace folder, run: chmod go= hosp" in problems
    shared.folder.chmod(0o770)
    assert any("chmod 2770 FOLDER" in problem for problem in mode_problems(shared))


def test_the_same_modes_without_the_setting_are_wrong(shared: Survey) -> None:
    shared.settings = replace(shared.settings, store=StoreSettings())
    assert any("chmod 700 FOLDER" in problem for problem in mode_problems(shared))


@pytest.mark.skipif(not ROOT, reason="not allowed here: to give a file to another group")
def test_a_file_of_another_group_is_found(shared: Survey) -> None:
    os.chown(shared.folder / "workbench.toml", -1, STRANGER)
    (problem,) = mode_problems(shared)
    assert "may change: workbench.toml" in problem
    assert "chgrp -R GROUP ." in problem


def test_a_group_that_is_not_there_is_told(shared: Survey, tmp_path: Path) -> None:
    shared.settings = replace(shared.settings, store=StoreSettings(group="no such group"))
    (problem,) = mode_problems(shared)
    assert "getent group" in problem
    with pytest.raises(SettingsError, match="id -Gn"):
        create_survey(tmp_path / "v", shared.settings)


# --- init ----------------------------------------------------------------------------------------


def test_init_closes_an_empty_folder_and_leaves_one_with_things_in_it(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    for folder in (empty, full):
        folder.mkdir()
        folder.chmod(0o755)
    (full / "notes.txt").write_text("x")
    assert main(["init", "-w", str(empty)]) == 0
    assert empty.stat().st_mode & 0o777 == 0o700
    assert main(["init", "-w", str(full)]) == 2
    assert full.stat().st_mode & 0o777 == 0o755
    with pytest.raises(SettingsError, match="chmod 700"):
        create_survey(full)
    assert [file.name for file in full.iterdir()] == ["notes.txt"]
    full.chmod(0o700)
    assert main(["init", "-w", str(full)]) == 0


def test_init_for_a_group_is_accepted_by_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "-w", str(tmp_path / "w"), "--group", our_group()]) == 0
    survey = open_survey(tmp_path / "w")
    assert mode_problems(survey) == []
    assert survey.settings.store.group == our_group()
    survey.close()


def test_check_says_it_and_ends_with_1(survey: Survey, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "-w", str(survey.folder), "--json"]
    (survey.folder / "parts").chmod(0o755)
    assert main(words) == 1
    answer = json.loads(capsys.readouterr().out)
    assert sum("chmod -R go= parts" in problem for problem in answer["problems"]) == 1
    (unread,) = answer["not_checked"]
    assert "workbench store check" in unread
    (survey.folder / "parts").chmod(0o700)
    main(words)
    assert "chmod" not in str(json.loads(capsys.readouterr().out)["problems"])


# --- what is not a folder ------------------------------------------------------------------------


def test_what_is_not_looked_at_is_said_and_not_called_fine(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    (parts,) = not_checked(Settings())
    assert "bytes of parts" in parts
    far = Settings(store=StoreSettings("postgresql://db/x", parts="s3://bucket/x"))
    _, bucket, server = not_checked(far)
    assert "bucket" in bucket
    assert "server" in server
    (survey.folder / "workbench.toml").chmod(0o666)
    monkeypatch.setattr(os, "name", "nt")
    sentences, problems = not_checked(Settings()), mode_problems(survey)
    monkeypatch.undo()
    assert "not checked on this system" in sentences[1]
    assert problems == []


@pytest.mark.parametrize(
    ("catalogue", "environment", "wrong"),
    [
        ("", "", False),
        ("postgresql:///x", "", False),
        ("postgresql://me@localhost/x", "", False),
        ("postgresql:///x?host=/run/postgresql", "", False),
        ("postgresql://me@db.hospital.example/x", "", True),
        ("postgresql://me@db.hospital.example/x?sslmode=require", "", True),
        ("postgresql:///x?host=db.hospital.example", "", True),
        ("postgresql:///x?hostaddr=10.1.2.3", "", True),
        ("postgresql://localhost/x?hostaddr=10.1.2.3", "", True),
        ("postgresql:///x?service=hospital", "", True),
        ("postgresql:///x?service=hospital&sslmode=verify-full", "", False),
        ("postgresql://localhost,db.hospital.example/x", "", True),
        ("postgresql://me@db.hospital.example/x?sslmode=verify-full", "", False),
        ("postgresql://me@db.hospital.example/x", "verify-full", False),
        ("postgresql://me@db.hospital.example/x?sslmode=verify-ca", "verify-full", True),
    ],
)
def test_a_catalogue_elsewhere_is_asked_who_it_is(
    survey: Survey, monkeypatch: pytest.MonkeyPatch, catalogue: str, environment: str, wrong: bool
) -> None:
    monkeypatch.setenv("PGSSLMODE", environment)
    survey.settings = replace(survey.settings, store=StoreSettings(catalogue))
    problems = server_problems(survey)
    assert bool(problems) == wrong
    assert all("verify-full" in problem for problem in problems)


def test_a_host_of_the_environment_counts(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    survey.settings = replace(survey.settings, store=StoreSettings("postgresql:///x"))
    assert server_problems(survey) == []
    monkeypatch.setenv("PGHOST", "db.hospital.example")
    assert len(server_problems(survey)) == 1


@pytest.mark.skipif(not ROOT, reason="not allowed here: to become another user")
def test_a_folder_that_can_be_listed_and_not_searched_is_told_of(tmp_path: Path) -> None:
    survey = filled(tmp_path / "w")
    inner = tmp_path / "w" / "reports"
    inner.chmod(0o400)
    code = """
import os, sys
from pathlib import Path
from workbench.stages.workspace_modes import Seen, _below
os.setuid(65534)
seen = Seen()
list(_below(Path(sys.argv[1]), seen))
print(seen.closed)
"""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    for path in (tmp_path / "w", inner):
        os.chown(path, STRANGER, STRANGER)
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "w"], check=True,
                          capture_output=True, text=True)  # fmt: skip
    assert int(done.stdout) >= 1
    survey.close()
