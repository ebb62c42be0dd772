"""Collect a list of patients: ask, compare, order, wait, judge.

A patient is complete when everything the PACS listed has arrived here; what the PACS counts
while it sends is not believed.  A second run over a complete patient moves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from workbench.collect.expected import Expected, ExpectedStudy, expect
from workbench.collect.network import Peer, Timeouts, associate
from workbench.collect.patient_list import ListedPatient, read_patient_list
from workbench.collect.query import FIND_CLASSES
from workbench.collect.retrieve import MOVE_CLASSES, UNKNOWN_DESTINATION, MoveOutcome, move
from workbench.errors import NetworkError
from workbench.model import ApplicationEntity, Finding

__all__ = [
    "CollectPlan", "ListedPatient", "PatientProgress", "PatientState", "collect_patients",
    "read_patient_list",
]  # fmt: skip

POLL_SECONDS = 0.1

Stored = Callable[[Iterable[str]], set[str]]


class PatientState(StrEnum):
    """How far the collection of one patient came."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_FOUND = "not found"
    FAILED = "failed"


@dataclass(frozen=True)
class CollectPlan:
    """From where to where, and how.

    Attributes
    ----------
    local_title
        AE title of our receiver, as the PACS knows it: it asks, and it is where things go.
    pacs
        The PACS.
    modalities
        Only studies and series of these; empty for all.
    pause_seconds
        Rest between two patients, for the sake of the PACS.
    quiet_seconds
        A study is given up when nothing has arrived for so long after the PACS said it sent.
    timeouts
        How long to wait for answers.
    """

    local_title: str
    pacs: ApplicationEntity
    modalities: frozenset[str] = frozenset()
    pause_seconds: float = 0.0
    quiet_seconds: float = 30.0
    timeouts: Timeouts = field(default_factory=Timeouts)

    @property
    def peer(self) -> Peer:
        """Who asks whom."""
        return Peer(self.local_title, self.pacs, self.timeouts)


@dataclass(frozen=True)
class PatientProgress:
    """What became of one patient of the list; holds no identity.

    Attributes
    ----------
    position, total
        Which of how many in the list, from 1.
    state
        Complete, incomplete, not found or failed.
    studies
        Studies that the PACS has and that are wanted.
    expected, already, received
        Objects the PACS listed; those here before; those that arrived now.
    moves
        Retrieve requests sent.
    reason
        Why it is not complete, for a person; empty when it is.
    findings
        Oddities of the PACS; ``object_number`` is the position.
    """

    position: int
    total: int
    state: PatientState
    studies: int = 0
    expected: int = 0
    already: int = 0
    received: int = 0
    moves: int = 0
    reason: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass
class _Work:
    """What one patient's collection has done so far."""

    plan: CollectPlan
    stored: Stored
    expected: Expected | None = None
    already: frozenset[str] = frozenset()
    outcomes: list[MoveOutcome] = field(default_factory=list)


def collect_patients(
    patients: Iterable[ListedPatient], plan: CollectPlan, stored: Stored
) -> Iterator[PatientProgress]:
    """Collect patients one after the other, and yield what became of each.

    Parameters
    ----------
    patients
        Whom to ask for; ``read_patient_list`` makes them.
    plan
        From where to where.
    stored
        Is given SOP Instance UIDs as the PACS knows them and returns those whose fate is decided
        here (kept, or put aside with a reason), so that they need not be sent again.  It is
        called often while the receiver takes objects in another thread, and only reads.
    """
    listed = tuple(patients)
    for position, patient in enumerate(listed, 1):
        if position > 1:
            time.sleep(plan.pause_seconds)
        work = _Work(plan, stored)
        try:
            failure = _collect(patient, work)
        except NetworkError as error:
            failure = str(error)
        yield _judged(work, position, len(listed), failure)


def _collect(patient: ListedPatient, work: _Work) -> str:
    """Fetch what is missing of a patient; return what went wrong as a whole, if anything."""
    plan = work.plan
    with associate(plan.peer, FIND_CLASSES, plan.timeouts.answer) as association:
        work.expected = expect(association, patient, plan.modalities)
    if not work.expected.found and work.expected.status:
        return f"{plan.pacs.title} refused the query (status 0x{work.expected.status:04X})."
    work.already = frozenset(work.stored(work.expected.instances))
    for study in work.expected.studies:
        _fetch(study, work)
        if work.outcomes and work.outcomes[-1].status == UNKNOWN_DESTINATION:
            return (
                f"{plan.pacs.title} cannot send to {plan.local_title}. Ask its administrator to "
                "register this AE title with our address and port, and check that we listen."
            )
    return ""


def _fetch(study: ExpectedStudy, work: _Work) -> None:
    missing = study.instances - work.already
    if study.listed and not missing:
        return
    plan = work.plan
    for level, keys in _requests(study, missing):
        with associate(plan.peer, MOVE_CLASSES, plan.timeouts.retrieve) as association:
            work.outcomes.append(move(association, plan.local_title, level, keys))
    _await(missing, work)
    if not study.listed:  # what arrives cannot be told from the rest: only give it time
        time.sleep(plan.quiet_seconds)


def _requests(study: ExpectedStudy, missing: frozenset[str]) -> list[tuple[str, dict[str, str]]]:
    """Return level and keys of the fewest requests: the study, or the series that lack objects."""
    keys = {"PatientID": study.study.patient_id, "StudyInstanceUID": study.study.study_uid}
    wanting = [uid for uid, images in study.series.items() if not images or images & missing]
    if not study.selected and (not wanting or len(wanting) == len(study.series)):
        return [("STUDY", keys)]
    return [("SERIES", {**keys, "SeriesInstanceUID": uid}) for uid in wanting]


def _await(missing: frozenset[str], work: _Work) -> None:
    """Wait until nothing is missing, or nothing new has arrived for ``quiet_seconds``."""
    news = time.monotonic()
    while missing and time.monotonic() - news < work.plan.quiet_seconds:
        arrived = work.stored(missing)
        if arrived:
            missing -= arrived
            news = time.monotonic()
        else:
            time.sleep(POLL_SECONDS)


def _judged(work: _Work, position: int, total: int, failure: str) -> PatientProgress:
    expected = work.expected
    if expected is None:
        return PatientProgress(position, total, PatientState.FAILED, reason=failure)
    wanted = expected.instances
    have = frozenset(work.stored(wanted))
    state, reason = _verdict(work, expected, len(wanted - have), failure)
    return PatientProgress(
        position,
        total,
        state,
        studies=len(expected.studies),
        expected=len(wanted),
        already=len(work.already),
        received=len(have - work.already),
        moves=len(work.outcomes),
        reason=reason,
        findings=expected.findings(position),
    )


def _verdict(
    work: _Work, expected: Expected, missing: int, failure: str
) -> tuple[PatientState, str]:
    if failure:
        return PatientState.FAILED, failure
    if not expected.found:
        return PatientState.NOT_FOUND, "The PACS has no study of this patient."
    if missing:
        said = sorted({_said(outcome) for outcome in work.outcomes})
        reason = f"{missing} objects did not arrive; the PACS said {', '.join(said)}."
        return PatientState.INCOMPLETE, reason
    if not expected.listed:
        reason = "The PACS does not list all its objects, so completeness cannot be judged."
        return PatientState.INCOMPLETE, reason
    return PatientState.COMPLETE, ""


def _said(outcome: MoveOutcome) -> str:
    return "nothing" if outcome.status is None else f"0x{outcome.status:04X}"
