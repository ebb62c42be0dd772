"""Every element is seen, those in sequences too; said by name, never by value."""

from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from workbench.verify.elements import elements, name


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
