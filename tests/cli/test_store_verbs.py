"""What the verb ``store`` says and does."""

from __future__ import annotations

import io
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
    assert "damaged" in capsys.readouterr().out
    assert main(["store", "compact", "-w", str(survey.folder)]) == 0
    assert main(["store", "upgrade", "-w", str(survey.folder)]) == 0


def test_any_tag_is_a_column(survey: Survey) -> None:
    frame = survey.tag("KVP").collect()
    rows = survey.instances().select("object_number", "KVP").collect()
    joined = frame.join(rows, on="object_number", suffix="_column")
    assert joined.height == rows.height
    assert joined.filter(pl.col("KVP").ne_missing(pl.col("KVP_column"))).height == 0
    assert open_survey(survey.folder).tag("0008,0060").collect()["Modality"].n_unique() >= 1


def told(capsys: pytest.CaptureFixture[str], survey: Survey, *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert main([*words, "-w", str(survey.folder), "--json"]) == 0
    value: dict[str, object] = json.loads(capsys.readouterr().out)
    return value


def bloat(survey: Survey) -> None:
    """Let the catalogue hold rows for a while, as a run does."""
    catalogue = survey.store._catalogue
    with catalogue.transaction():
        for number in range(2000):
            catalogue.write("INSERT INTO inbox (number, content) VALUES (?, ?)", 10**9 + number,
                            "x" * 2000)  # fmt: skip
        catalogue.write("DELETE FROM inbox WHERE number >= ?", 10**9)


def test_compacting_gives_free_pages_back_to_the_disk_and_says_how_much(
    survey: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    bloat(survey)
    survey.close()
    file = survey.folder / "catalogue.sqlite"
    before = told(capsys, survey, "store", "check")
    assert before["catalogue_bytes"] == sum(
        each.stat().st_size for each in survey.folder.glob("catalogue.sqlite*")
        if not each.name.endswith("-shm")
    )  # fmt: skip
    assert int(str(before["free_bytes"])) > 3_000_000
    done = told(capsys, survey, "store", "compact")
    assert int(str(done["given_back_bytes"])) > 3_000_000
    assert done["free_bytes"] == 0
    assert file.stat().st_size < 2_000_000
    assert open_survey(survey.folder).table("instance").height == done["objects"]
    assert main(["store", "compact", "-w", str(survey.folder)]) == 0
    assert "0 B of the catalogue given back" in capsys.readouterr().out


def test_the_bytes_of_an_object_are_told(
    survey: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    survey.close()
    sizes = told(capsys, survey, "store", "check")
    objects = survey_objects(survey)
    parts = sum(
        file.stat().st_size for file in (survey.folder / "parts").glob("instance-*.parquet")
    )
    assert sizes["objects"] == objects > 100
    assert sizes["instance_parts_bytes"] == parts
    assert sizes["instance_parts_bytes_an_object"] == parts / objects
    assert main(["store", "check", "-w", str(survey.folder)]) == 0
    said = capsys.readouterr().out
    assert f"{objects:,} objects" in said
    assert f"({parts / objects:,.0f} B an object)" in said


def survey_objects(survey: Survey) -> int:
    again = open_survey(survey.folder)
    try:
        return again.table("instance").height
    finally:
        again.close()


def test_a_catalogue_that_is_held_keeps_its_space_and_that_is_a_problem(
    survey: Survey, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.errors import StoreError
    from workbench.store.database import Sqlite

    def held(_: Sqlite) -> None:
        raise StoreError("the database refused: database is locked.", "Wait for it.")

    monkeypatch.setattr(Sqlite, "reclaim", held)
    capsys.readouterr()
    assert main(["store", "compact", "-w", str(survey.folder), "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["problem"].startswith("The catalogue keeps its free space: ")
    assert "database is locked" in said.err


def test_nobody_at_the_terminal_is_a_refusal_with_the_remedy(
    survey: Survey, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    patient = survey.table("instance")["patient"][0]
    before = survey.table("instance").height
    capsys.readouterr()
    assert main(["store", "erase", patient, "-w", str(survey.folder)]) == 2
    said = capsys.readouterr()
    assert "there is nobody to ask. To erase without being asked: --yes" in said.err
    assert said.out == ""
    assert survey.table("instance").height == before


def test_a_pseudonym_that_nobody_has_is_named_by_its_place_for_it_may_be_a_patients_own_id(
    survey: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = survey.table("instance")["patient"][0]
    words = ["store", "erase", patient, "4711-Meyer", "-w", str(survey.folder), "--yes"]
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "PSEUDONYM 2 of the command" in said
    assert "Meyer" not in said
