"""What collectors tell is kept as codes with values, and read in any language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.language.unmarked import wrong_in_text
from workbench.collect.queue.control import Control, Heartbeat
from workbench.collect.queue.doings import TEXTS, Doing, doing
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import PatientState
from workbench.language import Saying, use_language
from workbench.services.running_process import Process

OURS = str(Process.this())
VALUES = {
    "number": 3, "state": PatientState.MOVING.said, "clock": "21:05", "free": 1.5, "seconds": 15,
    "moment": datetime(2026, 3, 29, 21, 5, tzinfo=UTC),
}  # fmt: skip


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    hospital = HospitalFile(tmp_path)
    yield Control(hospital)
    hospital.close()


def test_each_doing_has_a_text() -> None:
    assert set(TEXTS) == set(Doing)


@pytest.mark.parametrize("code", list(Doing))
def test_a_doing_is_read_with_its_code_and_in_any_language(control: Control, code: Doing) -> None:
    said = doing(code, **VALUES)
    with use_language("xx"):
        control.beat(OURS, {"doing": said})
        control.tell(said, "warning")
        (beat,), (event,) = control.heartbeats(), control.events()
        assert beat.doing.code == event["said"].code == code
        assert beat.told["doing"] == event["text"] == str(said), "programs read English"
        assert beat.doing.words() == event["said"].words() == said.words()
        assert wrong_in_text(said.words()) == []


def test_lines_of_an_older_version_are_shown_as_they_are(control: Control) -> None:
    control.tell("The queue is done.")
    control.beat(OURS, {"doing": "Paused."})
    (beat,), (event,) = control.heartbeats(), control.events()
    assert (event["text"], event["said"].words()) == ("The queue is done.", "The queue is done.")
    assert (beat.told["doing"], beat.doing.code) == ("Paused.", "")


@pytest.mark.parametrize(("told", "name"), [
    ({}, "process 12"), ({"host": "pc1"}, "process 12 on pc1"),
    ({"since": "2026-11-30T20:00:00"}, "process 12, since 2026-11-30 20:00:00 UTC"),
    ({"host": "pc1", "since": "2026-11-30T20:00:00"},
     "process 12 on pc1, since 2026-11-30 20:00:00 UTC"),
])  # fmt: skip
def test_a_collector_is_named_by_process_machine_and_start(told: dict[str, str], name: str) -> None:
    beat = Heartbeat("12:1.0:boot", 1.0, lives=True, told=told)
    assert beat.name == name
    with use_language("xx"):
        assert wrong_in_text(beat.name) == []
        assert str(beat.said) == name
    assert Saying.read(beat.said.stored()) == beat.said
