"""A study that is missing somewhere is named as a problem; what only waits is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.stages.test_incremental import add
from tests.stages.test_mapping import add as add_frame
from tests.stages.test_mapping import world
from workbench.errors import StoreError
from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT, SERIES
from workbench.simulate.hospital import simulate_hospital
from workbench.stages import study_check
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.stages.study_check import dosed_problems, mapped_problems
from workbench.stages.workspace_check import check
from workbench.survey import Survey, create_survey

STUDY = pl.col("StudyInstanceUID")
FIRST = "2.25.7000"


@pytest.fixture
def survey(tmp_path: Path, cases: Any) -> Iterator[Survey]:
    made = create_survey(tmp_path / "w")
    for number in range(3):
        add(made, cases, f"2.25.700{number}", f"SITE-{number}")
    map_survey(made)
    estimate_doses(made)
    yield made
    made.close()


def problems(survey: Survey) -> list[str]:
    return [*mapped_problems(survey), *dosed_problems(survey)]


def changed(survey: Survey, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    survey.store.publish({name: change(survey.table(name))})


def without_first(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(STUDY != FIRST)


def with_stray(rows: pl.DataFrame) -> pl.DataFrame:
    stray = rows.head(1).with_columns(
        StudyInstanceUID=pl.lit("2.25.9"), patient=pl.lit("SITE-X"),
        irradiation_event_uid=pl.lit("2.25.99"),
    )  # fmt: skip
    return pl.concat([rows, stray.select(rows.columns)])


def with_stray_series(rows: pl.DataFrame) -> pl.DataFrame:
    stray = SERIES.frame([{"patient": "SITE-X", "StudyInstanceUID": "2.25.9"}])
    return pl.concat([rows, stray])


@pytest.mark.parametrize("objects", range(2))
def test_a_sound_workspace_has_no_problem(tmp_path: Path, cases: Any, objects: int) -> None:
    """Of headers as strange as tests of mapping make them, and of a simulated hospital."""
    survey = create_survey(tmp_path / "w")
    if objects:
        simulate_hospital(seed=4, patients=3).write(tmp_path / "files")
        import_files(survey, [tmp_path / "files"])
    else:
        for group in world(cases):
            add_frame(survey, group)
    assert problems(survey) == [], "nothing was mapped yet"
    map_survey(survey)
    assert problems(survey) == [], "nothing was estimated yet"
    estimate_doses(survey)
    assert problems(survey) == []
    survey.close()


def test_an_empty_workspace_has_no_problem(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    assert problems(survey) == []
    survey.close()


BREAKS = {
    "a study without its series": (SERIES, without_first, "1 study is mapped, and missing"),
    "no series at all": (SERIES, lambda rows: rows.head(0), "3 studies are mapped, and missing"),
    "a study without its events": (
        IRRADIATION_EVENT, without_first, "irradiation events that are missing"
    ),
    "a study without its doses": (
        DOSE_ESTIMATE, without_first, "1 study is estimated, and missing"
    ),
    "one estimate less": (
        DOSE_ESTIMATE,
        lambda rows: rows.filter(
            pl.col("irradiation_event_uid") != rows["irradiation_event_uid"][0]
        ),
        "missing in the table dose_estimate",
    ),
    "series of no object": (
        SERIES, with_stray_series, "in the table series, and without an object"
    ),
    "an event of no object": (
        IRRADIATION_EVENT, with_stray, "in the table irradiation_event, and without an object"
    ),
    "a dose of no event": (
        DOSE_ESTIMATE, with_stray, "in the table dose_estimate, and without an irradiation event"
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS)
def test_what_is_missing_or_too_many_is_told_and_mended_by_the_remedy(
    survey: Survey, broken: str
) -> None:
    table, change, words = BREAKS[broken]
    assert problems(survey) == []
    changed(survey, table.name, change)
    told = problems(survey)
    assert any(words in sentence for sentence in told), told
    for sentence in told:
        assert "2.25." not in sentence
        assert "SITE-" not in sentence
    remedies = {sentence.rpartition("Run: workbench ")[2] for sentence in told}
    assert remedies == {"dose --again" if table is DOSE_ESTIMATE else "map --again"}
    assert set(told) <= set(check(survey)), "workbench check too"
    map_survey(survey)
    estimate_doses(survey)
    if table is not DOSE_ESTIMATE or "no event" not in broken:
        assert problems(survey), "without it all would stay as it is"
    map_survey(survey, again=True)
    estimate_doses(survey, again=True)
    assert problems(survey) == []


def test_a_series_that_is_missing_of_a_study_is_told(survey: Survey, cases: Any) -> None:
    """Also where other series of the study are there, as when two patients share its UID."""
    add(survey, cases, FIRST, "SITE-9", series="3")
    map_survey(survey)
    estimate_doses(survey)
    assert problems(survey) == []
    changed(survey, "series", lambda rows: rows.filter(pl.col("patient") != "SITE-9"))
    (sentence,) = mapped_problems(survey)
    assert "whole or in part" in sentence


def test_what_came_since_the_last_map_is_no_problem(survey: Survey, cases: Any) -> None:
    add(survey, cases, "2.25.7005", "SITE-5")
    add(survey, cases, FIRST, "SITE-0", series="3")
    assert problems(survey) == []
    map_survey(survey)
    assert problems(survey) == [], "the doses follow with the next dose"
    estimate_doses(survey)
    assert problems(survey) == []


def test_what_the_next_run_takes_away_is_no_problem(survey: Survey, cases: Any) -> None:
    changed(survey, "series", with_stray_series)
    changed(survey, "dose_estimate", with_stray)
    assert len(problems(survey)) == 2
    add(survey, cases, "2.25.7005", "SITE-5")
    assert len(mapped_problems(survey)) == 0
    map_survey(survey)
    assert problems(survey) == []
    estimate_doses(survey)
    assert problems(survey) == []
    assert set(survey.table("dose_estimate")["patient"]) == set(survey.table("series")["patient"])


def test_what_two_maps_without_a_condition_lost_is_told(survey: Survey, cases: Any) -> None:
    """As older versions did: tables of what one saw, and the notes of both."""
    older = {name: survey.table(name) for name in ("series", "irradiation_event")}
    add(survey, cases, "2.25.7005", "SITE-5")
    map_survey(survey)
    survey.store.publish(older)
    (sentence,) = mapped_problems(survey)
    assert sentence == (
        "1 study is mapped, and missing in the table series, whole or in part. "
        "Run: workbench map --again"
    )


def test_a_table_that_cannot_be_read_is_an_error_with_the_remedy(survey: Survey) -> None:
    for file in (survey.folder / "parts").glob("series-*.parquet"):
        file.write_bytes(b"PAR1 and no more")
    with pytest.raises(StoreError, match=r"cannot be read.*store check"):
        mapped_problems(survey)
    assert study_check.MAX_LOOKS > 1
