"""Folders of real, damaged and hostile files go through the whole line without a crash."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.cli import main
from workbench.deidentify.key import load_key
from workbench.dicom.files import Candidate, candidates
from workbench.errors import ReadError
from workbench.model import Verdict
from workbench.schema import TABLES
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.survey import KEY_FILE, Survey, create_survey


@pytest.fixture(scope="module")
def dose_survey(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    survey = create_survey(tmp_path_factory.mktemp("line") / "w")
    import_files(survey, [test_data / "dose"])
    map_survey(survey)
    estimate_doses(survey)
    return survey


def test_every_file_has_exactly_one_verdict(dose_survey: Survey, test_data: Path) -> None:
    files = [path for path in (test_data / "dose").rglob("*") if path.is_file()]
    assert dose_survey.table("instance").height + dose_survey.rejected().height == len(files)
    assert dose_survey.rejected()["reason"].null_count() == 0


def test_every_series_has_a_role_and_a_state_with_its_reason(dose_survey: Survey) -> None:
    instances, series = dose_survey.table("instance"), dose_survey.table("series")
    assert series.height == instances["SeriesInstanceUID"].n_unique()
    assert series.select("role", "state").null_count().sum_horizontal().item() == 0
    unexplained = series.filter((pl.col("state") != "MAPPED") & pl.col("state_reason").is_null())
    assert unexplained.height == 0


def test_each_event_is_counted_once(dose_survey: Survey) -> None:
    preferred = dose_survey.events(preferred=True)
    assert preferred.height > 0
    assert preferred["irradiation_event_uid"].is_duplicated().sum() == 0


def test_each_event_has_a_dose_or_a_reason(dose_survey: Survey) -> None:
    doses = dose_survey.table("dose_estimate")
    counted = set(dose_survey.events(preferred=True)["irradiation_event_uid"])
    assert set(doses["irradiation_event_uid"]) == counted
    assert doses.filter(pl.col("value").is_null() & pl.col("reason").is_null()).height == 0


def test_a_second_run_of_all_stages_changes_nothing(dose_survey: Survey, test_data: Path) -> None:
    before = {name: dose_survey.table(name) for name in TABLES if name != "run"}
    parts = sorted(path.name for path in (dose_survey.folder / "parts").iterdir())
    again = import_files(dose_survey, [test_data / "dose"])
    assert again.verdicts[Verdict.STORED] == 0
    assert map_survey(dose_survey)["studies"] == 0
    assert estimate_doses(dose_survey)["studies"] == 0
    assert sorted(path.name for path in (dose_survey.folder / "parts").iterdir()) == parts
    for name, frame in before.items():
        assert dose_survey.table(name).equals(frame), name


def test_mapping_study_by_study_equals_mapping_all_at_once(
    dose_survey: Survey, test_data: Path, tmp_path: Path
) -> None:
    other = create_survey(tmp_path / "w")
    key = other.folder / KEY_FILE
    key.write_bytes(load_key(dose_survey.folder / KEY_FILE))
    for folder in ("dcm_qa_ct", "pydicom", "openrem"):
        import_files(other, [test_data / "dose" / folder])
        map_survey(other)
        estimate_doses(other)
    # Studies that the three folders hold whole: others have objects in further folders.
    counts = [
        survey.table("instance").drop_nulls("StudyInstanceUID").group_by("StudyInstanceUID").len()
        for survey in (dose_survey, other)
    ]
    whole = counts[0].join(counts[1], on=["StudyInstanceUID", "len"])["StudyInstanceUID"].to_list()
    assert len(whole) > 30
    for name in ("series", "irradiation_event", "dose_estimate"):
        frames = [
            survey.table(name).filter(pl.col("StudyInstanceUID").is_in(whole))
            for survey in (dose_survey, other)
        ]
        assert frames[0].height > 0
        assert_frame_equal(*frames, check_row_order=False)


def test_hostile_files_are_taken_or_set_aside_and_nothing_is_said_of_them(
    test_data: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    workspace = tmp_path / "w"
    assert main(["init", "-w", str(workspace)]) == 0
    code = main(["import", str(test_data / "bad"), "-w", str(workspace), "--json"])
    assert code == 1
    out, err = capfd.readouterr()
    counts = json.loads(out.strip().splitlines()[-1])["verdicts"]
    assert sum(counts.values()) == len(list(candidates([test_data / "bad"])))
    assert main(["map", "-w", str(workspace)]) == 0
    assert main(["dose", "-w", str(workspace)]) == 0
    said = caplog.text + out + err
    for identity in _identities(test_data / "bad"):
        assert identity not in said
    assert "Traceback" not in said


def _identities(folder: Path) -> set[str]:
    found: set[str] = set()
    for candidate in candidates([folder]):
        found |= _of(candidate)
    assert len(found) > 20
    return found


def _of(candidate: Candidate) -> set[str]:
    try:
        data = candidate.read().dataset
        texts = [str(data.get(word) or "") for word in ("PatientName", "PatientID")]
    except ReadError:
        return set()
    # Shorter ones and plain words occur in honest sentences too.
    return {text for text in texts if len(text) > 4 and ("^" in text or not text.isalpha())}


def test_no_name_of_the_real_files_is_anywhere_in_the_workspace(
    dose_survey: Survey, test_data: Path
) -> None:
    names: Counter[str] = Counter()
    for candidate in candidates([test_data / "dose"]):
        names.update(_of(candidate))
    rows = dose_survey.table("instance")
    assert not set(rows["patient"]) & set(names)
    text = (
        rows.write_json()
        + dose_survey.table("series").write_json()
        + dose_survey.events().write_json()
    )
    leaked = [name for name in names if "^" in name and name in text]
    assert leaked == []
