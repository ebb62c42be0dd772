"""Rows put together from remembered elements are the rows of ``dicom_json``; short cuts too."""

from __future__ import annotations

import random
import struct
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from workbench.dicom import interned, record
from workbench.dicom.fast import single
from workbench.dicom.interned import InternedRows
from workbench.dicom.quiet import quiet
from workbench.dicom.read import Header, read_header, read_received
from workbench.dicom.record import dicom_json, element_json, instance_row
from workbench.errors import ReadError


def alone(header: Header) -> object:
    as_json, unreadable = dicom_json(header.dataset)
    row, untyped = instance_row(as_json)
    return list(row.items()), [*unreadable, *untyped]


def together(rows: InternedRows, header: Header) -> object:
    row, findings = rows.row(header)
    return list(row.items()), findings


def received(data: Dataset, implicit: bool) -> Header:
    buffer = BytesIO()
    with quiet():
        data.save_as(buffer, implicit_vr=implicit, little_endian=True)
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return read_received(buffer.getvalue(), syntax)


def test_real_headers_in_any_order(test_data: Path) -> None:
    headers = []
    for path in sorted((test_data / "dose").rglob("*")):
        try:
            headers += [read_header(path)] if path.is_file() else []
        except ReadError:
            continue
    headers = [header for header in headers if len(header.encoded) < 20_000]
    twice = headers * 2
    random.Random(7).shuffle(twice)
    rows = InternedRows()
    assert len(headers) > 300
    for header in twice:
        assert together(rows, header) == alone(header)


@pytest.mark.parametrize("implicit", [True, False])
def test_what_an_element_means_beside_others(
    implicit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single, "MOST_BYTES", 5_000)
    rows = InternedRows()
    for number in range(40):
        data, item = Dataset(), Dataset()
        data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.{number}"
        data.PixelRepresentation = number % 2
        data.add_new(0x00280106, "SS" if number % 2 else "US", 40)
        item.add_new(0x00280107, "SS" if number % 2 else "US", 50)
        data.SourceImageSequence = [item]
        data.SpecificCharacterSet = ["ISO_IR 100", "ISO_IR 144", "ISO_IR 192"][number % 3]
        raw = "Sch\u00e4del".encode("utf-8" if number % 3 == 2 else "latin-1")
        tag = Tag("SeriesDescription")
        data[tag] = RawDataElement(tag, "LO", len(raw), raw, 0, False, True)
        creator = ["GEMS_PARM_01", "ACME"][number % 2]
        data.private_block(0x0043, creator, create=True).add_new(0x27, "SH", "0.9:1")
        header = received(data, implicit)
        assert header.cut is not None
        assert together(rows, header) == alone(header)
    assert len(rows._manners) <= interned.MOST_MANNERS


TEXTS = st.text(st.sampled_from("019.+-eE \\\0^~/:AZaz"), max_size=12)
LETTERS = ["ISO_IR 6", "ISO_IR 100", "ISO_IR 13", "ISO_IR 192", "ISO 2022 IR 87"]


@given(
    vr=st.sampled_from([*record.PLAIN_NUMBERS, *record.PLAIN_VRS]),
    text=TEXTS,
    letters=st.sampled_from(LETTERS),
)
def test_short_cuts_give_what_pydicom_gives(vr: str, text: str, letters: str) -> None:
    assert_same_as_pydicom(vr, text.encode("ascii"), letters)


@given(vr=st.sampled_from(sorted(record.PLAIN_BINARY)), raw=st.binary(min_size=1, max_size=8))
def test_short_cuts_of_binary_numbers(vr: str, raw: bytes) -> None:
    assert_same_as_pydicom(vr, raw, "ISO_IR 6")
    size = record.PLAIN_BINARY[vr].size
    assert_same_as_pydicom(vr, (raw * 8)[:size], "ISO_IR 6")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 12.25])
def test_odd_binary_numbers(value: float) -> None:
    assert_same_as_pydicom("FD", struct.pack("<d", value), "ISO_IR 6")


def assert_same_as_pydicom(vr: str, raw: bytes, charset: str) -> None:
    element = RawDataElement(Tag(0x00181030), vr, len(raw), raw, 0, False, True)
    letters = convert_encodings([charset])
    with quiet(), pytest.MonkeyPatch.context() as patch:
        ours = repr(element_json(element, letters))
        patch.setattr(record, "plain_values", lambda *_: None)
        assert repr(element_json(element, letters)) == ours
