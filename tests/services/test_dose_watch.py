"""Mapped and dosed by itself: once for what has come, again after a failure, never when off."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.services.control_file import control_of, make_control
from workbench.services.dose_watch import (
    AGAIN_S,
    GAP_S,
    MAX_AGAIN_S,
    DoseWatch,
    DosingReport,
    DosingState,
)
from workbench.settings import CollectSettings, Settings, SurveySettings
from workbench.survey import create_survey


@dataclass
class Child:
    words: Sequence[str]
    code: int | None = None
    heard: list[str] = field(default_factory=list)

    def poll(self) -> int | None:
        return self.code

    def read(self) -> bytes:
        return b"it said so"

    def kill(self) -> None:
        self.heard.append("kill")

    def close(self) -> None:
        self.heard.append("close")


class Site:
    """A workspace, its watch, and a clock of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 0.0
        self.children: list[Child] = []
        self.said: list[str] = []
        self.refuses = False
        create_survey(folder, Settings(SurveySettings("test", "LU01"))).close()
        make_control(folder)
        self.watch = DoseWatch(folder, self._start, self.said.append, lambda: self.now)

    def _start(self, words: Sequence[str]) -> Child:
        if self.refuses:
            raise OSError("no more processes")
        self.children.append(Child(words))
        return self.children[-1]

    def settle(self, patient: str, state: PatientState = PatientState.COMPLETE) -> None:
        with closing(HospitalFile(self.folder)) as hospital:
            queue = Queue(hospital)
            queue.add([ListedPatient(patient)])
            queue.settle(hospital.last_number("patient"), state)

    def ends(self, code: int = 0) -> None:
        self.children[-1].code = code
        self.watch.look()

    def runs(self) -> list[str]:
        return [child.words[0] for child in self.children]

    def state(self) -> DosingState | None:
        with control_of(self.folder) as rows:
            report = DosingReport.read(rows)
        return report.state if report else None

    def switch(self, *, on: bool) -> None:
        (self.folder / "workbench.toml").unlink()
        collect = CollectSettings(dose_when_complete=on)
        Settings(SurveySettings("test", "LU01"), collect=collect).write(self.folder)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "w")


def test_a_patient_who_has_come_is_mapped_then_dosed_once(site: Site) -> None:
    site.watch.look()
    assert site.runs() == [], "nobody has come"
    site.settle("1", PatientState.NOT_FOUND)
    site.watch.look()
    assert site.runs() == [], "of her there is nothing"
    site.settle("2")
    site.watch.look()
    assert site.children[0].words == ["map", "-w", str(site.folder)]
    assert site.state() is DosingState.WORKING
    site.watch.look()
    assert site.runs() == ["map"], "one after the other"
    site.ends()
    assert site.runs() == ["map", "dose"]
    site.ends(1)  # problems are listed, and the rest is done
    assert site.state() is DosingState.RESTING
    site.now += 10 * GAP_S
    site.watch.look()
    assert site.runs() == ["map", "dose"], "nothing new, nothing to do"
    assert all("close" in child.heard for child in site.children)


def test_who_comes_meanwhile_has_a_run_of_their_own_after_a_while(site: Site) -> None:
    site.settle("1")
    site.watch.look()
    site.settle("2")
    site.ends()
    site.ends()
    site.watch.look()
    assert site.runs() == ["map", "dose"]
    site.now += GAP_S
    site.watch.look()
    assert site.runs() == ["map", "dose", "map"]


def test_one_that_failed_is_tried_again_later_each_time_and_its_reason_is_said(
    site: Site,
) -> None:
    site.settle("1")
    site.watch.look()
    site.ends(2)
    assert site.state() is DosingState.FAILED
    assert site.said == ["it said so"]
    site.now += AGAIN_S - 1
    site.watch.look()
    assert site.runs() == ["map"]
    site.now += 1
    site.watch.look()
    assert site.runs() == ["map", "map"]
    for _ in range(12):
        site.ends(-9)
        site.now += MAX_AGAIN_S
        site.watch.look()
    assert len(site.children) == 14, "an hour at most"
    site.ends()
    site.ends()
    assert site.state() is DosingState.RESTING


def test_a_child_that_cannot_be_started_is_a_failure(site: Site) -> None:
    site.settle("1")
    site.refuses = True
    site.watch.look()
    assert site.state() is DosingState.FAILED


def test_it_is_switched_off_and_on_by_a_setting(site: Site) -> None:
    site.switch(on=False)
    site.settle("1")
    site.watch.look()
    assert (site.runs(), site.state()) == ([], DosingState.OFF)
    (site.folder / "workbench.toml").write_text("[collect\n")
    site.watch.look()
    assert site.runs() == [], "half edited, it stays as it was"
    site.switch(on=True)
    site.watch.look()
    assert site.runs() == ["map"]


def test_it_ends_with_its_child(site: Site) -> None:
    site.watch.end()
    site.settle("1")
    site.watch.look()
    site.watch.end()
    assert site.children[0].heard == ["kill"]


def test_a_file_that_is_gone_is_no_reason_to_end(site: Site) -> None:
    site.settle("1")
    for file in site.folder.glob("hospital.sqlite*"):
        file.unlink()
    site.watch.look()
    assert site.runs() == []
