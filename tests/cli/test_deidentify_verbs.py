"""The verb deidentify: files in, files out, verified; nothing starts without its key."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.cli.verbs import CT, run
from workbench.cli import main
from workbench.cli.output import (
    DONE,
    NOT_STARTED,
    PROBLEMS,
)
from workbench.deidentify.confidentiality_profile import BUILT_IN
from workbench.deidentify.key import create_key
from workbench.deidentify.standard_tables import data_bytes
from workbench.settings import FILE as SETTINGS_FILE
from workbench.survey import KEY_FILE


def test_files_in_and_files_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_key(tmp_path / "key")
    out = tmp_path / "clean"
    code, counts, _ = run(capsys, "deidentify", CT, out, "--key", tmp_path / "key")
    assert (code, counts) == (
        0, {"written": 1, "duplicate": 0, "refused": 0, "reasons": {}, "refusals": []},
    )  # fmt: skip
    (clean,) = out.iterdir()
    data = dcmread(clean)
    original = dcmread(CT)
    assert data.PatientID != original.PatientID
    assert "PixelData" not in data
    assert data.KVP == original.KVP
    assert clean.read_bytes()[:128] == bytes(128)
    assert run(capsys, "deidentify", CT, out, "--key", tmp_path / "key")[0] == 2


def cleaned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Path, Path]:
    source, target, key = tmp_path / "in", tmp_path / "out", tmp_path / "key"
    source.mkdir()
    (source / "a.dcm").write_bytes(CT.read_bytes())
    create_key(key)
    assert run(capsys, "deidentify", source, target, "--key", key)[0] == DONE
    return source, target, key


def test_what_was_cleaned_is_verified_and_what_was_altered_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target, key = cleaned(tmp_path, capsys)
    page = tmp_path / "page.html"
    words = ["deidentify", "verify", source, target, "--key", key]
    code, answer, err = run(capsys, *words, "--report", page)
    assert code == DONE, answer
    assert "0 failed; 1 originals" in err
    assert "<html" in page.read_text("utf-8")
    (file,) = target.iterdir()
    dataset = dcmread(file)
    dataset.PatientID = dcmread(CT).PatientID
    dataset.save_as(file)
    code, answer, err = run(capsys, *words)
    assert code == PROBLEMS
    assert str(dcmread(CT).PatientID) not in err + json.dumps(answer)
    assert "- output 1, " in err


@pytest.mark.parametrize("times", ["exact", "hour", "removed"])
def test_times_are_verified_by_what_the_workspace_promises(
    times: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target, workspace = tmp_path / "in", tmp_path / "out", tmp_path / "w"
    source.mkdir()
    dataset = dcmread(CT)
    for element in list(dataset):
        if element.VR == "TM" and element.keyword != "StudyTime":
            del dataset[element.tag]
    dataset.save_as(source / "a.dcm")
    assert run(capsys, "init", "-w", workspace, "--times", times)[0] == DONE
    assert run(capsys, "deidentify", source, target, "-w", workspace)[0] == DONE
    words = ["deidentify", "verify", source, target, "-w", workspace]
    code, answer, err = run(capsys, *words)
    assert code == DONE, answer
    # One time is too few to say that a clock is on.
    assert bool(answer["not_checked"]) == (times == "hour")
    assert ("not checked: times of day" in err) == (times == "hour")
    (file,) = target.iterdir()
    dataset = dcmread(file)
    dataset.StudyTime, dataset.PatientAge = "235959", "095Y"
    dataset.save_as(file)
    code, answer, err = run(capsys, *words)
    assert code == PROBLEMS
    assert {failure["where"] for failure in answer["failures"]} == {"StudyTime", "PatientAge"}  # type: ignore[attr-defined]


def test_a_profile_of_the_workspaces_own_is_verified_by_that_profile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target, workspace = tmp_path / "in", tmp_path / "out", tmp_path / "w"
    source.mkdir()
    dataset = dcmread(CT)
    dataset.PatientAge, dataset.PatientBirthDate = "085Y", ""
    dataset.private_block(0x0009, "ACME", create=True).add_new(1, "DS", "1.5")
    dataset.save_as(source / "a.dcm")
    assert run(capsys, "init", "-w", workspace)[0] == DONE
    profile = (
        data_bytes(BUILT_IN).decode().replace("oldest_age_years = 89", "oldest_age_years = 79")
    )
    more = '\n[[private]]\ncreator = "ACME"\ngroup = 9\nelements = {"01" = "DS"}\n'
    (workspace / "own.toml").write_text(profile + more, "utf-8")
    settings = workspace / SETTINGS_FILE
    settings.write_text(settings.read_text("utf-8") + '\n[protect]\nprofile = "own.toml"\n')
    assert run(capsys, "deidentify", source, target, "-w", workspace)[0] == DONE
    clean = dcmread(next(target.iterdir()))
    assert (clean.PatientAge, clean.private_block(0x0009, "ACME")[1].value) == ("080Y", 1.5)
    code, answer, _ = run(capsys, "deidentify", "verify", source, target, "-w", workspace)
    assert code == DONE, answer["failures"]
    key = ["--key", workspace / KEY_FILE]
    code, answer, _ = run(capsys, "deidentify", "verify", source, target, *key)
    assert code == PROBLEMS, "by the built-in profile it is wrong"


def test_what_is_refused_is_counted_and_the_rest_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, key = tmp_path / "in", tmp_path / "key"
    source.mkdir()
    (source / "a.dcm").write_bytes(CT.read_bytes())
    (source / "b.dcm").write_text("no image")
    create_key(key)
    code, counts, err = run(capsys, "deidentify", source, tmp_path / "out", "--key", key)
    assert code == PROBLEMS
    assert (counts["written"], counts["duplicate"], counts["refused"]) == (1, 0, 1)
    assert "1 files written, 0 duplicates, 1 refused." in err


def test_unknown_words_are_written_for_review(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, words = tmp_path / "in", tmp_path / "words.txt"
    source.mkdir()
    dataset = dcmread(CT)
    dataset.SeriesDescription = "Thorax Xyzzyplugh"
    dataset.save_as(source / "a.dcm")
    code, counts, _ = run(capsys, "deidentify", "words", source, words)
    assert code == DONE
    assert counts["words"] >= 1  # type: ignore[operator]
    assert "xyzzyplugh" in words.read_text("utf-8").lower()
    assert "thorax" not in words.read_text("utf-8").lower(), "a word of the vocabulary"


@pytest.mark.parametrize(
    "words",
    [
        ["deidentify", "a"],
        ["deidentify", "a", "b", "c"],
        ["deidentify", "verify", "a"],
        ["deidentify", "verify", "a", "b", "c"],
    ],
)
def test_a_wrong_number_of_names_says_how_it_is_written(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code, answer, err = run(capsys, *words)
    assert answer["error"] == "UsageError"
    assert "usage: workbench deidentify" in err
    assert code == NOT_STARTED


def test_without_a_key_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, _ = run(capsys, "deidentify", CT, tmp_path / "out")
    assert (code, "--key" in str(answer["message"])) == (NOT_STARTED, True)
    assert not (tmp_path / "out").exists()


def refusing(folder: Path) -> Path:
    """Return a folder with three files to be refused for two reasons, and one that is sound."""
    folder.mkdir()
    (folder / "1-Quixote^Ann.dcm").write_bytes(CT.read_bytes())
    (folder / "2-Quixote^Ann.txt").write_text("no image of Quixote")
    (folder / "3-Quixote^Ann.txt").write_text("neither")
    dataset = dcmread(CT)
    dataset.KVP = "99"
    dataset.save_as(folder / "4-Quixote^Ann.dcm")
    return folder


def test_refusals_are_told_with_reasons_and_numbers_and_without_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, key = refusing(tmp_path / "in"), tmp_path / "key"
    create_key(key)
    code, told, err = run(capsys, "deidentify", source, tmp_path / "out", "--key", key)
    assert code == PROBLEMS
    assert told["reasons"] == {"not_dicom": 2, "same_uid_other_content": 1}
    refusals = told["refusals"]
    assert [row["number"] for row in refusals] == [2, 3, 4]  # type: ignore[attr-defined]
    assert all(row["reason"] for row in refusals)  # type: ignore[attr-defined]
    assert "- 2 x not_dicom: " in err
    assert "- 1 x same_uid_other_content: another object with the same SOP Instance UID" in err
    assert "counted in the order of the files' names: 2, 3, 4." in err
    assert "--verdicts FILE" in err
    assert "Quixote" not in err + json.dumps(told)
    assert main(["deidentify", str(source), str(tmp_path / "out2"), "--key", str(key)]) == PROBLEMS
    out, err = capsys.readouterr()
    assert "2 x not_dicom" in out, "a result, not a remark"
    assert err == ""


def test_many_refusals_are_counted_and_some_are_numbered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, key = tmp_path / "in", tmp_path / "key"
    source.mkdir()
    create_key(key)
    for number in range(50):
        (source / f"{number:02}").write_text("none")
    _, told, err = run(capsys, "deidentify", source, tmp_path / "out", "--key", key)
    assert len(told["refusals"]) == 50  # type: ignore[arg-type]
    assert "- 50 x not_dicom" in err
    assert "19, 20 and 30 more." in err


def test_the_hospital_gets_a_list_of_paths_on_request_and_for_itself_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, key, file = refusing(tmp_path / "in"), tmp_path / "key", tmp_path / "verdicts.csv"
    create_key(key)
    words = ["deidentify", source, tmp_path / "out", "--key", key, "--verdicts", file]
    _, told, err = run(capsys, *words)
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [Path(row["path"]).name[0] for row in rows] == ["1", "2", "3", "4"]
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["outcome"] for row in rows] == ["written", "refused", "refused", "refused"]
    assert [row["code"] for row in rows][1:] == [row["code"] for row in told["refusals"]]  # type: ignore[attr-defined]
    assert file.stat().st_mode & 0o077 == 0
    assert "Quixote" not in err + json.dumps(told)
    assert "do it again" not in err, "it is there"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["in", "out", "--report", "x.html"], "--report is not for deidentify IN OUT"),
        (["verify", "in", "in", "--verdicts", "x.csv"], "--verdicts is not for deidentify verify"),
        (["words", "in", "w.txt", "--report", "x.html"], "--report is not for deidentify words"),
        (["verfy", "in", "in"], "no action 'verfy'. Did you mean verify?"),
        (["none", "out"], "IN: there is no 'none'"),
        (["in", "key"], "OUT: 'key' is a file. Name a folder."),
        (["verify", "in", "none"], "OUT: there is no 'none'"),
        (["words", "in", "in"], "OUT: 'in' is a folder. Name a file."),
    ],
)
def test_what_is_wrong_with_which_word_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    words: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    create_key(tmp_path / "key")
    (tmp_path / "in").mkdir()
    code, answer, _ = run(capsys, "deidentify", *words, "--key", "key")
    assert code == NOT_STARTED
    assert said in str(answer["message"])
