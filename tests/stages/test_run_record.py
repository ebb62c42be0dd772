"""Every run of a stage is noted, one that failed too, and no words of an error with it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from workbench import __version__
from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.stages.run_record import recorded
from workbench.store.database import DatabaseFullError
from workbench.survey import create_survey, open_survey


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


def test_who_follows_a_stage_hears_what_is_waited_for_and_can_stop_it(tmp_path: Path) -> None:
    """As the button Stop of a page does."""
    survey = create_survey(tmp_path / "w", Settings())
    other = open_survey(survey.folder)
    heard: list[tuple[int, int | None, str]] = []

    class StopError(Exception):
        pass

    def stop(*words: Any) -> None:
        heard.append(words)
        raise StopError

    with ExitStack() as held, pytest.raises(StopError), recorded(survey, "map", stop):
        held.enter_context(other.store.batch())
        other.store.begin_run("other", "1")
        try:
            survey.store.remember("map", {"1.2": "x"})
        finally:
            held.close()
    assert heard == [(0, None, "waiting: another Workbench is writing.")]
    assert survey.runs()["outcome"].to_list() == ["failed", None]
    assert survey.store.fingerprints("map") == {}
    survey.close()
    other.close()


def test_a_full_disk_ends_no_receiver(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Peers are answered that there is no room, and are served once there is."""
    survey = create_survey(tmp_path / "w", Settings())
    pages = survey.store._catalogue.one("PRAGMA page_count")[0]
    survey.store._catalogue.write("CREATE TABLE filler (x)")
    survey.store._catalogue.one(f"PRAGMA max_page_count = {pages}")
    while True:
        try:
            survey.store.begin_run("filling", "1")
        except DatabaseFullError:
            break
    with recorded(survey, "receive", full_disk_ends=False):
        pass
    assert "The disk is full: this run of receive is not noted." in caplog.text
    with pytest.raises(DatabaseFullError), recorded(survey, "map"):
        pytest.fail("nothing can be mapped")
    assert set(survey.table("run")["stage"]) == {"filling"}
    survey.close()
