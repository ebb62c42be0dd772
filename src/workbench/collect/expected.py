"""What a PACS says it has of a patient, as the list of objects that ought to arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pynetdicom.association import Association

from workbench.collect.filters import SurveyFilter
from workbench.collect.find import (
    Answers,
    FoundSeries,
    FoundStudy,
    find_images,
)
from workbench.collect.limits import find_every_series, find_every_study, may_be_cut
from workbench.collect.optional_keys import OUT_OF_RESOURCES, SUCCESS
from workbench.collect.patient_ids import is_alike
from workbench.collect.patient_list import ListedPatient
from workbench.collect.received import is_uid
from workbench.language import mark
from workbench.model import Finding

T = TypeVar("T")

TRIES_A_LEVEL = 2  # a level that is refused so often is not asked for again
DETAILS = {
    "duplicate_answer": "the PACS answered the same object more than once",
    "foreign_answer": "the PACS answered for another patient, study or series than asked",
    "unusable_answer": "an answer of the PACS could not be used",
    "cut_answer": "the PACS ended a query with an error or at a limit",
    "not_listed": "the PACS does not list the objects of a study",
    "mixed_answer": "the PACS lists the same object in several series of a study",
    "count_differs": "the PACS lists another number of objects than it counts",
    "key_left_out": "the PACS answers only where optional keys are left out",
    "malformed_uid": "the PACS names a study or series by a malformed UID",
}
# The same, told of the first patient.
FIRST = {
    "duplicate_answer": mark(
        "Patient {number} of the queue is the first where the PACS answered the same object more "
        "than once."
    ),
    "foreign_answer": mark(
        "Patient {number} of the queue is the first where the PACS answered for another patient, "
        "study or series than asked."
    ),
    "unusable_answer": mark(
        "Patient {number} of the queue is the first where an answer of the PACS could not be used."
    ),
    "cut_answer": mark(
        "Patient {number} of the queue is the first where the PACS ended a query with an error or "
        "at a limit."
    ),
    "not_listed": mark(
        "Patient {number} of the queue is the first where the PACS does not list the objects of a "
        "study."
    ),
    "mixed_answer": mark(
        "Patient {number} of the queue is the first where the PACS lists the same object in "
        "several series of a study."
    ),
    "count_differs": mark(
        "Patient {number} of the queue is the first where the PACS lists another number of objects "
        "than it counts."
    ),
    "key_left_out": mark(
        "Patient {number} of the queue is the first where the PACS answers only where optional "
        "keys are left out."
    ),
    "malformed_uid": mark(
        "Patient {number} of the queue is the first where the PACS names a study or series by a "
        "malformed UID."
    ),
}


@dataclass(frozen=True)
class OfferedSeries:
    """A series as the PACS offers it.

    Attributes
    ----------
    series_uid, modality
        As told.
    told
        Number of its objects as the PACS counts them; ``None`` when it does not say.
    instances
        SOP Instance UIDs that it listed.
    listed
        Whether it listed them all.
    unwanted
        Which part of the filter leaves the series out; empty when it is wanted.
    """

    series_uid: str = field(repr=False)
    modality: str = ""
    told: int | None = None
    instances: frozenset[str] = field(default=frozenset(), repr=False)
    listed: bool = False
    unwanted: str = ""


@dataclass(frozen=True)
class OfferedStudy:
    """A study as the PACS offers it.

    Attributes
    ----------
    found
        As told.
    series
        Its series, wanted or not; empty where the study is not wanted or has none listed.
    listed
        Whether all objects of all its wanted series are listed.
    unwanted
        Which part of the filter leaves the study out; empty when it is wanted.
    cut
        Whether it has series that are not listed.
    """

    found: FoundStudy
    series: tuple[OfferedSeries, ...] = ()
    listed: bool = False
    unwanted: str = ""
    cut: bool = False


@dataclass(frozen=True)
class ExpectedStudy:
    """What ought to arrive of one study.

    Attributes
    ----------
    study
        As found.
    series
        SOP Instance UIDs by Series Instance UID, of the series that are wanted.
    listed
        Whether the PACS named every object; otherwise completeness cannot be judged by names.
    selected
        Whether series were left out because of the filter.
    unlisted
        Number of objects told, by UID, of wanted series whose objects the PACS did not name; of
        the study itself, where it named no series or not all of them.
    told
        Number of objects of the wanted series by the study's own count; ``None`` when the PACS
        does not say.
    """

    study: FoundStudy
    series: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    listed: bool = False
    selected: bool = False
    unlisted: Mapping[str, int | None] = field(default_factory=dict, repr=False)
    told: int | None = None

    @property
    def instances(self) -> frozenset[str]:
        """All SOP Instance UIDs expected."""
        return frozenset().union(*self.series.values())


@dataclass(frozen=True)
class Expected:
    """What ought to arrive of one patient.

    Attributes
    ----------
    found
        Whether the PACS has any study of the patient, wanted or not.
    status
        Final DICOM status of the study query.
    studies
        The wanted ones.
    notes
        How often the PACS did what ``DETAILS`` describes.
    offered
        All studies, wanted or not, as the PACS told of them.
    doubts
        Codes of what a person must look at: see ``doubts``.
    answers
        The answers as they came, by level, in the DICOM JSON model.
    """

    found: bool
    status: int
    studies: tuple[ExpectedStudy, ...]
    notes: Mapping[str, int]
    offered: tuple[OfferedStudy, ...] = ()
    doubts: tuple[str, ...] = ()
    answers: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict, repr=False)

    @property
    def listed(self) -> bool:
        """Whether completeness can be judged by the names of all objects."""
        return "cut_answer" not in self.notes and all(study.listed for study in self.studies)

    @property
    def instances(self) -> frozenset[str]:
        """All SOP Instance UIDs expected."""
        return frozenset().union(*(study.instances for study in self.studies))

    def findings(self, position: int) -> tuple[Finding, ...]:
        """Return the notes as findings about the patient at ``position`` in the list."""
        return tuple(
            Finding("collect", code, f"{DETAILS[code]} ({count} times)", object_number=position)
            for code, count in sorted(self.notes.items())
        )


def expect(association: Association, patient: ListedPatient, wanted: SurveyFilter) -> Expected:
    """Ask a PACS what it has of a patient, down to the objects.

    What the PACS does not tell of a study or series is taken for wanted.  Raises
    ``NetworkError`` when the PACS does not answer.
    """
    return _Asking(association, patient, wanted).expected()


@dataclass
class _Asking:
    """One patient's query, from the studies down to the objects."""

    association: Association
    patient: ListedPatient
    wanted: SurveyFilter
    notes: Counter[str] = field(default_factory=Counter)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def expected(self) -> Expected:
        patient = self.patient
        keys = self.wanted.study_keys(patient)
        answers = find_every_study(self.association, patient.patient_id, patient.issuer, keys)
        self._note("STUDY", answers)
        offered = tuple(self._study(study) for study in answers.found)
        return expected_of(
            offered, self.notes, status=answers.status, answers=self.answers,
            doubts=doubts(patient, answers),
        )  # fmt: skip

    def _study(self, study: FoundStudy) -> OfferedStudy:
        unwanted = self.wanted.unwanted_study(study, self.patient)
        if unwanted:
            return OfferedStudy(study, unwanted=unwanted)
        if self.refused["SERIES"] >= TRIES_A_LEVEL:
            return OfferedStudy(study)
        answers = find_every_series(self.association, study, self.wanted.modalities)
        self._note("SERIES", answers)
        series = self._unmixed([self._series(study, answer) for answer in answers.found])
        cut = bool(series) and not answers.whole
        listed = bool(series) and not cut and all(offered.listed for offered in series)
        return OfferedStudy(study, series, listed, cut=cut)

    def _series(self, study: FoundStudy, series: FoundSeries) -> OfferedSeries:
        unwanted = self.wanted.unwanted_series(series)
        count = series.instances
        self.notes["malformed_uid"] += not is_uid(series.series_uid)
        if unwanted:  # nothing of it is expected: all of that is known
            return OfferedSeries(
                series.series_uid, series.modality, count, listed=True, unwanted=unwanted
            )
        if self.refused["IMAGE"] >= TRIES_A_LEVEL:
            return OfferedSeries(series.series_uid, series.modality, count)
        images = find_images(self.association, study, series.series_uid)
        self._note("IMAGE", images)
        uids = frozenset(images.found)
        whole = images.whole and bool(uids)
        if uids and count not in (None, len(uids)):
            self.notes["count_differs"] += 1
        if count and len(uids) < count and may_be_cut(images.status, images.number):
            self.notes["cut_answer"] += int(images.whole)  # else it is noted already
            whole = False
        return OfferedSeries(series.series_uid, series.modality, count, uids, whole)

    def _unmixed(self, series: list[OfferedSeries]) -> tuple[OfferedSeries, ...]:
        """Take back what is listed when the PACS lists an object in several series."""
        times = Counter(uid for offered in series for uid in offered.instances)
        if max(times.values(), default=1) == 1:
            return tuple(series)
        self.notes["mixed_answer"] += 1
        mixed = {uid for uid, number in times.items() if number > 1}
        return tuple(
            replace(offered, instances=offered.instances - mixed, listed=False)
            if offered.instances & mixed
            else offered
            for offered in series
        )

    def _note(self, level: str, answers: Answers[T]) -> None:
        self.answers.setdefault(level, []).extend(answers.as_came)
        self.refused[level] += not answers.found and answers.status not in (
            SUCCESS, OUT_OF_RESOURCES
        )  # fmt: skip
        counts = {
            "duplicate_answer": answers.duplicates,
            "foreign_answer": answers.foreign,
            "unusable_answer": answers.unusable,
            "cut_answer": int(bool(answers.found) and not answers.whole),
            "key_left_out": int(bool(answers.left_out)),
        }
        self.notes.update({code: count for code, count in counts.items() if count})


def expected_of(
    offered: tuple[OfferedStudy, ...],
    notes: Counter[str],
    *,
    status: int = SUCCESS,
    answers: Mapping[str, list[dict[str, Any]]] | None = None,
    doubts: tuple[str, ...] = (),
) -> Expected:
    """Return what ought to arrive of what is offered, however it was asked for."""
    wanted = [study for study in offered if not study.unwanted]
    notes["not_listed"] += sum(not study.listed for study in wanted)
    studies = tuple(_expected_study(study) for study in wanted)
    # A study whose series are all unwanted has nothing to fetch.
    studies = tuple(study for study in studies if study.series or not study.listed)
    return Expected(bool(offered), status, studies, +notes, offered, doubts, answers or {})


def _expected_study(study: OfferedStudy) -> ExpectedStudy:
    series = [offered for offered in study.series if not offered.unwanted]
    left_out = len(series) < len(study.series)
    unlisted = {
        offered.series_uid: offered.told for offered in series if study.cut or not offered.listed
    }
    if study.cut or (not study.series and not study.listed):  # it can be fetched as a whole only
        count = None if left_out else study.found.instances
        unlisted[study.found.study_uid] = count
    return ExpectedStudy(
        study.found,
        {offered.series_uid: offered.instances for offered in series},
        study.listed,
        left_out and not study.cut,
        unlisted,
        _told(study),
    )


def _told(study: OfferedStudy) -> int | None:
    """Return the study's own count without the series that are left out, where that is known."""
    left_out = [offered.told for offered in study.series if offered.unwanted]
    counts = [count for count in left_out if count is not None]
    if study.found.instances is None or len(counts) < len(left_out):
        return None
    return max(study.found.instances - sum(counts), 0)


def doubts(patient: ListedPatient, answers: Answers[FoundStudy]) -> tuple[str, ...]:
    """Return the codes of what a person must look at, by what the PACS answered.

    ``birth_date_differs``: it tells another birth date than the list.  ``several_patients``: its
    studies have several issuers, and the list names none.  ``several_births``: they have several
    birth dates, and the list names none.  ``similar_ids``: it also has IDs that differ in letter
    case, blanks or leading zeros only.  ``found_twice``: it has one study under two patients.
    ``id_differs``: it has studies under such an ID only, or does not tell whose they are.
    """
    studies, uids = answers.found, {study.study_uid for study in answers.found}
    births = {study.birth_date for study in (*studies, *answers.repeats)} - {None}
    issuers = {study.issuer for study in (*studies, *answers.repeats)} - {""}
    strays = [study for study in answers.strays if study.study_uid not in uids]
    alike = any(  # the same ID of another issuer is another patient, and none of ours
        stray.patient_id != patient.patient_id and is_alike(stray.patient_id, patient.patient_id)
        for stray in strays
    )
    twice = any(stray.study_uid in uids for stray in answers.strays) or any(
        repeat.issuer != study.issuer for repeat in answers.repeats for study in studies
        if repeat.study_uid == study.study_uid
    )  # fmt: skip
    nameless = any(not stray.patient_id for stray in strays)
    judged = {
        "birth_date_differs": bool(patient.birth_date and births - {patient.birth_date}),
        "several_patients": not patient.issuer and len(issuers) > 1,
        "several_births": not patient.birth_date and len(births) > 1,
        "similar_ids": bool(studies and alike),
        "found_twice": twice,
        "id_differs": not studies and (alike or nameless),
    }
    return tuple(code for code, is_so in judged.items() if is_so)
