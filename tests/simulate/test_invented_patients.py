"""Invented patients: ages agree with dates, names with character sets, sizes with people."""

from __future__ import annotations

import datetime as dt
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from workbench.simulate.invented_patients import Patient, invent_patient

DAY = dt.date(2024, 1, 5)
patients = st.builds(
    invent_patient, st.integers().map(Random), st.integers(0, 200), st.sampled_from("FM"),
    st.floats(0, 90), st.just(DAY),
)  # fmt: skip


@given(patients)
def test_age_and_birth_date_tell_one_story(patient: Patient) -> None:
    assert patient.birth_date <= DAY
    years = patient.age_years
    before = (DAY.month, DAY.day) < (patient.birth_date.month, patient.birth_date.day)
    assert int(years) == DAY.year - patient.birth_date.year - before  # birthdays that have passed
    number, unit = int(patient.dicom_age[:3]), patient.dicom_age[3]
    assert len(patient.dicom_age) == 4  # PS3.5 section 6.2
    told = number if unit == "Y" else number / 12
    assert 0 <= years - told + 0.01 < (1 if unit == "Y" else 1 / 12) + 0.02
    assert patient.child is (years < 16)


@given(patients)
def test_a_name_can_be_written_in_the_set_that_is_named(patient: Patient) -> None:
    codec = {"ISO_IR 100": "iso8859_1", "ISO_IR 192": "utf-8"}[patient.character_set]
    assert patient.name.encode(codec)
    assert patient.name.count("^") == 1
    assert patient.patient_id.startswith("SIM")


@given(patients)
def test_children_are_small_and_grown_people_are_not(patient: Patient) -> None:
    assert 0.4 <= patient.size_m <= 2
    assert 3 <= patient.weight_kg <= 100
    if patient.age_years > 20:
        assert patient.size_m > 1.6


@given(patients)
def test_without_an_age_no_element_tells_it(patient: Patient) -> None:
    told = patient.attributes(known_age=False)
    assert not told["PatientBirthDate"]
    assert "PatientAge" not in told


def test_the_same_seed_invents_the_same_person() -> None:
    one, same, other = (invent_patient(Random(seed), 3, "F", 40, DAY) for seed in (1, 1, 2))
    assert one == same != other
