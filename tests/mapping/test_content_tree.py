"""Content trees: codes decide, not meanings; what is no tree is an empty one, never an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from workbench.mapping.content_tree import (
    DOSE_REPORT,
    DOSE_REPORT_KINDS,
    REPORT_KINDS,
    Node,
    code_of,
    parse_header,
    report_kind,
)


def code(value: str, meaning: str = "", keyword: str = "CodeValue") -> Dataset:
    item = Dataset()
    setattr(item, keyword, value)
    item.CodeMeaning = meaning
    item.CodingSchemeDesignator = "DCM"
    return item


def content(concept: str, *children: Dataset, **values: Any) -> Dataset:
    item = Dataset()
    item.ConceptNameCodeSequence = [code(concept, "a concept")]
    if children:
        item.ContentSequence = list(children)
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def node(dataset: Dataset) -> Node:
    return Node(dataset.to_json_dict())


def test_children_are_found_by_code_in_their_order_and_not_their_children() -> None:
    tree = node(content("A", content("B", content("C")), content("C", TextValue="first"),
                        content("C", TextValue="second")))  # fmt: skip
    assert [one.text() for one in tree.children("C")] == ["first", "second"]
    assert tree.child("C").text() == "first"
    assert tree.child("B").child("C").code == "C"


def test_an_absent_child_is_empty_all_the_way() -> None:
    empty = node(content("A")).child("B").child("C")
    assert (empty.code, empty.text(), empty.coded(), empty.measured()) == (
        "", None, ("", ""), ([], None)
    )  # fmt: skip


def test_a_number_has_its_unit_by_code() -> None:
    measured = Dataset()
    measured.NumericValue = "12.5"
    measured.MeasurementUnitsCodeSequence = [code("mGy", "milligray")]
    values, unit = node(content("A", MeasuredValueSequence=[measured])).measured()
    assert [float(one) for one in values] == [12.5]
    assert unit == "mGy"


@pytest.mark.parametrize("keyword", ["CodeValue", "LongCodeValue", "URNCodeValue"])
def test_a_code_may_stand_in_any_of_its_three_places(keyword: str) -> None:
    # PS3.3 section 8.1: exactly one of the three is there
    item = content("A", ConceptCodeSequence=[code("T-D3000", " Chest ", keyword)])
    assert node(item).coded() == ("T-D3000", "Chest")


@pytest.mark.parametrize(
    ("values", "text"),
    [({"TextValue": " a "}, "a"), ({"UID": "1.2.3"}, "1.2.3"), ({"TextValue": "  "}, None),
     ({"DateTime": "20240105"}, "20240105")],
)  # fmt: skip
def test_text_uid_and_moment_are_texts(values: dict[str, Any], text: str | None) -> None:
    assert node(content("A", **values)).text() == text


@pytest.mark.parametrize(
    ("root", "inside", "kind"),
    [
        (DOSE_REPORT, "113811", "ct"),  # CT Accumulated Dose Data, TID 10011
        (DOSE_REPORT, "113819", "ct"),  # CT Acquisition
        (DOSE_REPORT, "113706", "projection"),  # Irradiation Event X-Ray Data, TID 10003
        (DOSE_REPORT, "121005", "projection"),
        ("113500", "113811", "nuclear"),
        ("126000", "113811", "no_dose"),  # an imaging measurement report
    ],
)
def test_the_root_and_its_content_say_what_a_report_is(root: str, inside: str, kind: str) -> None:
    report = content(root, content("121005"), content(inside))
    assert report_kind(report.to_json()) == kind
    assert (kind in DOSE_REPORT_KINDS) is (kind != "no_dose")
    assert kind in REPORT_KINDS


def test_acquisitions_deeper_than_they_belong_make_it_ct_too_so_that_they_are_told() -> None:
    assert report_kind(content(DOSE_REPORT, content("B", content("113819"))).to_json()) == "ct"
    assert report_kind(content(DOSE_REPORT, content("B", content("B"))).to_json()) == "projection"


@given(st.text() | st.none() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
    json.dumps))  # fmt: skip
def test_what_is_no_header_is_an_empty_one(text: str | None) -> None:
    assert parse_header(text) == {}
    assert report_kind(text or "") == "no_dose"


def test_an_item_without_a_code_still_tells_its_meaning() -> None:
    assert code_of({"0040A043": {"vr": "SQ", "Value": [
        {"00080104": {"vr": "LO", "Value": ["Chest"]}}]}}, "ConceptNameCodeSequence") == (
            "", "", "Chest")  # fmt: skip
