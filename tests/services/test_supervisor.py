"""The parent's loop by a clock of the test: locked files, full disks, an end in between."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.test_service_run import PLAIN, Scripted
from workbench.errors import SettingsError
from workbench.services import supervisor
from workbench.services.control_file import board_of
from workbench.services.log_lines import SharedLog
from workbench.services.service_board import Asker, ServiceBoard, WantedState
from workbench.services.supervisor import FIRST_LOOK_S, Supervisor
from workbench.services.up_lock import LOCK, alone
from workbench.survey import create_survey

SCRIPT = Callable[[int], None]


class Stage:
    """A supervisor whose clock goes a second each time it listens, and calls the test then."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        create_survey(folder).close()
        self.folder = folder
        self.log, self.now = io.StringIO(), 0
        self.processes: list[Scripted] = []
        self.words: list[list[str]] = []
        self.script: SCRIPT = lambda _: None
        monkeypatch.setattr(supervisor, "ServiceProcess", self._start)
        monkeypatch.setattr(supervisor.select, "select", self._select)
        self.up = Supervisor(folder, 0, SharedLog(self.log), (PLAIN,), lambda: float(self.now))

    def _start(self, words: list[str]) -> Scripted:
        self.words.append(words)
        self.processes.append(Scripted())
        return self.processes[-1]

    def _select(self, *_: object) -> tuple[list[object], ...]:
        self.now += 1
        assert self.now < 1000, "it does not end"
        self.script(self.now)
        return [], [], []

    def run(self, script: SCRIPT) -> str:
        self.script = script
        self.up.run()
        return self.log.getvalue()

    def end(self) -> None:
        """Ask it to end; its service does so at once."""
        self.up.ask_to_end()
        for process in self.processes:
            process.code = 0


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path / "w", monkeypatch)


@contextmanager
def full(_: Path) -> Iterator[ServiceBoard]:
    raise sqlite3.OperationalError("database or disk is full")
    yield


def test_a_service_is_started_with_its_workspace(stage: Stage) -> None:
    stage.run(lambda now: stage.end() if now == 3 else None)
    assert stage.words == [["qa", "watch", "-w", str(stage.folder)]]
    assert stage.up.states() == {"qa": "stopped"}


def test_a_file_that_cannot_be_used_is_told_once_and_ends_no_service(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(now: int) -> None:
        if now == 10:
            monkeypatch.setattr(supervisor, "board_of", full)
        if now == 100:
            monkeypatch.setattr(supervisor, "board_of", board_of)
        if now == 110:
            monkeypatch.setattr(supervisor, "board_of", full)
        if now == 200:
            stage.end()

    text = stage.run(script)
    assert len(stage.processes) == 1
    assert text.count("hospital's file cannot be used (OperationalError)") == 2, "each time anew"


def test_a_file_that_is_locked_at_the_start_is_waited_for_and_then_no_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "board_of", full)
    started: list[int] = []

    def script(now: int) -> None:
        if stage.processes and not started:
            started.append(now)
            stage.end()

    stage.run(script)
    assert started[0] >= FIRST_LOOK_S, "who has stopped a service wants it stopped"


def test_what_was_stopped_before_is_never_started(stage: Stage) -> None:
    stage.run(lambda now: stage.end() if now == 1 else None)
    stage.processes.clear()
    with board_of(stage.folder) as board:
        board.ask(PLAIN, WantedState.STOPPED, Asker.PAGE)
    again = Supervisor(stage.folder, 0, SharedLog(stage.log), (PLAIN,), lambda: float(stage.now))
    stage.script = lambda now: again.ask_to_end() if now % 100 == 0 else None
    again.run()
    assert stage.processes == []


def test_a_wish_is_seen_within_two_seconds(stage: Stage) -> None:
    heard: list[int] = []

    def script(now: int) -> None:
        if now == 10:
            with board_of(stage.folder) as board:
                board.ask(PLAIN, WantedState.STOPPED, Asker.PAGE)
        if "TERM" in stage.processes[0].heard:
            heard.append(now)
            stage.end()

    stage.run(script)
    assert heard[0] <= 12


def test_pages_see_how_it_stands_until_it_has_ended(stage: Stage) -> None:
    seen: list[dict[str, object]] = []

    def script(now: int) -> None:
        with board_of(stage.folder) as board:
            seen.append({name: report.state for name, report in board.reports().items()})
        if now == 3:
            stage.end()

    stage.run(script)
    assert {"qa": "running"} in seen
    with board_of(stage.folder) as board:
        assert board.up is None


def test_asked_three_times_it_waits_for_nobody(stage: Stage) -> None:
    def script(now: int) -> None:
        if now in (3, 4, 5):
            stage.up.ask_to_end()
        if "KILL" in stage.processes[0].heard:
            stage.processes[0].code = -9

    stage.run(script)
    assert stage.processes[0].heard[:2] == ["TERM", "TERM"]
    assert stage.now < 10


def test_a_fault_of_its_own_leaves_no_service(stage: Stage) -> None:
    def script(_: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stage.run(script)
    assert stage.processes[0].heard == ["KILL"]


def test_the_second_is_refused_with_the_first_named_and_a_broken_lock_file_is_no_fault(
    stage: Stage,
) -> None:
    with alone(stage.folder):
        with pytest.raises(SettingsError, match=r"already: process \d+ on .*, since "):
            stage.up.run()
        (stage.folder / LOCK).write_text("{")
        with pytest.raises(SettingsError, match=r"already\. Let it work"):
            stage.up.run()
    assert stage.processes == []
    with alone(stage.folder):  # free again, whatever stands in it
        pass
    assert (stage.folder / LOCK).stat().st_mode & 0o077 == 0
