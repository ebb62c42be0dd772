"""Every element is seen, those in sequences too; said by name, never by value."""

from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from workbench.verify.elements import (
    MAX_BINARY_BYTES,
    FlatElement,
    by_place,
    elements,
    name,
    numbers_of,
)


def nested() -> Dataset:
    inner, middle, outer = Dataset(), Dataset(), Dataset()
    inner.PatientID = "CANARY"
    middle.ReferencedStudySequence = [inner, Dataset()]
    outer.ReferencedSeriesSequence = [middle]
    outer.PatientName = "Yamada^Tarou=山田^太郎"
    outer.ImageType = ["ORIGINAL", "PRIMARY"]
    block = outer.private_block(0x19, "MAKER", create=True)
    block.add_new(0x27, "DS", "1.50")
    return outer


def test_sequences_are_followed_to_their_ends() -> None:
    found = {one.where: one for one in elements(nested())}
    assert set(found) == {
        "ImageType", "PatientName", "ReferencedSeriesSequence", "(0019,xx10)", "(0019,xx27)",
        "ReferencedSeriesSequence/ReferencedStudySequence",
        "ReferencedSeriesSequence/ReferencedStudySequence/PatientID",
    }  # fmt: skip
    assert found["ImageType"].values == ("ORIGINAL", "PRIMARY")
    assert found["(0019,xx27)"].creator == "MAKER"
    assert found["(0019,xx27)"].values == ("1.50",), "as it was written"


def test_where_tells_no_value() -> None:
    assert not any("CANARY" in one.where for one in elements(nested()))


def test_an_element_that_cannot_be_read_is_seen_with_its_bytes() -> None:
    broken = Dataset()
    tag = Tag("NumberOfFrames")
    broken[tag] = RawDataElement(tag, "IS", 6, b"CANARY", 0, False, True)
    (found,) = elements(broken)
    assert "CANARY" in "".join(found.values)


@pytest.mark.parametrize(
    ("tag", "said"),
    [(0x00100010, "PatientName"), (0x00191027, "(0019,xx27)"), (0x00189999, "(0018,9999)")],
)
def test_a_tag_is_said_by_its_keyword_where_it_has_one(tag: int, said: str) -> None:
    assert name(tag) == said


@pytest.mark.parametrize(
    ("content", "vr", "numbers"),
    [
        # PS3.5 6.2: what bytes of unknown VR are as the VR that the output gives them
        ("\x00\x00\x80?\x00\x00\x00@", "FL", [1.0, 2.0]), ("\x01\x00\x02\x00", "US", [1.0, 2.0]),
        ("\xff\xff", "SS", [-1.0]), ("12.5\\7 ", "DS", [12.5, 7.0]), ("\x01", "FL", []), ("abc", "DS", []),
        ("\x00\x00\x00\x00\x00\x00\xf0?", "FD", [1.0]), ("xx", "LO", []),
    ],
)  # fmt: skip
def test_numbers_of_unknown_vr_are_read_as_what_another_file_says(
    content: str, vr: str, numbers: list[float]
) -> None:
    assert numbers_of(FlatElement(0x70051063, "UN", (), (content,)), vr) == numbers


def test_of_pixels_only_the_beginning_is_kept() -> None:
    data = Dataset()
    data.add_new(0x7FE00010, "OB", bytes(1_000_000))
    (found,) = elements(data)
    assert len(found.values[0]) == MAX_BINARY_BYTES


def test_an_item_says_what_it_is_about_and_bytes_are_kept_where_they_are_not_ascii() -> None:
    item, concept = Dataset(), Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator = "113880", "DCM"
    item.ConceptNameCodeSequence = [concept]
    item.TextValue = "48213"
    tag = Tag("SeriesDescription")
    item[tag] = RawDataElement(tag, "LO", 3, b"Gr\xfc", 0, False, True)
    found = {one.where: one for one in elements(item)}
    assert found["TextValue"].concept == "113880 DCM"
    assert found["TextValue"].raw == b""
    assert found["SeriesDescription"].raw == b"Gr\xfc"


def test_private_elements_of_two_makers_are_two_places_in_whatever_block() -> None:
    first, second = Dataset(), Dataset()
    for data, makers in ((first, ("ACME", "OTHER")), (second, ("OTHER", "ACME"))):
        for maker in makers:
            data.private_block(0x0009, maker, create=True).add_new(1, "LO", maker)
    for data in (first, second):
        places = by_place(elements(data))
        assert [one.values for one in places[(), 0x00090001, "ACME"]] == [("ACME",)]
        assert [one.values for one in places[(), 0x00090001, "OTHER"]] == [("OTHER",)]
