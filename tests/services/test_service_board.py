"""Wishes and states between pages, verbs and the parent of the services."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.collect.queue.control import Command, Control
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.errors import RightsError
from workbench.language import Saying
from workbench.rights import GIVEN
from workbench.services.kept_service import BY_NAME, COLLECT, SERVICES
from workbench.services.running_process import Process
from workbench.services.service_board import (
    UP_MAX_AGE_S,
    Asker,
    ServiceBoard,
    ServiceReport,
    ServiceState,
    WantedState,
    Wish,
)

SINCE = "2026-11-30T12:00:00"
OURS = str(Process.this())
COLLECTOR, QUALITY = BY_NAME[COLLECT], BY_NAME["qa"]
RUNNING, STOPPED = WantedState.RUNNING, WantedState.STOPPED


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[HospitalFile]:
    opened = HospitalFile(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def board(hospital: HospitalFile) -> ServiceBoard:
    return Control(hospital).services


def wish(board: ServiceBoard, name: str) -> Wish:
    return board.wishes(SERVICES)[name]


def test_nobody_has_to_want_a_service_and_a_wish_says_who_and_when(board: ServiceBoard) -> None:
    assert {found.wanted for found in board.wishes(SERVICES).values()} == {RUNNING}
    board.ask(QUALITY, STOPPED, Asker.PAGE)
    found = wish(board, "qa")
    assert (found.wanted, found.by) == (STOPPED, Asker.PAGE)
    assert found.at
    assert wish(board, COLLECT) == Wish(), "of another service nothing was said"


def test_the_same_wish_once_more_is_another_one(board: ServiceBoard) -> None:
    board.ask(QUALITY, RUNNING, Asker.TERMINAL)
    first = wish(board, "qa")
    board.ask(QUALITY, RUNNING, Asker.TERMINAL)
    assert wish(board, "qa").key != first.key


def test_the_collectors_own_command_and_its_wish_agree(
    hospital: HospitalFile, board: ServiceBoard
) -> None:
    control = Control(hospital)
    board.ask(COLLECTOR, STOPPED, Asker.PAGE)
    assert control.command is Command.STOP, "one that was started by hand ends too"
    board.ask(COLLECTOR, RUNNING, Asker.PAGE)
    assert control.command is Command.RUN
    control.command = Command.STOP
    assert wish(board, COLLECT).wanted is STOPPED
    assert wish(board, COLLECT).by is None, "whoever asked did not ask here"
    control.command = Command.RUN
    assert wish(board, COLLECT).wanted is RUNNING


def test_a_pause_outlives_a_start(hospital: HospitalFile, board: ServiceBoard) -> None:
    control = Control(hospital)
    control.command = Command.PAUSE
    board.ask(COLLECTOR, RUNNING, Asker.PAGE)
    assert control.command is Command.PAUSE
    assert wish(board, COLLECT).wanted is RUNNING


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ("look", set()), ("collect", {"collect", "dose"}), ("decide", {"qa"}),
        ("administer", {service.name for service in SERVICES}),
    ],
)  # fmt: skip
def test_each_service_is_for_those_who_have_its_right(
    given: str, allowed: set[str], board: ServiceBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIVEN, given)
    for service in SERVICES:
        if service.name in allowed:
            board.ask(service, STOPPED, Asker.PAGE)
            continue
        with pytest.raises(RightsError):
            board.ask(service, STOPPED, Asker.PAGE)
    asked = {name for name, found in board.wishes(SERVICES).items() if found.wanted is STOPPED}
    assert asked == allowed


def test_how_services_stand_is_read_as_it_was_written(board: ServiceBoard) -> None:
    why = Saying("Ended by {signal}.", signal="SIGKILL")
    told = {"qa": ServiceReport(ServiceState.WAITING, SINCE, None, 3, why)}
    board.beat(OURS, SINCE, told)
    assert board.reports() == told
    assert board.reports()["qa"].reason.values == {"signal": "SIGKILL"}, "to be worded later"
    assert board.up is not None
    assert "since 2026-11-30 12:00:00 UTC" in board.up.said
    board.gone()
    assert (board.up, board.reports()) == (None, {})


def test_of_a_parent_that_is_gone_nothing_is_believed(
    hospital: HospitalFile, board: ServiceBoard
) -> None:
    told = {"qa": ServiceReport(ServiceState.RUNNING, SINCE, 7)}
    board.beat(f"{Process.this().pid}:1.0:another-boot", SINCE, told)
    assert (board.up, board.reports()) == (None, {})
    board.beat(OURS, SINCE, told)
    row = hospital.one("SELECT value FROM control WHERE name = 'up'")
    assert row is not None
    for age, expected in ((1.0, True), (UP_MAX_AGE_S + 1, False)):
        value = {**json.loads(row["value"]), "host": "elsewhere", "clock": time.time() - age}
        hospital.write("UPDATE control SET value = ? WHERE name = 'up'", json.dumps(value))
        assert (board.up is not None) is expected, "of another machine, by its last word"


def test_the_collectors_heartbeats_and_the_services_do_not_mix(
    hospital: HospitalFile, board: ServiceBoard
) -> None:
    control = Control(hospital)
    control.beat(OURS, {"doing": "The queue is done."})
    board.beat(OURS, SINCE, {COLLECT: ServiceReport(ServiceState.RUNNING, SINCE, 7)})
    board.gone()
    assert [beat.owner for beat in control.heartbeats()] == [OURS]
