"""Who and what is named in an original: persons, identifiers, places, a birth date, UIDs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from pydicom.datadict import tag_for_keyword

from workbench.verify.demands import KEEP_INSTITUTION, KEEP_UIDS
from workbench.verify.elements import FlatElement
from workbench.verify.folding import plain
from workbench.verify.identifying_words import IdentifyingWords
from workbench.verify.name_forms import SHORTEST_INSIDE, SHORTEST_LATIN, name_forms
from workbench.verify.readings import readings

MAX_PEOPLE = 4096  # sets of people remembered
SHORTEST_NUMBER = 5  # letters and digits of an identifier
SHORTEST_UID = 7
STANDARD_UID = "1.2.840.10008."
IDENTIFIERS = {
    tag_for_keyword(keyword)
    for keyword in (
        "PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID",
        "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID",
        "PatientTelephoneNumbers", "ReferringPhysicianTelephoneNumbers", "MedicalRecordLocator",
        "InsurancePlanIdentification", "PersonTelephoneNumbers", "OrderCallbackPhoneNumber",
        "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
        "ServiceEpisodeID", "MilitaryRank", "ClinicalTrialSubjectID", "IssuerOfPatientID",
    )
}  # fmt: skip
PLACES = {
    tag_for_keyword(keyword)
    for keyword in (
        "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "PatientAddress",
        "ReferringPhysicianAddress", "PersonAddress", "CurrentPatientLocation",
        "RegionOfResidence", "PatientInstitutionResidence",
    )
}  # fmt: skip
BIRTH = tag_for_keyword("PatientBirthDate")


def people_of(elements: Iterable[FlatElement], options: frozenset[str]) -> IdentifyingWords:
    """Collect what identifies people and places in an original."""
    names, numbers, births = set[tuple[str, int]](), set[str](), set[str]()
    for element in elements:
        if element.vr == "PN":
            # Makers write names of programs into names of their own; short ones say nothing.
            least = SHORTEST_INSIDE if element.tag >> 16 & 1 else SHORTEST_LATIN
            names.update((value, least) for value in _said(element))
        elif element.tag in IDENTIFIERS:
            for value in _said(element):
                numbers.update(_numbers(value))
                names.add((value, SHORTEST_INSIDE))
        elif element.tag in PLACES and KEEP_INSTITUTION not in options:
            names.update((value, SHORTEST_INSIDE) for value in _said(element))
        elif element.tag == BIRTH:
            births.update(element.values)
    return _identifying(frozenset(names), frozenset(numbers), frozenset(births))


def uids_of(elements: Iterable[FlatElement], options: frozenset[str]) -> frozenset[str]:
    """Collect the UIDs of an original that must not stay."""
    if KEEP_UIDS in options:
        return frozenset()
    found = {value.strip() for each in elements if each.vr == "UI" for value in each.values}
    return frozenset(uid for uid in found
                     if len(uid) >= SHORTEST_UID and not uid.startswith(STANDARD_UID))  # fmt: skip


def _said(element: FlatElement) -> Iterator[str]:
    """Yield what an element says, and what its bytes are in other character sets."""
    yield from element.values
    yield from readings(element.raw)


@lru_cache(MAX_PEOPLE)
def _identifying(
    names: frozenset[tuple[str, int]], numbers: frozenset[str], births: frozenset[str]
) -> IdentifyingWords:
    """Prepare a search once for all objects that speak of the same people."""
    people = {name_forms(value, least) for value, least in names}
    dates = {date for birth in births for date in _dates(birth)}
    short = {date for birth in births for date in _short_dates(birth)}
    return IdentifyingWords(
        frozenset(person for person in people if person.all_forms),
        numbers, frozenset(dates), frozenset(short),
    )  # fmt: skip


def _numbers(value: str) -> Iterator[str]:
    number = "".join(filter(str.isalnum, plain(value)))
    if any(map(str.isdigit, number)) and len(number) >= SHORTEST_NUMBER:
        yield number
        bare = number.lstrip("0")
        if bare.isdigit() and len(bare) >= SHORTEST_NUMBER:
            yield bare


def _day(text: str) -> tuple[str, str, str] | None:
    digits = "".join(filter(str.isdigit, text))
    return (digits[:4], digits[4:6], digits[6:]) if len(digits) == 8 else None


def _dates(text: str) -> Iterator[str]:
    """Yield a day of birth, whole, in the orders and with the signs in use."""
    if day := _day(text):
        year, month, number = day
        yield year + month + number
        yield number + month + year
        for sign in "-./ ":
            yield sign.join((year, month, number))
            for first, second in ((number, month), (month, number)):
                yield sign.join((first, second, year))
                yield sign.join((first.lstrip("0"), second.lstrip("0"), year))
        yield f"{year}年{month.lstrip('0')}月{number.lstrip('0')}日"


def _short_dates(text: str) -> Iterator[str]:
    """Yield a day of birth in six digits, and its month with the year."""
    if day := _day(text):
        year, month, number = day
        yield number + month + year[2:]
        yield year[2:] + month + number
        yield month + "/" + year
        yield from (sign.join((number, month, year[2:])) for sign in "./-")
