"""One key a site, told in every export; and patients found again at the hospital only."""

from __future__ import annotations

import csv
import io
import json
import logging
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from workbench.cli import main
from workbench.collect.patient_list import parse_patients
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import Queue
from workbench.collect.queue.relinking import links, who
from workbench.deidentify.key import create_key, load_key
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.deidentify.recovery_sheet import sheet_lines
from workbench.errors import StoreError
from workbench.stages.border import Border
from workbench.survey import Survey, create_survey, open_survey

CT = Path(str(get_testdata_file("CT_small.dcm")))
VECTORS = Pseudonyms(bytes(range(32)), "EPI-CT", "LU01")
Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *words: object) -> tuple[int, dict[str, object], str]:
    code = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out.splitlines()[-1]), err


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture
def workspace(tmp_path: Path, capsys: Capture) -> Path:
    """A workspace in which one patient of the issuer ``LU-CHL`` is stored."""
    create_survey(tmp_path / "w").close()
    image = dcmread(CT)
    image.PatientID, image.IssuerOfPatientID = "P7301-44", "LU-CHL"
    image.save_as(tmp_path / "image.dcm")
    assert run(capsys, "import", tmp_path / "image.dcm", "-w", tmp_path / "w")[0] == 0
    return tmp_path / "w"


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    file = tmp_path / "patients.csv"
    file.write_text("patient_id,issuer\nP7301-44,\nP7301-44,LU-CHL\n0012345,LU-CHL\n")
    return file


def test_links_are_the_published_pseudonyms() -> None:
    identities = [
        ("12345", "LU-CHL"),
        ("  12345 ", "LU-CHL"),
        ("MÜLLER^1", "LU-CHL"),
        ("12345", ""),
    ]
    found = list(links(identities, [], VECTORS, lambda _: set()))
    assert [(one.pseudonym, one.date_shift_days) for one in found] == [
        ("LU01-VWSCMPQMD74O36W2ZZGW", 1711),
        ("LU01-MPFLACLVN5VPIPIVKZ4B", 908),
        ("LU01-FPNHW4ORZ4YB6XZ5QPHF", 3232),
    ]
    assert "12345" not in repr(found)


def test_a_patient_is_found_under_the_issuer_that_the_header_named() -> None:
    stored = {"LU01-VWSCMPQMD74O36W2ZZGW"}
    (found,) = links([("12345", "")], ["OTHER", "LU-CHL"], VECTORS, stored.intersection)
    assert (found.issuer, found.in_store, found.date_shift_days) == ("LU-CHL", True, 1711)
    (back,) = who("LU01-VWSCMPQMD74O36W2ZZGW", [("1", "LU-CHL"), ("12345", "X")], VECTORS)
    assert (back.patient_id, back.issuer) == ("12345", "LU-CHL")


def test_link_writes_a_file_for_its_owner_and_counts_for_the_log(
    workspace: Path, patients: Path, tmp_path: Path, capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    out = tmp_path / "links.csv"
    with caplog.at_level(logging.DEBUG):
        code, counts, err = run(capsys, "key", "link", patients, "-w", workspace, "--out", out)
    assert (code, counts) == (0, {"patients": 3, "in_store": 2})
    assert out.stat().st_mode & 0o777 == 0o600
    (stored,) = set(open_survey(workspace).table("instance")["patient"])
    found = rows(out)
    assert [row["pseudonym"] for row in found][:2] == [stored, stored]
    assert [row["in_store"] for row in found] == ["yes", "yes", "no"]
    assert (found[2]["patient_id"], found[2]["issuer"]) == ("0012345", "LU-CHL")
    for secret in ("7301", "12345", "LU-CHL", stored.partition("-")[2]):
        assert secret not in err + str(counts) + caplog.text
    assert "3 rows" in caplog.text
    image = open_survey(workspace).table("instance")["StudyDate"][0]
    original = dcmread(CT).StudyDate
    days = int(found[0]["date_shift_days"])
    assert (pl.Series([original]).str.to_date("%Y%m%d")[0] - image).days == days


def test_links_go_to_the_screen_only_when_asked(
    workspace: Path, patients: Path, capsys: Capture
) -> None:
    assert main(["key", "link", str(patients), "-w", str(workspace)]) == 2
    assert "7301" not in "".join(capsys.readouterr())
    assert main(["key", "link", str(patients), "-w", str(workspace), "--out", "-"]) == 0
    assert "P7301-44" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["parts", "reports", "exports", "reports/deeper"])
def test_links_are_not_written_where_things_leave(
    workspace: Path, patients: Path, tmp_path: Path, capsys: Capture, place: str
) -> None:
    (workspace / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / "innocent").symlink_to(workspace / place)
    before = sorted(workspace.rglob("*.csv"))
    for folder in (workspace / place, tmp_path / "innocent"):
        code, told, _ = run(
            capsys, "key", "link", patients, "-w", workspace, "--out", folder / "links.csv"
        )
        assert code == 2
        assert "leave" in str(told["message"])
    assert sorted(workspace.rglob("*.csv")) == before


def test_a_file_that_is_there_stays(
    workspace: Path, patients: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "links.csv").write_text("mine")
    words = ("key", "link", patients, "-w", workspace, "--out", tmp_path / "links.csv")
    assert run(capsys, *words)[0] == 2
    assert (tmp_path / "links.csv").read_text() == "mine"


def test_who_looks_through_the_queue_and_a_list(
    workspace: Path, patients: Path, capsys: Capture
) -> None:
    (stored,) = set(open_survey(workspace).table("instance")["patient"])
    assert run(capsys, "key", "who", stored, "-w", workspace)[:2] == (1, {"patients": []})
    with closing(HospitalFile(workspace)) as hospital:
        Queue(hospital, "test").add(parse_patients(["id,issuer", "77,LU-CHL", "P7301-44,"]))
    code, told, _ = run(capsys, "key", "who", stored, "-w", workspace)
    assert code == 0
    (one,) = told["patients"]  # type: ignore[misc]
    assert (one["patient_id"], one["issuer"]) == ("P7301-44", "LU-CHL")
    other = open_survey(workspace).pseudonyms().patient("LU-CHL", "0012345")
    assert run(capsys, "key", "who", other, "-w", workspace)[0] == 1
    words = ("key", "who", other, "-w", workspace, "--patients", patients)
    assert run(capsys, *words)[1]["patients"] != []


def test_no_row_is_stored_under_a_second_key(
    workspace: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = load_key(workspace / "hospital.key")
    (workspace / "hospital.key").rename(workspace / "away")
    create_key(workspace / "hospital.key")
    before = open_survey(workspace).table("instance")
    code, told, _ = run(capsys, "import", CT, "-w", workspace)
    assert code == 2
    assert "restore" in str(told["message"])
    survey = open_survey(workspace)
    assert survey.table("instance").equals(before)
    assert survey.rejected().is_empty()
    assert run(capsys, "collect", "run", "--until-done", "-w", workspace)[0] == 2
    problems = str(run(capsys, "key", "check", "-w", workspace)[1]["problems"])
    assert "another key" in problems

    (workspace / "hospital.key").unlink()
    for typed, expected in ((bytes(32), 2), (key, 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(sheet_lines(typed))))
        assert run(capsys, "key", "restore", "-w", workspace)[0] == expected
        assert (workspace / "hospital.key").exists() == (expected == 0)
    image = dcmread(CT)
    image.SOPInstanceUID = f"{image.SOPInstanceUID}.1"
    image.save_as(tmp_path / "second.dcm")
    assert run(capsys, "import", tmp_path / "second.dcm", "-w", workspace)[0] == 0
    stored = open_survey(workspace).table("instance")["key_fingerprint"]
    assert (stored.len(), stored.n_unique()) == (2, 1)


def renamed(survey: Survey, name: str) -> Survey:
    settings = replace(survey.settings, survey=replace(survey.settings.survey, name=name))
    settings.write(survey.folder)
    survey.close()
    return open_survey(survey.folder)


def test_a_survey_is_renamed_only_while_it_is_empty(workspace: Path, tmp_path: Path) -> None:
    empty = create_survey(tmp_path / "empty")
    Border(empty)
    Border(renamed(empty, "lung-ct"))
    with pytest.raises(StoreError, match="another key or survey name"):
        Border(renamed(open_survey(workspace), "lung-ct"))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_an_export_names_the_fingerprint(
    workspace: Path, tmp_path: Path, capsys: Capture, suffix: str
) -> None:
    fingerprint = open_survey(workspace).pseudonyms().fingerprint
    out = tmp_path / f"series{suffix}"
    assert run(capsys, "table", "series", "-w", workspace, "--out", out)[0] == 0
    if suffix == ".xlsx":
        import zipfile

        with zipfile.ZipFile(out) as book:
            told = b"".join(book.read(name) for name in book.namelist()).decode("utf-8", "replace")
        assert fingerprint in told
        assert 'name="manifest"' in told
        return
    told = {row["name"]: row["value"] for row in rows(tmp_path / "series.manifest.csv")}
    assert told["key_fingerprint of SITE"] == fingerprint
    assert told["survey"] == "survey"
