"""What is encrypted in the hospital's file comes back as it was, and only where it belongs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.sealed_rows import SealedRows
from workbench.deidentify.field_encryption import FieldCipher
from workbench.errors import IdentityError

ROWS = SealedRows(FieldCipher(bytes(32), bytes(16)))
TEXT = st.text(max_size=64)
DAY = st.none() | st.dates()
UIDS = st.text("0123456789.", min_size=1, max_size=64)
PATIENTS = st.builds(ListedPatient, TEXT, TEXT, TEXT, DAY, DAY, DAY, st.integers(-9, 9))


@given(PATIENTS, st.integers(1, 10**9))
def test_a_patient_comes_back(patient: ListedPatient, number: int) -> None:
    row = {"number": number, "identity": ROWS.patient(number, patient),
           "priority": patient.priority}  # fmt: skip
    assert ROWS.patient_of(row) == patient


@given(PATIENTS, PATIENTS)
def test_two_patients_share_a_look_up_when_the_same_is_asked(
    one: ListedPatient, other: ListedPatient
) -> None:
    """Birth date and priority are not part of what is asked."""

    def asked(who: ListedPatient) -> tuple[Any, ...]:
        return who.patient_id, who.issuer, who.accession, who.study_from, who.study_to

    assert (ROWS.patient_index(one) == ROWS.patient_index(other)) == (asked(one) == asked(other))


@given(UIDS, UIDS, st.lists(UIDS, max_size=5, unique=True), st.integers(1, 99))
def test_studies_and_series_come_back(study: str, uid: str, objects: list[str], who: int) -> None:
    index = ROWS.study_index(who, study)
    row = {"patient": who, "lookup": index, "identity": ROWS.study(who, study, "2024-02-29")}
    assert ROWS.study_of(row) == (study, "2024-02-29")
    series = {
        "patient": who, "study": index, "lookup": ROWS.series_index(who, study, uid),
        "identity": ROWS.series(who, study, uid, objects),
    }  # fmt: skip
    assert ROWS.series_of(series) == (uid, sorted(objects))
    for changed in ({"patient": who + 1}, {"study": bytes(32)}, {"lookup": bytes(32)}):
        with pytest.raises(IdentityError):
            ROWS.series_of(series | changed)


def test_one_study_of_two_patients_is_not_seen_to_be_one() -> None:
    assert ROWS.study_index(1, "1.2.3") != ROWS.study_index(2, "1.2.3")
    assert ROWS.study_index(1, "1.2.3") == ROWS.study_index(1, "1.2.3")


def test_answers_come_back_and_the_same_answer_is_known_again() -> None:
    told: dict[str, Any] = {"STUDY": [{"00100010": {"vr": "PN", "Value": ["Grottenolm"]}}]}
    row = {"patient": 4, "asked_at": "now", "content": ROWS.answers(4, "now", told)}
    assert ROWS.answers_of(row) == told
    assert b"Grottenolm" not in row["content"]
    assert ROWS.answers_index(4, told) == ROWS.answers_index(4, dict(reversed(told.items())))
    assert ROWS.answers_index(4, told) != ROWS.answers_index(4, {"STUDY": []})
    with pytest.raises(IdentityError):
        ROWS.answers_of(row | {"asked_at": "then"})


def test_a_birth_date_is_read_as_the_day_it_was() -> None:
    who = ListedPatient("1", birth_date=date(1900, 1, 1))
    row = {"number": 1, "identity": ROWS.patient(1, who), "priority": 0}
    assert ROWS.patient_of(row).birth_date == date(1900, 1, 1)
