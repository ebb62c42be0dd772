"""Verbs that look at what was put aside: elements and reasons, never a value."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.cli.verbs import CT, run
from workbench.cli.output import (
    DONE,
    NOT_STARTED,
)


@pytest.mark.parametrize("cut", [None, 3000, 600])
def test_a_file_is_looked_at_without_a_value_however_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cut: int | None
) -> None:
    file = tmp_path / "a.dcm"
    file.write_bytes(CT.read_bytes()[:cut])
    page = tmp_path / "page.html"
    code, answer, err = run(capsys, "look", file, "--out", page)
    assert code == DONE
    assert answer["size"] == file.stat().st_size
    assert answer["elements"] > 0  # type: ignore[operator]
    assert bool(answer["code"]) == (cut is not None)
    assert ("Read to its end." in err) == (cut is None)
    patient = dcmread(CT)
    said = err + json.dumps(answer) + page.read_text("utf-8")
    for value in (str(patient.PatientName), str(patient.PatientID), str(patient.StudyInstanceUID)):
        assert value not in said
    assert re.search(r"\([0-9A-F]{4},[0-9A-F]{4}\) [A-Z]{2}", err)


@pytest.mark.parametrize("content", [b"", b"x", bytes(200), b"\x1b[2J" * 40])
def test_what_is_no_dicom_is_looked_at_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "a").write_bytes(content)
    code, answer, err = run(capsys, "look", tmp_path / "a")
    assert code == DONE
    assert answer["size"] == len(content)
    assert "\x1b" not in err


def test_a_file_that_is_not_there_and_a_folder_that_is_not_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for named, words in (
        (f"FILE: there is no '{tmp_path / 'none'}'", [tmp_path / "none"]),
        (f"FILE: '{tmp_path}' is a folder", [tmp_path]),
        (f"there is no folder '{tmp_path / 'no'}'", [CT, "--out", tmp_path / "no" / "x.html"]),
    ):
        code, answer, _ = run(capsys, "look", *words)
        assert code == NOT_STARTED
        assert named in str(answer["message"])
    assert not (tmp_path / "no").exists()


def test_what_was_put_aside_is_a_page_that_counts_every_object(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "aside.html"
    code, counts, _ = run(capsys, "quarantine", "-w", workspace, "--out", out)
    assert (code, counts) == (DONE, {"objects": 0})
    for number in range(2):
        (tmp_path / f"Grottenolm{number}.dcm").write_bytes(CT.read_bytes()[: 3000 + number])
        run(capsys, "import", tmp_path / f"Grottenolm{number}.dcm", "-w", workspace)
    code, counts, err = run(capsys, "quarantine", "-w", workspace, "--out", out)
    assert (code, counts) == (DONE, {"objects": 2})
    assert "2 objects were not stored" in err
    assert "truncated" in out.read_text("utf-8")
    assert "Grottenolm" not in out.read_text("utf-8")
