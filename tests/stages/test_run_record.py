"""Every run of a stage is noted, one that failed too, and no words of an error with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench import __version__
from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.stages.run_record import recorded
from workbench.survey import create_survey


def test_a_run_is_noted_with_its_counts_and_how_it_ended(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w", Settings())
    with recorded(survey, "mapping") as counts:
        counts["series"] = 3
    for error in (StoreError("CANARY"), ValueError("CANARY")):
        with pytest.raises(type(error)), recorded(survey, "dose"):
            raise error
    runs = survey.table("run")
    assert runs["stage"].to_list() == ["mapping", "dose", "dose"]
    assert runs["outcome"].to_list() == ["done", "failed", "failed"]
    text = json.dumps(runs.to_dicts(), default=str)
    assert '\\"series\\": 3' in text or '"series": 3' in text
    assert __version__ in text
    assert "StoreError" in text
    assert "CANARY" not in text
    survey.close()
