"""What each card of the index says now, in words: one line, and what to do where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from workbench.collect.queue.collector_state import StateKind
from workbench.collect.queue.heartbeat import MIN_FREE_BYTES, filling
from workbench.collect.queue.patient_queue import PatientState
from workbench.errors import WorkbenchError
from workbench.language import (
    Words,
    capital,
    data,
    day,
    listed,
    moment,
    n,
    number,
    sentences,
    t,
)
from workbench.server.index_facts import DoseFacts, IndexFacts, ReportFacts
from workbench.services.service_board import ServiceReport, ServiceState
from workbench.store.quality_tally import ProfileTally, QualityTally
from workbench.store.report_runs import FAILED

NO_WORDS = Words("")
GIB = 2**30
NEXT_SHOWN = 3
NAMES_SHOWN = 3
SIGNS = MappingProxyType({
    StateKind.GOOD: "✓", StateKind.WORKING: "✓", StateKind.WARNING: "!", StateKind.PROBLEM: "✕",
})  # fmt: skip
OUTSTANDING = frozenset({
    PatientState.WAITING, PatientState.ASKED, PatientState.FOUND, PatientState.MOVING,
})  # fmt: skip


@dataclass(frozen=True)
class CardLine:
    """A line: how much it asks for attention, what it says, and what to do; that may be empty."""

    kind: StateKind
    text: Words
    todo: Words = NO_WORDS

    @property
    def sign(self) -> str:
        """Its mark, so that colour is never alone."""
        return SIGNS[self.kind]

    def as_json(self) -> dict[str, str]:
        """Return it for the page's script."""
        return {"kind": str(self.kind), "sign": self.sign, "text": self.text, "todo": self.todo}


def survey_lines(facts: IndexFacts) -> list[CardLine]:
    """Return what is said of the workspace as a whole: its settings and its disk."""
    lines = [_wrong(t("The settings"), facts.settings)] if isinstance(
        facts.settings, WorkbenchError
    ) else []  # fmt: skip
    return [*lines, disk_line(facts.free)]


def card_lines(facts: IndexFacts, now: datetime) -> dict[str, CardLine]:
    """Return a line for each dashboard by its name; ``now`` is local time, as images have it."""
    return {
        "my_scanner": dose_line(facts.doses),
        "scanners": scanner_line(facts.doses),
        "quality": quality_line(facts.quality, facts.services.get("qa"), now),
        "collector": queue_line(facts.queue),
        "reports": report_line(facts.reports, facts.services.get("reports")),
    }


def disk_line(free: int | WorkbenchError) -> CardLine:
    """Return how much room there is."""
    if isinstance(free, WorkbenchError):
        return _wrong(t("The disk"), free)
    left = t("{free} GB of disk free.", free=number(free / GIB, 0 if free > 10 * GIB else 1))
    warning = filling(free)
    if warning is None:
        return CardLine(StateKind.GOOD, left)
    kind = StateKind.PROBLEM if free < MIN_FREE_BYTES else StateKind.WARNING
    return CardLine(kind, left, warning.words())


def dose_line(doses: DoseFacts | WorkbenchError) -> CardLine:
    """Return how many events there are to look at."""
    if isinstance(doses, WorkbenchError):
        return _wrong(t("The doses"), doses)
    if not doses.events:
        return CardLine(
            StateKind.WARNING, t("There is no irradiation event yet."),
            t("Collect patients, or import files: events come when they are mapped."),
        )  # fmt: skip
    scanners = n("one scanner", "{count} scanners", doses.scanners)
    events = number(doses.events, grouped=True)
    text = t("Irradiation events: {events}, of {scanners}.", events=events, scanners=scanners)
    return CardLine(StateKind.GOOD, text)


def scanner_line(doses: DoseFacts | WorkbenchError) -> CardLine:
    """Return how many scanners have no name of their own."""
    if isinstance(doses, WorkbenchError):
        return _wrong(t("The scanners"), doses)
    if not doses.scanners:
        return CardLine(StateKind.WARNING, t("There is no scanner yet."))
    counted = n("One scanner", "{count} scanners", doses.scanners)
    if not doses.unnamed:
        return CardLine(StateKind.GOOD, t("{scanners}, all named.", scanners=counted))
    unnamed = n("one without a name of yours", "{count} without a name of yours", doses.unnamed)
    return CardLine(StateKind.GOOD, t("{scanners}, {unnamed}.", scanners=counted, unnamed=unnamed))


def quality_line(
    quality: QualityTally | WorkbenchError, watch: ServiceReport | None, now: datetime
) -> CardLine:
    """Return alarms, what waits, what is overdue, and the tests that come next."""
    if isinstance(quality, WorkbenchError):
        return _wrong(t("Image quality"), quality)
    if not quality.profiles:
        return _with(CardLine(StateKind.WARNING, t("There is no test profile yet."),
                              t("Make one under Profiles.")), watch)  # fmt: skip
    overdue, waiting = quality.overdue(now), quality.waiting
    parts = [
        n("one alarm", "{count} alarms", quality.alarms) if quality.alarms else None,
        n("one result to decide on", "{count} results to decide on", waiting) if waiting else None,
        n("one test overdue", "{count} tests overdue", overdue) if overdue else None,
    ]
    todo = listed(part for part in parts if part)
    kind = (
        StateKind.PROBLEM if quality.alarms else
        StateKind.WARNING if todo else StateKind.GOOD
    )  # fmt: skip
    state = t("{things}.", things=capital(todo)) if todo else t("Nothing to decide, none overdue.")
    return _with(CardLine(kind, sentences(state, _coming(quality.next_due(now)))), watch)


def queue_line(queue: Mapping[PatientState, int] | WorkbenchError | None) -> CardLine:
    """Return how far the queue is."""
    if isinstance(queue, WorkbenchError):
        return _wrong(t("The queue"), queue)
    total = sum(queue.values()) if queue else 0
    if not queue or not total:
        return CardLine(StateKind.WARNING, t("Nobody was asked for yet."),
                        t("Add patients under Queue."))  # fmt: skip
    waiting = sum(queue[state] for state in OUTSTANDING)
    failed = queue[PatientState.FAILED]
    done = n("One patient in the queue", "{count} patients in the queue", total)
    left = n("one to come", "{count} to come", waiting) if waiting else t("none to come")
    text = t("{patients}, {left}.", patients=done, left=left)
    if failed:
        said = n("One patient could not be collected.", "{count} patients could not be collected.",
                 failed)  # fmt: skip
        return CardLine(StateKind.WARNING, sentences(text, said), t("See why under Queue."))
    return CardLine(StateKind.GOOD, text)


def report_line(reports: ReportFacts | WorkbenchError, watch: ServiceReport | None) -> CardLine:
    """Return which reports failed and why, or when the next one is made."""
    if isinstance(reports, WorkbenchError):
        return _wrong(t("The reports"), reports)
    if reports.wrong:
        return CardLine(StateKind.PROBLEM, t("A plan of reports cannot be read."),
                        reports.wrong[0].words())  # fmt: skip
    if reports.failed:
        final = any(run.state == FAILED for run in reports.failed)
        names = listed(data(run.name) for run in reports.failed[:NAMES_SHOWN])
        said = n("A report failed: {names}.", "{count} reports failed: {names}.",
                 len(reports.failed), names=names)  # fmt: skip
        todo = capital(reports.failed[0].message.words())
        if not final:
            todo = sentences(todo, t("It is tried again by itself."))
        return CardLine(StateKind.PROBLEM if final else StateKind.WARNING, said, todo)
    if reports.due is None:
        return _with(CardLine(StateKind.GOOD, t("No report is planned.")), watch)
    text = t("The next report is due on {moment} UTC.", moment=moment(reports.due))
    return _with(CardLine(StateKind.GOOD, text), watch)


def _coming(profiles: Sequence[ProfileTally]) -> Words:
    """Return the tests that are due next, with their days."""
    if not profiles:
        return NO_WORDS
    tests = (
        t("{profile} on {day}", profile=data(profile.name), day=day(profile.due))
        for profile in profiles[:NEXT_SHOWN] if profile.due
    )  # fmt: skip
    return t("Next: {tests}.", tests=listed(tests))


def _with(line: CardLine, service: ServiceReport | None) -> CardLine:
    """Return a line that also says that its service has failed for good."""
    if service is None or service.state is not ServiceState.FAILED:
        return line
    said = t("What looks after it by itself does not run: {reason}", reason=service.reason.words())
    return CardLine(StateKind.PROBLEM, line.text, sentences(said, line.todo))


def _wrong(what: Words, error: WorkbenchError) -> CardLine:
    return CardLine(
        StateKind.PROBLEM, t("{what} cannot be read.", what=what), capital(error.words())
    )
