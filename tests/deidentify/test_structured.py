"""Dose reports: the tree and the dose stay, people and free words go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from workbench.deidentify.engine import Deidentified

Apply = Callable[[Dataset], Deidentified]
SECRET = "Grottenolm"


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(value_type: str, code: tuple[str, str, str], **values: object) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", value_type
    item.ConceptNameCodeSequence = [coded(*code)]
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def number(code: tuple[str, str, str], value: str, unit: str) -> Dataset:
    measured = Dataset()
    measured.add_new("NumericValue", "LO" if value == "x" else "DS", value)
    measured.MeasurementUnitsCodeSequence = [coded(unit, "UCUM", unit)]
    return content("NUM", code, MeasuredValueSequence=[measured])


def report(patient: Dataset, *items: Dataset) -> Dataset:
    patient.ContentSequence = [
        content("CONTAINER", ("113819", "DCM", "CT Acquisition"), ContentSequence=list(items))
    ]
    return patient


def item_of(done: Deidentified) -> Dataset:
    return done.dataset.ContentSequence[0].ContentSequence[0]


def test_numbers_and_codes_stay_exact(patient: Dataset, apply: Apply) -> None:
    dose = number(("113830", "DCM", "Mean CTDIvol"), "12.3400", "mGy")
    made = item_of(apply(report(patient, dose)))
    assert made == dose
    assert str(made.MeasuredValueSequence[0].NumericValue.original_string) == "12.3400"


@pytest.mark.parametrize(
    "item",
    [
        content("PNAME", ("113870", "DCM", "Person Name"), PersonName=SECRET),
        content("TEXT", ("121008", "DCM", "Person Observer Name"), TextValue=SECRET),
        content("TEXT", ("113873", "DCM", "Organization Name"), TextValue=SECRET),
        content("TEXT", ("121114", "DCM", "Performing Physician"), TextValue=SECRET),
        content("TEXT", ("121017", "DCM", "Location"), TextValue=SECRET),
        content("TEXT", ("110119", "DCM", "Station AE Title"), TextValue=SECRET),
        content("TEXT", ("027", "99PHI-IXR-XPER", "Physician"), TextValue=SECRET),
        content("TEXT", ("X1", "99ANY", "Anything"), TextValue=SECRET),
        content("TEXT", ("113691", "DCM", "Nobody"), TextValue=SECRET),
        content("UIDREF", ("113769", "DCM", "Event"), UID=f"1.2.3.{SECRET}"),
        content("DATETIME", ("111526", "DCM", "Started"), DateTime=SECRET),
        content("DATE", ("121031", "DCM", "Subject Birth Date"), Date="19311203"),
    ],
)
def test_what_must_not_leave(
    item: Dataset, patient: Dataset, leaked: Callable[[Dataset, str], bool]
) -> None:
    secret = "1931" if "Date" in item else SECRET
    assert not leaked(report(patient, item), secret)


def test_a_removed_text_keeps_its_place(patient: Dataset, apply: Apply) -> None:
    made = item_of(apply(report(patient, content("TEXT", ("X1", "99ANY", "Any"), TextValue="a"))))
    assert made.TextValue == "REMOVED"


def test_a_protocol_stays_and_loses_the_name(patient: Dataset, apply: Apply) -> None:
    text = "Thorax native Quixoteberg 2.5mm"
    item = content("TEXT", ("125203", "DCM", "Acquisition Protocol"), TextValue=text)
    assert item_of(apply(report(patient, item))).TextValue == "Thorax native 2.5mm"


def test_serial_numbers_of_devices_stay(patient: Dataset, apply: Apply) -> None:
    item = content("TEXT", ("121016", "DCM", "Device Observer Serial Number"), TextValue="1010102")
    assert item_of(apply(report(patient, item))).TextValue == "1010102"


def test_names_under_observer_concepts_are_recognised_elsewhere(
    patient: Dataset, leaked: Callable[[Dataset, str], bool]
) -> None:
    observer = content("TEXT", ("121008", "DCM", "Person Observer Name"), TextValue=SECRET)
    patient.StudyDescription = f"Thorax {SECRET}"
    assert not leaked(report(patient, observer), SECRET)


def test_moments_move_and_keep_their_time(patient: Dataset, apply: Apply) -> None:
    item = content("DATETIME", ("111526", "DCM", "Started"), DateTime="20210811093000.25")
    done = apply(report(patient, item))
    assert item_of(done).DateTime == done.dataset.StudyDate + "093000.25"


def test_meanings_under_private_schemes_are_cleaned(
    patient: Dataset, leaked: Callable[[Dataset, str], bool]
) -> None:
    code = coded("A", "99LOCAL", "asked by Dr. Grottenolm")
    item = content("CODE", ("113764", "DCM", "Type"), ConceptCodeSequence=[code])
    assert not leaked(report(patient, item), SECRET)


def test_a_code_that_equals_the_patient_s_id_stays_when_published(
    patient: Dataset, apply: Apply
) -> None:
    patient.PatientID = "113830"
    dose = number(("113830", "DCM", "Mean CTDIvol"), "12.34", "mGy")
    made = item_of(apply(report(patient, dose)))
    assert made.ConceptNameCodeSequence[0].CodeValue == "113830"


@pytest.mark.parametrize(
    ("age", "unit", "told"),
    [("89", "a", True), ("91", "a", False), ("1100", "mo", False), ("x", "a", False)],
)
def test_old_age_in_a_report(
    age: str, unit: str, told: bool, patient: Dataset, apply: Apply
) -> None:
    item = number(("121033", "DCM", "Subject Age"), age, unit)
    made = item_of(apply(report(patient, item)))
    assert (
        bool(made.MeasuredValueSequence and "NumericValue" in made.MeasuredValueSequence[0]) is told
    )
