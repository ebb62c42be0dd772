"""Ages in an output: the original's, or what its birth date and study date give; never over 89.

They stand in values of AS, and as numbers in the items of a report that state a person's age.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from datetime import date

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from workbench.verify.elements import MAX_DEPTH, NUMBER, FlatElement, concept_of, read

OLDEST_YEARS = 89  # all of 90 and over are one category, 90 years: 45 CFR 164.514(b)(2)(i)(C)
# AS of PS3.5 6.2 has three digits; "65Y" and "65 Y" are seen, and mean the same.
AGE = re.compile(r"\s*(\d{1,4})\s?([DWMY])[\s\0]*\Z", re.IGNORECASE | re.ASCII)
IN_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
UCUM = {"a": "Y", "mo": "M", "wk": "W", "d": "D"}  # units of a report's ages; others mean years
# Subject Age (PS3.16 TID 1007), and what LOINC and SNOMED CT have for the age of a person.
SUBJECT_AGES = frozenset({
    "121033 DCM", "424144002 SCT", "445518008 SCT", "397669002 SCT", "30525-0 LN", "21612-7 LN",
    "29553-5 LN", "63900-5 LN",
})  # fmt: skip
DAYS_A_WEEK, MONTHS_A_YEAR = 7, 12
UNITS = "MeasurementUnitsCodeSequence"
PATIENT_AGE = tag_for_keyword("PatientAge")
BIRTH = tag_for_keyword("PatientBirthDate")
STUDIES = {
    tag_for_keyword(keyword)
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate",
                    "AcquisitionDateTime")
}  # fmt: skip
Age = tuple[float, str]  # a number, and D, W, M or Y
TOO_OLD = "an age above {} is told"


def age_of(text: str) -> Age | None:
    """Return what an AS value says; ``None`` of another text."""
    match = AGE.match(text)
    return (int(match[1]), match[2].upper()) if match else None


def is_too_old(age: Age, oldest_years: int = OLDEST_YEARS) -> bool:
    """Say whether an age tells more than that somebody is older than the oldest age told."""
    number, unit = age
    years, limit = number / IN_A_YEAR[unit], oldest_years + 1
    return years > limit or (unit != "Y" and years >= limit)


def wrong_age(
    after: Iterable[FlatElement],
    before: Iterable[FlatElement],
    original: Iterable[FlatElement],
    oldest_years: int = OLDEST_YEARS,
) -> str:
    """Return what is wrong with the ages of an output at one place; empty for nothing."""
    told = [age_of(value) for each in after for value in each.values if value.strip(" \0")]
    if None in told:
        return "it is no age"
    ages = [age for age in told if age]
    if any(is_too_old(age, oldest_years) for age in ages):
        return TOO_OLD.format(oldest_years)
    known = known_ages(before, original, oldest_years) if ages else set()
    return "" if known.issuperset(ages) else "it is not the patient's age"


def wrong_measured(data: Dataset, oldest_years: int = OLDEST_YEARS) -> Iterator[str]:
    """Yield, for each item of a report that states a person's age, what is wrong with it."""
    if "ContentSequence" in data:
        for number, unit in _measured(data, 0):
            bad = is_too_old((number, unit), oldest_years)
            yield TOO_OLD.format(oldest_years) if bad else ""


def _measured(item: Dataset, depth: int) -> Iterator[Age]:
    for measured in _items(item, "MeasuredValueSequence"):
        units = [str(unit.get("CodeValue")) for unit in _items(measured, UNITS)]
        number = str(measured.get("NumericValue") or "")
        if concept_of(item) in SUBJECT_AGES and NUMBER.match(number):
            yield float(number), UCUM.get("".join(units), "Y")
    if depth < MAX_DEPTH:
        for inner in _items(item, "ContentSequence"):
            yield from _measured(inner, depth + 1)


def _items(data: Dataset, keyword: str) -> Iterable[Dataset]:
    element = read(data, tag_for_keyword(keyword) or 0) if keyword in data else None
    return element.value if element is not None and element.VR == "SQ" else ()


def known_ages(
    before: Iterable[FlatElement],
    original: Iterable[FlatElement],
    oldest_years: int = OLDEST_YEARS,
) -> set[Age]:
    """Return the ages that an original tells, or its birth date and a day of its study give."""
    original = tuple(original)
    told = [*before, *(each for each in original if each.tag == PATIENT_AGE)]
    known = {age for each in told for value in each.values if (age := age_of(value))}
    births, studies = _days(original, {BIRTH}), _days(original, STUDIES)
    for birth in births:
        known |= {age for study in studies for age in completed(birth, study)}
    if any(number / IN_A_YEAR[unit] >= oldest_years + 1 for number, unit in known):
        known.add((oldest_years + 1, "Y"))
    return known


def _days(elements: Iterable[FlatElement], tags: set[int | None]) -> set[date]:
    found = set()
    for element in elements:
        if element.tag in tags and not element.path:
            for value in element.values:
                digits = value.replace(".", "").replace("-", "")[:8]
                if digits.isdecimal() and len(digits) == 8:
                    try:
                        found.add(date(int(digits[:4]), int(digits[4:6]), int(digits[6:])))
                    except ValueError:
                        continue  # no day of the calendar gives an age
    return found


def completed(birth: date, study: date) -> Iterator[Age]:
    """Yield an age in completed days, weeks, months and years; nothing before birth.

    Who was born on the 31st, or on 29 February, completes a month of fewer days on its last day by
    some laws and on the day after by others: both are right.
    """
    days = (study - birth).days
    if days < 0:
        return
    yield days, "D"
    yield days // DAYS_A_WEEK, "W"
    last = calendar.monthrange(study.year, study.month)[1]
    for due in (birth.day, min(birth.day, last)):
        months = (study.year - birth.year) * MONTHS_A_YEAR + study.month - birth.month
        months -= study.day < due
        yield months, "M"
        yield months // MONTHS_A_YEAR, "Y"
