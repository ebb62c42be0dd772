"""Find one small object of the archive by itself, for a test that has it sent.

Nobody has to name a patient: the studies of the last day are asked for, then of longer and longer
times, and no more of them than a test needs.  Where the archive answers no such question, a
patient of the queue is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from pydicom.dataset import Dataset
from pynetdicom.association import Association

from workbench.collect.expected import ExpectedStudy
from workbench.collect.find import (
    FIND_CLASSES,
    PENDING,
    FoundSeries,
    FoundStudy,
    find_images,
    find_series,
    find_studies,
    identifier,
    text,
    texts,
)
from workbench.collect.optional_keys import OPTIONAL
from workbench.collect.patient_list import ListedPatient
from workbench.collect.trial_box import Wanted
from workbench.errors import NetworkError

RECENT_DAYS = (1, 7, 60, 400)  # back from today; what is recent is online and no tape is loaded
MAX_STUDIES = 200  # answers; a busy day of a large hospital has thousands
MAX_TRIED = 5  # studies that are looked into, the smallest first
OBJECTS = 2  # that are looked for
MANY = 10**9  # objects of a study or series that does not say how many it has
SMALL = ("SR", "PR", "KO", "CT", "MR")  # modalities whose objects are small
KEYS = ("PatientID", "StudyInstanceUID", "ModalitiesInStudy", "NumberOfStudyRelatedInstances")


@dataclass(frozen=True)
class Order:
    """A request of one level by its keys, and what it brings."""

    level: str
    keys: Mapping[str, str] = field(repr=False)
    wanted: Wanted = field(repr=False)


@dataclass(frozen=True)
class TrialObject:
    """One object that a test has sent.

    Attributes
    ----------
    study
        As found.
    series
        The smallest of its series, as found.
    instances
        SOP Instance UIDs of the series; empty where the archive does not list them.
    """

    study: FoundStudy
    series: FoundSeries
    instances: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def wanted(self) -> Wanted:
        """What comes, if it comes."""
        unlisted = () if self.instances else (self.series.series_uid,)
        return Wanted(self.instances, frozenset(unlisted))

    @property
    def expected(self) -> ExpectedStudy:
        """The order, as the ways to fetch take it."""
        uid = self.series.series_uid
        return ExpectedStudy(
            self.study, {uid: self.instances}, listed=bool(self.instances), selected=True,
            unlisted={} if self.instances else {uid: self.series.instances},
        )  # fmt: skip

    @property
    def missing(self) -> frozenset[str]:
        """The one object to be fetched; empty for the whole series."""
        return frozenset(sorted(self.instances)[:1])

    @property
    def orders(self) -> Iterator[Order]:
        """Each request that means it, the narrowest first."""
        keys = {
            "PatientID": self.study.patient_id, "StudyInstanceUID": self.study.study_uid,
            "SeriesInstanceUID": self.series.series_uid,
        }  # fmt: skip
        for uid in self.missing:
            yield Order("IMAGE", {**keys, "SOPInstanceUID": uid}, Wanted(self.missing))
        yield Order("SERIES", keys, self.wanted)  # some archives refuse single objects


def trial_objects(
    association: Association,
    today: date,
    queued: Callable[[], list[ListedPatient]] = list,
    seconds: float = 30.0,
) -> list[TrialObject]:
    """Return small objects of recent studies, two at most; none where the archive tells of none.

    The second is for where the first one cannot be had: an archive may list what it has lost.

    Parameters
    ----------
    association
        Over which queries are asked.
    today
        The hospital's day.
    queued
        Returns patients to ask for where studies cannot be asked for by their date.
    seconds
        How long to look.

    Raises ``NetworkError`` when the archive does not answer, or without end.
    """
    until = time.monotonic() + seconds
    for studies in _recent(association, today, queued, until):
        chosen: list[TrialObject] = []
        for study in sorted(studies, key=lambda study: study.instances or MANY)[:MAX_TRIED]:
            chosen += _smallest(association, study)[: OBJECTS - len(chosen)]
            if len(chosen) == OBJECTS:
                break
            _check_time(association, until)
        if chosen:
            return chosen
    return []


def _recent(
    association: Association, today: date, queued: Callable[[], list[ListedPatient]], until: float
) -> Iterator[list[FoundStudy]]:
    last = today.strftime("%Y%m%d")
    begins = [(today - timedelta(days)).strftime("%Y%m%d") for days in RECENT_DAYS]
    for begin in (*begins, ""):
        yield _studies(association, {"StudyDate": f"{begin}-{last}"}, until)
    for patient in queued():
        _check_time(association, until)
        yield list(find_studies(association, patient.patient_id, patient.issuer).found)


def _studies(
    association: Association, narrower: Mapping[str, str], until: float
) -> list[FoundStudy]:
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    keys = dict.fromkeys(KEYS, "") | dict(narrower)
    required = {name: value for name, value in keys.items() if name not in OPTIONAL}
    for root in FIND_CLASSES:
        for tried in (keys, required) if root in accepted else ():
            answers = _some(association, identifier("STUDY", tried, root), root, until)
            studies = [_study(answer) for answer in answers if text(answer, "StudyInstanceUID")]
            if studies:
                return studies
    return []


def _some(association: Association, keys: Dataset, root: str, until: float) -> list[Dataset]:
    """Ask, and call it off when there is enough; an answer that cannot be read is left out."""
    answers: list[Dataset] = []
    for status, answer in association.send_c_find(keys, root):
        if status.get("Status") not in PENDING:
            _check_answered(association, status)
            break
        _check_time(association, until)
        if answer is not None:
            answers.append(answer)
        if len(answers) == MAX_STUDIES:
            if not hasattr(association, "send_c_cancel"):
                break  # on the web the next page is simply not asked for
            association.send_c_cancel(1, query_model=root)
    return answers[:MAX_STUDIES]


def _check_answered(association: Association, status: Dataset) -> None:
    if "Status" not in status:
        raise NetworkError(
            "{pacs} broke off at a query, or fell silent.",
            "Some do so where they do not know who asks: ask its administrator to let "
            "{own} query, and register it. Else try again.",
            pacs=association.acceptor.ae_title.strip(),
            own=association.requestor.ae_title.strip(),
        )


def _check_time(association: Association, until: float) -> None:
    if time.monotonic() > until:
        raise NetworkError(
            "{pacs} took too long to tell of a small study.",
            "Try again when it has less to do.",
            pacs=association.acceptor.ae_title.strip(),
        )


def _study(answer: Dataset) -> FoundStudy:
    count = text(answer, "NumberOfStudyRelatedInstances")
    return FoundStudy(
        text(answer, "StudyInstanceUID"),
        text(answer, "PatientID"),
        modalities=frozenset(texts(answer, "ModalitiesInStudy")),
        instances=int(count) if count.isdecimal() else None,
    )


def _smallest(association: Association, study: FoundStudy) -> list[TrialObject]:
    """Return the smallest series of a study, two at most, with their objects where listed."""
    found = find_series(association, study).found
    ranked = sorted(found, key=lambda series: (series.instances or MANY, _size(series.modality)))
    chosen: list[TrialObject] = []
    for series in ranked[:MAX_TRIED]:
        listed = find_images(association, study, series.series_uid).found
        if listed or series.instances != 0:
            chosen.append(TrialObject(study, series, frozenset(listed)))
        if len(chosen) == OBJECTS:
            break
    return chosen


def _size(modality: str) -> int:
    return SMALL.index(modality) if modality in SMALL else len(SMALL)
