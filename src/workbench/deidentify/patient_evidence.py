"""What one object says of who its patient is, and whether two objects can speak of one person.

A study has one patient (PS3.3 A.1.2, C.7.1.1), but not every object of it says the same: an issuer
stands in some only, leading zeros are lost, the archive corrected the ID of those it had.  Two
identities are compared by keyed digests: what is kept of a patient tells nothing without the key.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from workbench.deidentify import dataset_elements
from workbench.deidentify.identity import WORD
from workbench.deidentify.pseudonym import NO_IDENTIFIER, PatientPseudonym, Pseudonyms
from workbench.deidentify.spellings import fold, forms
from workbench.dicom.values import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

QUALIFIERS = 0x00100024  # IssuerOfPatientIDQualifiersSequence
OTHER_IDS = 0x00101002  # OtherPatientIDsSequence
SEXES = frozenset({"M", "F"})  # O (PS3.3 C.7.1.1) is no sex that another one contradicts
DIGEST_LETTERS = 12  # 48 bits: only patients who are compared must differ
# Parts of "HOSPITAL&1.2.3&ISO", as HL7 writes an issuer, that name nobody.
KINDS_OF_IDENTIFIER = frozenset({"iso", "dns", "uuid", "guid", "x400", "x500", "l", "m", "n"})
NAME_GROUPS = re.compile(r"[\\=]")  # several values; alphabetic, ideographic, phonetic (PS3.5 6.2)
NAME_PARTS = 2  # of five: family and given name, without prefix and suffix


def value_of(dataset: Dataset, keyword: str) -> str:
    """Return an element as text without padding; empty when absent or unreadable."""
    try:
        element = dataset.get_item(keyword)
        values = dataset_elements.texts(element, dataset, "LO") if element is not None else []
    except Exception:  # noqa: BLE001 - an unreadable value is no value; the transform reports it
        return ""
    return "\\".join(values)


def issuer_of(dataset: Dataset) -> str:
    """Return who issued a PatientID: IssuerOfPatientID, or the qualifiers' universal entity."""
    qualified = (value_of(item, "UniversalEntityID") for item in _items(dataset, QUALIFIERS))
    return value_of(dataset, "IssuerOfPatientID") or next(qualified, "")


def alike(patient_id: str) -> str:
    """Return what IDs have in common that differ in letter case, blanks and leading zeros only.

    So do those that HL7 wrote with the issuer behind them ("123^^^HOSPITAL").
    """
    joined = "".join(unicodedata.normalize("NFKC", patient_id.partition("^")[0]).split())
    return joined.casefold().lstrip("0")


def _items(dataset: Dataset, tag: int) -> list[Dataset]:
    try:
        element = dataset.get_item(tag)
        return [] if element is None else dataset_elements.items(element, dataset)
    except Exception:  # noqa: BLE001 - pydicom raises a dozen kinds; the engine reports the element
        return []


@dataclass(frozen=True, repr=False)
class PatientEvidence:
    """What one object says of its patient, as it is written there; never printed.

    Attributes
    ----------
    study_uid
        Of the object.
    patient_id, issuer
        As in the object; either may be empty.
    issuers
        All names of the issuer in it.
    others
        Other IDs of the patient (OtherPatientIDs, OtherPatientIDsSequence).
    birth, sex
        Birth date as ISO text, M or F; empty where not told.
    names
        Words of family and given names, in all their usual spellings.
    """

    study_uid: str
    patient_id: str
    issuer: str = ""
    issuers: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    birth: str = ""
    sex: str = ""
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, dataset: Dataset) -> PatientEvidence:
        """Read it; what cannot be read is not told."""
        birth = parse_date(value_of(dataset, "PatientBirthDate"))
        sex = value_of(dataset, "PatientSex").upper()
        qualified = [value_of(item, "UniversalEntityID") for item in _items(dataset, QUALIFIERS)]
        issuer = value_of(dataset, "IssuerOfPatientID")
        return cls(
            value_of(dataset, "StudyInstanceUID"),
            value_of(dataset, "PatientID").strip(),
            issuer or next(iter(qualified), ""),
            frozenset(issuer_names([issuer, *qualified])),
            frozenset(_others(dataset)),
            birth.isoformat() if birth else "",
            sex if sex in SEXES else "",
            frozenset(_name_words(value_of(dataset, "PatientName"))),
        )


def _others(dataset: Dataset) -> Iterator[str]:
    ids = value_of(dataset, "OtherPatientIDs").split("\\")
    ids += [value_of(item, "PatientID") for item in _items(dataset, OTHER_IDS)]
    yield from (each for each in map(alike, ids) if each)


def issuer_names(issuers: Iterable[str]) -> Iterator[str]:
    """Yield the folded names of an issuer, also those HL7 writes into one text with ``&``."""
    for issuer in issuers:
        for part in re.split(r"[&^\\]", issuer):
            folded = "".join(WORD.findall(fold(part)))
            if folded and folded not in KINDS_OF_IDENTIFIER:
                yield folded


def _name_words(name: str) -> Iterator[str]:
    for group in NAME_GROUPS.split(name):
        for word in WORD.findall(" ".join(group.split("^")[:NAME_PARTS])):
            if len(word) > 1 or not word.isascii():
                yield from forms(word)


@dataclass(frozen=True, kw_only=True, repr=False)
class KnownPatient:
    """A patient as the catalogue keeps one, sealed: the pseudonym's secrets, and keyed digests.

    Attributes
    ----------
    name, shift_days, clock_secret
        As ``PatientPseudonym``.
    patient_id, alike, others
        Digests of the PatientID, and of it and other IDs without what is lost when IDs are
        copied (``alike``); empty without a PatientID.
    issuers, birth, names
        Digests of what ``PatientEvidence`` has.
    sex
        M, F or empty.
    """

    name: str
    shift_days: int
    clock_secret: str
    patient_id: str = ""
    alike: str = ""
    others: frozenset[str] = frozenset()
    issuers: frozenset[str] = frozenset()
    birth: str = ""
    sex: str = ""
    names: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, told: PatientEvidence, pseudonyms: Pseudonyms, under: PatientPseudonym | None = None
    ) -> KnownPatient:
        """Return what is kept of a patient, whose pseudonym is ``under`` where it is another."""

        def digest(kind: str, word: str) -> str:
            return pseudonyms.digest(f"{kind}\0{word}".encode())[:DIGEST_LETTERS] if word else ""

        def digests(kind: str, words: Iterable[str]) -> frozenset[str]:
            return frozenset(digest(kind, word) for word in words)

        under = under or own_pseudonym(told, pseudonyms)
        default = () if told.issuers or not told.patient_id else issuer_names([pseudonyms.issuer])
        return cls(
            name=under.name,
            shift_days=under.shift_days,
            clock_secret=under.clock_secret.hex(),
            patient_id=digest("id", unicodedata.normalize("NFC", told.patient_id)),
            alike=digest("alike", alike(told.patient_id)),
            others=digests("alike", told.others),
            issuers=digests("issuer", {*told.issuers, *default}),
            birth=digest("birth", told.birth),
            sex=told.sex,
            names=digests("name", told.names),
        )

    @property
    def pseudonym(self) -> PatientPseudonym:
        """Under what the patient's objects leave."""
        return PatientPseudonym(self.name, self.shift_days, bytes.fromhex(self.clock_secret))

    def written(self) -> bytes:
        """Return it as it is sealed."""
        content = {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in asdict(self).items()
            if value
        }
        return json.dumps(content, separators=(",", ":")).encode()

    @classmethod
    def read(cls, written: bytes) -> KnownPatient:
        """Return what ``written`` wrote."""
        content: dict[str, Any] = {
            name: frozenset(value) if isinstance(value, list) else value
            for name, value in json.loads(written).items()
        }
        return cls(**content)

    # --- comparing -----------------------------------------------------------------------------

    def contradiction(self, other: KnownPatient) -> str:
        """Say why the two cannot be one person; empty when they can.

        A birth date decides where both tell one; a sex may be a slip then.  Where a birth date
        is missing, sex and name must not differ.
        """
        names = _are_apart(self.names, other.names)
        sexes = bool(self.sex and other.sex and self.sex != other.sex)
        if self.birth and other.birth:
            if self.birth != other.birth:
                return "the birth dates differ"
            return "sex and name differ" if sexes and names else ""
        if sexes:
            return "the sex differs"
        return "the names differ" if names else ""

    def is_surely(self, other: KnownPatient) -> bool:
        """Whether birth date, else the whole name, is told by both and the same."""
        if self.contradiction(other) or _are_apart(self.names, other.names):
            return False
        if self.birth and other.birth:
            return self.sex == other.sex or not (self.sex and other.sex)
        return bool(self.names) and self.names == other.names

    def has_issuer_of(self, other: KnownPatient) -> bool:
        """Whether both may have the same issuer: one of them tells none, or they share a name."""
        return not (self.issuers and other.issuers) or bool(self.issuers & other.issuers)

    def difference(self, other: KnownPatient) -> str:
        """Say in what two identities of one person differ, without any value."""
        if not (self.patient_id and other.patient_id):
            return "a part has no PatientID"
        if self.patient_id == other.patient_id:
            if not (self.issuers and other.issuers):
                return "a part names no issuer of the PatientID"
            same = "is written in several ways" if self.issuers & other.issuers else "differs"
            return f"the issuer of the PatientID {same}"
        if self.alike == other.alike:
            return "the PatientIDs differ in letter case, blanks or leading zeros"
        if self.alike in other.others or other.alike in self.others:
            return "one PatientID is among the other patient IDs (OtherPatientIDs) of a part"
        return "the PatientIDs differ"


def _are_apart(names: frozenset[str], others: frozenset[str]) -> bool:
    return bool(names and others and not names & others)


def own_pseudonym(told: PatientEvidence, pseudonyms: Pseudonyms) -> PatientPseudonym:
    """Return the pseudonym that follows from an object's own issuer and PatientID."""
    if told.patient_id:
        return pseudonyms.of(told.issuer, told.patient_id)
    return pseudonyms.of("", NO_IDENTIFIER + told.study_uid)
