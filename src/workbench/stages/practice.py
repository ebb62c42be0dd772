"""A workspace to practise on: it knows a PACS that stays, patients wait, a report is due soon.

The PACS runs in the foreground of a terminal of its own.  It stands for the hospital's, which is
no program of Workbench: it may be ended and started while ``workbench up`` keeps running, to see
what the collector does when its PACS is away.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.errors import SettingsError
from workbench.hospital_calendar import read_calendar
from workbench.model import ApplicationEntity
from workbench.settings import FILE, CollectSettings, EntitySettings, Settings, SurveySettings
from workbench.simulate.peers import LOOPBACK, free_port
from workbench.simulate.standing_pacs import (
    HospitalFolder,
    StandingPacs,
    Tell,
    kind_of,
    must_answer,
)
from workbench.stages.scheduling import ReportSchedule
from workbench.survey import Survey, create_survey, open_survey

PACS = ApplicationEntity("DEMOPACS")
LOCAL = ApplicationEntity("WORKBENCH")
REPORT = "dose_by_protocol"
PLAN = "practice"
# A plan that is due in less could have passed before its reader has started what makes it.
SOONEST = timedelta(seconds=30)
TRIES, RETRY_MINUTES = 5, 1  # the report may be due before the first patient is there
LOOK_S = 1.0  # between two looks whether the PACS still runs
PRACTICE = Settings(
    survey=SurveySettings("practice", "DEMO", times="hour"), collect=CollectSettings(pause_s=1.0)
)


@dataclass(frozen=True)
class Practice:
    """A workspace and the hospital it practises on.

    Attributes
    ----------
    survey, hospital
        The workspace, and the folder of what stands for the hospital.
    tell
        Is told what is done.
    """

    survey: Survey
    hospital: HospitalFolder
    tell: Tell

    @contextmanager
    def pacs(self) -> Iterator[StandingPacs]:
        """Run the PACS that the workspace is set to ask, and set it so where it was not.

        Title, addresses and ports stay the same from one start to the next.  Raises
        ``SettingsError`` where its port is taken, ``NetworkError`` where it does not start.
        """
        pacs, local = self._entities()
        with self.hospital.pacs(pacs, [local]) as running:
            self.tell(f"PACS: {kind_of(running)} at {running.entity}")
            yield running

    def fill(self, pacs: StandingPacs) -> None:
        """Give the PACS all patients of the hospital that it does not have."""
        for group in self.hospital.groups():
            self.hospital.fill(pacs, group, self.hospital.files(group), self.tell)

    def queue_up(self) -> int:
        """Put patients of the hospital into the queue that are not in it; return how many wait."""
        with closing(HospitalFile(self.survey.folder)) as hospital:
            queue = Queue(hospital)
            for group in self.hospital.groups():
                queue.add(self.hospital.patients(group))
            return len(queue.rows([PatientState.WAITING], limit=-1))

    def plan(self, now: datetime | None = None) -> datetime:
        """Plan a report in about a minute and return when: on the clock of the hospital.

        It is noted as seen now, so who looks only later makes it all the same.
        """
        settings = self.survey.settings
        due = soon(read_calendar(settings.schedule).zone, now or datetime.now(UTC))
        plan = {
            "report": REPORT, "at": f"{due:%H:%M}", "before": ["map", "dose"],
            "tries": TRIES, "retry_minutes": RETRY_MINUTES,
        }  # fmt: skip
        self.survey.settings = replace(settings, report={**settings.report, PLAN: plan})
        self.survey.settings.write(self.survey.folder)
        ReportSchedule(self.survey, clock=lambda: now or datetime.now(UTC)).see()
        return due

    def _entities(self) -> tuple[ApplicationEntity, ApplicationEntity]:
        settings = self.survey.settings
        if settings.pacs is None:
            settings = replace(
                settings,
                pacs=EntitySettings.of(replace(PACS, host=LOOPBACK, port=free_port())),
                local=EntitySettings.of(replace(LOCAL, host=LOOPBACK, port=free_port())),
            )
            self.survey.settings = settings
            settings.write(self.survey.folder)
        assert settings.pacs is not None
        return settings.pacs.entity, settings.local.entity


def practice_survey(workspace: Path, hospital: Path, settings: Settings = PRACTICE) -> Survey:
    """Open a workspace to practise on, or make it with these settings.

    Raises ``SettingsError`` where it is one for work: invented patients do not belong there.
    """
    if not (workspace / FILE).exists():
        return create_survey(workspace, settings)
    survey = open_survey(workspace)
    if not _practises(survey, hospital):
        survey.close()
        raise SettingsError(
            "this workspace is one for work: it asks another PACS, or holds patients already.",
            "Invented patients do not belong there. Name a folder that does not exist yet: -w "
            "FOLDER.",
        )
    return survey


def _practises(survey: Survey, hospital: Path) -> bool:
    pacs = survey.settings.pacs
    if pacs is not None:
        return (pacs.title, pacs.host) == (PACS.title, LOOPBACK)
    if survey.folder.resolve() == hospital.resolve().parent and hospital.is_dir():
        return True  # a demonstration that was stopped, or is older than this
    with closing(HospitalFile(survey.folder)) as file:
        queued = Queue(file).rows(limit=1)
    return not queued and survey.instances().limit(1).collect().is_empty()


def soon(zone: ZoneInfo, now: datetime) -> datetime:
    """Return a full minute in the next one and a half, on the clock of a time zone."""
    minute = (now + SOONEST).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return minute.astimezone(zone)


def practise(practice: Practice, program: str) -> int:
    """Run the PACS with patients waiting and a report due, until Ctrl-C or SIGTERM.

    Return how many patients wait when it ends.
    """
    with _asked_to_end() as ended, practice.pacs() as pacs:
        practice.fill(pacs)
        waiting = practice.queue_up()
        due = practice.plan()
        practice.tell(f"{waiting} patients wait in the queue; a report is due at {due:%H:%M}.")
        practice.tell("In another terminal, to collect them and to make it:")
        practice.tell(f"  {program} up -w {practice.survey.folder}")
        practice.tell("The PACS stays until Ctrl-C.")
        while not ended.wait(LOOK_S):
            must_answer(pacs)
    return practice.queue_up()


@contextmanager
def _asked_to_end() -> Iterator[_Ended]:
    ended = _Ended()
    before = {each: signal.signal(each, ended.ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class _Ended:
    """Whether a person has asked to end: an exception until somebody waits for it."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._waited_for = False

    def wait(self, seconds: float) -> bool:
        self._waited_for = True
        return self._asked.wait(seconds)

    def ask(self, *_: Any) -> None:
        self._asked.set()
        if not self._waited_for:
            raise KeyboardInterrupt


def ways_on(practice: Practice, program: str, due: datetime, waiting: int) -> list[str]:
    """Return the three commands that go on from a demonstration, for a person."""
    workspace = practice.survey.folder
    up = f"  {program} up -w {workspace}"
    return [
        f"To practise: {waiting} patients wait, a report is due at {due:%H:%M}. In terminals:",
        f"  {program} simulate {practice.hospital.folder} --pacs -w {workspace}   # the PACS again",
        f"{up} --port 0   # collects them, makes it, and says where its pages are",
        f"{up} --status   # how all that stands",
    ]
