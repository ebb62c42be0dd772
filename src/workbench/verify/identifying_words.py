"""What identifies somebody in an original, and where it still stands in an output."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.datadict import tag_for_keyword

from workbench.verify.demands import KEEP_INSTITUTION, KEEP_UIDS, plain_words
from workbench.verify.elements import BINARY, NUMERIC, FlatElement

WORD = re.compile(r"[^\W_]+")
SHORTEST_WORD = 3  # letters of a name, looked for as a whole word
SHORTEST_PART = 5  # letters of a name, looked for inside longer words
SHORTEST_NUMBER = 5  # digits of an identifier, looked for between other signs than digits
SHORTEST_RAW = 7  # letters or digits looked for in the bytes of a file, where words have no ends
IDENTIFIERS = {
    tag_for_keyword(keyword)
    for keyword in (
        "PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID",
        "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID",
        "PatientTelephoneNumbers", "ReferringPhysicianTelephoneNumbers", "MedicalRecordLocator",
        "InsurancePlanIdentification", "PersonTelephoneNumbers", "OrderCallbackPhoneNumber",
        "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
    )
}  # fmt: skip
PLACES = {
    tag_for_keyword(keyword)
    for keyword in (
        "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "PatientAddress",
        "ReferringPhysicianAddress", "PersonAddress", "CurrentPatientLocation",
    )
}  # fmt: skip
BIRTH = tag_for_keyword("PatientBirthDate")
STANDARD_UID = "1.2.840.10008."


@dataclass(frozen=True, repr=False)
class IdentifyingWords:
    """Words, numbers, dates and UIDs of one original; never printed."""

    words: frozenset[str]
    numbers: frozenset[str]
    dates: frozenset[str]
    uids: frozenset[str]

    def in_text(self, text: str) -> bool:
        """Say whether a text of an output still identifies somebody."""
        lower = fold(text)
        words = set(WORD.findall(lower))
        if any(word in words or _inside(word, lower) for word in self.words):
            return True
        return any(
            _stands_alone(needle, lower) for needle in (*self.numbers, *self.dates, *self.uids)
        )

    def in_bytes(self, content: bytes) -> bool:
        """Say whether the bytes of a file hold one of the longer needles in any usual encoding."""
        lower = content.lower()
        for needle in (*self.words, *self.numbers, *self.dates):
            if len(needle) >= SHORTEST_RAW and not (
                needle.isdigit() and len(needle) < SHORTEST_RAW + 1
            ):
                for encoding in ("utf-8", "latin-1", "utf-16-le"):
                    if needle.encode(encoding, "replace") in lower:
                        return True
        return any(uid.encode() in lower for uid in self.uids)


def fold(text: str) -> str:
    """Return text in lower case without accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def _inside(word: str, text: str) -> bool:
    return len(word) >= SHORTEST_PART and word in text


def _stands_alone(needle: str, text: str) -> bool:
    start = text.find(needle)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(needle) : start + len(needle) + 1]
        # "120.12345" and "12345.5" are measurements, not the identifier 12345.
        if not (before.isdigit() or after.isdigit() or (before and before in ".,")):
            return True
        start = text.find(needle, start + 1)
    return False


def needles_of(elements: Iterable[FlatElement], options: frozenset[str]) -> IdentifyingWords:
    """Collect what identifies people and places in an original."""
    words, numbers, dates, uids = set[str](), set[str](), set[str](), set[str]()
    for element in elements:
        if element.vr == "PN":
            # Makers write names of programs into names of their own; short ones say nothing.
            shortest = SHORTEST_PART if element.tag >> 16 & 1 else SHORTEST_WORD
            found_words = {word for value in element.values for word in _words(value)}
            words |= {word for word in found_words if len(word) >= shortest}
        elif element.tag in IDENTIFIERS:
            for value in element.values:
                digits = "".join(filter(str.isdigit, value))
                if value.strip().isdigit() and len(digits) >= SHORTEST_NUMBER:
                    numbers.add(digits)
                else:
                    words |= {word for word in _words(value) if len(word) >= SHORTEST_PART}
        elif element.tag in PLACES and KEEP_INSTITUTION not in options:
            words |= {
                word
                for value in element.values
                for word in _words(value)
                if len(word) >= SHORTEST_PART
            }
        elif element.tag == BIRTH:
            dates |= {form for value in element.values for form in _dates(value)}
        elif element.vr == "UI" and KEEP_UIDS not in options:
            uids |= {value for value in element.values if not value.startswith(STANDARD_UID)}
    long_uids = {uid for uid in uids if len(uid) >= SHORTEST_RAW}
    known = plain_words()
    return IdentifyingWords(
        frozenset(word for word in words if word not in known),
        frozenset(numbers), frozenset(dates), frozenset(long_uids),
    )  # fmt: skip


def _words(text: str) -> set[str]:
    return {
        word
        for word in WORD.findall(fold(text))
        if len(word) >= SHORTEST_WORD and not word.isdigit()
    }


def _dates(text: str) -> set[str]:
    digits = "".join(filter(str.isdigit, text))
    if len(digits) != 8:
        return set()
    year, month, day = digits[:4], digits[4:6], digits[6:]
    return {digits, f"{year}-{month}-{day}", f"{day}.{month}.{year}", f"{day}/{month}/{year}",
            f"{month}/{day}/{year}"}  # fmt: skip


def is_text(element: FlatElement) -> bool:
    """Say whether an element of an output holds words that a person reads."""
    return element.vr not in NUMERIC and element.vr not in BINARY and element.vr != "SQ"
