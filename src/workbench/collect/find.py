"""Ask a PACS what it has (C-FIND), and trust its answers no further than they go.

What PACS do in the field: keys ignored, refused or not returned, the same study twice or under
two patients, levels refused, other character sets, answers cut at a limit.  Each becomes a number
in ``Answers``; ``workbench.simulate.misbehaving`` does it on demand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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

from workbench.collect.optional_keys import SUCCESS, Keys, Reply, ask_with_fewer
from workbench.collect.patient_ids import UNICODE, character_sets, is_same
from workbench.collect.study_modalities import all_known
from workbench.dicom.values import parse_date
from workbench.errors import NetworkError
from workbench.language import mark

FIND_CLASSES = (
    str(StudyRootQueryRetrieveInformationModelFind),
    str(PatientRootQueryRetrieveInformationModelFind),
)
PATIENT_ROOTS = frozenset({FIND_CLASSES[1], "1.2.840.10008.5.1.4.1.2.1.2"})  # PS3.4 C.6.1
PENDING = (0xFF00, 0xFF01)  # PS3.4 table C.4-1
# A PACS that names more has not understood the question: no series has as many objects.
MAX_ANSWERS = 2**17
AFTER_CANCEL = 1000  # answers that may still be on their way
SEPARATORS = re.compile(r"[\s/,;]+")
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

    @property
    def known_modalities(self) -> frozenset[str]:
        """Its modalities, where the PACS names all of them; empty where there may be others."""
        return self.modalities if all_known(self.modalities) else frozenset()


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
    strays, repeats
        What those foreign answers were, and the duplicates that said something else.
    as_came
        The answers as they came, in the DICOM JSON model.
    left_out
        Keywords of optional keys without which alone the PACS answered.
    """

    found: tuple[T, ...]
    status: int = SUCCESS
    duplicates: int = 0
    foreign: int = 0
    unusable: int = 0
    as_came: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    strays: tuple[T, ...] = field(default=(), repr=False)
    repeats: tuple[T, ...] = field(default=(), repr=False)
    left_out: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether the PACS said that it told everything."""
        return self.status == SUCCESS

    @property
    def number(self) -> int:
        """How many answers came, usable or not."""
        return len(self.found) + self.duplicates + self.foreign + self.unusable


def find_studies(
    association: Association,
    patient_id: str,
    issuer: str = "",
    narrower: Mapping[str, str] | None = None,
    *,
    part: bool = False,
) -> Answers[FoundStudy]:
    """Ask for the studies of one patient, and only for those that ``narrower`` keys let through.

    An ID beyond ASCII is asked for in UTF-8, then in a single-byte set.  ``part``: nothing may
    well be the answer.

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

    def ours(study: FoundStudy) -> bool:
        same_issuer = not (issuer and study.issuer) or is_same(study.issuer, issuer)
        return is_same(study.patient_id, patient_id) and same_issuer

    answers: Answers[FoundStudy] = Answers(())
    for character_set in character_sets(f"{patient_id}{issuer}"):
        if character_set != UNICODE:  # single-byte sets have composed letters only
            keys = {name: unicodedata.normalize("NFC", value) for name, value in keys.items()}
        reply = ask(association, "STUDY", keys, character_set, empty=not part)
        answers = _sorted_out(reply, _study, lambda study: study.study_uid, ours, _merged_studies)
        if answers.found:
            break
    studies = tuple(replace(study, patient_id=patient_id.strip()) for study in answers.found)
    return replace(answers, found=studies)


def _study(answer: Dataset) -> FoundStudy:
    modalities = (
        modality
        for value in texts(answer, "ModalitiesInStudy")
        for modality in SEPARATORS.split(value.upper())
    )
    return FoundStudy(
        text(answer, "StudyInstanceUID"),
        text(answer, "PatientID"),
        text(answer, "IssuerOfPatientID"),
        frozenset(modalities) - {""},
        _count(answer, "NumberOfStudyRelatedInstances"),
        _day(answer, "StudyDate"),
        text(answer, "AccessionNumber"),
        _day(answer, "PatientBirthDate"),
    )


def _merged_studies(first: FoundStudy, second: FoundStudy) -> FoundStudy:
    """Return what two answers say of one study; what one of them does not say is not known."""
    if (first.issuer, first.birth_date) != (second.issuer, second.birth_date):
        return first
    both = (
        first.modalities | second.modalities
        if first.modalities and second.modalities
        else frozenset()
    )
    return replace(
        first,
        modalities=both,
        instances=_larger(first.instances, second.instances),
        study_date=first.study_date if first.study_date == second.study_date else None,
        accession=first.accession if first.accession == second.accession else "",
    )


def _merged_series(first: FoundSeries, second: FoundSeries) -> FoundSeries:
    return replace(
        first,
        modality=first.modality if first.modality == second.modality else "",
        instances=_larger(first.instances, second.instances),
    )


def _larger(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else max(first, second)


def find_series(
    association: Association, study: FoundStudy, modality: str = ""
) -> Answers[FoundSeries]:
    """Ask for the series of a study, of one modality only if it is given.

    Raises ``NetworkError`` when the PACS does not answer.
    """
    keys = {
        "PatientID": study.patient_id, "StudyInstanceUID": study.study_uid,
        "SeriesInstanceUID": "", "Modality": modality, "NumberOfSeriesRelatedInstances": "",
    }  # fmt: skip

    def series(answer: Dataset) -> FoundSeries:
        return FoundSeries(
            text(answer, "StudyInstanceUID") or study.study_uid,
            text(answer, "SeriesInstanceUID"),
            text(answer, "Modality").upper(),
            _count(answer, "NumberOfSeriesRelatedInstances"),
        )

    return _sorted_out(
        ask(association, "SERIES", keys), series, lambda answer: answer.series_uid,
        lambda answer: answer.study_uid == study.study_uid, _merged_series,
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
        ask(association, "IMAGE", keys), image, lambda pair: pair[0],
        lambda pair: pair[1] == series_uid, lambda pair, _: pair,
    )  # fmt: skip
    return Answers(
        tuple(uid for uid, _ in pairs.found),
        pairs.status, pairs.duplicates, pairs.foreign, pairs.unusable, pairs.as_came,
    )  # fmt: skip


def ask(
    association: Association,
    level: str,
    keys: Keys,
    character_set: str = UNICODE,
    *,
    empty: bool = True,
) -> Reply:
    """Send one query, in Study Root or else in Patient Root; return answers and final status.

    Where nothing is answered it is asked again without optional keys; without ``empty`` only
    where it is refused.  Raises ``FellSilent`` when the peer stops answering.
    """
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    reply = Reply([], SUCCESS)
    for root in FIND_CLASSES:
        if root not in accepted:
            continue

        def ask_root(tried: Keys, root: str = root) -> Reply:
            return _ask(association, identifier(level, tried, root, character_set), root)

        reply = ask_with_fewer(ask_root, keys, empty=empty)
        if not reply.refused:
            break
    return reply


def identifier(
    level: str, keys: Mapping[str, str], root: str, character_set: str = UNICODE
) -> Dataset:
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
            wanted.SpecificCharacterSet = character_set
    return wanted


class FellSilent(NetworkError):  # noqa: N818  (what happened)
    """A peer stopped answering in the middle of a query."""


def _ask(association: Association, wanted: Dataset, root: str) -> Reply:
    title = association.acceptor.ae_title.strip()
    silent = FellSilent(
        mark("{pacs} stopped answering a query."),
        mark("Try again later, or raise the time-out."),
        pacs=title,
    )
    if not association.is_established:
        raise silent
    answers: list[Dataset | None] = []
    for status, answer in association.send_c_find(wanted, root):
        if "Status" not in status:
            raise silent
        if status.Status not in PENDING:
            return Reply(answers, int(status.Status))
        answers.append(answer)
        if len(answers) == MAX_ANSWERS:
            association.send_c_cancel(1, query_model=root)
        elif len(answers) > MAX_ANSWERS + AFTER_CANCEL:
            association.abort()
            raise NetworkError(
                "{pacs} answers a query without end.",
                "Ask its administrator whether it can be asked for one patient.",
                pacs=title,
            )
    raise silent


def _sorted_out(
    reply: Reply,
    make: Callable[[Dataset], T],
    uid: Callable[[T], str],
    ours: Callable[[T], bool],
    merge: Callable[[T, T], T],
) -> Answers[T]:
    by_uid: dict[str, T] = {}
    strays: list[T] = []
    repeats: list[T] = []
    duplicates = unusable = 0
    for answer in reply.answers:
        item = None if answer is None else make(answer)
        if item is None or not uid(item):
            unusable += 1
        elif not ours(item):
            strays.append(item)
        elif uid(item) not in by_uid:
            by_uid[uid(item)] = item
        else:
            duplicates += 1
            if item != by_uid[uid(item)]:
                repeats.append(item)
                by_uid[uid(item)] = merge(by_uid[uid(item)], item)
    as_came = tuple(_as_came(answer) for answer in reply.answers if answer is not None)
    return Answers(
        tuple(by_uid.values()), reply.status, duplicates, len(strays), unusable, as_came,
        tuple(strays), tuple(repeats), reply.left_out,
    )  # fmt: skip


def _as_came(answer: Dataset) -> dict[str, Any]:
    try:
        return answer.to_json_dict(suppress_invalid_tags=True)
    except Exception:  # noqa: BLE001 (pydicom raises a dozen kinds on a damaged value)
        return {}


def text(answer: Dataset, keyword: str | BaseTag) -> str:
    """Return the first value as text without padding; empty when absent or unreadable."""
    return next(texts(answer, keyword), "")


def texts(answer: Dataset, keyword: str | BaseTag) -> Iterator[str]:
    """Yield the values of an element as texts without padding."""
    try:
        value = answer.get(keyword)
        value = value.value if isinstance(value, DataElement) else value
        several = value if isinstance(value, MultiValue | list) else [value]
        values = [str(single).strip(" \0") for single in several if single is not None]
    except Exception:  # noqa: BLE001 (pydicom raises a dozen kinds on a damaged value)
        return
    yield from (single for single in values if single)


def _day(answer: Dataset, keyword: str) -> date | None:
    return parse_date(text(answer, keyword))


def _count(answer: Dataset, keyword: str) -> int | None:
    number = text(answer, keyword)
    return int(number) if number.isdecimal() else None
