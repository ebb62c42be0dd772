"""A whole object is read within bounds, and whatever is wrong is a reason that quotes nothing."""

from __future__ import annotations

import os
import tracemalloc
import zlib

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from tests.dicom.decoding.compressed_images import Kind, file_of, native, values
from workbench.dicom.image_object import MAX_INFLATED_BYTES, read_image_object
from workbench.dicom.pixels import images_of
from workbench.errors import DamagedObject, ReadError

DEFLATED = Kind(DeflatedExplicitVRLittleEndian)


def deflated() -> bytes:
    header = native(DEFLATED)
    header.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return file_of(header)


def test_deflated_and_plain_files_hold_the_same() -> None:
    for content in (deflated(), file_of(native(Kind(ExplicitVRLittleEndian)))):
        header = read_image_object(content)
        assert header.PatientID == "QA"
        (image,) = images_of(header)
        assert (image.stored == values(DEFLATED)).all()


@pytest.mark.parametrize("ballast", [0, 20 << 20], ids=["a small file", "a large file"])
def test_a_file_that_inflates_to_fill_the_memory_is_refused(ballast: int) -> None:
    """Its own size buys it nothing: a large file may not take more memory than a small one."""
    content = deflated()
    start = content.rfind(b"1.2.840.10008.1.2.1.99") + 22
    meta_end = 132 + 12 + int.from_bytes(content[140:144], "little")
    assert start <= meta_end
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = bytes(1 << 20)
    bomb = packer.compress(os.urandom(ballast))
    bomb += b"".join(packer.compress(block) for _ in range(4 * (MAX_INFLATED_BYTES >> 20)))
    bomb = content[:meta_end] + bomb + packer.flush()
    assert len(bomb) < ballast + (1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(DamagedObject) as caught:
            read_image_object(bomb)
        assert caught.value.code == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 2 * MAX_INFLATED_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut", [140, 200, 400, -300, -1])
def test_a_file_that_is_cut_is_a_reason_or_an_object(cut: int) -> None:
    for content in (deflated()[:cut], file_of(native(DEFLATED))[:cut]):
        try:
            images_of(read_image_object(content))
        except ReadError as error:
            assert "Phantom" not in str(error)


def test_what_is_no_dicom_at_all_is_a_reason() -> None:
    for content in (b"", b"\0" * 500, b"GIF89a" * 100, bytes(128) + b"DICM" + b"\xff" * 99):
        with pytest.raises(ReadError):
            images_of(read_image_object(content))
