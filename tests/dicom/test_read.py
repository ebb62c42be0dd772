"""Reading a header: what is kept, what is refused, and that nothing of it is said aloud."""

from __future__ import annotations

import logging
import os
import warnings
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from workbench.dicom.process import quiet_pydicom
from workbench.dicom.read import HeaderLimits, inflated, read_header, read_received
from workbench.errors import DamagedObject, NotDicom

SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)


def ct() -> Dataset:
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=["1"])
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    data.Modality, data.PatientName, data.KVP = "CT", "Meyer^Anna", "120"
    data.Rows = data.Columns = 4
    data.BitsAllocated = 16
    data.PixelData = b"\1\0" * 16
    return data


def part10(data: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = data.get("SOPClassUID", CTImageStorage)
    meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", "1.2.9")
    data.file_meta = meta
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def refused(content: bytes, limits: HeaderLimits | None = None) -> str:
    with pytest.raises((NotDicom, DamagedObject)) as caught:
        read_header(content, limits)
    return caught.value.code


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_uncompressed_syntax_gives_the_same_header_without_pixels(syntax: str) -> None:
    header = read_header(part10(ct(), syntax))
    expected = ct()
    del expected.PixelData
    assert header.dataset == expected
    assert header.transfer_syntax == syntax


def test_encapsulated_pixel_data_is_dropped_and_what_follows_it_is_kept() -> None:
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit

    data = ct()
    data.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    data.DataSetTrailingPadding = b"\0\0"
    header = read_header(part10(data, JPEGBaseline8Bit))
    assert "PixelData" not in header.dataset
    assert "DataSetTrailingPadding" in header.dataset


def test_a_received_data_set_reads_as_the_file_does() -> None:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, ct())
    received = read_received(buffer.getvalue(), ExplicitVRLittleEndian)
    assert received.dataset == read_header(part10(ct())).dataset


def test_a_file_on_disk_reads_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(part10(ct()))
    assert read_header(path).dataset == read_header(part10(ct())).dataset


def test_other_files_are_rejected_and_data_sets_without_preamble_quarantined(
    tmp_path: Path,
) -> None:
    assert refused(b"hello, world" * 30) == "not_dicom"
    assert refused(part10(ct())[132:]) == "no_preamble"
    assert refused(part10(ct())[132 + 200 :][:10]) == "not_dicom"
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(NotDicom):
        read_header(empty)


@pytest.mark.parametrize("cut", [1, 10, 33, 60])
def test_a_cut_file_is_quarantined(cut: int) -> None:
    assert refused(part10(ct())[:-cut]) == "truncated"


def test_a_cut_file_meta_is_quarantined() -> None:
    assert refused(part10(ct())[:170]) == "truncated"


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1.2.3;rm", "1.2\0.3", "1" * 65])
def test_an_identifier_that_is_no_uid_is_quarantined(uid: str) -> None:
    data = ct()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data["SOPInstanceUID"].value = uid
        content = part10(ct()).replace(part10(ct())[:0], b"")
        encoded = DicomBytesIO()
        encoded.is_little_endian, encoded.is_implicit_VR = True, False
        write_dataset(encoded, data)
    assert content
    with pytest.raises(DamagedObject) as caught:
        read_received(encoded.getvalue(), ExplicitVRLittleEndian)
    assert caught.value.code == "invalid_uid"
    assert uid not in str(caught.value)


def test_without_an_instance_uid_an_object_cannot_be_kept() -> None:
    data = ct()
    del data.SOPInstanceUID
    encoded = DicomBytesIO()
    encoded.is_little_endian, encoded.is_implicit_VR = True, False
    write_dataset(encoded, data)
    with pytest.raises(DamagedObject, match="missing"):
        read_received(encoded.getvalue(), ExplicitVRLittleEndian)


def test_a_deflate_bomb_is_refused_before_it_fills_memory() -> None:
    bomb = zlib.compressobj(9, wbits=-15)
    body = bomb.compress(b"\0" * 2**22) + bomb.flush()
    whole = part10(ct(), DeflatedExplicitVRLittleEndian)
    start = whole.index(b"DICM") + 4
    meta_length = 12 + int.from_bytes(whole[start + 8 : start + 12], "little")
    assert refused(whole[: start + meta_length] + body, HeaderLimits(header=2**20)) == "too_large"


def test_a_dicomdir_is_an_index(test_data: Path) -> None:
    with pytest.raises(NotDicom) as caught:
        read_header(test_data / "bad" / "dicomdir" / "DICOMDIR_ok")
    assert caught.value.code == "dicomdir"


def test_no_value_is_logged_or_warned_of(test_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet_pydicom()  # as after a process began with -W error
        for path in sorted((test_data / "bad").rglob("*")):
            if path.is_file():
                try:
                    read_header(path)
                except (NotDicom, DamagedObject):
                    continue
    assert caplog.text == ""


def test_hostile_files_have_the_verdict_proposed_for_them(test_data: Path) -> None:
    import csv

    with (test_data / "bad" / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] in ("hostile", "charset")]
    assert rows
    for row in rows:
        wanted = "stored" if row["policy_proposed"].startswith("accept;") else None
        wanted = "quarantined" if row["policy_proposed"].startswith("quarantine:") else wanted
        try:
            read_header(test_data / "bad" / row["path"])
            verdict = "stored"
        except (NotDicom, DamagedObject) as error:
            verdict = error.verdict
        assert wanted in (None, verdict), row["path"]


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
@pytest.mark.parametrize("noise", [0.0, 1.0], ids=["even", "noise"])
def test_inflated_in_pieces_is_what_was_deflated(size: int, noise: float) -> None:
    plain = os.urandom(size) if noise else bytes(size)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = memoryview(packer.compress(plain) + packer.flush())
    assert inflated(packed, size) == inflated(packed, 2 * size + 1) == plain
    if size:
        with pytest.raises(DamagedObject) as caught:
            inflated(packed, size - 1)
        assert caught.value.code == "too_large"
    with pytest.raises(DamagedObject) as caught:
        inflated(packed[:-1], size)
    assert caught.value.code == "deflate"
