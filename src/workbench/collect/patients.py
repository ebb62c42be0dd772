"""Collect one patient: ask, compare, order, wait, judge.

A patient is complete when everything the PACS listed has arrived here; what the PACS counts
while it sends is not believed.  A second run over a complete patient moves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from workbench.collect.expected import Expected, ExpectedStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patient_result import PatientResult, judged
from workbench.collect.queue.patient_queue import Counts, PatientState
from workbench.collect.retrieval import UNKNOWN_DESTINATION, RetrieveOutcome, Source
from workbench.collect.study_arrivals import (
    Holdings,
    decided_in,
    is_malformed,
    lacks_unlisted,
    number_of,
)
from workbench.collect.time_limits import STOP_QUIET_S, GivenUp
from workbench.errors import NetworkError
from workbench.language import Saying, mark
from workbench.model import Verdict

POLL_INTERVAL_S = 0.1
MAX_STALLED = 2  # studies that brought nothing and had to be given up, before the rest is left

# Cases for a person, not for a guess and not for another try.
DOUBTS = {
    "birth_date_differs": mark("The PACS tells another birth date than the list."),
    "several_patients": mark("The PACS has patients of several issuers under this ID."),
    "found_twice": mark("The PACS has one of the studies under two patients."),
    "id_differs": mark(
        "The PACS has this patient under an ID written otherwise, or does not tell whose "
        "studies it has."
    ),
}

# What a person should look at too, though it is clear what was asked for.
CAUTIONS = {
    "several_births": mark("The PACS tells several birth dates for this ID."),
    "similar_ids": mark("The PACS has other patients whose IDs are written almost like this one."),
    "malformed_uid": mark("The PACS names a study or series by a malformed UID."),
}


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
    stopping
        Says whether to stop as soon as nothing comes any more.
    caution
        Says at the end what else a person should know of what is here; ``None`` for nothing.
    """

    found: Callable[[Expected, float], None] = lambda *_: None
    reached: Callable[[PatientState, Counts], None] = lambda *_: None
    requested: Callable[[RetrieveOutcome, float], None] = lambda *_: None
    stopped: Callable[[], bool] = lambda: False
    stopping: Callable[[], bool] = lambda: False
    caution: Callable[[Expected], Saying | None] = lambda _: None


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
    before: dict[str, int] = field(default_factory=dict)
    """Objects that were here, by UID, of studies whose objects the PACS does not all name."""
    outcomes: list[RetrieveOutcome] = field(default_factory=list)
    stalled: int = 0
    aside: int = 0

    def begin(self) -> None:
        """Take note of what is here before anything is asked for."""
        fates = self.holdings.fates(self.expected.instances)
        self.already = frozenset(fates)
        self.aside = self.holdings.aside()
        self.before = {
            study.study.study_uid: decided_in(study, self.holdings, fates)
            for study in self.expected.studies
            if not study.listed
        }

    def counts(self) -> Counts:
        """Return the counts as they are now, from what is here."""
        fates = self.holdings.fates(self.expected.instances)
        already = received = 0
        for study in self.expected.studies:
            here = len(study.instances & fates.keys())
            were = len(study.instances & self.already)
            uid = study.study.study_uid
            if uid in self.before:
                here = max(here, decided_in(study, self.holdings, fates))
                were = max(were, self.before[uid])
            already += were
            received += max(here - were, 0)
        refused = sum(fate != Verdict.STORED for fate in fates.values())
        if self.before:  # nobody can say of which study those are that were put aside
            came = sum(fates[uid] != Verdict.STORED for uid in fates.keys() - self.already)
            unnamed = max(self.holdings.aside() - self.aside - came, 0)
            received, refused = received + unnamed, refused + unnamed
        return Counts(
            studies=len(self.expected.studies),
            expected=sum(map(number_of, self.expected.studies)),
            already=already,
            received=received,
            refused=refused,
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
    expected = _asked(patient, source, watch)
    watch.found(expected, time.monotonic() - begun)
    doubts = [Saying(DOUBTS[code]) for code in expected.doubts if code in DOUBTS]
    if doubts:
        return PatientResult(PatientState.FAILED, Counts(), Saying.joined(*doubts), hopeless=True)
    if not expected.found:
        return _not_found(expected)
    work = _PatientWork(source, holdings, patience or Patience(), watch, expected)
    work.begin()
    watch.reached(PatientState.FOUND, work.counts())
    _fetch_all(work)
    result = judged(expected, work.counts(), work.outcomes, holdings)
    codes = [
        *expected.doubts,
        *(["malformed_uid"] if any(map(is_malformed, expected.studies)) else []),
    ]
    cautions = [Saying(CAUTIONS[code]) for code in codes if code in CAUTIONS]
    said = [result.why, *cautions, watch.caution(expected)]
    return replace(result, why=Saying.joined(*said))


def _asked(patient: ListedPatient, source: Source, watch: Watch) -> Expected:
    try:
        return source.expect(patient)
    except NetworkError:
        if watch.stopped() or watch.stopping():
            raise Stopped from None  # we ended it
        raise


def _not_found(expected: Expected) -> PatientResult:
    if expected.status:
        status = f"0x{expected.status:04X}"
        why = Saying("The PACS refused the query (status {status}).", status=status)
        return PatientResult(PatientState.FAILED, why=why)
    return PatientResult(
        PatientState.NOT_FOUND, why=Saying("The PACS has no study of this patient."), hopeless=True
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
    return bool(study.instances - work.already) or lacks_unlisted(study, work.holdings)


def _fetch(study: ExpectedStudy, work: _PatientWork) -> None:
    if work.watch.stopped():
        raise Stopped
    if any(outcome.status == UNKNOWN_DESTINATION for outcome in work.outcomes):
        return  # it would say so of every study
    if work.stalled >= MAX_STALLED:
        return
    missing = study.instances - work.already
    begun, before = time.monotonic(), work.counts().received
    outcomes = work.source.fetch(study, missing)
    seconds = time.monotonic() - begun
    for outcome in outcomes:
        work.watch.requested(outcome, seconds / len(outcomes))
    work.outcomes += outcomes
    if any(outcome.given_up is GivenUp.STOPPED for outcome in outcomes):
        raise Stopped
    if any(outcome.given_up for outcome in outcomes):
        # nothing is on its way any more, so nothing is waited for
        work.stalled = 0 if work.counts().received > before else work.stalled + 1
        return
    work.stalled = 0
    _await(study, missing, work)


def _await(study: ExpectedStudy, missing: frozenset[str], work: _PatientWork) -> None:
    """Wait until nothing is missing, or nothing new has arrived for ``quiet_seconds``.

    Where a person wants an end, for a few seconds only; the patient is then taken up again.
    """
    news, before = time.monotonic(), -1
    while time.monotonic() - news < work.patience.quiet_seconds:
        missing -= work.holdings.fates(missing).keys()
        stored = sum(
            work.holdings.stored_in(uid) for uid in (*study.unlisted, study.study.study_uid)
        )
        if not missing and not lacks_unlisted(study, work.holdings):
            return
        if len(missing) - stored != before:
            news, before = time.monotonic(), len(missing) - stored
            work.watch.reached(PatientState.MOVING, work.counts())
        quiet = time.monotonic() - news > STOP_QUIET_S
        if work.watch.stopped() or (quiet and work.watch.stopping()):
            raise Stopped
        time.sleep(POLL_INTERVAL_S)
