"""Private elements: read only as the rule says, kept only within its bounds."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from workbench.mapping.ct.private_elements import element_number, element_value, private_values
from workbench.mapping.rules import PrivateElement, PrivateValue, Vendor

CREATOR = "GEMS_ACQU_01"


def rule(read: str = "number", element: int = 0x27) -> PrivateElement:
    return PrivateElement(creator=CREATOR, group=0x19, element=element, read=read)  # type: ignore[arg-type]


def header(*values: object, block: int = 0x10, raw: bytes | None = None) -> dict[str, Any]:
    """Return a header with (0019,xx27) in a block of the creator."""
    element: dict[str, Any] = {"vr": "DS", "Value": list(values)}
    if raw is not None:
        element = {"vr": "UN", "InlineBinary": base64.b64encode(raw).decode()}
    return {
        f"001900{block:02X}": {"vr": "LO", "Value": [f"{CREATOR} "]},
        f"0019{block:02X}27": element,
    }


@pytest.mark.parametrize(
    ("found", "read", "value"),
    [
        (header(39.37), "number", 39.37),
        (header("39.37"), "number", 39.37),
        (header(39.37, block=0x11), "number", 39.37),
        (header(raw=b"39.37 "), "number", 39.37),
        (header(raw=b"39.37\0"), "double", 39.37),
        (header(raw=struct.pack("<d", 39.37)), "double", 39.37),
        (header("0.984:1"), "ratio", 0.984),
        (header(".5 : 1 "), "ratio", 0.5),
        (header("1101"), "ones", 3),
        (header("0000"), "ones", 0),
        (header("BODY 32 CM"), "centimetres", 32),
        (header("16cm head"), "centimetres", 16),
        (header("64x0.625"), "rows_by_width", 40),
        (header("16 X 0.75 mm"), "rows_by_width", 12),
        (header("4*2,5"), "rows_by_width", 10),
        (header(raw=b"2x0.6 "), "rows_by_width", 1.2),
    ],
)
def test_a_value_is_read_as_the_rule_says(found: dict[str, Any], read: str, value: float) -> None:
    assert element_number(found, rule(read)) == pytest.approx(value)


@pytest.mark.parametrize(
    ("found", "read"),
    [
        (header("0.984:2"), "ratio"), (header("0.984"), "ratio"), (header("11021"), "ones"),
        (header(""), "ones"), (header("32 mm"), "centimetres"),
        (header("0.625"), "rows_by_width"), (header("64x"), "rows_by_width"),
        (header("64x0.625x2"), "rows_by_width"), (header("64 of 0.625"), "rows_by_width"),
        (header("fast"), "number"),
        (header("nan"), "number"), (header(float("inf")), "number"), (header(1, 2), "number"),
        (header(raw=struct.pack("<d", 39.37)), "number"),  # bytes are unpacked only by the rule
        (header(raw=struct.pack("<d", float("nan"))), "double"),
        (header(raw=b"1234567"), "ratio"), (header(), "number"), ({}, "number"),
        ({"00190010": {"vr": "LO", "Value": ["OTHER"]},
          "00191027": {"vr": "DS", "Value": [1]}}, "number"),
    ],
)  # fmt: skip
def test_what_is_no_such_number_is_none(found: dict[str, Any], read: str) -> None:
    assert element_number(found, rule(read)) is None


def test_what_is_no_number_comes_as_it_stands() -> None:
    assert element_value(header("HELICAL"), rule()) == "HELICAL"
    assert element_value(header("A", "B"), rule()) == "A\\B"
    assert element_value(header(raw=b"AXIAL "), rule()) == "AXIAL"
    assert element_value(header(raw=b"\0 "), rule()) is None
    assert element_value({}, rule()) is None
    broken = header(raw=b"x")
    broken["00191027"] = {"vr": "UN", "InlineBinary": "not base64!"}
    assert element_value(broken, rule()) is None


def vendor(low: float = 1, high: float = 100, elements: tuple[int, ...] = (0x27,)) -> Vendor:
    value = PrivateValue(column="table_feed_mm", low=low, high=high, source="a manual",
                         elements=tuple(rule(element=one) for one in elements))  # fmt: skip
    return Vendor(name="ge", private=(value,))


@pytest.mark.parametrize("given", [1, 39.37, 100])
def test_a_value_within_its_bounds_is_a_column(given: float) -> None:
    assert private_values(header(given), vendor()) == ({"table_feed_mm": given}, [])


@pytest.mark.parametrize("given", [0.99, 100.5, -3])
def test_a_value_outside_is_a_note_and_no_column(given: float) -> None:
    found, (finding,) = private_values(header(given), vendor())
    assert found == {}
    assert (finding.severity, finding.column) == ("note", "table_feed_mm")
    assert str(given) not in finding.detail


def test_zero_is_how_makers_write_that_it_does_not_apply() -> None:
    assert private_values(header(0), vendor()) == ({}, [])


def test_several_elements_are_multiplied_and_all_must_be_there() -> None:
    both = header(4) | {"00191028": {"vr": "DS", "Value": [5]}}
    assert private_values(both, vendor(elements=(0x27, 0x28)))[0] == {"table_feed_mm": 20}
    assert private_values(header(4), vendor(elements=(0x27, 0x28))) == ({}, [])
