"""The demonstration: done once, found done, and left so that somebody can practise on it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from workbench import demo as module
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import Queue
from workbench.demo import Demo, pacs_of, run_demo
from workbench.errors import SettingsError
from workbench.settings import EntitySettings, Settings
from workbench.settings_file import read_settings
from workbench.simulate.peers import OrthancPacs
from workbench.stages.collecting import collect
from workbench.stages.run_record import no_progress
from workbench.survey import create_survey, open_survey

TABLES = ("instance", "series", "irradiation_event", "dose_estimate", "finding", "rejected")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demonstration of two patients, with one who waits, and no other files."""
    monkeypatch.setattr(OrthancPacs, "available", classmethod(lambda _: False))
    monkeypatch.setattr(module, "PATIENTS", 2)
    monkeypatch.setattr(module, "WAITING", 1)
    monkeypatch.setattr(module, "bundled_files", lambda: ())
    monkeypatch.setattr(module, "make_sample", lambda _: 0)


def demo(workspace: Path, told: list[str], data: Path | None = None) -> Demo:
    return Demo(workspace, data, told.append, no_progress, ".venv/bin/workbench")


def states(workspace: Path) -> list[str]:
    with closing(HospitalFile(workspace)) as hospital:
        return [str(row["state"]) for row in Queue(hospital).rows(limit=-1)]


def rows(workspace: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(open_survey(workspace)) as survey:
        return {name: survey.table(name).rows() for name in TABLES}


def test_a_second_run_changes_nothing_and_those_who_wait_still_do(
    small: None, tmp_path: Path
) -> None:
    told: list[str] = []
    assert run_demo(demo(tmp_path / "w", told))
    assert sorted(states(tmp_path / "w")) == ["complete", "complete", "waiting"]
    before, report = rows(tmp_path / "w"), (tmp_path / "w" / "reports" / "dose_by_protocol.html")
    assert before["irradiation_event"]
    made = report.stat().st_mtime_ns
    assert run_demo(demo(tmp_path / "w", told))
    assert rows(tmp_path / "w") == before
    assert report.stat().st_mtime_ns == made
    assert sorted(states(tmp_path / "w")) == ["complete", "complete", "waiting"]
    practise = [line for line in told if line.startswith("  .venv/bin/workbench ")]
    assert len(practise) == 6, "three commands, after each run"

    settings = read_settings(tmp_path / "w")
    assert settings.pacs is not None
    assert "practice" in settings.report
    with pacs_of(demo(tmp_path / "w", told)), closing(open_survey(tmp_path / "w")) as survey:
        assert collect(survey).complete
    assert states(tmp_path / "w") == ["complete"] * 3, "who waited is in the PACS that stays"


def test_a_demonstration_does_not_go_into_a_workspace_for_work(small: None, tmp_path: Path) -> None:
    create_survey(tmp_path / "w", Settings(pacs=EntitySettings("PACS", "10.1.1.1", 104))).close()
    with pytest.raises(SettingsError, match="one for work"):
        run_demo(demo(tmp_path / "w", []))
    assert states(tmp_path / "w") == []


def test_a_data_folder_that_is_not_there_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DATA"):
        run_demo(demo(tmp_path / "w", [], tmp_path / "nothing"))
    assert not (tmp_path / "w").exists()
