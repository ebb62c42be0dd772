"""Ages are the patient's, and nobody is told to be older than 90 years, in whatever unit."""

from __future__ import annotations

from datetime import date

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from workbench.verify.elements import FlatElement
from workbench.verify.told_ages import (
    age_of,
    completed,
    is_too_old,
    known_ages,
    wrong_age,
    wrong_measured,
)


def element(keyword: str, value: str, vr: str = "AS", path: tuple[int, ...] = ()) -> FlatElement:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return FlatElement(tag, vr, path, (value,))


def person(
    age: str = "", birth: str = "", study: str = "", keyword: str = "StudyDate"
) -> tuple[FlatElement, ...]:
    """Return what an original says of a patient's age."""
    said = (
        element("PatientAge", age),
        element("PatientBirthDate", birth, "DA"),
        element(keyword, study, "DT" if keyword.endswith("Time") else "DA"),
    )
    return tuple(each for each in said if each.values != ("",))


def wrong(told: str, original: tuple[FlatElement, ...]) -> str:
    before = [each for each in original if each.vr == "AS"]
    return wrong_age([element("PatientAge", told)], before, original)


# --- form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "age"),
    [("041Y", (41, "Y")), ("41Y", (41, "Y")), ("041 y", (41, "Y")), (" 018M ", (18, "M")), ("006W\0", (6, "W")),
     ("1200M", (1200, "M"))],
)  # fmt: skip
def test_an_age_in_the_forms_that_are_seen(text: str, age: tuple[int, str]) -> None:
    assert age_of(text) == age


@pytest.mark.parametrize("text", ["41", "Y", "old", "041J", "19741231", "41Y Zwirnhuber", "٤١Y"])
def test_another_text_is_no_age(text: str) -> None:
    assert age_of(text) is None
    assert wrong(text, person(text)) == "it is no age"


# --- whose it is ------------------------------------------------------------------------------------


def test_the_originals_age_is_right_and_another_is_not() -> None:
    assert wrong("041Y", person("041Y")) == ""
    assert wrong("042Y", person("041Y")) == "it is not the patient's age"
    assert wrong("041M", person("041Y"))
    assert wrong("041Y", person()), "made up"
    assert wrong("", person("041Y")) == "", "gone is no wrong age"


@pytest.mark.parametrize("told", ["034Y", "411M", "1789W"])
def test_an_age_may_be_computed_from_birth_and_study(told: str) -> None:
    """19 February 1981 to 7 June 2015: 34 years and 3 months, 12,526 days."""
    assert wrong(told, person(birth="19810219", study="20150607")) == ""
    assert wrong("035Y", person(birth="19810219", study="20150607"))
    assert wrong(told, person(birth="1981.02.19", study="20150607101112", keyword="AcquisitionDateTime")) == ""  # fmt: skip


def test_what_is_told_before_birth_is_no_age() -> None:
    assert wrong("001D", person(birth="20150608", study="20150607"))
    assert list(completed(date(2015, 6, 8), date(2015, 6, 7))) == []


def test_a_birthday_on_a_day_that_the_year_has_not() -> None:
    """29 February: complete on 28 February by some laws, on 1 March by others."""
    for told in ("017Y", "018Y"):
        assert wrong(told, person(birth="20000229", study="20180228")) == ""
    assert wrong("018Y", person(birth="20000229", study="20180227"))
    assert wrong("017Y", person(birth="20000229", study="20180301"))


@pytest.mark.parametrize(("birth", "study"), [("19813112", "20150607"), ("1981", "20150607"), ("unknown", "x")])  # fmt: skip
def test_no_day_of_the_calendar_gives_no_age(birth: str, study: str) -> None:
    assert wrong("034Y", person(birth=birth, study=study))


def test_the_birth_date_of_somebody_else_in_the_header_gives_none() -> None:
    other = element("PatientBirthDate", "19810219", "DA", (0x00081120,))
    assert known_ages([], [other, *person(study="20150607")]) == set()


# --- how old ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [(91, "Y"), (1080, "M"), (4697, "W"), (32873, "D"), (120, "Y")])
def test_more_than_ninety_years_in_any_unit(age: tuple[int, str]) -> None:
    assert is_too_old(age)


@pytest.mark.parametrize("age", [(90, "Y"), (89, "Y"), (1079, "M"), (999, "W"), (999, "D"), (0, "D")])  # fmt: skip
def test_ninety_years_stand_for_all_above(age: tuple[int, str]) -> None:
    assert not is_too_old(age)


@pytest.mark.parametrize("told", ["095Y", "1140M", "091Y"])
def test_an_old_age_is_wrong_although_it_is_the_patients(told: str) -> None:
    assert wrong(told, person(told)) == "an age above 89 is told"
    assert wrong("090Y", person(told)) == ""


def test_ninety_years_are_told_of_those_who_have_them() -> None:
    assert wrong("090Y", person(birth="19200101", study="20150607")) == ""
    assert wrong("090Y", person("089Y"))
    assert wrong("090Y", person(birth="19260101", study="20150607"))


def test_a_profile_may_tell_lower_ages_only() -> None:
    said = person("085Y")
    before, after = [said[0]], [element("PatientAge", "080Y")]
    assert wrong_age(after, before, said, 79) == ""
    assert wrong_age(before, before, said, 79) == "an age above 79 is told"
    assert wrong_age(after, before, said)


# --- in a report --------------------------------------------------------------------------------------


def code(value: str, scheme: str) -> Dataset:
    data = Dataset()
    data.CodeValue, data.CodingSchemeDesignator, data.CodeMeaning = value, scheme, "x"
    return data


def item(number: str, unit: str = "a", concept: tuple[str, str] = ("121033", "DCM")) -> Dataset:
    measured = Dataset()
    measured.NumericValue = number
    measured.MeasurementUnitsCodeSequence = [code(unit, "UCUM")]
    data = Dataset()
    data.ConceptNameCodeSequence = [code(*concept)]
    data.MeasuredValueSequence = [measured]
    return data


def report(*items: Dataset) -> Dataset:
    inner, data = Dataset(), Dataset()
    inner.ContentSequence = list(items)
    data.ContentSequence = [inner]
    return data


@pytest.mark.parametrize(
    ("number", "unit"),
    [("95", "a"), ("1140", "mo"), ("5000", "wk"), ("34698.5", "d"), ("95", "yr")],
)
def test_an_old_age_in_a_report(number: str, unit: str) -> None:
    assert list(wrong_measured(report(item(number, unit)))) == ["an age above 89 is told"]


@pytest.mark.parametrize(("number", "unit"), [("90", "a"), ("41", "a"), ("500", "mo")])
def test_another_age_in_a_report(number: str, unit: str) -> None:
    assert list(wrong_measured(report(item(number, unit)))) == [""]


def test_numbers_of_other_concepts_are_no_ages() -> None:
    dose = item("95", "mGy", ("113830", "DCM"))
    assert list(wrong_measured(report(dose, item("041", "a", ("30525-0", "LN"))))) == [""]
    assert list(wrong_measured(Dataset())) == []


def test_an_age_that_was_emptied_is_none() -> None:
    emptied = item("95")
    emptied.MeasuredValueSequence = []
    assert list(wrong_measured(report(emptied))) == []
