"""What a PACS says it has of a patient, as the list of objects that ought to arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pynetdicom.association import Association

from workbench.collect.patient_list import ListedPatient
from workbench.collect.query import Answers, FoundStudy, find_images, find_series, find_studies
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
class ExpectedStudy:
    """What ought to arrive of one study.

    Attributes
    ----------
    study
        As found.
    series
        SOP Instance UIDs by Series Instance UID, of the series that are wanted.
    listed
        Whether the PACS named every object; otherwise completeness cannot be judged.
    selected
        Whether series were left out because of their modality.
    """

    study: FoundStudy
    series: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    listed: bool = False
    selected: bool = False

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
    """

    found: bool
    status: int
    studies: tuple[ExpectedStudy, ...]
    notes: Mapping[str, int]

    @property
    def listed(self) -> bool:
        """Whether completeness can be judged."""
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


def expect(
    association: Association, patient: ListedPatient, modalities: frozenset[str]
) -> Expected:
    """Ask a PACS what it has of a patient, down to the objects.

    An empty set of modalities wants all.  A study or series whose modality the PACS does not
    tell is wanted.  Raises ``NetworkError`` when the PACS does not answer.
    """
    notes: Counter[str] = Counter()
    answers = find_studies(association, patient.patient_id, patient.issuer)
    _note(answers, notes)
    wanted = [
        study
        for study in answers.found
        if not (modalities and study.modalities) or modalities & study.modalities
    ]
    studies = tuple(_study(association, study, modalities, notes) for study in wanted)
    # A study whose series all turned out to be of other modalities has nothing to fetch.
    studies = tuple(one for one in studies if one.series or not one.listed)
    return Expected(bool(answers.found), answers.status, studies, notes)


def _study(
    association: Association, study: FoundStudy, modalities: frozenset[str], notes: Counter[str]
) -> ExpectedStudy:
    answers = find_series(association, study)
    _note(answers, notes)
    listed = answers.whole and bool(answers.found)
    series: dict[str, frozenset[str]] = {}
    for one in answers.found:
        if modalities and one.modality and one.modality not in modalities:
            continue
        images = find_images(association, study, one.series_uid)
        _note(images, notes)
        series[one.series_uid] = frozenset(images.found)
        listed = listed and images.whole and bool(images.found)
        if images.found and one.instances not in (None, len(images.found)):
            notes["count_differs"] += 1
    if not listed:
        notes["not_listed"] += 1
    return ExpectedStudy(study, series, listed, len(series) < len(answers.found))


def _note(answers: Answers[T], notes: Counter[str]) -> None:
    counts = {
        "duplicate_answer": answers.duplicates,
        "foreign_answer": answers.foreign,
        "unusable_answer": answers.unusable,
        "cut_answer": int(bool(answers.found) and not answers.whole),
    }
    notes.update({code: count for code, count in counts.items() if count})
