"""What the verb ``store`` says and does."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from workbench.cli import main
from workbench.simulate.hospital import simulate_hospital
from workbench.survey import Survey, create_survey, open_survey


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    simulate_hospital(patients=2).write(tmp_path / "files")
    survey = create_survey(tmp_path / "w")
    for verb in (["import", str(tmp_path / "files")], ["map"], ["dose"]):
        assert main([*verb, "-w", str(survey.folder)]) == 0
    return survey


def test_an_erased_patient_is_in_no_table_and_the_proof_is_printed(
    survey: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    patients = survey.table("instance")["patient"].value_counts(sort=True)["patient"].to_list()
    gone, *stay = patients
    words = ["store", "erase", gone, "-w", str(survey.folder), "--yes", "--at-once", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["nothing_remains"] is True
    assert told["erased"] > 100
    assert set(survey.table("instance")["patient"]) == set(stay)
    for name in ("series", "irradiation_event", "dose_estimate"):
        assert set(survey.table(name)["patient"]) <= set(stay), name
    assert main(["store", "check", "-w", str(survey.folder)]) == 0
    assert main(words) == 2, "there is no such patient any more"


def test_a_report_that_still_names_a_patient_is_told(
    survey: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = survey.table("instance")["patient"][0]
    (survey.folder / "reports").mkdir(exist_ok=True)
    (survey.folder / "reports" / "old.html").write_text(f"<td>{gone}</td>")
    words = ["store", "erase", gone, "-w", str(survey.folder), "--yes", "--at-once", "--json"]
    assert main(words) == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["nothing_remains"], told["files"]) == (False, ["old.html"])


def test_nothing_is_erased_unless_the_word_is_typed(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    before = survey.table("instance").height
    patient = survey.table("instance")["patient"][0]
    assert main(["store", "erase", patient, "-w", str(survey.folder)]) == 0
    assert survey.table("instance").height == before


def test_damage_is_told_and_is_a_problem(
    survey: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    part = max((survey.folder / "parts").iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    assert main(["store", "check", "-w", str(survey.folder)]) == 1
    assert "damaged" in capsys.readouterr().err
    assert main(["store", "compact", "-w", str(survey.folder)]) == 0
    assert main(["store", "upgrade", "-w", str(survey.folder)]) == 0


def test_any_tag_is_a_column(survey: Survey) -> None:
    frame = survey.tag("KVP").collect()
    rows = survey.instances().select("object_number", "KVP").collect()
    joined = frame.join(rows, on="object_number", suffix="_column")
    assert joined.height == rows.height
    assert joined.filter(pl.col("KVP").ne_missing(pl.col("KVP_column"))).height == 0
    assert open_survey(survey.folder).tag("0008,0060").collect()["Modality"].n_unique() >= 1
