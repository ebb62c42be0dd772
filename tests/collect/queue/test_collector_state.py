"""How a collector stands, in words: it says what is so, since when, and what to do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from workbench import create_survey
from workbench.collect.queue.collector_state import (
    LATE_S,
    CollectorState,
    StateKind,
    collector_state,
)
from workbench.collect.queue.control import Command, Control
from workbench.collect.queue.doings import Doing, doing, paused
from workbench.collect.queue.hospital_file import FILE, HospitalFile
from workbench.collect.queue.overview import collector_of
from workbench.language import Saying
from workbench.services.running_process import Process

ZONE = ZoneInfo("Europe/Luxembourg")
OURS = str(Process.this())
DEAD = "1:1.0:another-boot"


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    hospital = HospitalFile(tmp_path)
    yield Control(hospital)
    hospital.close()


def state(control: Control, folder: Path) -> CollectorState:
    return collector_state(control, folder, ZONE)


def beat(control: Control, owner: str = OURS, age: float = 0.0, **told: object) -> None:
    control.beat(owner, {"doing": "The queue is done.", "patient": None, **told})
    if age:
        row = control._hospital.one(
            "SELECT value FROM control WHERE name = ?", f"heartbeat {owner}"
        )
        assert row is not None
        old = {**json.loads(row["value"]), "clock": time.time() - age}
        control._hospital.write(
            "UPDATE control SET value = ? WHERE name = ?", json.dumps(old), f"heartbeat {owner}"
        )


def test_where_none_ever_ran_it_says_how_to_start_one(control: Control, tmp_path: Path) -> None:
    found = state(control, tmp_path)
    assert found.kind is StateKind.WARNING
    assert found.text == "Not running: none was started here yet."
    assert found.start == f"workbench up -w {tmp_path}"
    assert found.lines()[-1].endswith(found.start)


def test_one_that_ended_is_told_with_the_time(control: Control, tmp_path: Path) -> None:
    beat(control)
    control.gone(OURS)
    ended = control.ended
    assert ended is not None
    assert datetime.now(UTC) - ended < timedelta(seconds=5)
    found = state(control, tmp_path)
    assert found.text == f"Not running since {ended.astimezone(ZONE):%H:%M:%S}."
    assert found.start
    later = collector_state(control, tmp_path, ZONE, now=ended + timedelta(days=3))
    assert f"{ended.astimezone(ZONE):%d %b %Y}" in later.text


def test_one_that_was_killed_is_told_at_once_with_the_time_of_its_last_word(
    control: Control, tmp_path: Path
) -> None:
    beat(control, DEAD, age=100, patient=3, doing="Patient 3 of the queue: moving.")
    found = state(control, tmp_path)
    assert found.kind is StateKind.PROBLEM
    last = datetime.now(ZONE) - timedelta(seconds=100)
    assert f"since {last:%H:%M}" in found.text
    assert "ended from outside" in found.text
    assert found.start
    assert "moving" not in found.text


def test_a_silent_one_is_doubted_before_it_is_said_to_hang(
    control: Control, tmp_path: Path
) -> None:
    assert LATE_S <= 5
    beat(control, age=LATE_S - 2)
    assert state(control, tmp_path) == CollectorState(StateKind.GOOD, "The queue is done.")
    beat(control, age=LATE_S + 2)
    assert "may be old" in state(control, tmp_path).text
    beat(control, age=60)
    hung = state(control, tmp_path)
    assert hung.kind is StateKind.PROBLEM
    assert "has not answered since" in hung.text
    assert "may hang" in hung.todo


def test_asked_to_pause_ends_when_the_pause_has_begun(control: Control, tmp_path: Path) -> None:
    beat(control, patient=2, doing="Patient 2 of the queue: moving.")
    assert state(control, tmp_path).text == "Working. Patient 2 of the queue: moving."
    control.command = Command.PAUSE
    assert state(control, tmp_path).text == (
        "Asked to pause: the patient in hand is finished first."
    )
    beat(control)
    assert state(control, tmp_path).text == "Asked to pause."
    beat(control, doing=paused())
    assert state(control, tmp_path).text == "Paused."
    control.command = Command.RUN
    assert state(control, tmp_path).text == "Asked to go on."
    beat(control)
    assert state(control, tmp_path).text == "The queue is done."


@pytest.mark.parametrize("command", [Command.PAUSE, Command.STOP])
def test_what_was_asked_of_one_that_has_ended_is_not_awaited_any_more(
    control: Control, tmp_path: Path, command: Command
) -> None:
    beat(control, patient=2)
    control.command = command
    assert "Asked to" in state(control, tmp_path).text
    control.gone(OURS)
    found = state(control, tmp_path)
    assert "Asked to" not in found.text
    assert found.text.startswith("Not running since")
    assert "Resume" in found.todo
    beat(control, DEAD, age=50)
    assert "Asked to" not in state(control, tmp_path).text


def test_of_two_collectors_the_pause_begins_with_the_second(
    control: Control, tmp_path: Path
) -> None:
    control.command = Command.PAUSE
    beat(control, doing=paused())
    beat(control, f"{OURS}:b", patient=4)
    assert "patient in hand" in state(control, tmp_path).text
    beat(control, f"{OURS}:b", doing=paused())
    assert state(control, tmp_path).text == "Paused."


@pytest.mark.parametrize(
    ("does", "kind"),
    [
        (doing(Doing.DISK_FULL, free=1.0), StateKind.PROBLEM),
        (doing(Doing.AWAY), StateKind.PROBLEM),
        (doing(Doing.RESTING), StateKind.WORKING),
        (doing(Doing.CLOSED), StateKind.GOOD),
    ],
)
def test_trouble_is_told_apart(
    control: Control, tmp_path: Path, does: Saying, kind: StateKind
) -> None:
    beat(control, doing=does)
    assert state(control, tmp_path).kind is kind


def test_a_program_that_only_asks_makes_no_file_and_says_the_same(tmp_path: Path) -> None:
    create_survey(tmp_path / "w").close()
    assert collector_of(tmp_path / "w") is None
    assert not (tmp_path / "w" / FILE).exists()
    hospital = HospitalFile(tmp_path / "w")
    beat(Control(hospital))
    assert collector_of(tmp_path / "w") == collector_state(
        Control(hospital), tmp_path / "w", ZoneInfo("UTC")
    )
    hospital.close()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    create_survey(tmp_path / "w").close()
    (tmp_path / "w" / FILE).write_bytes(b"no database at all" * 100)
    found = collector_of(tmp_path / "w")
    assert found is not None
    assert found.kind is StateKind.PROBLEM
    assert "cannot be read" in found.text


def test_with_a_wrong_schedule_the_state_is_told_all_the_same(tmp_path: Path) -> None:
    create_survey(tmp_path / "w").close()
    HospitalFile(tmp_path / "w").close()
    with (tmp_path / "w" / "workbench.toml").open("a") as file:
        file.write('\n[schedule]\nzone = "Nowhere/Town"\n')
    found = collector_of(tmp_path / "w")
    assert found is not None
    assert found.text == "Not running: none was started here yet."
