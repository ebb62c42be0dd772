"""Collect one patient: ask, compare, order, wait, judge.

A patient is complete when everything the PACS listed has arrived here; what the PACS counts
while it sends is not believed.  A second run over a complete patient moves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from workbench.collect.expected import Expected, ExpectedStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.patient_queue import Counts, PatientState
from workbench.collect.retrieval import UNKNOWN_DESTINATION, RetrieveOutcome, Source
from workbench.model import Verdict

POLL_INTERVAL_S = 0.1

# Cases for a person, not for a guess and not for another try.
DOUBTS = {
    "birth_date_differs": "The PACS tells another birth date than the list.",
    "several_patients": "The PACS has patients of several issuers under this ID.",
    "found_twice": "The PACS has one of the studies under two patients.",
    "id_differs": "The PACS has this patient under an ID written otherwise, or does not tell whose "
    "studies it has.",
}

# What a person should look at too, though it is clear what was asked for.
CAUTIONS = {
    "several_births": "The PACS tells several birth dates for this ID.",
    "similar_ids": "The PACS has other patients whose IDs are written almost like this one.",
}


class Holdings(Protocol):
    """What is here already, by the UIDs that the PACS uses; asked while objects arrive."""

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of SOP Instance UIDs: stored, or why not; absent: never came."""

    def stored_in(self, uid: str) -> int:
        """Return how many objects of a series or study are stored."""


@dataclass(frozen=True)
class Watch:
    """Who is told how a patient's collection goes, and may end it.

    Attributes
    ----------
    found
        Is given what the PACS listed, and its seconds.
    reached
        Is given each state with the counts so far.
    requested
        Is given what the PACS said to a retrieve request, and its seconds.
    stopped
        Says whether to stop now, in the middle of the patient.
    """

    found: Callable[[Expected, float], None] = lambda *_: None
    reached: Callable[[PatientState, Counts], None] = lambda *_: None
    requested: Callable[[RetrieveOutcome, float], None] = lambda *_: None
    stopped: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Patience:
    """How long to wait for objects, and how many studies to fetch at once.

    Attributes
    ----------
    quiet_seconds
        A study is given up when nothing has arrived for so long after the PACS said it sent.
    associations
        Studies that are fetched at the same time.
    """

    quiet_seconds: float = 30.0
    associations: int = 1


@dataclass(frozen=True)
class PatientResult:
    """What became of one patient; holds no identity.

    Attributes
    ----------
    state
        Complete, incomplete, not found or failed.
    counts
        Of studies and objects.
    reason
        Why it is not complete, for a person; empty when it is.
    hopeless
        Whether another try can bring nothing: a person must look.
    moves
        Retrieve requests made.
    """

    state: PatientState
    counts: Counts = field(default_factory=Counts)
    reason: str = ""
    hopeless: bool = False
    moves: int = 0


class Stopped(Exception):  # noqa: N818  nothing is wrong
    """The collection was stopped in the middle of a patient."""


@dataclass
class _PatientWork:
    """What one patient's collection has done so far."""

    source: Source
    holdings: Holdings
    patience: Patience
    watch: Watch
    expected: Expected
    already: frozenset[str] = frozenset()
    outcomes: list[RetrieveOutcome] = field(default_factory=list)

    def counts(self) -> Counts:
        """Return the counts as they are now, from what is here."""
        wanted = self.expected.instances
        fates = self.holdings.fates(wanted)
        return Counts(
            studies=len(self.expected.studies),
            expected=len(wanted),
            already=len(self.already),
            received=len(fates) - len(self.already),
            refused=sum(fate != Verdict.STORED for fate in fates.values()),
        )


def collect_patient(
    patient: ListedPatient,
    source: Source,
    holdings: Holdings,
    patience: Patience | None = None,
    watch: Watch | None = None,
) -> PatientResult:
    """Fetch what is missing of one patient and judge what is here then.

    Raises
    ------
    NetworkError
        The peer does not answer.
    Stopped
        ``watch.stopped`` said so; what has arrived is kept.
    """
    watch = watch or Watch()
    watch.reached(PatientState.ASKED, Counts())
    begun = time.monotonic()
    expected = source.expect(patient)
    watch.found(expected, time.monotonic() - begun)
    doubts = [DOUBTS[code] for code in expected.doubts if code in DOUBTS]
    if doubts:
        return PatientResult(PatientState.FAILED, Counts(), " ".join(doubts), hopeless=True)
    if not expected.found:
        return _not_found(expected)
    work = _PatientWork(source, holdings, patience or Patience(), watch, expected)
    work.already = frozenset(holdings.fates(expected.instances))
    watch.reached(PatientState.FOUND, work.counts())
    _fetch_all(work)
    result = _judged(work)
    cautions = [CAUTIONS[code] for code in expected.doubts if code in CAUTIONS]
    return replace(result, reason=" ".join([result.reason, *cautions]).strip())


def _not_found(expected: Expected) -> PatientResult:
    if expected.status:
        reason = f"The PACS refused the query (status 0x{expected.status:04X})."
        return PatientResult(PatientState.FAILED, reason=reason)
    return PatientResult(
        PatientState.NOT_FOUND, reason="The PACS has no study of this patient.", hopeless=True
    )


def _fetch_all(work: _PatientWork) -> None:
    wanting = [study for study in work.expected.studies if _lacks(study, work)]
    if not wanting:
        return
    work.watch.reached(PatientState.MOVING, work.counts())
    if work.patience.associations <= 1:
        for study in wanting:
            _fetch(study, work)
        return
    with ThreadPoolExecutor(work.patience.associations) as several:
        for fetched in [several.submit(_fetch, study, work) for study in wanting]:
            fetched.result()


def _lacks(study: ExpectedStudy, work: _PatientWork) -> bool:
    return bool(study.instances - work.already) or bool(_uncounted(study, work.holdings))


def _uncounted(study: ExpectedStudy, holdings: Holdings) -> bool:
    """Whether series without a list of objects are not here in the number the PACS told."""
    return any(
        count is None or holdings.stored_in(uid) < count for uid, count in study.unlisted.items()
    ) or (not study.listed and not study.unlisted)


def _fetch(study: ExpectedStudy, work: _PatientWork) -> None:
    if work.watch.stopped():
        raise Stopped
    if any(outcome.status == UNKNOWN_DESTINATION for outcome in work.outcomes):
        return  # it would say so of every study
    missing = study.instances - work.already
    begun = time.monotonic()
    outcomes = work.source.fetch(study, missing)
    seconds = time.monotonic() - begun
    for outcome in outcomes:
        work.watch.requested(outcome, seconds / len(outcomes))
    work.outcomes += outcomes
    _await(study, missing, work)


def _await(study: ExpectedStudy, missing: frozenset[str], work: _PatientWork) -> None:
    """Wait until nothing is missing, or nothing new has arrived for ``quiet_seconds``."""
    news, before = time.monotonic(), -1
    while time.monotonic() - news < work.patience.quiet_seconds:
        missing -= work.holdings.fates(missing).keys()
        stored = sum(work.holdings.stored_in(uid) for uid in study.unlisted)
        if not missing and not _uncounted(study, work.holdings):
            return
        if len(missing) - stored != before:
            news, before = time.monotonic(), len(missing) - stored
            work.watch.reached(PatientState.MOVING, work.counts())
        if work.watch.stopped():
            raise Stopped
        time.sleep(POLL_INTERVAL_S)


def _judged(work: _PatientWork) -> PatientResult:
    counts = work.counts()
    moves = len(work.outcomes)
    missing = counts.expected - counts.already - counts.received
    statuses = ", ".join(sorted({outcome.said for outcome in work.outcomes})) or "nothing"
    if any(outcome.status == UNKNOWN_DESTINATION for outcome in work.outcomes):
        reason = (
            "The PACS cannot send to us. Ask its administrator to register our AE title with our "
            "address and port, and check that we listen."
        )
        return PatientResult(PatientState.FAILED, counts, reason, moves=moves)
    if missing:
        reason = f"{missing} objects did not arrive; the PACS said {statuses}."
        return PatientResult(PatientState.INCOMPLETE, counts, reason, moves=moves)
    if not work.expected.studies:
        reason = f"The filter wants none of its {len(work.expected.offered)} studies."
        return PatientResult(PatientState.COMPLETE, counts, reason)
    uncounted = any(_uncounted(study, work.holdings) for study in work.expected.studies)
    if uncounted or "cut_answer" in work.expected.notes:
        reason = "The PACS does not list all its objects, so completeness cannot be judged."
        return PatientResult(PatientState.INCOMPLETE, counts, reason, hopeless=True, moves=moves)
    return PatientResult(PatientState.COMPLETE, counts, moves=moves)
