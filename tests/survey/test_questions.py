"""SQL sees what counts now, each row once, and can do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from workbench.errors import SettingsError
from workbench.schema import TABLES
from workbench.simulate.hospital import simulate_hospital
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.survey import Survey, create_survey, open_survey


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace that was imported in two goes, with a mapping after each."""
    folder = tmp_path_factory.mktemp("questions")
    files = simulate_hospital(patients=3).write(folder / "hospital")
    survey = create_survey(folder / "w")
    for some in (files[::2], files[1::2]):
        import_files(survey, some)
        map_survey(survey)
    estimate_doses(survey)
    survey.close()
    return folder / "w"


@pytest.fixture
def survey(workspace: Path) -> Iterator[Survey]:
    survey = open_survey(workspace)
    yield survey
    survey.close()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_has_as_many_rows_as_its_frame(survey: Survey, name: str) -> None:
    counted = survey.sql(f"SELECT count(*) AS n FROM {name}")["n"][0]
    assert counted == survey.table(name).height
    assert counted == survey.lazy(name).select(pl.len()).collect().item()


def test_there_are_files_that_no_longer_count_and_they_are_not_read(survey: Survey) -> None:
    lying = set((survey.folder / "parts").glob("irradiation_event-*.parquet"))
    assert set(survey.files("events")) < lying, "or this proves nothing"
    rows = sum(pl.scan_parquet(file).select(pl.len()).collect().item() for file in
               survey.files("irradiation_event"))  # fmt: skip
    assert rows == survey.table("irradiation_event").height > 0


def test_what_waits_for_compaction_counts_too(survey: Survey) -> None:
    total = survey.sql("SELECT count(*) AS n FROM instance")["n"][0]
    in_files = sum(pl.scan_parquet(file).select(pl.len()).collect().item()
                   for file in survey.files("instance"))  # fmt: skip
    waiting = survey.store.waiting()
    assert total == in_files + waiting


def test_an_answer_is_a_polars_frame(survey: Survey) -> None:
    answer = survey.sql(
        "SELECT body_region, count(*) AS events, round(median(dlp_mgy_cm), 1) AS dlp "
        "FROM irradiation_event WHERE preferred GROUP BY 1 ORDER BY 1"
    )
    assert answer["events"].sum() == survey.events(preferred=True).height


@pytest.mark.parametrize(
    "question",
    [
        "SELECT nothing_such FROM instance",
        "SELECT * FROM no_table",
        "SELEC 1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO 'out.csv'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "ATTACH 'catalogue.sqlite'",
    ],
)
def test_what_cannot_be_answered_is_our_error(
    survey: Survey, question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="was not understood"):
        survey.sql(question)
    assert list(tmp_path.iterdir()) == []


def test_methods_and_tables_have_one_set_of_names(survey: Survey) -> None:
    assert survey.table("events").equals(survey.table("irradiation_event"))
    assert survey.lazy("patients").collect().height == survey.patients().height > 0
    with pytest.raises(SettingsError, match="Did you mean events"):
        survey.table("event")


def test_every_event_that_counts_has_a_row_in_event_series(survey: Survey) -> None:
    scans = survey.event_series(("SCAN",))
    assert set(scans["irradiation_event_uid"]) == set(
        survey.events(preferred=True)["irradiation_event_uid"]
    )
    assert set(scans["role"].drop_nulls()) <= {"SCAN"}


@pytest.mark.parametrize("level", ["series", "study", "patient", "event"])
def test_tags_stand_side_by_side_a_row_a_unit(survey: Survey, level: str) -> None:
    frame = survey.tags(["KVP", "Manufacturer"], level, "first")  # type: ignore[arg-type]
    key = frame.columns[0]
    assert not frame[key].is_duplicated().any()
    assert {"KVP", "KVP different", "Manufacturer"} <= set(frame.columns)


def test_a_value_that_differs_is_empty_unless_a_way_is_named(survey: Survey) -> None:
    only = survey.tags(["SliceLocation"], "study")
    several = only.filter(pl.col("SliceLocation different") > 1)
    assert several.height > 0
    assert several["SliceLocation"].null_count() == several.height
    assert survey.tags(["SliceLocation"], "study", "max")["SliceLocation"].drop_nulls().len() > 0


def test_what_is_no_level_or_way_is_said(survey: Survey) -> None:
    with pytest.raises(SettingsError, match="no level 'visit'"):
        survey.tags(["KVP"], "visit")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="no way to take a value 'median'"):
        survey.tags(["KVP"], "series", "median")  # type: ignore[arg-type]
