"""Whoever and whatever an original names is looked for: at any depth, in any group of a name."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from workbench.verify.demands import KEEP_INSTITUTION, KEEP_UIDS
from workbench.verify.elements import elements
from workbench.verify.original_people import people_of, uids_of


def original() -> Dataset:
    data, item = Dataset(), Dataset()
    data.PatientName, data.PatientID, data.AccessionNumber = (
        "Yamada^Tarou=山田^太郎",
        "QZ-00218",
        "0071544",
    )
    data.PatientBirthDate, data.InstitutionName = "19640917", "Xanadu Spital"
    data.StudyInstanceUID, data.SOPClassUID = "1.2.276.0.99.1", "1.2.840.10008.5.1.4.1.1.2"
    item.OperatorsName = ["Zwirnhuber^Otto", "Quibblewick^Zoe"]
    data.ReferencedStudySequence = [item]
    return data


@pytest.mark.parametrize(
    "text",
    ["Yamada", "山田", "太郎", "zwirnhuber", "QUIBBLEWICK", "QZ00218", "qz 00218", "71544", "17.9.1964", "1964年9月17日",
     "170964", "09/1964", "Xanadu", "Taro"],
)  # fmt: skip
def test_each_of_it_is_found(text: str) -> None:
    assert people_of(elements(original()), frozenset()).in_text(text)


@pytest.mark.parametrize("text", ["Spital", "Thorax", "1964", "Ott", "218"])
def test_nothing_else_is(text: str) -> None:
    assert not people_of(elements(original()), frozenset()).in_text(text)


def test_an_option_lets_the_institution_stay() -> None:
    assert not people_of(elements(original()), frozenset({KEEP_INSTITUTION})).in_text("Xanadu")


def test_a_short_date_counts_in_free_texts_alone() -> None:
    found = people_of(elements(original()), frozenset())
    assert found.in_text("170964")
    assert not found.in_text("170964", free=False)


def test_uids_but_those_of_the_standard() -> None:
    assert uids_of(elements(original()), frozenset()) == {"1.2.276.0.99.1"}
    assert uids_of(elements(original()), frozenset({KEEP_UIDS})) == frozenset()


def test_the_same_people_are_prepared_once() -> None:
    assert people_of(elements(original()), frozenset()) is people_of(
        elements(original()), frozenset()
    )
