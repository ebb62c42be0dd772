"""What ``check`` says of names that lie in a workspace: each with the thing there and away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collect.queue.plain_file import SECRETS, write_plain
from tests.faults.databases_by_hand import DatabasesByHand
from tests.stages.quality.phantom_workspace import arrive, quality_desk, week
from tests.stages.quality.test_unselected import aged, mixed
from workbench.cli import main
from workbench.collect.queue.hospital_file import FILE
from workbench.deidentify.key import protect_key
from workbench.deidentify.key_wrapping import Cost
from workbench.stages import names_on_disk
from workbench.stages.names_on_disk import name_notes, name_problems, phantoms_of
from workbench.survey import KEY_FILE, Survey, create_survey, open_survey

LIST = "queue_number,patient_id,issuer,pseudonym,state,reason,study_date,study_uid,study_pseudonym"
REST = ",series_uid,modality,told,expected,stored,missing\r\n1,4711"


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return create_survey(tmp_path / "w")


def locked(survey: Survey) -> None:
    protect_key(survey.folder / KEY_FILE, "five words drawn by lot", Cost(32, 1, 4))


def test_a_key_without_a_passphrase_is_told_of_until_it_has_one(survey: Survey) -> None:
    assert "who steals the folder has both" in " ".join(name_notes(survey))
    assert name_problems(survey) == []
    locked(survey)
    assert name_notes(survey) == []


@pytest.mark.parametrize(
    "content", [LIST + REST, "patient_id,issuer,pseudonym,in_store,date_shift_days\r\n4711"]
)
def test_a_list_with_names_in_the_workspace_is_told_of_until_it_is_gone(
    survey: Survey, content: str
) -> None:
    (survey.folder / "exports").mkdir()
    file = survey.folder / "exports" / "any-name.csv"
    file.write_text(content)
    (survey.folder / "exports" / "other.csv").write_text("patient,dose\r\nSITE-X,1")
    (problem,) = name_problems(survey)
    assert problem.startswith("1 lists in the workspace name patients")
    assert "any-name" not in problem
    file.unlink()
    assert name_problems(survey) == []


def test_the_lists_we_write_are_the_lists_it_knows(
    tmp_path: Path, survey: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "patients.txt").write_text("0815\n")
    w = ("-w", str(survey.folder))
    assert main(["collect", "add", str(tmp_path / "patients.txt"), *w]) == 0
    assert main(["collect", "export", "--out", str(survey.folder / "one.csv"), *w]) == 0
    out = str(survey.folder / "two.csv")
    assert main(["key", "link", str(tmp_path / "patients.txt"), "--out", out, *w]) == 0
    capsys.readouterr()
    (problem,) = name_problems(survey)
    assert problem.startswith("2 lists")


def test_objects_at_the_phantom_title_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        assert name_problems(desk.survey) == []
        names = mixed(desk)
        aged(desk, names["patient"], 9)
        (problem,) = name_problems(desk.survey)
        assert problem.startswith("3 objects at the phantom title are no phantom")
        assert "1 selected by none, 1 refused, 1 damaged; 2 carry a name" in problem
        assert "9 days old" in problem
        aged(desk, arrive(desk, made=week(8)), 2)
        assert "qa watch" in name_problems(desk.survey)[1]
    assert main(["check", "-w", str(tmp_path / "w"), "--json"]) == 1
    out, err = capsys.readouterr()
    told = json.loads(out.splitlines()[-1])
    assert (told["phantoms"]["kept"], told["phantoms"]["unselected"]) == (5, 1)
    assert "5 phantom images are kept whole" in str(told["notes"])
    assert "KANARIE" not in out + err


def test_an_old_file_of_the_hospital_is_encrypted_or_told_of(survey: Survey) -> None:
    write_plain(survey.folder)
    locked(survey)
    w = ["check", "-w", str(survey.folder)]
    assert main(w) == 1
    assert SECRETS[0].encode() in (survey.folder / FILE).read_bytes()
    other = create_survey(survey.folder.parent / "other")
    write_plain(other.folder)
    assert name_problems(other) == []
    assert SECRETS[0].encode() not in (other.folder / FILE).read_bytes()
    other.close()
    open_survey(other.folder).close()


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.csv", "patient_id,issuer,pseudonym,in_store,date_shift_days"),
        ("a.csv", "\ufeffpatient_id,issuer,pseudonym"),
        ("a.csv", "patient_id;birth_date;accession"),
        ("A.CSV", '"Patient ID";"State"'),
        ("list.txt", "accession number\tpriority"),
        ("below/list", "MRN"),
        ("patients.tsv", "PatientBirthDate"),
    ],
)
def test_a_list_of_patients_is_known_by_its_columns(survey: Survey, name: str, head: str) -> None:
    file = survey.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{head}\r\n4711\r\n", "utf-8")
    assert [problem for problem in name_problems(survey) if problem.startswith("1 lists")]


@pytest.mark.parametrize("head", ["patient,StudyInstanceUID,dlp_mgy_cm", "id,value", "", "\0\xff"])
def test_other_tables_are_no_lists_of_patients(survey: Survey, head: str) -> None:
    (survey.folder / "instance.csv").write_text(f"{head}\nSITE-A\n", "utf-8")
    assert name_problems(survey) == []


def test_an_object_that_is_erased_meanwhile_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        names = mixed(desk)
        every = desk.phantoms.names()
        desk.phantoms.path(names["patient"]).unlink()
        monkeypatch.setattr(type(desk.phantoms), "names", lambda _: every)
        assert phantoms_of(desk.survey).kept == len(every) - 1


def test_what_just_came_is_not_called_unseen_because_something_old_lies_beside(
    tmp_path: Path,
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        aged(desk, mixed(desk)["patient"], 9)
        arrive(desk, made=week(8))
        assert not [problem for problem in name_problems(desk.survey) if "qa watch" in problem]


def test_a_database_that_is_open_keeps_its_locks(
    survey: Survey, databases_by_hand: DatabasesByHand
) -> None:
    """Else the next process that closes it takes away the journal that is still written to."""
    journal = survey.folder / "catalogue.sqlite-wal"
    assert survey.store.table("instance").height == 0
    assert journal.exists()
    name_problems(survey)
    reads = f"import sqlite3; sqlite3.connect({str(survey.folder / 'catalogue.sqlite')!r})"
    once = f"{reads}.execute('SELECT count(*) FROM sqlite_master').fetchall()"
    subprocess.run([sys.executable, "-c", once], check=True)
    assert journal.exists()
    assert databases_by_hand.lines == []


def test_who_opens_a_database_by_hand_is_seen(
    survey: Survey, databases_by_hand: DatabasesByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names_on_disk, "DATABASE", "no such name")
    name_problems(survey)
    assert {line.partition(":")[0] for line in databases_by_hand.lines} == {"names_on_disk.py"}
    databases_by_hand.forget()
