"""Reading one header after another: what is remembered never shows in what is read."""

from __future__ import annotations

import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.dicom.read import HeaderLimits, read_header
from workbench.dicom.reader import HeaderReader
from workbench.errors import DamagedObject, NotDicom


def part10(number: int, description: str = "Thorax") -> bytes:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = f"1.2.3.{number}"
    dataset.SeriesDescription = description
    dataset.InstanceNumber = number
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_a_reader_says_the_same_of_neighbours_as_who_reads_each_alone() -> None:
    reader = HeaderReader()
    contents = [part10(number, "Thorax" if number % 3 else "Abdomen") for number in range(1, 12)]
    for content in contents:
        assert reader.header(content).dataset == read_header(content).dataset


def test_a_damaged_file_between_two_good_ones_spoils_neither() -> None:
    reader = HeaderReader()
    good = part10(1)
    before = reader.header(good).dataset
    with pytest.raises(DamagedObject):
        reader.header(good[:-3])
    with pytest.raises(NotDicom):
        reader.header(b"no DICOM at all, but long enough to be looked at" * 8)
    assert reader.header(part10(2)).dataset.InstanceNumber == 2
    assert reader.header(good).dataset == before


def test_limits_hold_for_every_header() -> None:
    reader = HeaderReader(HeaderLimits(header=600))
    assert reader.header(part10(1)).dataset.InstanceNumber == 1
    with pytest.raises(DamagedObject):
        reader.header(part10(2, "x" * 2_000))


def test_a_received_data_set_is_read_by_its_transfer_syntax() -> None:
    content = part10(5)
    start = content.index(b"\x08\x00\x16\x00UI")
    header = HeaderReader().received(content[start:], ExplicitVRLittleEndian)
    assert header.dataset.InstanceNumber == 5


def zip_of(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_an_archive_stays_open_for_its_members(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    zip_of(path, {"1": part10(1), "2": part10(2)})
    reader = HeaderReader()
    assert reader.archive(path) is reader.archive(path)
    assert reader.header(reader.archive(path).read("2")).dataset.InstanceNumber == 2


def test_a_changed_archive_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    zip_of(path, {"1": b"old"})
    reader = HeaderReader()
    assert reader.archive(path).read("1") == b"old"
    zip_of(path, {"1": b"newer"})
    os.utime(path, ns=(1, 1))
    assert reader.archive(path).read("1") == b"newer"


def test_another_archive_takes_the_place_of_the_first(tmp_path: Path) -> None:
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    zip_of(first, {"1": b"first"})
    zip_of(second, {"1": b"second"})
    reader = HeaderReader()
    assert [reader.archive(path).read("1") for path in (first, second, first)] == [
        b"first", b"second", b"first",
    ]  # fmt: skip


def test_a_missing_archive_is_an_error_of_the_file_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        HeaderReader().archive(tmp_path / "gone.zip")
