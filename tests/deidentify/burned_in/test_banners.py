"""Fixed banners: our table says what the published one says, and matches as it does."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset

from workbench.deidentify.burned_in.banners import banners, rules, written
from workbench.deidentify.burned_in.boxes import Box, around

METHODS = {"contains": "~", "containsIgnoreCase": "~", "equals": "=", "startsWithIgnoreCase": "^"}
TERM = re.compile(r"\(?\s*(\w+|\[[0-9a-fA-F,]+\])\.(\w+)\s*\(\"([^\"]*)\"\)\s*\)?")


def published(condition: str) -> frozenset[tuple[str, str, tuple[str, ...]]]:
    """Read a condition of the published script: products of sums of terms."""
    terms = set()
    for factor in re.split(r"\s\*\s", condition):
        found = [TERM.fullmatch(one.strip()) for one in re.split(r"\s\+\s", factor)]
        assert all(found), "a term that this test does not understand"
        keywords = {keyword(match[1]) for match in found if match}
        signs = {METHODS[match[2]] for match in found if match}
        assert len(keywords) == len(signs) == 1, "alternatives of different attributes"
        texts = tuple(match[3].casefold() for match in found if match)
        terms.add((keywords.pop(), signs.pop(), texts))
    return frozenset(terms)


def keyword(text: str) -> str:
    """Return a keyword, or the digits of a tag that has none of its own (repeating groups)."""
    if text[0] != "[":
        return text
    digits = text[1:-1].replace(",", "")
    name = keyword_for_tag(int(digits, 16))
    return name if tag_for_keyword(name) else digits


def test_the_table_has_the_published_rules_and_no_other(test_data: Path) -> None:
    with (test_data / "deidentify" / "ctp_burned_in_regions.csv").open() as file:
        theirs = {
            (published(row["condition"]),
             Box(*(int(row[name]) for name in ("y", "x", "height", "width"))))
            for row in csv.DictReader(file)
        }  # fmt: skip
    ours = {
        (frozenset((one.keyword, one.sign, one.alternatives) for one in rule.conditions), rule.box)
        for rule in rules()
    }
    assert ours == theirs


def test_every_rule_names_attributes_of_the_standard_and_some_pixels() -> None:
    assert len(rules()) > 50
    for rule in rules():
        assert rule.conditions
        assert all(tag_for_keyword(one.keyword) or int(one.keyword, 16) for one in rule.conditions)
        assert rule.box.height > 0
        assert rule.box.width > 0


@pytest.fixture
def philips() -> Dataset:
    data = Dataset()
    data.Manufacturer, data.ImageType = "Philips Medical", ["DERIVED", "SECONDARY", "DOSE_INFO"]
    return data


def test_letter_case_and_several_values_match(philips: Dataset) -> None:
    assert banners(philips) == (Box(0, 0, 135, 512),)
    philips.Manufacturer = "PHILIPS"
    assert banners(philips) == (Box(0, 0, 135, 512),)


def test_one_condition_that_fails_or_is_absent_spoils_the_match(philips: Dataset) -> None:
    del philips.ImageType
    assert banners(philips) == ()


def test_numbers_and_file_meta_information_are_compared() -> None:
    data = Dataset()
    data.ManufacturerModelName, data.Rows = "Philips iU22", 768
    assert banners(data) == (Box(0, 0, 75, 1024),)
    data.Rows = 769
    assert banners(data) == ()
    mindray = Dataset()
    mindray.Modality = "US"
    mindray.file_meta = FileMetaDataset()
    mindray.file_meta.ImplementationVersionName = "MINDRAY_1"
    assert banners(mindray) == (Box(0, 0, 69, 1229),)


def test_an_overlay_is_an_attribute_of_a_repeating_group() -> None:
    data = Dataset()
    data.add_new(0x60000022, "LO", "Siemens MedCom Object Graphics")
    assert banners(data) == (Box(0, 0, 90, 512),)


def test_alternatives_are_either_or() -> None:
    data = Dataset()
    data.Manufacturer, data.Rows = "Vital Images, Inc", 1041
    for description, matches in (("AAA 3", True), ("Report", True), ("Axial", False)):
        data.SeriesDescription = description
        assert bool(banners(data)) is matches


def test_a_value_that_cannot_be_read_is_empty() -> None:
    class Broken(Dataset):
        def get_item(self, *_: object, **__: object) -> object:
            raise ZeroDivisionError("Quixoteberg")

    assert written(Broken(), "Manufacturer") == ""


boxes = st.builds(
    Box, st.integers(-9, 99), st.integers(-9, 99), st.integers(1, 50), st.integers(1, 50)
)


@given(st.lists(boxes, min_size=1, max_size=5))
def test_the_box_around_boxes_holds_each(several: list[Box]) -> None:
    whole = around(several)
    for box in several:
        assert whole.top <= box.top < box.bottom <= whole.bottom
        assert whole.left <= box.left < box.right <= whole.right


@given(boxes, st.integers(1, 4))
def test_a_box_of_an_enlarged_picture_covers_the_same_pixels_again(box: Box, scale: int) -> None:
    small = box.shrunk(scale)
    assert small.top * scale <= box.top
    assert small.bottom * scale >= box.bottom
    assert small.left * scale <= box.left
    assert small.right * scale >= box.right
