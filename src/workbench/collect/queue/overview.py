"""The desk of whoever looks after a collector: its state in one value, and what can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from workbench.collect.filters import SurveyFilter
from workbench.collect.hours.schedule import Timetable, read_timetable
from workbench.collect.hours.week_grid import Override, Slots
from workbench.collect.queue.collector_state import CollectorState, StateKind, collector_state
from workbench.collect.queue.control import Command, Control, Heartbeat
from workbench.collect.queue.hospital_file import FILE as HOSPITAL_FILE
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Words, day_and_clock, mark, t
from workbench.settings_file import read_settings
from workbench.survey import Survey

DAY = timedelta(days=1)
USUAL_PATIENT_S = 90.0  # a patient's seconds before any has been timed


@dataclass(frozen=True)
class Plan:
    """What the next night (or other open time) can do.

    Attributes
    ----------
    begins, ends
        Of the open time, UTC; ``None`` when none comes within a week.
    patients
        How many fit, at the speed so far.
    waiting
        How many wait.
    seconds_each
        Seconds a patient, the pause included.
    """

    begins: datetime | None
    ends: datetime | None
    patients: int
    waiting: int
    seconds_each: float


@dataclass(frozen=True)
class Status:
    """All that a page shows, at one moment; holds no identity.

    Attributes
    ----------
    command
        What was asked of the collectors.
    collectors
        Those on the board, whether they live or not.
    states
        Number of patients by state.
    hours
        Whether the PACS may be asked now, until or from when, in words.
    plan
        The next open time.
    wanted
        The survey's filter in words.
    zone
        Name of the zone whose clock is shown.
    state
        How the collectors stand, in words.
    """

    command: Command
    collectors: tuple[Heartbeat, ...]
    states: dict[PatientState, int]
    hours: Words
    plan: Plan
    wanted: Words
    zone: str
    state: CollectorState

    @property
    def working(self) -> bool:
        """Whether a collector is at work."""
        return any(collector.fresh for collector in self.collectors)

    def lines(self) -> Iterator[str]:
        """Say it in lines of text."""
        yield from self.state.lines()
        for collector in self.collectors:
            if collector.fresh:
                yield f"It is {collector.name}."
        yield f"Asked of it: {self.command}. {self.hours}"
        states = [f"{number} {state}" for state, number in self.states.items() if number]
        yield f"Queue: {', '.join(states) or 'empty'}. Wanted: {self.wanted}."

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "command": str(self.command),
            "working": self.working,
            "state": self.state.as_json(),
            "collectors": [{"owner": collector.owner, "fresh": collector.fresh, **collector.told}
                           for collector in self.collectors],
            "patients": {str(state): number for state, number in self.states.items()},
            "hours": self.hours,
            "plan": {**vars(self.plan)},
            "wanted": self.wanted,
        }  # fmt: skip


class Desk:
    """Everything a page or command needs of one workspace's collector."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.hospital = HospitalFile(survey.folder)
        self.hospital.waits.limit_s = survey.store.waits.limit_s
        self.queue = Queue(self.hospital)
        self.ledger = Ledger(self.hospital)
        self.control = Control(self.hospital)

    def timetable(self) -> Timetable:
        """Return the week schedule as it stands in the settings now."""
        return read_timetable(read_settings(self.survey.folder).schedule)

    def status(self) -> Status:
        """Return how everything stands; raises ``SettingsError`` for wrong settings."""
        settings = read_settings(self.survey.folder)
        slots, override = read_timetable(settings.schedule).query, self.control.override
        now = datetime.now(UTC)
        return Status(
            self.control.command, tuple(self.control.heartbeats()), self.queue.states(),
            hours_in_words(slots, now, override),
            self._plan(slots, now, override, settings.collect.pause_s),
            SurveyFilter.from_settings(settings.filter).sentence(), slots.zone.key,
            self.collector_state(slots.zone),
        )  # fmt: skip

    def collector_state(self, zone: ZoneInfo | None = None) -> CollectorState:
        """Return how the collectors stand; in the schedule's zone, or UTC where it is wrong."""
        folder = self.survey.folder
        return collector_state(self.control, folder, zone or _zone(folder))

    def seconds_each(self) -> float:
        """Return the mean seconds that the last fifty patients took."""
        row = self.hospital.one(
            "SELECT avg(seconds) AS mean FROM (SELECT (julianday(changed_at) - julianday(asked_at))"
            " * 86400.0 AS seconds FROM patient WHERE state IN ('complete', 'incomplete')"
            " ORDER BY changed_at DESC LIMIT 50)"
        )
        return USUAL_PATIENT_S if row is None or row["mean"] is None else max(row["mean"], 0.1)

    def _plan(self, slots: Slots, now: datetime, override: Override | None, pause: float) -> Plan:
        each = self.seconds_each() + pause
        waiting = self.queue.outstanding()
        span = next(iter(slots.openings(now, now + 7 * DAY, override)), None)
        if span is None:
            return Plan(None, None, 0, waiting, each)
        begins, ends = span
        fit = int((ends - begins).total_seconds() / each)
        return Plan(begins, ends, min(fit, waiting), waiting, each)


# Whether it is open, by the override or not, and whether that changes.
HOURS = MappingProxyType({
    (True, False, False): mark("The PACS may always be asked."),
    (False, False, False): mark("The PACS may never be asked."),
    (True, True, False): mark("The PACS may always be asked by the override."),
    (False, True, False): mark("The PACS may never be asked by the override."),
    (True, False, True): mark("The PACS may be asked now, until {moment}."),
    (False, False, True): mark("The PACS may not be asked before {moment}."),
    (True, True, True): mark("The PACS may be asked now, until {moment} by the override."),
    (False, True, True): mark("The PACS may not be asked before {moment} by the override."),
})  # fmt: skip


def hours_in_words(slots: Slots, now: datetime, override: Override | None) -> Words:
    """Return whether it is open now and when that changes, in the zone of the schedule."""
    opened, change = slots.is_open(now, override), slots.next_change(now, override)
    overridden = override is not None and override.holds(now)
    if change is None:
        return t(HOURS[opened, overridden, False])
    return t(HOURS[opened, overridden, True], moment=day_and_clock(change.astimezone(slots.zone)))


def collector_of(folder: Path) -> CollectorState | None:
    """Return how the collectors of a workspace stand; ``None`` where nobody has ever collected.

    For a program that has not opened the survey; it neither makes nor keeps open any file.
    """
    if not (folder / HOSPITAL_FILE).exists():
        return None
    try:
        with closing(HospitalFile(folder)) as hospital:
            return collector_state(Control(hospital), folder, _zone(folder))
    except (WorkbenchError, OSError) as error:
        if isinstance(error, WorkbenchError):
            text = t("Its state cannot be read: {problem}", problem=error.words())
        else:
            text = t("Its state cannot be read. Run workbench check.")
        return CollectorState(StateKind.PROBLEM, text)


def queue_of(folder: Path) -> dict[PatientState, int] | None:
    """Return how many patients are in each state; ``None`` where nobody has ever collected.

    For a program that has not opened the survey.  Raises ``WorkbenchError``, or ``OSError``, where
    the hospital's file cannot be read.
    """
    if not (folder / HOSPITAL_FILE).exists():
        return None
    with closing(HospitalFile(folder)) as hospital:
        return Queue(hospital).states()


def _zone(folder: Path) -> ZoneInfo:
    """Return the zone of the week schedule; UTC where that cannot be read."""
    try:
        return read_timetable(read_settings(folder).schedule).query.zone
    except SettingsError:
        return ZoneInfo("UTC")
