"""The collector's page in the pseudo-locale: every text of it went through the door for texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.language.unmarked import unmarked
from workbench import create_survey
from workbench.collect.hours.week_grid import Override
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patient_result import REGISTER
from workbench.collect.queue.control import Command
from workbench.collect.queue.doings import Doing, doing, paused
from workbench.collect.queue.patient_queue import Counts, PatientState, Queue
from workbench.collect.retrieval import RetrieveOutcome
from workbench.errors import NetworkError
from workbench.language import Saying, use_language
from workbench.services.kept_service import SERVICES
from workbench.services.running_process import Process
from workbench.services.service_board import Asker, ServiceReport, ServiceState, WantedState
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench_widgets.pages.collector import CollectorPage, collector_page
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.week_grid import WeekGrid

OURS = str(Process.this())


@pytest.fixture
def page(tmp_path: Path) -> Iterator[CollectorPage]:
    create_survey(
        tmp_path / "w",
        Settings(
            SurveySettings("survey", "LU01"), pacs=EntitySettings("PACS", port=1),
            filter={"modalities": ["CT", "SR"], "study_date": ["2024-01-01", ""],
                    "age_years": [0, 18], "tag": [{"tag": "KVP", "range": [80, 120.5]}]},
        ),
    ).close()  # fmt: skip
    with use_language("xx"):
        made = collector_page(str(tmp_path / "w"))
        assert isinstance(made, CollectorPage)
        yield made
        made.close()


def section(page: CollectorPage, name: str) -> str:
    return page.answer(Ask("section", {"value": name})).html


def fill(page: CollectorPage) -> None:
    """Patients of every state, requests, lines of the log, and a collector at work."""
    desk = page.desk
    desk.queue.add([ListedPatient(f"P{place:03}") for place in range(6)])
    queue = Queue(desk.hospital, OURS)
    why = [
        Saying(REGISTER), NetworkError("{pacs} is away.", "Try {n}.", pacs="PACS", n=2).saying(),
        Saying("The PACS has no study of this patient."), Saying.plain("of an older version"),
    ]  # fmt: skip
    states = (PatientState.FAILED, PatientState.INCOMPLETE, PatientState.NOT_FOUND,
              PatientState.COMPLETE)  # fmt: skip
    for state, reason in zip(states, why, strict=True):
        job = queue.lease()
        assert job is not None
        queue.count(job.number, Counts(1, 7, 2, 3, 1))
        queue.settle(job.number, state, reason, again=600.0)
    job = queue.lease()
    assert job is not None
    queue.reached(job.number, PatientState.MOVING)
    queue.count(job.number, Counts(1, 7, 2, 3, 1))
    for outcome in (RetrieveOutcome(0x0000, completed=3), RetrieveOutcome(0xA701, failed=1)):
        desk.ledger.requested(job.number, outcome, 1.5)
    again = doing(Doing.TRYING_AGAIN, seconds=15)
    desk.control.tell(Saying.joined(why[1], again).coded(Doing.TRYING_AGAIN), "warning")
    desk.control.tell(Saying("The collector has started."))
    moving = doing(Doing.PATIENT, number=job.number, state=PatientState.MOVING.said)
    desk.control.beat(OURS, {
        "doing": moving, "patient": job.number, "memory": 2**27, "objects_per_s": 12.5,
        "bytes_per_s": 2.5 * 2**20, "address": "WORKBENCH@0.0.0.0:11112", "disk_free": 3 * 2**30,
    })  # fmt: skip


@pytest.mark.parametrize("filled", [False, True])
def test_every_section_is_translated(page: CollectorPage, *, filled: bool) -> None:
    if filled:
        fill(page)
    wrong = {name: unmarked(section(page, name)) for name in page._panels}
    assert not any(wrong.values()), wrong


def test_so_is_how_the_collector_stands_whatever_it_does(page: CollectorPage) -> None:
    control = page.desk.control
    said = [
        paused(), doing(Doing.STARTING), doing(Doing.RESTING), doing(Doing.DONE),
        doing(Doing.NEXT_TRY, clock="21:05"), doing(Doing.CLOSED), doing(Doing.AWAY),
        doing(Doing.CLOSED_UNTIL, moment=datetime.now(UTC)), doing(Doing.AWAY_TOO_LONG),
        doing(Doing.DISK_FULL, free=1.0),
    ]  # fmt: skip
    for command in Command:
        control.command = command
        for each in said:
            control.beat(OURS, {"doing": each})
            assert unmarked(section(page, "now")) == [], (command, str(each))
    control.gone(OURS)
    assert unmarked(section(page, "now")) == []
    control.beat("1:1.0:another-boot", {"doing": doing(Doing.DONE)})
    assert unmarked(section(page, "now")) == []


@pytest.mark.parametrize("state", ServiceState)
def test_so_is_how_the_programs_stand_that_are_kept_running(
    page: CollectorPage, state: ServiceState
) -> None:
    board = page.desk.control.services
    reasons = [
        Saying("Ended by {signal}.", signal="SIGKILL"), Saying("Could not start."),
        Saying("Ended with exit code {code}: {why}", code=3, why=Saying.plain("of the program")),
    ]  # fmt: skip
    for wanted in WantedState:
        board.ask(SERVICES[1], wanted, Asker.PAGE)
        for restarts, reason in enumerate(reasons):
            report = ServiceReport(state, "2026-11-30T12:00:00", 7, restarts, reason)
            board.beat(OURS, report.since, {service.name: report for service in SERVICES})
            assert unmarked(section(page, "now")) == []


@pytest.mark.parametrize("opened", [True, False])
def test_so_are_the_override_and_the_schedule(page: CollectorPage, *, opened: bool) -> None:
    page.desk.control.override = Override(datetime.now(UTC) + timedelta(hours=3), opened)
    assert unmarked(section(page, "now")) == []
    section(page, "schedule")
    page._schedule._painted["query"].grid = ["######.............#####"] * 5 + ["." * 24] * 2
    shown = page.answer(Ask("look", {})).html
    assert unmarked(shown) == []
    assert "→" in shown


def test_so_is_what_came_of_each_question(page: CollectorPage) -> None:
    fill(page)
    asked = {
        "queue": [
            Ask("add", {"patients": "A\nB", "priority": "1"}), Ask("add", {"patients": "A\nC"}),
            Ask("add", {"patients": "A*"}), Ask("add", {"patients": "A", "priority": "x"}),
            Ask("retry-all", {}), Ask("retry", {"numbers": "1-9"}), Ask("again", {"numbers": "1"}),
            Ask("priority", {"numbers": "1", "priority": "3"}), Ask("remove", {"numbers": "1"}),
            Ask("remove", {"numbers": "one"}), Ask("view", {"state": "open"}),
        ],
        "schedule": [Ask("schedule", {"zone": "Nowhere"}), Ask("schedule-undo", {})],
        "settings": [
            Ask("save-pacs", {"pacs.port": "many"}), Ask("save-pacs", {"pacs.port": "104"}),
            Ask("save-filter", {"filter.age_years": "18"}),
        ],
        "lists": [
            Ask("export-list", {"first": "x"}),
            Ask("export-list", {"first": "survey", "second": "survey"}),
            Ask("delete-answered", {"first": "survey", "second": "survey"}),
        ],
    }  # fmt: skip
    for name, questions in asked.items():
        section(page, name)
        for question in questions:
            panel = page._panels[name]
            try:
                outcome = panel.act(question)
            except Exception as error:  # noqa: BLE001  told by the page, in its own words
                said = error.words()  # type: ignore[attr-defined]
            else:
                assert outcome is not None
                said = outcome.text
            assert unmarked(f"<p>{said}</p>") == [], (question, said)
            assert unmarked(str(panel.html())) == [], question


def test_so_are_tests_of_connections(page: CollectorPage) -> None:
    section(page, "settings")
    page._panels["settings"]._try(frozenset({"settings", "disk", "echo", "round-trip"}))  # type: ignore[attr-defined]
    shown = section(page, "settings")
    assert unmarked(shown) == []
    assert shown.count("wbc-good") + shown.count("wbc-wrong") >= 4


def test_two_ends_are_read_in_the_language_they_are_shown_in_and_in_english(
    page: CollectorPage,
) -> None:
    section(page, "settings")
    panel = page._panels["settings"]
    for text in ("1 to 17", "2 ⟦tö⟧ 16"):
        outcome = panel.act(Ask("save-filter", {"filter.age_years": text}))
        assert outcome is not None
        assert outcome.good, outcome.text
        page.before()
        low, high = page.desk.survey.settings.filter["age_years"]
        assert text.startswith(str(low))
        assert text.endswith(str(high))
        assert f'value="{low} ⟦tö⟧ {high}"' in str(panel.html())


def test_with_wrong_settings_too(page: CollectorPage, tmp_path: Path) -> None:
    file = tmp_path / "w" / "workbench.toml"
    file.write_text(file.read_text() + '\n[schedule]\nzone = "Nowhere/Town"\n')
    for name in ("now", "schedule"):
        assert unmarked(section(page, name)) == [], name


def test_in_english_nothing_has_changed_after_another_language(page: CollectorPage) -> None:
    fill(page)
    section(page, "now")
    with use_language("en"):
        shown = section(page, "now")
    assert "⟦" not in shown
    assert "1 of 6 complete" in shown
    assert "5 of 7 objects are here" in shown
    assert re.search(r"Working\. Patient \d of the queue: moving\.", shown)


def test_the_week_to_paint_has_its_texts_from_python() -> None:
    with use_language("xx"):
        grid = WeekGrid()
        shown = [text for name in grid.texts for text in _texts(grid.texts[name])]
        assert len(shown) > 25
        for text in (*shown, grid.words, grid.now_words):
            bare = text.replace("{caption}", "").replace("{hours}", "").replace("{words}", "")
            assert unmarked(f"<p>{bare}</p>") == [], text
    grid.speak()
    assert grid.texts["shortDays"][:2] == ["Mon", "Tue"]
    assert grid.texts["days"][6] == "Sunday"
    assert grid.words == "never"


def _texts(value: object) -> list[str]:
    return list(map(str, value)) if isinstance(value, list) else [str(value)]
