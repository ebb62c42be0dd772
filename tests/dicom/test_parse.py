"""An encoded data set, whose structure was checked, through pydicom."""

from __future__ import annotations

import struct

import pytest

from workbench.dicom.parse import parse
from workbench.dicom.walk import Encoding
from workbench.errors import DamagedObject

KVP = (0x0018, 0x0060)
ROWS = (0x0028, 0x0010)


def explicit(order: str, group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack(f"{order}HH2sH", group, element, vr, len(value)) + value


def implicit(group: int, element: int, value: bytes) -> bytes:
    return struct.pack("<HHI", group, element, len(value)) + value


@pytest.mark.parametrize(
    ("encoded", "encoding"),
    [
        (explicit("<", *KVP, b"DS", b"120 ") + explicit("<", *ROWS, b"US", b"\x00\x02"),
         Encoding(explicit=True)),
        (explicit(">", *KVP, b"DS", b"120 ") + explicit(">", *ROWS, b"US", b"\x02\x00"),
         Encoding(explicit=True, little=False)),
        (implicit(*KVP, b"120 ") + implicit(*ROWS, b"\x00\x02"), Encoding(explicit=False)),
    ],
    ids=["explicit little", "explicit big", "implicit little"],
)  # fmt: skip
def test_the_same_header_in_each_encoding_is_the_same(encoded: bytes, encoding: Encoding) -> None:
    dataset = parse(encoded, encoding)
    assert (float(dataset.KVP), dataset.Rows) == (120.0, 512)


def test_nothing_is_an_empty_data_set() -> None:
    assert len(parse(b"", Encoding(explicit=True))) == 0


@pytest.mark.parametrize("vr", [b"SQ", b"UN"])
def test_what_pydicom_cannot_read_is_damaged_and_the_error_holds_no_byte_of_it(vr: bytes) -> None:
    items_of_nonsense = struct.pack("<HH2sHI", 0x0018, 0x9346, vr, 0, 0xFFFFFFFF)
    with pytest.raises(DamagedObject) as error:
        parse(items_of_nonsense + b"Grottenolm^Egon " * 3, Encoding(explicit=True))
    assert error.value.code == "unreadable"
    assert "Grottenolm" not in f"{error.value}{error.value!r}"


def test_nesting_without_end_is_damaged_and_no_recursion() -> None:
    item = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
    with pytest.raises(DamagedObject):
        parse((item + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)) * 3_000,
              Encoding(explicit=True))  # fmt: skip
