"""Codes are value and scheme: a maker's own meaning of DICOM's value is not DICOM's."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.mapping.codes import Code, code_of, schemes, synonyms
from workbench.mapping.content_tree import Node, schemeless

KEYWORD = "ConceptNameCodeSequence"


def told(value: str, scheme: str | None = "DCM", uid: str | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {"00080100": {"vr": "SH", "Value": [value]}}
    if scheme is not None:
        item["00080102"] = {"vr": "SH", "Value": [scheme]}
    if uid is not None:
        item["0008010C"] = {"vr": "UI", "Value": [uid]}
    return {"0040A043": {"vr": "SQ", "Value": [item]}}


def tree(*children: dict[str, Any]) -> Node:
    return Node({**told("113819"), "0040A730": {"vr": "SQ", "Value": list(children)}})


def text(words: str, value: str, scheme: str | None = "DCM") -> dict[str, Any]:
    return told(value, scheme) | {"0040A160": {"vr": "UT", "Value": [words]}}


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (told("113838"), "113838"),
        (told("113838 ", " dcm "), "113838"),
        (told("113838", None, "1.2.840.10008.2.16.4"), "113838"),
        (told("113838", "99LOCAL", "1.2.840.10008.2.16.4"), "113838"),
        (told("113838", "99ACME"), "113838 (99ACME)"),
        (told("113838", "SCT"), "113838 (SCT)"),
        (told("P5-08001", "SRT"), "P5-08001"),
        (told("P5-08001", "SNM3"), "P5-08001"),
        (told("P5-08001", "99SDM"), "P5-08001"),
        (told("116152004", "SCT"), "P5-08001"),
        (told("116152004", "99ACME"), "116152004 (99ACME)"),
        (told("116152004", "DCM"), "116152004"),
        ({}, ""),
    ],
)
def test_a_code_is_known_by_value_and_scheme_in_all_their_spellings(
    item: dict[str, Any], name: str
) -> None:
    assert code_of(item, KEYWORD).name == name


@pytest.mark.parametrize("private_first", [True, False])
@pytest.mark.parametrize("private", ["99ACME", "SCT", "LN", None])
def test_a_child_of_another_scheme_never_takes_the_place_of_dicoms(
    private: str | None, private_first: bool
) -> None:
    children = [text("theirs", "113838", private), text("ours", "113838")]
    node = tree(*(children if private_first else reversed(children)))
    assert [child.text() for child in node.children("113838")] == ["ours"]


def test_a_code_without_scheme_is_read_where_no_other_has_its_place_and_is_seen() -> None:
    node = tree(text("alone", "113838", None))
    assert node.child("113838").text() == "alone"
    assert schemeless(node.item)
    assert not schemeless(tree(text("ours", "113838")).item)
    assert tree(text("theirs", "113838", "99ACME")).children("113838") == []


def test_tables_name_schemes_that_are_known_and_codes_once() -> None:
    assert {scheme for scheme, _ in synonyms()} <= set(schemes().values())
    assert Code("113838", "DCM").name not in synonyms().values()
