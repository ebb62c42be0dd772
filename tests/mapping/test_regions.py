"""Body regions from protocol texts in three languages."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping.regions import body_region, normalised, region_rules, regions_of


def test_all_published_examples(test_data: Path) -> None:
    path = test_data / "dosimetry" / "region_rules_examples.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = [
        row["protocol_text"] for row in rows
        if body_region(row["protocol_text"])[0] != row["expected_region"]
    ]  # fmt: skip
    assert rows
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Schädel nativ", "head"), ("Crâne sans injection", "head"), ("Brain w/o contrast", "head"),
        ("Thorax^TAP (Adult)", "chest_abdomen_pelvis"), ("HWS", "cervical_spine"),
        ("Rachis lombaire", "lumbar_spine"), ("CHESTABDPELVIS", "chest_abdomen_pelvis"),
        ("Topogramm", "localizer"), ("PreMonitoring", "bolus_tracking"), ("Fuß links", "extremity"),
        ("Scanner thorax", "chest"), ("CSPINE", "cervical_spine"), ("Standard 120 kV", "unknown"),
        ("", "unknown"), ("   ", "unknown"),
    ],
)  # fmt: skip
def test_regions_in_three_languages(text: str, region: str) -> None:
    assert body_region(text)[0] == region


def test_accents_sharp_s_and_separators_are_folded() -> None:
    assert normalised("Schädel/Hälfte_groß^é (x)") == "schadel halfte gross e x"


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    region, rule = body_region(text)
    assert (region == "unknown") == (rule is None)


def test_rule_numbers_are_unique_and_ordered() -> None:
    numbers = [rule.number for rule in region_rules()]
    assert numbers == sorted(set(numbers))


def test_texts_are_asked_in_the_order_given_and_the_answer_says_which() -> None:
    frame = pl.DataFrame({"a": ["Head", "Routine", None], "b": ["Chest", "Knee", "??"]})
    found = regions_of(frame, {"a": "protocol", "b": "body part"})
    assert found["body_region"].to_list() == ["head", "extremity", "unknown"]
    assert found["region_rule"].to_list() == ["12 (protocol)", "23 (body part)", None]
