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
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from workbench.collect.connections import open_receiver, source_of
from workbench.collect.expected import FIRST, Expected
from workbench.collect.filters import SurveyFilter
from workbench.collect.hours.schedule import read_timetable
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patient_result import PatientResult
from workbench.collect.patients import Patience, Stopped, Watch, collect_patient
from workbench.collect.queue.control import Command, Control
from workbench.collect.queue.doings import Doing, doing, paused
from workbench.collect.queue.heartbeat import Pulse
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.collect.queue.patient_queue import Job, PatientState, Queue, Retry
from workbench.collect.retrieval import Source
from workbench.collect.time_limits import Interruption
from workbench.errors import NetworkError, SettingsError, StoreError, WorkbenchError
from workbench.language import Saying
from workbench.services.running_process import Process
from workbench.stages.asking_hours import closed_now, next_try
from workbench.stages.border import Border, Intake
from workbench.stages.collection import Collection, collection_of
from workbench.stages.inbox_unloading import InboxUnloading
from workbench.stages.ledger_table import publish_rows
from workbench.stages.run_record import Progress, no_progress, recorded
from workbench.stages.settings_changes import SettingsFile
from workbench.survey import Survey

LOGGER = logging.getLogger(__name__)

POLL_INTERVAL_S = 0.5  # how often a waiting collector looks for news
RETRY_INTERVAL_S = 5.0  # after a failure of the store
MAX_FAILURES = 10  # one after the other, before a run that ought to end gives up
RETRY_INTERVALS_S = (15.0, 60.0, 300.0, 900.0)  # between tries while the PACS is away
# A run that ought to end waits so long for a PACS that is away: longer than one takes to restart.
# Nobody has lost a try then, so it may be started again.
MAX_AWAY_S = 3600.0


@dataclass
class Collector:
    """One collector of a workspace; ``run`` does the work, ``stop`` may come from any thread.

    Attributes
    ----------
    survey
        Whose settings, queue and store.
    progress
        Is told of patients that are settled.
    waits
        Why the PACS may not be asked now, or the run has ended early.
    until_done
        End when nobody is due any more (and do not wait for the next hours or the next try);
        otherwise go on until stopped.
    """

    survey: Survey
    progress: Progress = no_progress
    until_done: bool = False
    waits: Saying | None = None
    received: Counter[int] = field(default_factory=Counter)
    """How many objects came in this run, by the number of the patient."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _abort: threading.Event = field(default_factory=threading.Event)
    _away: int = 0
    _away_since: float = 0.0
    _gave_up: bool = False
    _news: bool = True
    _done: int = 0
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        # by the process, so that one that is gone is known; and apart within it
        self.owner = f"{Process.this()}:{uuid.uuid4().hex[:8]}"
        self.hospital = HospitalFile(self.survey.folder)
        self.queue = Queue(self.hospital, self.owner)
        self.ledger = Ledger(self.hospital)
        self.control = Control(self.hospital)
        self.border = Border(self.survey)
        self._settings = self.survey.settings
        self._settings_file = SettingsFile(self.survey.folder)

    def enter(self, patients: Sequence[ListedPatient]) -> list[int]:
        """Put patients into the queue, those not complete once more; return their numbers."""
        self.queue.add(patients)
        numbers = self.queue.numbers(patients)
        self.queue.retry(numbers)
        return numbers

    @property
    def note(self) -> str:
        """Why it does not go on, in English; empty where it does."""
        return str(self.waits or "")

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

        Raises ``SettingsError`` without a PACS, with a wrong table, or while another collector
        works on this workspace; ``NetworkError`` if our port is taken.
        """
        read_timetable(self._settings.schedule)
        source_of(self._settings, self.survey.folder, self.border.receive)  # told now, not at night
        with recorded(self.survey, "collect") as counts, ExitStack() as stack:
            stack.callback(lambda: counts.update(self.border.intake.as_json()))
            stack.callback(self.hospital.close)
            stack.callback(self._publish)
            self.receiver = open_receiver(self._settings, self.survey.folder, self.border.receive)
            # The heart beats first: another collector is named before the port is found taken.
            self.pulse = stack.enter_context(
                Pulse(self.owner, self.queue, self.control, self.receiver, self.survey.folder)
            )
            self._free_the_dead()
            stack.enter_context(self.receiver)
            stack.enter_context(InboxUnloading(self.survey.store))
            self.control.tell(Saying("The collector has started."))
            stack.callback(self.control.tell, Saying("The collector has stopped."))
            self._work()
        return self.border.intake

    # --- the loop ------------------------------------------------------------------------------

    def _work(self) -> None:
        failures = 0
        while not self._ended():
            try:
                job = self._next()
                if job is None and self.until_done:
                    return
                if job is None:
                    self._idle(self.waits or self._nobody())
                    continue
                if self._collect(job):
                    self._done += 1
                    self._tell_progress("collecting patients")
                    self._rest()
                failures = 0
            except (StoreError, OSError) as error:
                # A disk that is full or a database that is locked passes; a night must not end.
                failures += 1
                if self.until_done and failures > MAX_FAILURES:
                    raise
                LOGGER.warning("the collector waits: %s", type(error).__name__)
                self._stop.wait(RETRY_INTERVAL_S)

    def _next(self) -> Job | None:
        """Lease the next patient; ``waits`` says why the PACS may not be asked, if it may not."""
        self.queue.take_over([self.owner])  # what a failure has left in hand
        self.waits = self._must_wait()
        return None if self.waits else self.queue.lease()

    def _ended(self, *asked: Command) -> bool:
        wanted = (Command.STOP, *asked)
        return self._stop.is_set() or self._gave_up or self.control.command in wanted

    def _ending(self) -> bool:
        """Say whether an end is wanted, for threads that must not fail."""
        with suppress(StoreError):
            return self._ended()
        return False

    def _tell_progress(self, text: str) -> None:
        self.progress(self._done, self._done + self.queue.outstanding(), text)

    def _must_wait(self) -> Saying | None:
        """Return why the PACS may not be asked now; ``None`` when it may."""
        self._reload()
        if self.control.command is Command.PAUSE:
            return paused()
        if problem := self.pulse.disk_problem():
            return problem
        if warning := self.pulse.disk_warning():
            self.control.tell(warning, "warning")
        return closed_now(self._settings.schedule, self.control.override)

    def _nobody(self) -> Saying:
        due = self.queue.next_due()
        return doing(Doing.DONE) if due is None else next_try(self._settings.schedule, due)

    def _idle(self, why: Saying) -> None:
        """Wait for news; what has come in is made a part meanwhile."""
        if self.pulse.doing != why:
            self.pulse.doing = why
            self.control.tell(why)
            self._publish()
        self._stop.wait(POLL_INTERVAL_S)

    def _rest(self) -> None:
        """Leave the PACS in peace between two patients, by a clock that nobody sets."""
        end = time.monotonic() + self._settings.collect.pause_s
        self.pulse.doing = doing(Doing.RESTING)
        while time.monotonic() < end and not self._ended(Command.PAUSE):
            if self.until_done and self.queue.outstanding() == 0:
                return
            self._stop.wait(min(POLL_INTERVAL_S, max(end - time.monotonic(), 0.0)))

    # --- one patient ---------------------------------------------------------------------------

    def _collect(self, job: Job) -> bool:
        """Collect a patient; say whether it is settled, or given back as if it were not tried."""
        self.pulse.begin(job.number, self.border.fates)
        try:
            result = self._collected(job)
        except Stopped:
            self.queue.release(job.number)
            return False
        except KeyboardInterrupt:
            self.queue.release(job.number)
            raise
        except NetworkError as error:
            result = PatientResult(PatientState.FAILED, why=error.saying(), silent=True)
        except Exception as error:  # noqa: BLE001  a night must not end with one patient
            LOGGER.error("patient %d of the queue: %s", job.number, type(error).__name__)  # noqa: TRY400
            fault = error.saying() if isinstance(error, WorkbenchError) else type(error).__name__
            why = Saying("A fault of the program: {fault}", fault=fault)
            result = PatientResult(PatientState.FAILED, why=why)
        finally:
            self.pulse.end()
        self._news = True
        self.received[job.number] += result.counts.received
        if result.silent and self._pacs_is_away():
            self.queue.release(job.number)
            self._wait_for_pacs(result.why)
            return False
        self._away = 0
        self._settle(job, result)
        return True

    def _collected(self, job: Job) -> PatientResult:
        def reached(state: PatientState, _: object) -> None:
            self.queue.reached(job.number, state)
            self.pulse.doing = doing(Doing.PATIENT, number=job.number, state=state.said)

        def found(expected: Expected, seconds: float) -> None:
            self.border.asked(job.patient, expected)
            self.pulse.expects(self.ledger.found(job.number, expected, seconds))
            for code in sorted(expected.notes):
                self._say_note(code, job.number)

        def stopped() -> bool:
            if self._abort.is_set():
                return True
            with suppress(StoreError):
                return not self.queue.owns(job.number)
            return False

        watch = Watch(
            found=found,
            reached=reached,
            requested=lambda outcome, seconds: self.ledger.requested(job.number, outcome, seconds),
            stopped=stopped,
            stopping=self._ending,
            caution=lambda expected: self.border.caution(job.patient, expected),
        )
        collect, pacs = self._settings.collect, self._settings.pacs
        patience = Patience(collect.quiet_s, pacs.associations if pacs else 1)
        interruption = Interruption(lambda: self.receiver.arrived, self._ending, stopped)
        source = self._source(interruption)
        return collect_patient(job.patient, source, self.border, patience, watch)

    def _say_note(self, code: str, number: int) -> None:
        """Tell once in a run what is odd about the answers of the PACS."""
        if code not in self._said:
            self._said.add(code)
            self.control.tell(Saying(FIRST[code], number=number))

    def _settle(self, job: Job, result: PatientResult) -> None:
        retry = self._retry()
        state, reason = result.state, result.why
        done = state is PatientState.COMPLETE
        last = done or result.hopeless or job.tries >= retry.tries
        if job.complete and state is PatientState.FAILED and not result.hopeless:
            # No answer is no other answer: what was here is here.
            state = PatientState.COMPLETE
            reason = Saying("Asked once more, without an answer: {reason}", reason=reason)
        else:
            self.queue.count(job.number, result.counts)
        self.queue.settle(job.number, state, reason, None if last else retry.wait(job.tries))
        for number in self.ledger.others_lacking(job.number):
            self.queue.recount(number, *self.ledger.here(number, self.border))
        said = Saying.counted(
            "Patient {number} of the queue: {state}, {count} objects.",
            "Patient {number} of the queue: {state}, {count} objects.",
            result.counts.received, number=job.number, state=state.said,
        )  # fmt: skip
        self.control.tell(Saying.joined(said, reason), "info" if done else "warning")

    def _pacs_is_away(self) -> bool:
        try:
            self._source().echo()
        except NetworkError:
            return True
        return False

    def _wait_for_pacs(self, why: Saying) -> None:
        """Wait longer each time: the fault is not the patient's."""
        seconds = RETRY_INTERVALS_S[min(self._away, len(RETRY_INTERVALS_S) - 1)]
        self._away_since = self._away_since if self._away else time.monotonic()
        self._away += 1
        if self.until_done and time.monotonic() - self._away_since > MAX_AWAY_S:
            self._gave_up = True
            self.waits = doing(Doing.AWAY_TOO_LONG)
            self.control.tell(self.waits, "warning")
            return
        again = doing(Doing.TRYING_AGAIN, seconds=round(seconds))
        self.control.tell(Saying.joined(why, again).coded(Doing.TRYING_AGAIN), "warning")
        self._tell_progress(f"the PACS is away, trying again in {seconds:.0f} s")
        self.pulse.doing = doing(Doing.AWAY)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._ended(Command.PAUSE):
            self._stop.wait(POLL_INTERVAL_S)

    # --- settings and state --------------------------------------------------------------------

    def _source(self, interruption: Interruption | None = None) -> Source:
        watched = interruption or Interruption(stopping=self._ending, stopped=self._abort.is_set)
        return source_of(self._settings, self.survey.folder, self.border.receive, watched)

    def _retry(self) -> Retry:
        collect = self._settings.collect
        return Retry(collect.tries, collect.retry_minutes * 60)

    def _reload(self) -> None:
        """Take over settings that were changed on the page; wrong ones are told and left."""
        try:
            read = self._settings_file.changed()
        except SettingsError as error:
            said = Saying("The settings were not taken over: {problem}", problem=error.saying())
            self.control.tell(said, "warning")
            return
        if read is not None:
            self._settings = self.survey.settings = read
            self.border.wanted = SurveyFilter.from_settings(read.filter)

    def _free_the_dead(self) -> None:
        named = {owner: Process.named(owner) for owner in self.queue.owners()}
        dead = [owner for owner, process in named.items() if not (process and process.lives)]
        if freed := self.queue.take_over(dead):
            said = Saying(
                "A collector had ended in the middle of patient {numbers} of the queue; that "
                "counts as no try.",
                numbers=", ".join(map(str, freed)),
            )
            self.control.tell(said, "warning")
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
    intake = collector.run()
    return collection_of(survey, numbers, intake, collector.received, collector.waits or "")
