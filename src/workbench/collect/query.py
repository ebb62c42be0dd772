"""Ask a PACS what it has (C-FIND), and trust its answers no further than they go.

What PACS do in the field: keys ignored or not returned, the same study twice, another
patient's study, levels refused, answers cut at a limit.  Each becomes a number in ``Answers``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
)

from workbench.deidentify.values import parse_date
from workbench.dicom.quiet import quiet
from workbench.errors import NetworkError

FIND_CLASSES = (
    str(StudyRootQueryRetrieveInformationModelFind),
    str(PatientRootQueryRetrieveInformationModelFind),
)
PATIENT_ROOTS = frozenset({FIND_CLASSES[1], "1.2.840.10008.5.1.4.1.2.1.2"})  # PS3.4 C.6.1
PENDING = (0xFF00, 0xFF01)  # PS3.4 table C.4-1
SUCCESS = 0x0000
WILD = re.compile(r"[*?\\]")

T = TypeVar("T")


@dataclass(frozen=True)
class FoundStudy:
    """A study as the PACS describes it; ``None`` and empty mean that it did not say."""

    study_uid: str = field(repr=False)
    patient_id: str = field(repr=False)
    issuer: str = field(default="", repr=False)
    modalities: frozenset[str] = frozenset()
    instances: int | None = None
    study_date: date | None = field(default=None, repr=False)
    accession: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)


@dataclass(frozen=True)
class FoundSeries:
    """A series as the PACS describes it; ``None`` and empty mean that it did not say."""

    study_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    modality: str = ""
    instances: int | None = None


@dataclass(frozen=True)
class Answers(Generic[T]):
    """The usable answers to one query, each once, and what was wrong with the others.

    Attributes
    ----------
    found
        Usable answers in the order they came.
    status
        Final DICOM status of the query; 0x0000 is success.
    duplicates
        Answers that named an object already named.
    foreign
        Answers about another patient, study or series than the one asked for, or about none.
    unusable
        Answers without the UID asked for, or not readable.
    as_came
        The answers as they came, in the DICOM JSON model.
    """

    found: tuple[T, ...]
    status: int = SUCCESS
    duplicates: int = 0
    foreign: int = 0
    unusable: int = 0
    as_came: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def whole(self) -> bool:
        """Whether the PACS said that it told everything."""
        return self.status == SUCCESS


def find_studies(
    association: Association,
    patient_id: str,
    issuer: str = "",
    narrower: Mapping[str, str] | None = None,
) -> Answers[FoundStudy]:
    """Ask for the studies of one patient, and only for those that ``narrower`` keys let through.

    Raises ``NetworkError`` when the PACS does not answer, ``ValueError`` for an ID that is empty
    or has wildcards, because it would ask for other patients.
    """
    if not patient_id.strip() or WILD.search(patient_id):
        raise ValueError("the patient ID is empty or has wildcards")
    keys = {
        "PatientID": patient_id, "IssuerOfPatientID": issuer, "PatientBirthDate": "",
        "StudyInstanceUID": "", "StudyDate": "", "AccessionNumber": "",
        "ModalitiesInStudy": "", "NumberOfStudyRelatedInstances": "", **(narrower or {}),
    }  # fmt: skip

    def study(answer: Dataset) -> FoundStudy:
        return FoundStudy(
            text(answer, "StudyInstanceUID"),
            text(answer, "PatientID"),
            text(answer, "IssuerOfPatientID"),
            frozenset(texts(answer, "ModalitiesInStudy")),
            _count(answer, "NumberOfStudyRelatedInstances"),
            _day(answer, "StudyDate"),
            text(answer, "AccessionNumber"),
            _day(answer, "PatientBirthDate"),
        )

    def ours(found: FoundStudy) -> bool:
        same_issuer = not (issuer and found.issuer) or found.issuer == issuer.strip()
        return found.patient_id == patient_id.strip() and same_issuer

    answers = ask(association, "STUDY", keys)
    return _sorted_out(answers, study, lambda found: found.study_uid, ours)


def find_series(association: Association, study: FoundStudy) -> Answers[FoundSeries]:
    """Ask for the series of a study; raises ``NetworkError`` when the PACS does not answer."""
    keys = {
        "PatientID": study.patient_id, "StudyInstanceUID": study.study_uid,
        "SeriesInstanceUID": "", "Modality": "", "NumberOfSeriesRelatedInstances": "",
    }  # fmt: skip

    def series(answer: Dataset) -> FoundSeries:
        return FoundSeries(
            text(answer, "StudyInstanceUID") or study.study_uid,
            text(answer, "SeriesInstanceUID"),
            text(answer, "Modality"),
            _count(answer, "NumberOfSeriesRelatedInstances"),
        )

    answers = ask(association, "SERIES", keys)
    return _sorted_out(
        answers, series, lambda found: found.series_uid,
        lambda found: found.study_uid == study.study_uid,
    )  # fmt: skip


def find_images(association: Association, study: FoundStudy, series_uid: str) -> Answers[str]:
    """Ask for the SOP Instance UIDs of a series; raises ``NetworkError`` as the others do."""
    keys = {
        "PatientID": study.patient_id, "StudyInstanceUID": study.study_uid,
        "SeriesInstanceUID": series_uid, "SOPInstanceUID": "",
    }  # fmt: skip

    def image(answer: Dataset) -> tuple[str, str]:
        series = text(answer, "SeriesInstanceUID") or series_uid
        return text(answer, "SOPInstanceUID"), series

    pairs = _sorted_out(
        ask(association, "IMAGE", keys), image, lambda found: found[0],
        lambda found: found[1] == series_uid,
    )  # fmt: skip
    return Answers(
        tuple(uid for uid, _ in pairs.found),
        pairs.status, pairs.duplicates, pairs.foreign, pairs.unusable, pairs.as_came,
    )  # fmt: skip


def ask(
    association: Association, level: str, keys: Mapping[str, str]
) -> tuple[list[Dataset | None], int]:
    """Send one query, in Study Root or else in Patient Root; return answers and final status.

    An answer that cannot be read is ``None``.  Raises ``NetworkError`` when the peer stops
    answering.
    """
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    answers: list[Dataset | None] = []
    status = SUCCESS
    for root in FIND_CLASSES:
        if root not in accepted:
            continue
        with quiet():
            answers, status = _ask(association, identifier(level, keys, root), root)
        if answers or status == SUCCESS:
            break
    return answers, status


def identifier(level: str, keys: Mapping[str, str], root: str) -> Dataset:
    """Return the identifier of a query or retrieve request.

    Below the study level, Study Root knows no patient; Patient Root wants every key above
    (PS3.4 C.4.1.2.1).
    """
    wanted = Dataset()
    wanted.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        if keyword == "PatientID" and level != "STUDY" and root not in PATIENT_ROOTS:
            continue
        setattr(wanted, keyword, value)
        if not value.isascii():
            wanted.SpecificCharacterSet = "ISO_IR 192"
    return wanted


def _ask(association: Association, wanted: Dataset, root: str) -> tuple[list[Dataset | None], int]:
    silent = NetworkError(
        f"{association.acceptor.ae_title.strip()} stopped answering a query.",
        "Try again later, or raise the time-out.",
    )
    if not association.is_established:
        raise silent
    answers: list[Dataset | None] = []
    for status, answer in association.send_c_find(wanted, root):
        if "Status" not in status:
            raise silent
        if status.Status not in PENDING:
            return answers, int(status.Status)
        answers.append(answer)
    raise silent


def _sorted_out(
    asked: tuple[list[Dataset | None], int],
    make: Callable[[Dataset], T],
    uid: Callable[[T], str],
    ours: Callable[[T], bool],
) -> Answers[T]:
    found: dict[str, T] = {}
    duplicates = foreign = unusable = 0
    answers, status = asked
    for answer in answers:
        one = None if answer is None else make(answer)
        if one is None or not uid(one):
            unusable += 1
        elif not ours(one):
            foreign += 1
        elif uid(one) in found:
            duplicates += 1
        else:
            found[uid(one)] = one
    as_came = tuple(_as_came(answer) for answer in answers if answer is not None)
    return Answers(tuple(found.values()), status, duplicates, foreign, unusable, as_came)


def _as_came(answer: Dataset) -> dict[str, Any]:
    try:
        with quiet():
            return answer.to_json_dict(suppress_invalid_tags=True)
    except Exception:  # noqa: BLE001 (pydicom raises a dozen kinds on a damaged value)
        return {}


def text(answer: Dataset, keyword: str | BaseTag) -> str:
    """Return the first value as text without padding; empty when absent or unreadable."""
    return next(texts(answer, keyword), "")


def texts(answer: Dataset, keyword: str | BaseTag) -> Iterator[str]:
    """Yield the values of an element as texts without padding."""
    try:
        with quiet():
            value = answer.get(keyword)
            value = value.value if isinstance(value, DataElement) else value
            several = value if isinstance(value, MultiValue | list) else [value]
            found = [str(one).strip(" \0") for one in several if one is not None]
    except Exception:  # noqa: BLE001 (pydicom raises a dozen kinds on a damaged value)
        return
    yield from (one for one in found if one)


def _day(answer: Dataset, keyword: str) -> date | None:
    try:
        return parse_date(text(answer, keyword))
    except ValueError:
        return None


def _count(answer: Dataset, keyword: str) -> int | None:
    number = text(answer, keyword)
    return int(number) if number.isdecimal() else None
