"""Kinds of file on which fast readers give wrong numbers, with what the standard makes of each.

dicomsdl 0.109 reads an empty SliceThickness as 0.0, "12,5" as 12.0, an IS of "2.5" as 2 and "abc"
as 0.0; others drop the value, refuse the file or leave letters undecoded.  Here each is either
the number it says, or null with a finding and its text kept; or the file is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tests.dicom.headers import encoded, ordinary
from tests.fuzz.target import part10
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.jsonmodel import Item
from workbench.dicom.read import read_header
from workbench.dicom.reader import HeaderReader
from workbench.dicom.record import dicom_json, instance_row
from workbench.errors import DamagedObject
from workbench.model import Finding

Row = dict[str, object]
THICKNESS, EXPOSURE = "SliceThickness", "ExposureTime"
PSEUDONYMS = Pseudonyms(bytes(32), "tricky", "SITE")
LITTLE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


@dataclass(frozen=True)
class Read:
    row: Row
    header: Item
    findings: list[Finding]

    def codes(self, column: str) -> set[str]:
        return {found.code for found in self.findings if found.column == column}


def read(content: bytes) -> Read:
    """Read a file; what is de-identified beside others of its kind must be as it is alone."""
    rows, reader = HeaderRows(Deidentifier(load_profile(), PSEUDONYMS)), HeaderReader()
    for _ in range(3):
        row, lost, _ = rows.row(reader.header(content))
        assert (row, lost) == rows.one_by_one(read_header(content))
    header = read_header(content)
    as_json, unreadable = dicom_json(header.dataset)
    alone, untyped = instance_row(as_json)
    findings = [*header.findings, *unreadable, *untyped]
    return Read(alone, json.loads(str(alone["header"])), findings)


def with_raw(keyword: str, vr: str, value: bytes, syntax: str, letters: str = "") -> Read:
    data = ordinary()
    data.SpecificCharacterSet = letters or data.SpecificCharacterSet
    tag = Tag(keyword)
    implicit = syntax == ImplicitVRLittleEndian
    length = len(value)
    head = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little")
    head += length.to_bytes(4, "little") if implicit else vr.encode() + length.to_bytes(2, "little")
    data[tag] = RawDataElement(tag, vr, 0, b"", 0, implicit, True)
    empty = head[:4] + (bytes(4) if implicit else vr.encode() + bytes(2))
    content = part10(data, syntax)
    assert content.count(empty) == 1
    return read(content.replace(empty, head + value))


@pytest.mark.parametrize("syntax", LITTLE)
@pytest.mark.parametrize(
    ("value", "number"),
    [(b"1.25", 1.25), (b" 1.25 ", 1.25), (b"+1.25E0 ", 1.25), (b"-0.5", -0.5), (b"1e-3", 0.001),
     (b".5", 0.5), (b"5.", 5.0), (b"0 ", 0.0)],
)  # fmt: skip
def test_decimal_strings_that_are_numbers(syntax: str, value: bytes, number: float) -> None:
    found = with_raw(THICKNESS, "DS", value, syntax)
    assert found.row[THICKNESS] == number
    assert not found.codes(THICKNESS)


@pytest.mark.parametrize("syntax", LITTLE)
@pytest.mark.parametrize(
    "value", [b"12,5", b"abc ", b"1_2 ", b"NaN ", b"inf ", b"1e400 ", b"0x10", b"1 2 ", b"--1 "]
)
def test_decimal_strings_that_are_none(syntax: str, value: bytes) -> None:
    found = with_raw(THICKNESS, "DS", value, syntax)
    assert found.row[THICKNESS] is None
    assert found.codes(THICKNESS) == {"bad_value"}
    kept = found.header["00180050"]
    assert kept.get("Value", [""])[0] == value.decode().strip() or "InlineBinary" in kept


@pytest.mark.parametrize("syntax", LITTLE)
def test_empty_is_not_zero(syntax: str) -> None:
    found = with_raw(THICKNESS, "DS", b"", syntax)
    assert found.row[THICKNESS] is None
    assert found.header["00180050"] == {"vr": "DS"}
    assert not found.codes(THICKNESS)


@pytest.mark.parametrize("syntax", LITTLE)
def test_two_values_where_one_is_expected(syntax: str) -> None:
    found = with_raw(THICKNESS, "DS", b"1.5\\2.5 ", syntax)
    assert found.row[THICKNESS] is None
    assert found.codes(THICKNESS) == {"bad_value"}
    assert found.header["00180050"]["Value"] == [1.5, 2.5]


@pytest.mark.parametrize("syntax", LITTLE)
def test_an_integer_string_with_a_fraction_is_not_cut_off(syntax: str) -> None:
    found = with_raw("InstanceNumber", "IS", b"2.5 ", syntax)
    assert found.row["InstanceNumber"] is None
    assert "bad_value" in found.codes("InstanceNumber")


@pytest.mark.parametrize("syntax", LITTLE)
def test_numbers_of_64_bits_keep_every_bit(syntax: str) -> None:
    data = ordinary()
    data.add_new("SelectorUVValue", "UV", 2**64 - 1)
    assert read(part10(data, syntax)).header["00720083"]["Value"] == [2**64 - 1]


@pytest.mark.parametrize("syntax", LITTLE)
@pytest.mark.parametrize(
    ("letters", "raw", "text"),
    [
        # PS3.5 H.3.1 and J.1: names and the bytes they are written with.
        ("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "山田^太郎"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東".encode(), "王^小東"),
        ("ISO_IR 100", "Buc^Jérôme".encode("latin-1"), None),
    ],
)
def test_names_in_other_scripts(syntax: str, letters: str, raw: bytes, text: str | None) -> None:
    raw += b" " * (len(raw) % 2)
    found = with_raw("PatientName", "PN", raw, syntax, letters.split("\\") if letters else "")  # type: ignore[arg-type]
    (name,) = found.header["00100010"]["Value"]
    if text is None:
        assert name == {"Alphabetic": "Buc^Jérôme"}
    else:
        assert name["Ideographic"] == text


@pytest.mark.parametrize("syntax", LITTLE)
def test_an_unknown_character_set_is_told(syntax: str) -> None:
    found = with_raw("StudyDescription", "LO", b"Sch\xe4del", syntax, "ISO_IR 999")
    assert "unknown_charset" in {one.code for one in found.findings}


def test_a_private_sequence_of_unknown_vr_and_length() -> None:
    """PS3.5 6.2.2: UN of undefined length holds items in Implicit VR, whatever the syntax."""
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + b"\x18\0\x60\0\4\0\0\0" + b"120 "
    item += b"\xfe\xff\x0d\xe0\0\0\0\0"
    element = b"\x09\0\x02\x10UN\0\0\xff\xff\xff\xff" + item + b"\xfe\xff\xdd\xe0\0\0\0\0"
    content = part10(ordinary(), ExplicitVRLittleEndian)
    place = content.index(b"\x18\0\x45\x93")  # CTDIvol
    found = read(content[:place] + element + content[place:])
    assert found.header["00091002"]["Value"] == [{"00180060": {"vr": "DS", "Value": [120.0]}}]
    assert found.row["CTDIvol"] == 12.5


@pytest.mark.parametrize(("creator", "vr"), [("GEMS_PARM_01", "SH"), ("ACME", "UN")])
def test_private_elements_in_implicit_vr(creator: str, vr: str) -> None:
    """A maker that is known gives the VR; of any other the bytes are kept."""
    data = ordinary()
    data.private_block(0x0043, creator, create=True).add_new(0x27, "SH", "0.9:1 ")
    found = read(part10(data, ImplicitVRLittleEndian)).header["00431027"]
    assert found["vr"] == vr
    assert found.get("Value", ["0.9:1"]) == ["0.9:1"]
    assert ("InlineBinary" in found) == (vr == "UN")


def in_syntax(syntax: str) -> Callable[[], bytes]:
    return lambda: part10(ordinary(), syntax)


@pytest.mark.parametrize(
    "make",
    [*map(in_syntax, LITTLE), in_syntax(ExplicitVRBigEndian),
     in_syntax(DeflatedExplicitVRLittleEndian)],
    ids=["explicit", "implicit", "big endian", "deflated"],
)  # fmt: skip
def test_every_syntax_says_the_same(make: Callable[[], bytes]) -> None:
    expected = read(part10(ordinary(), ExplicitVRLittleEndian))
    found = read(make())
    # In Implicit VR an unknown maker's bytes have no representation.
    for one in (found, expected):
        one.header.pop("00091001")
        one.row.pop("header")
    assert found.header == expected.header
    assert found.row == expected.row


def test_another_encoding_than_the_file_says() -> None:
    told = part10(ordinary(), ExplicitVRLittleEndian)
    start = told.index(b"\x08\0\x05\0CS")
    found = read(told[:start] + encoded(ordinary(), implicit=True))
    assert found.row["CTDIvol"] == 12.5
    assert "wrong_syntax" in {one.code for one in found.findings}


def test_zeros_behind_the_last_element() -> None:
    found = read(part10(ordinary(), ExplicitVRLittleEndian) + bytes(64))
    assert found.row["CTDIvol"] == 12.5
    assert "padding" in {one.code for one in found.findings}


def without_preamble() -> bytes:
    return part10(ordinary(), ExplicitVRLittleEndian)[132:]


def cut_short() -> bytes:
    return part10(ordinary(), ExplicitVRLittleEndian)[:-3]


def twice() -> bytes:
    content = part10(ordinary(), ExplicitVRLittleEndian)
    place = content.index(b"\x20\0\x0d\0UI")
    return content[:place] + b"\x18\0\x45\x93FD\x08\0" + bytes(8) + content[place:]


def nameless() -> bytes:
    data = ordinary()
    content = part10(data, ExplicitVRLittleEndian)
    uid = b"\x08\0\x18\0UI\x06\x001.2.3\0"
    meta = content.index(b"\2\0\3\0UI")
    return (content[:meta] + content[meta + 14 :]).replace(uid, b"\x08\0\x18\0UI\0\0")


@pytest.mark.parametrize(
    ("make", "code"),
    [(without_preamble, "no_preamble"), (cut_short, "truncated"), (nameless, "no_uid"),
     (twice, "duplicate_tag")],
)  # fmt: skip
def test_files_on_which_readers_differ_are_refused(make: Callable[[], bytes], code: str) -> None:
    with pytest.raises(DamagedObject) as refused:
        read_header(make())
    assert refused.value.code == code


def test_deep_sequences_are_read_to_the_end() -> None:
    data = innermost = Dataset()
    for _ in range(20):
        inner = Dataset()
        innermost.ContentSequence = [inner]
        innermost = inner
    innermost.TextValue = "deep"
    whole = ordinary()
    whole.ContentSequence = data.ContentSequence
    for syntax in LITTLE:
        found = read(part10(whole, syntax)).header
        for _ in range(20):
            (found,) = found["0040A730"]["Value"]
        assert found["0040A160"]["Value"] == ["deep"]
