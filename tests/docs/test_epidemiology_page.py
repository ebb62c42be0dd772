"""Each block of the page answers, and its answers are those of the simulated hospital's truth."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from tests.docs.pages import blocks
from workbench.simulate.hospital import Hospital, simulate_hospital
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.survey import create_survey

PAGE = "epidemiology.md"
LINES = 8
AGAIN = 6  # the block that asks for patients with more than one exam


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return simulate_hospital(patients=12)


@pytest.fixture(scope="module")
def answers(
    hospital: Hospital, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Return the names the page defines, and its answers by the number of their block."""
    folder = tmp_path_factory.mktemp("epidemiology")
    survey = create_survey(folder / "my-workspace")
    import_files(survey, hospital.write(folder / "hospital"))
    map_survey(survey)
    estimate_doses(survey)
    survey.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        names: dict[str, Any] = {}
        for number, block in enumerate(blocks(PAGE)):
            names[f"answer {number}"] = run(block.text, names)
    yield names
    names["survey"].close()


def run(text: str, names: dict[str, Any]) -> Any:
    """Run a block as a notebook does; return the value of its last line."""
    *first, last = ast.parse(text).body
    exec(compile(ast.Module(first, []), PAGE, "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), PAGE, "exec"), names)
        return None
    return eval(compile(ast.Expression(last.value), PAGE, "eval"), names)


def test_every_question_takes_eight_lines_at_most() -> None:
    assert all(len(block.text.strip().splitlines()) <= LINES for block in blocks(PAGE))


def test_every_answer_is_a_frame_with_rows(answers: dict[str, Any]) -> None:
    shown = [value for name, value in answers.items() if name.startswith("answer ")]
    assert shown[0] is None, "the first block opens the survey"
    empty = [number for number, frame in enumerate(shown[1:], 1) if not len(frame)]
    assert empty == [AGAIN], "nobody of the simulated hospital comes twice"


def test_exams_are_the_studies_of_the_truth(hospital: Hospital, answers: dict[str, Any]) -> None:
    ct = answers["exams"].filter(pl.col("modality") == "CT")
    assert ct.height == hospital.truth.filter(modality="CT")["StudyInstanceUID"].n_unique()


def test_no_complete_dose_differs_from_the_truth(
    hospital: Hospital, answers: dict[str, Any]
) -> None:
    """Truth and answers know a patient under two names: sums are compared, in order of size."""
    true = hospital.truth.filter(modality="CT").group_by("StudyInstanceUID").agg(
        pl.col("dlp_mgy_cm").sum()
    )["dlp_mgy_cm"]  # fmt: skip
    known = answers["exams"].filter(pl.col("complete"), modality="CT")["dlp_mgy_cm"]
    assert known.len() > 0
    for value in known:
        assert min(abs(value - one) / one for one in true) < 0.1
