"""Demands on headers: what a person writes in a profile is what is asked of an image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydicom.multival import MultiValue
from pydicom.valuerep import DSfloat

from workbench.qa.constraints import Constraint


def demand(given: object) -> Constraint:
    return TypeAdapter(Constraint).validate_python(given)


@pytest.mark.parametrize(
    ("given", "found", "met"),
    [
        (120, 120, True), (120, "120", True), (120, DSfloat("120.0"), True), (120, 121, False),
        (120, "kVp", False), (120, None, False),
        ("CT", "CT", True), ("CT", " ct ", True), ("CT", "MR", False), ("120", 120, True),
        (["B30f", "B40f"], "B40F", True), (["B30f", "B40f"], "B50f", False), ([1, 2], 2.0, True),
        ({"equals": 5, "tolerance": 0.1}, 5.1, True), ({"equals": 5, "tolerance": 0.1}, 4.9, True),
        ({"equals": 5, "tolerance": 0.1}, 5.11, False),
        ({"equals": 5, "tolerance": 0.1}, 4.89, False),
        ({"low": 1}, 1, True), ({"low": 1}, 0.99, False), ({"low": 1}, 1e9, True),
        ({"high": 2}, 2, True), ({"high": 2}, 2.01, False), ({"high": 2}, -1e9, True),
        ({"low": 1, "high": 2}, 1.5, True), ({"low": 1, "high": 2}, "one", False),
    ],
)  # fmt: skip
def test_a_demand_is_met_or_not(given: object, found: object, met: bool) -> None:
    assert demand(given).met(found) is met


def test_of_several_values_all_must_fit() -> None:
    half = {"low": 0.4, "high": 0.6}
    assert demand(half).met(MultiValue(float, [0.5, 0.5]))
    assert not demand(half).met(MultiValue(float, [0.5, 0.7]))
    assert not demand(half).met([])


@given(st.floats(0.01, 1000), st.floats(0.001, 10))
def test_a_value_at_its_tolerance_is_within_it_whatever_binary_does(
    wanted: float, tolerance: float
) -> None:
    both = demand({"equals": wanted, "tolerance": tolerance})
    for edge in (wanted + tolerance, wanted - tolerance):
        assert both.met(f"{edge:.14g}")


@pytest.mark.parametrize(
    "given",
    [
        {}, {"equals": 1, "low": 0}, {"equals": 1, "one_of": [2]}, {"tolerance": 1},
        {"equals": "CT", "tolerance": 1}, {"one_of": [1], "high": 3}, True, {"equal": 1},
        {"one_of": []}, [],
    ],
)  # fmt: skip
def test_a_demand_that_says_two_things_or_none_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        demand(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (120, "120"), ({"equals": 5, "tolerance": 0.1}, "5 ± 0.1"), (["a", "b"], "a or b"),
        ({"low": 1}, "at least 1"), ({"high": 2}, "at most 2"), ({"low": 1, "high": 2}, "1 to 2"),
    ],
)  # fmt: skip
def test_a_demand_is_said_as_a_person_reads_it(given: object, words: str) -> None:
    assert str(demand(given)) == words
