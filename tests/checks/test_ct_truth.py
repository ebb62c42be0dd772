"""The comparison of CT headers with the truth says wrong where something is wrong."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import ct_truth
from benchmarks.ct_truth import RIGHT, Comparison, alike, cases, known_spirals


def test_every_published_scan_lies_within_what_is_stated() -> None:
    compared = [*known_spirals("published"), *known_spirals("spiral")]
    assert all(one.within for one in compared)
    assert abs(sum(one.off for one in compared) / len(compared)) < 0.05


def test_a_wrong_dose_is_outside() -> None:
    assert Comparison("", 110.0, 100.0, 0.06).within
    assert not Comparison("", 110.0, 100.0, 0.03).within
    assert Comparison("", 110.0, 100.0, 0.0).off == pytest.approx(math.log(1.1))


def test_values_are_alike_to_a_thousandth_and_in_number() -> None:
    assert alike([100.05, None], 100.0, None)
    assert not alike([100.2], 100.0)
    assert not alike([None], 100.0)
    assert not alike([100.0], 100.0, 100.0)


def test_every_case_with_an_answer_is_there(test_data: Path) -> None:
    names = {folder.name for folder in (test_data / "cases" / "ct").iterdir()}
    assert set(RIGHT) <= names


def test_a_case_that_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch, test_data: Path) -> None:
    del test_data
    monkeypatch.setattr(ct_truth, "RIGHT", {"C04_one_slice_spiral": lambda _: False})
    assert cases()["C04_one_slice_spiral"] is False
