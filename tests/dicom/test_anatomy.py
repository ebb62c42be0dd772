"""The anatomy of a file: tags and lengths of what can be read, where it ends, and no value."""

from __future__ import annotations

import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from workbench.dicom.anatomy import MAX_LINES, Anatomy, anatomy
from workbench.dicom.read import HeaderLimits

NAME = "Grottenolm"


def data_set() -> Dataset:
    item = Dataset()
    item.CodeValue = "113691"
    dataset = Dataset()
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.PatientName = f"{NAME}^Egon"
    dataset.CTDIPhantomTypeCodeSequence = [item]
    dataset.add_new(0x00190010, "LO", "SIEMENS MED")
    return dataset


def part10(syntax: str = ExplicitVRLittleEndian, dataset: Dataset | None = None) -> bytes:
    dataset = dataset or data_set()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def names(seen: Anatomy) -> list[str]:
    return [line.name for line in seen.lines]


@pytest.mark.parametrize(
    "syntax",
    [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian,
     DeflatedExplicitVRLittleEndian],
)  # fmt: skip
def test_each_transfer_syntax_shows_the_same_elements(syntax: str) -> None:
    seen = anatomy(part10(syntax))
    assert seen.ends == seen.code == ""
    kept = [name for name in names(seen) if "item" not in name and "sequence" not in name]
    assert kept == [
        "SOP Instance UID", "Patient's Name", "CTDI Phantom Type Code Sequence", "Code Value",
        "private",
    ]  # fmt: skip


def test_the_depth_is_that_of_the_sequences_around() -> None:
    depth = {line.name: line.depth for line in anatomy(part10()).lines}
    assert depth["Patient's Name"] == 0
    assert depth["Code Value"] == 1


def test_offset_and_length_point_at_the_element_in_the_file() -> None:
    content = part10()
    line = next(line for line in anatomy(content).lines if line.tag == 0x00100010)
    assert content[line.offset : line.offset + 4] == b"\x10\x00\x10\x00"
    assert line.vr == "PN"
    assert line.length == len(f"{NAME}^Egon") + len(f"{NAME}^Egon") % 2


def test_no_value_is_shown() -> None:
    assert NAME not in repr(anatomy(part10()))


def test_a_cut_file_says_where_it_ends_and_shows_what_is_before() -> None:
    content = part10()
    cut = content.index(b"SIEMENS MED") + 3
    seen = anatomy(content[:cut])
    assert "Patient's Name" in names(seen)
    assert seen.ends
    assert seen.code
    assert seen.size == cut


def test_a_tag_outside_the_standard_is_called_so() -> None:
    dataset = data_set()
    dataset.add_new(0x00184FFE, "LO", "x")
    assert "not in the standard" in names(anatomy(part10(dataset=dataset)))


def test_an_unknown_transfer_syntax_is_said() -> None:
    content = part10().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0")
    assert anatomy(content).syntax == "not one of the standard's"


def test_a_file_without_meta_information_is_looked_at_all_the_same() -> None:
    content = part10()
    seen = anatomy(content[content.index(b"\x08\x00\x18\x00UI") :])
    assert seen.syntax == "no file meta information"
    assert "Patient's Name" in names(seen)


def test_a_deflated_bomb_is_not_inflated() -> None:
    head = part10(DeflatedExplicitVRLittleEndian)
    body = head.index(b"1.2.840.10008.1.2.1.99") + len("1.2.840.10008.1.2.1.99")
    deflate = zlib.compressobj(wbits=-15)
    bomb = head[:body] + deflate.compress(bytes(64 << 20)) + deflate.flush()
    seen = anatomy(bomb, HeaderLimits(header=1 << 20))
    assert seen.ends
    assert seen.lines == ()


def test_lines_are_bounded() -> None:
    dataset = Dataset()
    for number in range(MAX_LINES + 500):
        dataset.add_new(0x00190000 + 0x10000 * 2 * (number // 200) + 0x1000 + number % 200,
                        "SH", "x")  # fmt: skip
    seen = anatomy(part10(dataset=dataset))
    assert len(seen.lines) == MAX_LINES
    assert seen.ends == ""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 700), st.booleans())
def test_no_bytes_stop_it(noise: bytes, place: int, whole: bool) -> None:
    content = part10()
    seen = anatomy(noise if whole else content[:place] + noise + content[place + len(noise) :])
    assert all(line.offset >= 0 for line in seen.lines)
