"""A stage that is run too early is told which one comes first."""

from __future__ import annotations

from pathlib import Path

from tests.cli.verbs import CT
from workbench.stages.importing import import_files
from workbench.stages.line import map_survey
from workbench.stages.stage_order import before_dosing, before_mapping
from workbench.survey import create_survey


def test_what_comes_first_is_said_until_it_is_done(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    assert "workbench import" in before_mapping(survey)
    assert before_dosing(survey) == "", "that there is nothing is said by the other"
    import_files(survey, [CT])
    assert before_mapping(survey) == ""
    assert "workbench map" in before_dosing(survey)
    map_survey(survey)
    assert (before_mapping(survey), before_dosing(survey)) == ("", "")
    survey.close()
