"""A workspace to practise on: patients wait, a report comes due, and real work is left alone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import Queue
from workbench.errors import NetworkError, SettingsError
from workbench.settings import EntitySettings, Settings
from workbench.settings_file import read_settings
from workbench.simulate.peers import OrthancPacs
from workbench.simulate.standing_pacs import HospitalFolder
from workbench.stages import practice as module
from workbench.stages.collecting import collect
from workbench.stages.importing import import_files
from workbench.stages.plan_check import plan_problems
from workbench.stages.practice import PLAN, Practice, practice_survey, practise, soon, ways_on
from workbench.stages.scheduling import ReportSchedule
from workbench.survey import create_survey, open_survey

NOON = datetime(2026, 5, 4, 12, 0, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> HospitalFolder:
    folder = HospitalFolder(tmp_path_factory.mktemp("practice") / "hospital")
    folder.make("simulated", 1, 1)
    return folder


@pytest.fixture(autouse=True)
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrthancPacs, "available", classmethod(lambda _: False))


@pytest.fixture
def practice(hospital: HospitalFolder, tmp_path: Path) -> Iterator[Practice]:
    with closing(practice_survey(tmp_path / "w", hospital.folder)) as survey:
        yield Practice(survey, hospital, lambda _: None)


def test_who_waits_is_collected_by_the_settings_in_the_file(practice: Practice) -> None:
    with practice.pacs() as pacs:
        practice.fill(pacs)
        assert practice.queue_up() == 1
        with closing(open_survey(practice.survey.folder)) as another:
            assert collect(another).complete
        assert practice.queue_up() == 0, "who was collected is not put there again"


def test_title_address_and_ports_stay_from_one_start_to_the_next(practice: Practice) -> None:
    with practice.pacs() as pacs:
        first = pacs.entity
    written = read_settings(practice.survey.folder)
    assert written.pacs is not None
    assert written.pacs.entity == first
    assert written.local.port != first.port
    with practice.pacs() as pacs:
        assert pacs.entity == first
        with pytest.raises(SettingsError, match="running already"), practice.pacs():
            pass


def test_the_report_is_due_soon_and_who_looks_late_makes_it(practice: Practice) -> None:
    due = practice.plan(NOON)
    assert NOON < due <= NOON + timedelta(seconds=90)

    def at(moment: datetime) -> list[str]:
        schedule = ReportSchedule(practice.survey, clock=lambda: moment)
        return [each.plan.name for each in schedule.due()]

    assert at(due - timedelta(seconds=1)) == []
    assert at(due) == [PLAN]
    assert at(due + timedelta(hours=3)) == [PLAN]


def test_each_start_sets_the_report_due_anew_and_leaves_other_plans(practice: Practice) -> None:
    survey = practice.survey
    mine = {"report": "completeness", "at": "05:30"}
    survey.settings = replace(survey.settings, report={"mine": mine})
    survey.settings.write(survey.folder)
    practice.plan(NOON)
    later = practice.plan(NOON + timedelta(hours=1))
    assert later > NOON + timedelta(hours=1)
    assert dict(read_settings(survey.folder).report["mine"]) == mine
    schedule = ReportSchedule(survey, clock=lambda: later)
    assert [each.plan.name for each in schedule.due()] == [PLAN], "once, for the later time"
    assert not schedule.plans().mistakes
    assert list(plan_problems(survey)) == []


@pytest.mark.parametrize("second", range(0, 60, 7))
def test_soon_is_a_full_minute_between_half_a_minute_and_one_and_a_half(second: int) -> None:
    now = NOON.replace(second=second)
    due = soon(ZoneInfo("Europe/Luxembourg"), now)
    assert timedelta(seconds=30) < due - now <= timedelta(seconds=90)
    assert (due.second, due.microsecond) == (0, 0)
    assert f"{due:%H:%M}" in ("14:01", "14:02"), "on the hospital's clock"


def test_a_workspace_for_work_is_left_alone(hospital: HospitalFolder, tmp_path: Path) -> None:
    real = Settings(pacs=EntitySettings("REALPACS", "10.1.1.1", 104))
    create_survey(tmp_path / "asks", real).close()
    queued = create_survey(tmp_path / "queued")
    with closing(HospitalFile(queued.folder)) as file:
        Queue(file).add([ListedPatient("A")])
    queued.close()
    filled = create_survey(tmp_path / "filled")
    import_files(filled, hospital.files("simulated")[:1], lambda *_: None)
    filled.close()
    for name in ("asks", "queued", "filled"):
        before = (tmp_path / name / "workbench.toml").read_bytes()
        with pytest.raises(SettingsError, match="one for work"):
            practice_survey(tmp_path / name, hospital.folder)
        assert (tmp_path / name / "workbench.toml").read_bytes() == before
    create_survey(tmp_path / "new").close()
    practice_survey(tmp_path / "new", hospital.folder).close()


def test_a_pacs_of_that_title_on_another_machine_is_no_practice(
    hospital: HospitalFolder, tmp_path: Path
) -> None:
    theirs = Settings(pacs=EntitySettings("DEMOPACS", "10.1.1.1", 104))
    create_survey(tmp_path / "w", theirs).close()
    with pytest.raises(SettingsError, match="one for work"):
        practice_survey(tmp_path / "w", hospital.folder)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_it_is_asked_to_end(practice: Practice, asked: signal.Signals) -> None:
    told: list[str] = []
    handler = signal.getsignal(asked)

    def tell(text: str) -> None:
        told.append(text)
        if "until Ctrl-C" in text:
            threading.Timer(0.5, os.kill, (os.getpid(), asked)).start()

    assert practise(replace(practice, tell=tell), "workbench") == 1
    assert any(f"workbench up -w {practice.survey.folder}" in text for text in told)
    assert signal.getsignal(asked) == handler
    with practice.pacs():
        pass  # its port is free again


def test_asked_while_it_is_being_filled_it_ends_at_once(practice: Practice) -> None:
    def tell(text: str) -> None:
        if text.startswith("PACS"):
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        practise(replace(practice, tell=tell), "workbench")


def test_a_pacs_that_is_gone_is_not_waited_for(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> None:
        raise NetworkError("it has ended by itself.")

    monkeypatch.setattr(module, "must_answer", gone)
    with pytest.raises(NetworkError, match="by itself"):
        practise(practice, "workbench")


def test_three_commands_go_on_from_a_demonstration(practice: Practice) -> None:
    lines = ways_on(practice, ".venv/bin/workbench", NOON, 4)
    assert "4 patients wait" in lines[0]
    assert "12:00" in lines[0]
    assert sum(line.startswith("  .venv/bin/workbench ") for line in lines) == 3
