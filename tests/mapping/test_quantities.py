"""Numbers with units: the same dose in any unit; what is no dose is a finding, never a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping.content_tree import Node
from workbench.mapping.quantities import Reading, number, unit_factors

COLUMN = "ctdi_vol_mgy"


def item(*values: object, unit: str | None = "mGy") -> Node:
    """Return a NUM content item with values, as DICOM JSON."""
    measured: dict[str, Any] = {"0040A30A": {"vr": "DS", "Value": list(values)}}
    if unit is not None:
        code = {"00080100": {"vr": "SH", "Value": [unit]}}
        measured["004008EA"] = {"vr": "SQ", "Value": [code]}
    return Node({"0040A300": {"vr": "SQ", "Value": [measured]}})


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "expected"),
    [
        ("ctdi_vol", 12.5, "mGy", 12.5),
        ("ctdi_vol", 0.0125, "Gy", 12.5),
        ("ctdi_vol", 12500, "uGy", 12.5),
        ("dlp", 312, "mGycm", 312),
        ("dlp", 0.312, "Gy.cm", 312),
        ("length", 30, "cm", 300),
        ("length", 0.3, "m", 300),
        ("time", 500, "ms", 0.5),
        ("time", 2, "min", 120),
        ("voltage", 120, "kVp", 120),
        ("current", 0.2, "A", 200),
        ("current", 200000, "uA", 200),
        ("ratio", 1.2, "{ratio}", 1.2),
    ],
)
def test_a_value_comes_in_the_unit_of_its_column(
    quantity: str, value: float, unit: str, expected: float
) -> None:
    reading = Reading()
    assert reading.measured(item(value, unit=unit), quantity, COLUMN) == pytest.approx(expected)
    assert reading.findings == []


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (item(12.5, unit="mSv"), "unknown_unit"),
        (item(12.5, unit=None), "unknown_unit"),
        (item(12.5, unit="mgy"), "unknown_unit"),  # UCUM codes are case-sensitive
        (item("twelve"), "bad_value"),
        (item("NaN"), "bad_value"),
        (item("1e999"), "bad_value"),
        (item(True), "bad_value"),
        (item(12.5, 13.5), "multi_valued"),
        (item(-1), "negative_value"),
        (item(10_001), "implausible_value"),
        (item(11, unit="Gy"), "implausible_value"),
    ],
)
def test_what_is_no_dose_is_a_finding_and_no_value(node: Node, code: str) -> None:
    reading = Reading()
    assert reading.measured(node, "ctdi_vol", COLUMN) is None
    (finding,) = reading.findings
    assert (finding.code, finding.column) == (code, COLUMN)
    assert "12" not in finding.detail, "a finding quotes no value"


@pytest.mark.parametrize(
    ("node", "codes"),
    [(Node({}), []), *((node, ["empty_value"]) for node in (item(), item(None), item("")))],
)
def test_what_is_absent_is_no_finding_and_what_is_left_empty_a_note(
    node: Node, codes: list[str]
) -> None:
    reading = Reading()
    assert reading.measured(node, "ctdi_vol", COLUMN) is None
    assert [finding.code for finding in reading.findings] == codes
    assert {finding.severity for finding in reading.findings} <= {"note"}


def beside(value: object, **exact: float) -> Node:
    """Return a NUM item whose exact value stands beside Numeric Value (PS3.3 C.18.1)."""
    node = item(value, unit="mGy.cm")
    measured = node.item["0040A300"]["Value"][0]
    for key, number_ in exact.items():
        measured[key.removeprefix("x")] = {"vr": "FD", "Value": [number_]}
    return node


@pytest.mark.parametrize(
    ("node", "value", "codes"),
    [
        (beside("188,5", x0040A161=188.5), 188.5, []),
        (beside(None, x0040A161=188.5), 188.5, []),
        (beside("", x0040A162=377, x0040A163=2), 188.5, []),
        (beside("188,5", x0040A162=377, x0040A163=0), None, ["bad_value"]),
        (beside(188, x0040A161=188.5), 188.0, []),  # Numeric Value is rounded
        (beside(1885, x0040A161=188.5), None, ["contradictory_value"]),
        (beside("188,5"), None, ["bad_value"]),
    ],
)
def test_the_exact_value_counts_where_numeric_value_is_no_number(
    node: Node, value: float | None, codes: list[str]
) -> None:
    reading = Reading()
    assert reading.measured(node, "dlp", "dlp_mgy_cm") == value
    assert [finding.code for finding in reading.findings] == codes


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("code", ["114000", "114006", "114010"])  # CID 42: NaN, failure, unknown
def test_a_qualified_number_is_not_there(code: str, within: bool) -> None:
    node = beside(0)
    place = node.item["0040A300"]["Value"][0] if within else node.item
    place["0040A301"] = {"vr": "SQ", "Value": [{
        "00080100": {"vr": "SH", "Value": [code]}, "00080102": {"vr": "SH", "Value": ["DCM"]},
    }]}  # fmt: skip
    reading = Reading()
    assert reading.measured(node, "dlp", "dlp_mgy_cm") is None
    assert [finding.code for finding in reading.findings] == ["value_qualified"]


def test_zero_is_a_value() -> None:
    assert Reading().measured(item(0), "ctdi_vol", COLUMN) == 0


def test_an_attribute_is_brought_to_the_unit_by_a_factor_before_it_is_judged() -> None:
    reading = Reading()
    assert reading.given(["500"], "time", "exposure_time_s", 1e-3) == pytest.approx(0.5)
    assert reading.given([3_600_000], "time", "exposure_time_s", 1e-3) == pytest.approx(3600)
    assert reading.findings == []
    assert reading.given([3_600_001], "time", "exposure_time_s", 1e-3) is None
    assert reading.given(["", None], "time", "exposure_time_s") is None
    assert [one.code for one in reading.findings] == ["implausible_value"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_text_is_its_number(value: float) -> None:
    assert number(f" {value!r} ") == value == number(value)


@given(st.text() | st.binary() | st.none() | st.lists(st.integers()) | st.integers())
def test_number_gives_a_finite_number_or_none(value: object) -> None:
    found = number(value)
    assert found is None or abs(found) < float("inf")


def test_factors_of_one_quantity_agree_with_si() -> None:
    factors = unit_factors()
    assert factors["ctdi_vol", "Gy"] / factors["ctdi_vol", "mGy"] == 1000
    assert factors["length", "m"] / factors["length", "cm"] == 100
    assert factors["time", "min"] / factors["time", "s"] == 60
