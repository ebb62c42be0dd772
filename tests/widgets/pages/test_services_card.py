"""Starting and stopping programs on the collector's page: a wish is written, and obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.up_bench import until, up
from tests.stages.test_collecting import hospital
from workbench.collect.queue.control import Command
from workbench.collect.queue.overview import collector_of
from workbench.collect.queue.patient_queue import PatientState
from workbench.language import Saying
from workbench.rights import GIVEN
from workbench.services.kept_service import COLLECT, SERVICES
from workbench.services.running_process import Process
from workbench.services.service_board import (
    Asker,
    ServiceReport,
    ServiceState,
    WantedState,
)
from workbench.settings import Settings, SurveySettings
from workbench.survey import create_survey
from workbench_widgets.pages.collector import CollectorPage, collector_page
from workbench_widgets.parts.live.live import Ask

SINCE = "2026-11-30T12:00:00"
OURS = str(Process.this())
KILLED = Saying("Ended by {signal}.", signal="SIGKILL")


@contextmanager
def opened(folder: Path) -> Iterator[CollectorPage]:
    page = collector_page(str(folder))
    assert isinstance(page, CollectorPage)
    yield page
    page.close()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[CollectorPage]:
    create_survey(tmp_path / "w", Settings(SurveySettings("test", "LU01"))).close()
    with opened(tmp_path / "w") as made:
        yield made


def ask(page: CollectorPage, name: str, **values: str) -> str:
    return page.answer(Ask(name, values)).html


def stands(page: CollectorPage, state: ServiceState, reason: Saying | None = None) -> str:
    """Return the page while all services stand so."""
    report = ServiceReport(state, SINCE, 7, 2, reason or Saying(""))
    told = {service.name: report for service in SERVICES}
    page.desk.control.services.beat(OURS, SINCE, told)
    return ask(page, "look")


def offered(html: str) -> set[str]:
    names = ("start-collect", "stop-qa", "start-qa", "stop-serve", "start-serve", "stop", "pause")
    return {name for name in names if f'data-ask="{name}"' in html}


def test_without_a_parent_the_one_command_is_named_and_no_button_promises_a_start(
    page: CollectorPage,
) -> None:
    shown = ask(page, "show")
    assert f"workbench up -w {page.desk.survey.folder}" in shown
    assert "workbench up --unit" in shown
    assert "Programs kept running" not in shown
    assert offered(shown) == {"stop", "pause"}


@pytest.mark.parametrize(
    ("state", "buttons", "words"),
    [
        (ServiceState.RUNNING, {"stop", "pause", "stop-qa"}, "Starting."),
        (ServiceState.WAITING, {"stop", "pause", "stop-qa"}, "started again in a moment"),
        (ServiceState.STOPPED, {"start-collect", "start-qa"}, "Stopped since"),
        (ServiceState.FAILED, {"start-collect", "start-qa"}, "Mend that"),
        (ServiceState.NOT_SET_UP, {"start-collect", "start-qa"}, "no PACS is set"),
        (ServiceState.ENDING, {"stop", "pause", "start-qa"}, "Ending."),
    ],
)
def test_how_each_stands_is_said_with_what_can_be_done(
    state: ServiceState, buttons: set[str], words: str, page: CollectorPage
) -> None:
    shown = stands(page, state, KILLED)
    assert offered(shown) == buttons, "who stops the pages could not start them here"
    assert words in shown
    assert "Ended by SIGKILL." in shown
    assert "Started again 2 times" in shown
    assert "<code>workbench" not in shown, "nothing is left to type"
    state_of = collector_of(page.desk.survey.folder)
    assert state_of is not None
    assert words in str(state_of.text) + str(state_of.todo), "the index says the same"


def test_buttons_write_wishes(page: CollectorPage) -> None:
    board, control = page.desk.control.services, page.desk.control
    stands(page, ServiceState.RUNNING)
    for name, service, wanted in (
        ("stop-qa", "qa", WantedState.STOPPED), ("start-qa", "qa", WantedState.RUNNING),
        ("stop", COLLECT, WantedState.STOPPED), ("start-collect", COLLECT, WantedState.RUNNING),
    ):  # fmt: skip
        ask(page, name)
        wish = board.wishes(SERVICES)[service]
        assert (wish.wanted, wish.by) == (wanted, Asker.PAGE), name
    assert control.command is Command.RUN
    ask(page, "stop-serve")
    assert board.wishes(SERVICES)["serve"].by is None, "no page offers it"


def test_resume_after_a_stop_starts_it_again(page: CollectorPage) -> None:
    ask(page, "stop")
    assert page.desk.control.command is Command.STOP
    ask(page, "resume")
    assert page.desk.control.command is Command.RUN
    assert page.desk.control.services.wishes(SERVICES)[COLLECT].wanted is WantedState.RUNNING


def test_who_only_collects_neither_sees_nor_reaches_the_quality_watch(
    page: CollectorPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIVEN, "collect")
    shown = stands(page, ServiceState.STOPPED)
    assert offered(shown) == {"start-collect"}
    assert "right to decide" in ask(page, "start-qa")
    assert page.desk.control.services.wishes(SERVICES)["qa"].by is None


def test_with_wrong_settings_it_can_still_be_started(page: CollectorPage) -> None:
    (page.desk.survey.folder / "workbench.toml").write_text("[collect]\npause_s = -1\n")
    shown = stands(page, ServiceState.FAILED)
    assert "start-collect" in offered(shown)


def test_an_administrator_of_the_pacs_collects_patients_without_a_terminal(
    tmp_path: Path,
) -> None:
    with hospital(tmp_path, patients=2) as (survey, _, patients), opened(survey.folder) as page:
        ask(page, "stop")
        with up(survey.folder) as started:
            started.reaches(COLLECT, ServiceState.STOPPED)
            ask(page, "section", value="queue")
            ids = "\n".join(each.patient_id for each in patients)
            ask(page, "add", patients=ids, priority="0")
            ask(page, "add-confirm")
            assert "start-collect" in offered(ask(page, "section", value="now"))
            ask(page, "start-collect")
            queue = page.desk.queue
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
            shown = ask(page, "look")
            assert "Programs kept running" in shown
            assert f"process {started.process.pid} on" in shown
            assert offered(shown) == {"stop", "pause", "stop-qa"}
            until(lambda: survey.table("dose_estimate").height > 0)
            until(lambda: "Mapped and dosed up to the last patient" in ask(page, "look"))
            ask(page, "stop")
            started.reaches(COLLECT, ServiceState.STOPPED)
