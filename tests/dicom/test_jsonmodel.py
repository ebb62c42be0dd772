"""Values of DICOM JSON (PS3.18 annex F) by keyword or tag, and private ones by their creator."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from workbench.dicom.jsonmodel import Item, first, items, private, tag_key, values


def as_json(dataset: Dataset) -> Item:
    header: Item = json.loads(dataset.to_json())
    return header


def test_an_attribute_is_found_by_keyword_and_by_tag() -> None:
    dataset = Dataset()
    dataset.KVP = "120"
    header = as_json(dataset)
    assert first(header, "KVP") == first(header, "00180060") == 120
    assert tag_key("KVP") == "00180060"


def test_digits_of_a_tag_may_be_of_either_case() -> None:
    assert tag_key("0040a043") == "0040A043" == tag_key("ConceptNameCodeSequence")


def test_a_word_that_the_standard_does_not_have_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        tag_key("TubeVoltage")


@pytest.mark.parametrize("element", [None, {"vr": "DS"}, {"vr": "DS", "Value": []}])
def test_an_absent_and_an_empty_element_have_no_values(element: dict[str, Any] | None) -> None:
    header = {} if element is None else {"00180060": element}
    assert values(header, "KVP") == []
    assert first(header, "KVP") is None
    assert items(header, "KVP") == []


def test_an_empty_value_among_several_keeps_its_place() -> None:
    header = {"00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]}}  # PS3.18 F.2.5
    assert values(header, "ImageType") == ["ORIGINAL", None, "AXIAL"]
    assert first({"00080008": {"vr": "CS", "Value": [None, "AXIAL"]}}, "ImageType") == "AXIAL"


def test_what_is_no_item_of_a_sequence_is_left_out() -> None:
    header = {"00081140": {"vr": "SQ", "Value": [{"00081150": {}}, None, "text"]}}
    assert items(header, "ReferencedImageSequence") == [{"00081150": {}}]


def test_values_are_a_copy() -> None:
    header = {"00180060": {"vr": "DS", "Value": [120]}}
    values(header, "KVP").append(1)
    assert values(header, "KVP") == [120]


@given(st.integers(0x10, 0xFF), st.integers(0, 0xFF), st.sampled_from(["", " ", "   "]))
def test_a_private_element_is_found_in_whatever_block_its_creator_took(
    block: int, element: int, blanks: str
) -> None:
    dataset = Dataset()
    dataset.add_new(0x00190000 | block, "LO", f"GEMS_ACQU_01{blanks}")
    dataset.add_new(0x00190000 | block << 8 | element, "DS", "40")
    header = as_json(dataset)
    element_there = private(header, "GEMS_ACQU_01", 0x19, element)
    assert element_there is not None
    assert element_there["Value"] == [40]
    assert private(header, "GEMS_ACQU_01", 0x19, element ^ 1) is None
    assert private(header, "GEMS_ACQU_01", 0x21, element) is None


def test_an_element_in_the_block_of_another_maker_is_not_taken() -> None:
    dataset = Dataset()
    dataset.add_new(0x00190010, "LO", "SIEMENS CT VA0  COAD")
    dataset.add_new(0x00191027, "DS", "40")
    assert private(as_json(dataset), "GEMS_ACQU_01", 0x19, 0x27) is None


def test_a_creator_who_took_two_blocks_is_looked_for_in_both() -> None:
    dataset = Dataset()
    for block in (0x10, 0x12):
        dataset.add_new(0x00190000 | block, "LO", "GEMS_ACQU_01")
    dataset.add_new(0x00191227, "DS", "40")
    element = private(as_json(dataset), "GEMS_ACQU_01", 0x19, 0x27)
    assert element is not None
    assert element["Value"] == [40]


def test_an_element_nobody_reserved_belongs_to_no_one() -> None:
    dataset = Dataset()
    dataset.add_new(0x00191027, "DS", "40")
    assert private(as_json(dataset), "", 0x19, 0x27) is None
