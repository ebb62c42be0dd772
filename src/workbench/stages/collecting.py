"""The collector: works through the patient queue, in the hours allowed, until it is told to stop.

One process: a receiver that listens all the time, and a loop that takes one patient after the
other from the queue.  It obeys what the page writes into the hospital's file and writes there
what it is doing.  Everything it has acknowledged or noted is on disk, so it may be killed at any
moment and started again.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from workbench.collect.connections import open_receiver, source_of
from workbench.collect.expected import Expected
from workbench.collect.filters import SurveyFilter
from workbench.collect.hours.schedule import read_timetable
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patients import (
    Patience,
    PatientResult,
    Stopped,
    Watch,
    collect_patient,
)
from workbench.collect.queue.control import Command, Control, Process
from workbench.collect.queue.heartbeat import Pulse
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.collect.queue.patient_queue import Job, PatientState, Queue, Retry
from workbench.collect.retrieval import Source
from workbench.errors import NetworkError, SettingsError, StoreError, WorkbenchError
from workbench.settings import FILE
from workbench.settings_file import read_settings
from workbench.stages.border import Border, Intake
from workbench.stages.ledger_table import publish_rows
from workbench.stages.run_record import Progress, no_progress, recorded
from workbench.survey import Survey

LOGGER = logging.getLogger(__name__)

POLL_INTERVAL_S = 0.5  # how often a waiting collector looks for news
RETRY_INTERVAL_S = 5.0  # after a failure of the store
MAX_FAILURES = 10  # one after the other, before a run that ought to end gives up
RETRY_INTERVALS_S = (15.0, 60.0, 300.0, 900.0)  # between tries while the PACS is away
PHANTOMS = "phantoms"


@dataclass(frozen=True)
class Collection:
    """What became of patients that were asked for, in the order given."""

    patients: tuple[dict[str, object], ...]
    intake: Intake
    note: str = ""

    @property
    def complete(self) -> bool:
        """Whether every patient is complete."""
        return all(patient["state"] == PatientState.COMPLETE for patient in self.patients)

    def states(self) -> dict[str, int]:
        """Return the number of patients by state."""
        counts = Counter(str(patient["state"]) for patient in self.patients)
        return {str(state): counts[state] for state in PatientState}

    def as_json(self) -> dict[str, object]:
        """Return the counts of the collection."""
        return {
            "patients": self.states(),
            **{name: self._sum(name) for name in ("expected", "already", "received", "refused")},
            "reasons": dict(
                Counter(str(patient["reason"]) for patient in self.patients if patient["reason"])
            ),
            **self.intake.as_json(),
        }

    def sentence(self) -> str:
        """Say it in a sentence or two."""
        states = ", ".join(f"{number} {state}" for state, number in self.states().items() if number)
        text = f"Patients: {states or 'none'}. {self._sum('received')} objects received."
        return f"{text} {self.note}".strip()

    def _sum(self, name: str) -> int:
        return sum(int(str(patient[name] or 0)) for patient in self.patients)


@dataclass
class Collector:
    """One collector of a workspace; ``run`` does the work, ``stop`` may come from any thread.

    Attributes
    ----------
    survey
        Whose settings, queue and store.
    progress
        Is told of patients that are settled.
    until_done
        End when nobody is due any more (and do not wait for the next hours or the next try);
        otherwise go on until stopped.
    """

    survey: Survey
    progress: Progress = no_progress
    until_done: bool = False
    note: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _abort: threading.Event = field(default_factory=threading.Event)
    _away: int = 0
    _news: bool = True

    def __post_init__(self) -> None:
        # by the process, so that one that is gone is known; and apart within it
        self.owner = f"{Process.this()}:{uuid.uuid4().hex[:8]}"
        self.hospital = HospitalFile(self.survey.folder)
        self.queue = Queue(self.hospital, self.owner)
        self.ledger = Ledger(self.hospital)
        self.control = Control(self.hospital)
        self.border = Border(self.survey)
        self._settings = self.survey.settings
        self._seen = self._file_state()

    def enter(self, patients: Sequence[ListedPatient]) -> list[int]:
        """Put patients into the queue, and those there that are not complete once more.

        Return their numbers.
        """
        self.queue.add(patients)
        numbers = self.queue.numbers(patients)
        self.queue.retry(numbers)
        return numbers

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask to end after the patient in hand; asked again, end in the middle of it."""
        if self._stop.is_set():
            self._abort.set()
            self.survey.store.waits.hurry()
            self.hospital.waits.hurry()
        self._stop.set()

    def run(self) -> Intake:
        """Work through the queue; return what came in.

        Raises ``SettingsError`` without a PACS or with a wrong table, ``NetworkError`` if our
        port is taken.
        """
        self._source()  # a wrong setting is told now, not at night
        read_timetable(self._settings.schedule)
        self._free_the_dead()
        with recorded(self.survey, "collect") as counts, ExitStack() as stack:
            stack.callback(lambda: counts.update(self.border.intake.as_json()))
            stack.callback(self.hospital.close)
            stack.callback(self._publish)
            receiver = stack.enter_context(
                open_receiver(self._settings, self.survey.folder, self.border.receive)
            )
            self.pulse = stack.enter_context(
                Pulse(self.owner, self.queue, self.control, receiver, self.survey.folder)
            )
            self.control.tell("The collector has started.")
            stack.callback(self.control.tell, "The collector has stopped.")
            self._work()
        return self.border.intake

    # --- the loop ------------------------------------------------------------------------------

    def _work(self) -> None:
        done = failures = 0
        while not self._ended():
            try:
                job = self._next()
                if job is None and self.until_done:
                    return
                if job is None:
                    self._idle(self.note or self._nobody())
                    continue
                self._collect(job)
                done += 1
                failures = 0
                self.progress(done, done + self.queue.outstanding(), "collecting patients")
                self.survey.store.compact(only_when_full=True)
                self._rest()
            except (StoreError, OSError) as error:
                # A disk that is full or a database that is locked passes; a night must not end.
                failures += 1
                if self.until_done and failures > MAX_FAILURES:
                    raise
                LOGGER.warning("the collector waits: %s", type(error).__name__)
                self._stop.wait(RETRY_INTERVAL_S)

    def _next(self) -> Job | None:
        """Lease the next patient; ``note`` says why the PACS may not be asked, if it may not."""
        self.queue.take_over([self.owner])  # what a failure has left in hand
        self.note = self._must_wait()
        return None if self.note else self.queue.lease(self._retry())

    def _ended(self) -> bool:
        return self._stop.is_set() or self.control.command is Command.STOP

    def _must_wait(self) -> str:
        """Return why the PACS may not be asked now, for a person; empty when it may."""
        self._reload()
        if self.control.command is Command.PAUSE:
            return "Paused."
        problem = self.pulse.disk_problem()
        if problem:
            return problem
        slots, now = read_timetable(self._settings.schedule).query, datetime.now(UTC)
        override = self.control.override
        if slots.is_open(now, override):
            return ""
        opens = slots.next_change(now, override)
        if opens is None:
            return "The week schedule is closed at all hours."
        return f"The week schedule is closed until {opens.astimezone(slots.zone):%a %d %b %H:%M}."

    def _nobody(self) -> str:
        due = self.queue.next_due()
        if due is None:
            return "The queue is done."
        at = datetime.now(UTC) + timedelta(seconds=due)
        zone = read_timetable(self._settings.schedule).query.zone
        return f"The next try is due at {at.astimezone(zone):%H:%M}."

    def _idle(self, why: str) -> None:
        """Wait for news; what has come in is made a part meanwhile."""
        if self.pulse.doing != why:
            self.pulse.doing = why
            self.control.tell(why)
            self._publish()
        self._stop.wait(POLL_INTERVAL_S)

    def _rest(self) -> None:
        """Leave the PACS in peace between two patients, by a clock that nobody sets."""
        end = time.monotonic() + self._settings.collect.pause_s
        self.pulse.doing = "Pausing between two patients."
        while time.monotonic() < end and not self._ended():
            if self.until_done and self.queue.outstanding() == 0:
                return
            self._stop.wait(min(POLL_INTERVAL_S, max(end - time.monotonic(), 0.0)))

    # --- one patient ---------------------------------------------------------------------------

    def _collect(self, job: Job) -> None:
        self.pulse.begin(job.number, self.border.fates)
        try:
            result = self._collected(job)
        except Stopped:
            self.queue.release(job.number)
            return
        except KeyboardInterrupt:
            self.queue.release(job.number)
            raise
        except NetworkError as error:
            if self._pacs_is_away() and not self.until_done:
                self.queue.release(job.number)
                self._wait_for_pacs(str(error))
                return
            result = PatientResult(PatientState.FAILED, reason=str(error))
        except Exception as error:  # noqa: BLE001  a night must not end with one patient
            LOGGER.error("patient %d of the queue: %s", job.number, type(error).__name__)  # noqa: TRY400
            fault = str(error) if isinstance(error, WorkbenchError) else type(error).__name__
            result = PatientResult(PatientState.FAILED, reason=f"A fault of the program: {fault}")
        finally:
            self.pulse.end()
        self._away = 0
        self._news = True
        self._settle(job, result)

    def _collected(self, job: Job) -> PatientResult:
        def reached(state: PatientState, _: object) -> None:
            self.queue.reached(job.number, state)
            self.pulse.doing = f"Patient {job.number} of the queue: {state}."

        def found(expected: Expected, seconds: float) -> None:
            self.pulse.expects(self.ledger.found(job.number, expected, seconds))

        watch = Watch(
            found=found,
            reached=reached,
            requested=lambda outcome, seconds: self.ledger.requested(job.number, outcome, seconds),
            stopped=lambda: self._abort.is_set() or not self.queue.owns(job.number),
        )
        collect, pacs = self._settings.collect, self._settings.pacs
        patience = Patience(collect.quiet_s, pacs.associations if pacs else 1)
        return collect_patient(job.patient, self._source(), self.border, patience, watch)

    def _settle(self, job: Job, result: PatientResult) -> None:
        retry = self._retry()
        done = result.state is PatientState.COMPLETE
        last = done or result.hopeless or job.tries >= retry.tries
        self.queue.count(job.number, result.counts)
        self.queue.settle(
            job.number, result.state, result.reason, None if last else retry.wait(job.tries)
        )
        counts = result.counts
        text = f"Patient {job.number} of the queue: {result.state}, {counts.received} objects."
        self.control.tell(f"{text} {result.reason}".strip(), "info" if done else "warning")

    def _pacs_is_away(self) -> bool:
        try:
            self._source().echo()
        except NetworkError:
            return True
        return False

    def _wait_for_pacs(self, why: str) -> None:
        """Wait longer each time: the fault is not the patient's."""
        seconds = RETRY_INTERVALS_S[min(self._away, len(RETRY_INTERVALS_S) - 1)]
        self._away += 1
        self.control.tell(f"{why} Trying again in {seconds:.0f} seconds.", "warning")
        self.pulse.doing = "The PACS is away."
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._ended():
            self._stop.wait(POLL_INTERVAL_S)

    # --- settings and state --------------------------------------------------------------------

    def _source(self) -> Source:
        return source_of(self._settings, self.survey.folder, self.border.receive)

    def _retry(self) -> Retry:
        collect = self._settings.collect
        return Retry(collect.tries, collect.retry_minutes * 60)

    def _reload(self) -> None:
        """Take over settings that were changed on the page; wrong ones are told and left."""
        if self._file_state() == self._seen:
            return
        self._seen = self._file_state()
        try:
            read = read_settings(self.survey.folder)
            read_timetable(read.schedule)
            SurveyFilter.from_settings(read.filter)
        except SettingsError as error:
            self.control.tell(f"The settings were not taken over: {error}", "warning")
            return
        self._settings = self.survey.settings = read
        self.border.wanted = SurveyFilter.from_settings(read.filter)

    def _file_state(self) -> tuple[int, int]:
        state = (self.survey.folder / FILE).stat()
        return state.st_mtime_ns, state.st_size

    def _free_the_dead(self) -> None:
        named = {owner: Process.named(owner) for owner in self.queue.owners()}
        dead = [owner for owner, process in named.items() if not (process and process.lives)]
        if self.queue.take_over(dead):
            self.control.tell("A collector had stopped in the middle of a patient.", "warning")
        for beat in self.control.heartbeats():
            if not beat.lives:
                self.control.gone(beat.owner)

    def _publish(self) -> None:
        if not self._news:
            return
        self._news = False
        self.survey.store.compact()
        publish_rows(self.survey, self.ledger, self.border)


def collect(
    survey: Survey, patients: Sequence[ListedPatient] = (), progress: Progress = no_progress
) -> Collection:
    """Put patients into the queue, work through it, and tell what became of them.

    Without patients, of everybody in the queue.  Those that are complete are not asked for
    again.  Returns at once, with a note, while the week schedule is closed.
    """
    collector = Collector(survey, progress, until_done=True)
    numbers = collector.enter(patients)
    return collection_of(survey, numbers, collector.run(), collector.note)


def collection_of(
    survey: Survey, numbers: Sequence[int], intake: Intake, note: str = ""
) -> Collection:
    """Return what became of patients of the queue, of all when no numbers are given."""
    with closing(HospitalFile(survey.folder)) as hospital:
        rows = {row["number"]: row for row in Queue(hospital).rows(limit=-1)}
    wanted = numbers or sorted(rows)
    return Collection(tuple(rows[number] for number in wanted if number in rows), intake, note)
