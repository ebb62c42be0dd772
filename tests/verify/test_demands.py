"""What PS3.15 asks of an attribute, read from the verifier's table: cleaned before kept."""

from __future__ import annotations

import pytest
from pydicom.datadict import tag_for_keyword

from workbench.verify.demands import (
    DOSE,
    DOSE_PLACES,
    EDITION,
    KEEP_UIDS,
    OPTIONS,
    demand,
    safe_private,
    table,
)

PATIENT_CHARACTERISTICS, DESCRIPTIONS = "113108", "113105"  # PS3.16 CID 7050


def tag(keyword: str) -> int:
    found = tag_for_keyword(keyword)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("keyword", "options", "action"),
    [
        # PS3.15 table E.1-1, basic profile and retention options
        ("PatientName", set(), "Z"), ("PatientID", set(), "Z/D"), ("PatientBirthDate", set(), "Z"),
        ("PatientAddress", set(), "X"), ("SOPInstanceUID", set(), "U"),
        ("PatientAge", set(), "X"), ("PatientAge", {PATIENT_CHARACTERISTICS}, "K"),
        ("SOPInstanceUID", {KEEP_UIDS}, "K"), ("StudyDescription", {DESCRIPTIONS}, "C"),
        ("KVP", set(), ""), ("CTDIvol", set(), ""),
    ],
)  # fmt: skip
def test_an_attribute_is_treated_as_the_standard_says(
    keyword: str, options: set[str], action: str
) -> None:
    assert options <= OPTIONS
    assert demand(tag(keyword), frozenset(options)) == action


def test_no_option_makes_a_name_stay() -> None:
    for keyword in ("PatientName", "PatientID", "PatientAddress", "OtherPatientNames"):
        assert demand(tag(keyword), OPTIONS) not in ("K", "C")


def test_the_table_is_whole_and_says_which_edition_it_is() -> None:
    assert len(table()) > 350
    assert EDITION[:4].isdigit()
    assert all(row.basic for row in table().values())


def test_attributes_of_dose_are_those_of_the_standard() -> None:
    for keyword in (*DOSE, *DOSE_PLACES):
        assert tag_for_keyword(keyword), keyword


def test_private_attributes_that_stay_are_listed_by_creator_group_and_byte() -> None:
    found = safe_private()
    assert found
    assert all(group % 2 == 1 and 0 <= low <= 0xFF and creator for creator, group, low in found)
