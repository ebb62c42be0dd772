"""What a PACS says it has of a patient, as the list of objects that ought to arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pynetdicom.association import Association

from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.query import (
    Answers,
    FoundSeries,
    FoundStudy,
    find_images,
    find_series,
    find_studies,
)
from workbench.model import Finding

T = TypeVar("T")

DETAILS = {
    "duplicate_answer": "the PACS answered the same object more than once",
    "foreign_answer": "the PACS answered for another patient, study or series than asked",
    "unusable_answer": "an answer of the PACS could not be used",
    "cut_answer": "the PACS ended a query with an error or at a limit",
    "not_listed": "the PACS does not list the objects of a study",
    "count_differs": "the PACS lists another number of objects than it counts",
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
    """A study as the PACS offers it; ``unwanted`` as for a series."""

    found: FoundStudy
    series: tuple[OfferedSeries, ...] = ()
    listed: bool = False
    unwanted: str = ""


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
        the study itself, where it named no series.
    """

    study: FoundStudy
    series: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    listed: bool = False
    selected: bool = False
    unlisted: Mapping[str, int | None] = field(default_factory=dict, repr=False)

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
        Codes of what a person must look at before anything is fetched.
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
        return "cut_answer" not in self.notes and all(one.listed for one in self.studies)

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

    def expected(self) -> Expected:
        patient = self.patient
        keys = self.wanted.study_keys(patient)
        answers = find_studies(self.association, patient.patient_id, patient.issuer, keys)
        self._note("STUDY", answers)
        offered = tuple(self._study(study) for study in answers.found)
        return expected_of(
            patient, offered, self.notes, status=answers.status, answers=self.answers
        )

    def _study(self, study: FoundStudy) -> OfferedStudy:
        unwanted = self.wanted.unwanted_study(study, self.patient)
        if unwanted:
            return OfferedStudy(study, unwanted=unwanted)
        answers = find_series(self.association, study)
        self._note("SERIES", answers)
        series = tuple(self._series(study, one) for one in answers.found)
        listed = answers.whole and bool(series)
        return OfferedStudy(study, series, listed and all(one.listed for one in series))

    def _series(self, study: FoundStudy, series: FoundSeries) -> OfferedSeries:
        unwanted = self.wanted.unwanted_series(series)
        if unwanted:  # nothing of it is expected: all of that is known
            return OfferedSeries(
                series.series_uid, series.modality, series.instances, listed=True, unwanted=unwanted
            )
        images = find_images(self.association, study, series.series_uid)
        self._note("IMAGE", images)
        found = frozenset(images.found)
        if found and series.instances not in (None, len(found)):
            self.notes["count_differs"] += 1
        return OfferedSeries(
            series.series_uid, series.modality, series.instances, found,
            images.whole and bool(found),
        )  # fmt: skip

    def _note(self, level: str, answers: Answers[T]) -> None:
        self.answers.setdefault(level, []).extend(answers.as_came)
        counts = {
            "duplicate_answer": answers.duplicates,
            "foreign_answer": answers.foreign,
            "unusable_answer": answers.unusable,
            "cut_answer": int(bool(answers.found) and not answers.whole),
        }
        self.notes.update({code: count for code, count in counts.items() if count})


def expected_of(
    patient: ListedPatient,
    offered: tuple[OfferedStudy, ...],
    notes: Counter[str],
    *,
    status: int = 0,
    answers: Mapping[str, list[dict[str, Any]]] | None = None,
) -> Expected:
    """Return what ought to arrive of what is offered, however it was asked for."""
    wanted = [study for study in offered if not study.unwanted]
    notes["not_listed"] += sum(not study.listed for study in wanted)
    studies = tuple(_expected_study(study) for study in wanted)
    # A study whose series are all unwanted has nothing to fetch.
    studies = tuple(one for one in studies if one.series or not one.listed)
    return Expected(
        bool(offered), status, studies, +notes, offered, _doubts(patient, offered), answers or {}
    )


def _expected_study(study: OfferedStudy) -> ExpectedStudy:
    series = [one for one in study.series if not one.unwanted]
    unlisted = {one.series_uid: one.told for one in series if not one.listed}
    if not study.series and not study.listed:  # the PACS tells of studies only
        unlisted = {study.found.study_uid: study.found.instances}
    return ExpectedStudy(
        study.found,
        {one.series_uid: one.instances for one in series},
        study.listed,
        len(series) < len(study.series),
        unlisted,
    )


def _doubts(patient: ListedPatient, offered: tuple[OfferedStudy, ...]) -> tuple[str, ...]:
    found = [study.found for study in offered]
    births = {study.birth_date for study in found} - {None}
    issuers = {study.issuer for study in found} - {""}
    doubts = []
    if patient.birth_date and births - {patient.birth_date}:
        doubts.append("birth_date_differs")
    if len(births) > 1 or (not patient.issuer and len(issuers) > 1):
        doubts.append("several_patients")
    return tuple(doubts)
