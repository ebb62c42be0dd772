"""Cutting never accepts what the walk refuses or remarks upon, and cuts where the walk does."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

from tests.dicom.headers import SYNTAX, encoded, ordinary
from workbench.dicom import read
from workbench.dicom.fast.split import Cut, NotPlainError, cut
from workbench.dicom.read import HEAD, Header, HeaderLimits, read_header, read_received
from workbench.errors import DamagedObject, ReadError


def the_longer_way(content: bytes, syntax: str) -> Header:
    return read._checked(memoryview(content), 0, syntax, b"", HeaderLimits(), "")


def split(content: bytes, syntax: str) -> Cut | None:
    try:
        return cut(content, 0, syntax)
    except NotPlainError:
        return None


def assert_never_milder(content: bytes, syntax: str) -> None:
    """What is cut, the longer way reads without a remark, and element by element alike."""
    found = split(content, syntax)
    if found is None:
        return
    header = the_longer_way(content, syntax)
    assert header.findings == ()
    assert header.encoded == found.encoded
    assert header.encoding.explicit is found.explicit
    assert list(found.elements) == [int(tag) for tag in header.dataset.keys()]  # noqa: SIM118
    assert b"".join(found.elements.values()) == found.encoded


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
def test_an_ordinary_header_is_cut(implicit: bool, undefined: bool) -> None:
    content = encoded(ordinary(undefined), implicit)
    found = split(content, SYNTAX[implicit])
    assert found is not None
    assert found.sequences == (0x00081032, 0x00082112)
    assert found.value(0x00201041).strip() == b"1.5"
    assert_never_milder(content, SYNTAX[implicit])


@pytest.mark.parametrize("compressed", [True, False])
def test_pixel_data_is_left_out(compressed: bool) -> None:
    data = ordinary()
    header = encoded(data)
    data.add_new(0x7FE00010, "OB", b"\x01\x02" * 500)
    if compressed:
        frames = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x04\0\0\0abcd\xfe\xff\xdd\xe0\0\0\0\0"
        content = header + b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + frames
    else:
        content = encoded(data)
    behind = content + b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0\0\0\0\0"
    for whole in (content, behind):
        syntax = str(JPEGBaseline8Bit) if compressed else SYNTAX[False]
        found = split(whole, syntax)
        assert found is not None
        assert found.encoded == header + whole[len(content) :]
        assert_never_milder(whole, syntax)
        assert split(whole[:-1], syntax) is None


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("SpecificCharacterSet", "ODD"), ("SOPInstanceUID", ""), ("SOPInstanceUID", "1.2.x"),
     ("StudyInstanceUID", "../../etc"), ("StudyInstanceUID", "1.2\\1.3"), ("SOPClassUID", "")],
)  # fmt: skip
def test_what_needs_a_closer_look_is_not_cut(keyword: str, value: str) -> None:
    data = ordinary()
    data.add_new(keyword, data[keyword].VR, value)
    assert split(encoded(data), SYNTAX[False]) is None


def test_another_encoding_than_told_is_not_cut() -> None:
    assert split(encoded(ordinary(), implicit=True), SYNTAX[False]) is None
    assert split(encoded(ordinary()), SYNTAX[True]) is None


@given(st.data())
def test_damaged_bytes_are_never_taken_for_sound_ones(data: st.DataObject) -> None:
    implicit, undefined = data.draw(st.booleans()), data.draw(st.booleans())
    content = bytearray(encoded(ordinary(undefined), implicit))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[place] = data.draw(st.sampled_from([0, 1, 8, 0x20, 0x53, 0x51, 0xFE, 0xFF]))
        else:
            del content[place : place + data.draw(st.integers(1, 12))]
        if not content:
            return
    assert_never_milder(bytes(content), SYNTAX[implicit])


def test_real_files_are_read_alike(test_data: Path) -> None:
    plain = 0
    for path in sorted(test_data.rglob("*")):
        if not path.is_file():
            continue
        try:
            header = read_header(path)
        except ReadError:
            continue
        if header.cut is None:
            continue
        plain += 1
        assert_never_milder(header.encoded, header.transfer_syntax)
    assert plain > 400


def test_received_and_imported_are_the_same_header() -> None:
    data = ordinary()
    file = BytesIO()
    data.ensure_file_meta()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.save_as(file, enforce_file_format=True)
    one, two = read_header(file.getvalue()), read_received(encoded(data), SYNTAX[False])
    assert one.cut == two.cut
    assert one.cut is not None
    assert one.dataset == two.dataset


@pytest.mark.parametrize("implicit", [True, False])
def test_pixels_of_a_file_need_not_be_read(implicit: bool, tmp_path: Path) -> None:
    data, path = ordinary(), tmp_path / "image"
    data.add_new(0x7FE00010, "OW", b"\x01\x02" * HEAD)
    data.ensure_file_meta()
    data.file_meta.TransferSyntaxUID = UID(SYNTAX[implicit])
    data.save_as(path, enforce_file_format=True)
    header, whole = read_header(path), path.read_bytes()
    assert header.cut is not None
    assert header.encoded == encoded(ordinary(), implicit)
    assert header.meta.TransferSyntaxUID == header.transfer_syntax == SYNTAX[implicit]
    for cut_off in (1, HEAD, 2 * HEAD - 1):
        path.write_bytes(whole[:-cut_off])
        with pytest.raises(DamagedObject, match="bytes that are left"):
            read_header(path)
    padding = b"\xfc\xff\xfc\xff" + (b"" if implicit else b"OB\0\0") + b"\2\0\0\0ab"
    path.write_bytes(whole + padding)
    assert read_header(path).encoded[-2:] == b"ab"
