"""Frames, fragments and offset tables that lie; pixels that are not compressed; sizes."""

from __future__ import annotations

import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from tests.dicom.decoding.compressed_images import (
    KINDS,
    Kind,
    compressed,
    file_of,
    native,
    values,
    with_frames,
)
from workbench.dicom.decoding import stored_values as module
from workbench.dicom.decoding.decoder_process import DecodingRequest
from workbench.dicom.decoding.image_pixel import image_pixel
from workbench.dicom.decoding.stored_values import stored_values
from workbench.dicom.image_object import read_image_object
from workbench.errors import DamagedObject, ReadError

LOSSLESS = Kind(JPEGLosslessSV1)
MAX_BYTES = 64 << 20


def frame() -> bytes:
    return next(generate_frames(compressed(LOSSLESS).PixelData, number_of_frames=1))


def several(number: int = 3, **more: object) -> Dataset:
    header = with_frames(native(LOSSLESS), JPEGLosslessSV1, [frame()] * number)
    for name, value in more.items():
        setattr(header, name, value)
    return header


def code(header: Dataset) -> str:
    with pytest.raises(ReadError) as caught:
        stored_values(header, max_bytes=MAX_BYTES)
    assert "Phantom" not in str(caught.value)
    return caught.value.code


def right(header: Dataset) -> bool:
    frames = stored_values(header, max_bytes=MAX_BYTES).frames
    return len(frames) == int(header.get("NumberOfFrames") or 1) and all(
        (each == values(LOSSLESS)).all() for each in frames
    )


def test_several_frames_with_and_without_an_offset_table() -> None:
    assert right(several())
    assert right(several(PixelData=encapsulate([frame()] * 3, has_bot=False)))
    assert right(several(PixelData=encapsulate([frame()] * 3, fragments_per_frame=2)))
    pixels, offsets, lengths = encapsulate_extended([frame()] * 3)
    assert right(several(
        PixelData=pixels, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths
    ))  # fmt: skip


def damaged_or_right(header: Dataset) -> bool:
    """Say whether nothing else than the true values or a refusal came out."""
    try:
        return right(header)
    except DamagedObject:
        return True


@pytest.mark.parametrize("number", [1, 2, 4, 50_000])
def test_a_number_of_frames_that_lies_is_damage(number: int) -> None:
    assert code(several(NumberOfFrames=number)) in ("pixels_damaged", "pixels_too_large")


@pytest.mark.parametrize("number", ["0", "-3", "99999999999", "2.5", "abc"])
def test_a_number_of_frames_that_cannot_be_is_damage(number: str) -> None:
    header = several()
    header.NumberOfFrames = 3
    header["NumberOfFrames"]._value = number
    assert code(header) in ("pixels_damaged", "pixels_too_large")


def test_offset_tables_that_lie_end_as_damage_or_right() -> None:
    for offsets in ((0, 7, 9), (0xFFFFFFFF,) * 3, (0, 0, 0), (5000, 6000, 1 << 31)):
        table = struct.pack("<HHI3I", 0xFFFE, 0xE000, 12, *offsets)
        plain = encapsulate([frame()] * 3, has_bot=False)
        assert damaged_or_right(several(PixelData=table + plain[8:]))
    for offset in (1 << 62, 3):
        table = struct.pack("<3Q", 0, offset, offset)
        pixels, _, lengths = encapsulate_extended([frame()] * 3)
        assert code(several(
            PixelData=pixels, ExtendedOffsetTable=table, ExtendedOffsetTableLengths=lengths
        )) == "pixels_damaged"  # fmt: skip
    only = several(ExtendedOffsetTable=b"\0" * 24)
    assert code(only) == "pixels_damaged"


def test_fragments_that_lie_are_damage() -> None:
    whole = encapsulate([frame()], has_bot=False)
    for length in (0, 3, 0x7FFFFFFF, 0xFFFFFFFE):
        header = several(1)
        header.PixelData = whole[:12] + struct.pack("<I", length) + whole[16:]
        assert damaged_or_right(header)
    for pixels in (b"", b"\0" * 40, whole[8:], whole[: len(whole) // 2], frame()):
        assert code(several(1, PixelData=pixels)) == "pixels_damaged"


def test_a_size_that_lies_is_refused_before_memory_is_taken() -> None:
    tracemalloc.start()
    try:
        for more in (
            {"Rows": 60_000, "Columns": 60_000}, {"Rows": 5000, "Columns": 6000},
            {"NumberOfFrames": 3000}, {"Rows": 0}, {"Columns": 47}, {"BitsAllocated": 12},
            {"BitsAllocated": 64}, {"BitsStored": 17}, {"SamplesPerPixel": 3},
            {"SamplesPerPixel": 200}, {"PlanarConfiguration": 9, "SamplesPerPixel": 3},
        ):  # fmt: skip
            assert code(several(1, **more)) in ("pixels_damaged", "pixels_too_large"), more
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_few_bytes_are_not_unpacked_to_fill_the_memory() -> None:
    header = several(1, Rows=20_000, Columns=20_000)
    with pytest.raises(ReadError) as caught:
        stored_values(header, max_bytes=1 << 40)
    assert caught.value.code == "pixels_too_large"


def test_what_is_not_compressed_is_read_without_the_other_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody() -> Any:
        raise AssertionError("nothing was to be decoded")

    monkeypatch.setattr(module, "decoder_process", nobody)
    assert right(native(LOSSLESS))
    header = compressed(Kind(DeflatedExplicitVRLittleEndian))
    assert right(read_image_object(file_of(header)))
    for more in ({"PixelData": b"123"}, {"Rows": 500}, {"NumberOfFrames": 2}):
        assert code(native(LOSSLESS, **more)) == "pixels_damaged"
    with pytest.raises(AssertionError):
        stored_values(several(), max_bytes=MAX_BYTES)


def test_big_endian_and_reals() -> None:
    header = native(Kind(ExplicitVRBigEndian, 16))
    header.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    header.PixelData = values(Kind(JPEGLosslessSV1, 16)).astype(">u2").tobytes()
    stored = stored_values(header, max_bytes=MAX_BYTES)
    assert (stored.frames[0] == values(Kind(JPEGLosslessSV1, 16))).all()
    real = native(LOSSLESS)
    del real.PixelData
    real.BitsAllocated = 32
    real.FloatPixelData = np.linspace(0, 1, 48 * 64, dtype="<f4").tobytes()
    assert stored_values(real, max_bytes=MAX_BYTES).frames.max() == 1.0


def test_only_the_description_and_the_pixels_are_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[DecodingRequest] = []

    class Nobody:
        def decode(self, request: DecodingRequest) -> tuple[Any, str]:
            seen.append(request)
            return np.zeros((1, 48, 64), "<u2"), "MONOCHROME2"

    monkeypatch.setattr(module, "decoder_process", Nobody)
    stored_values(several(1, PatientName="Doe^Jane"), max_bytes=MAX_BYTES)
    assert "Doe" not in repr(seen)
    assert seen[0].described == image_pixel(several(1), MAX_BYTES)


def test_colours_are_red_green_and_blue_unless_raw() -> None:
    kind = next(kind for kind in KINDS if kind.syntax == RLELossless and kind.samples == 3)
    header = compressed(kind)
    header.PhotometricInterpretation = "YBR_FULL"
    raw = stored_values(header, max_bytes=MAX_BYTES, raw=True)
    cooked = stored_values(header, max_bytes=MAX_BYTES)
    assert (raw.photometric, cooked.photometric) == ("YBR_FULL", "RGB")
    assert (raw.frames[0] == values(kind)).all()
    assert (cooked.frames != raw.frames).any()


def test_damage_is_told_from_what_is_no_damage() -> None:
    with pytest.raises(DamagedObject):
        stored_values(several(1, PixelData=b""), max_bytes=MAX_BYTES)
    empty = native(LOSSLESS)
    del empty.PixelData
    assert code(empty) == "no_pixels"
    assert not isinstance(_error(empty), DamagedObject)
    missing = compressed(Kind(JPEGBaseline8Bit, 8))
    missing.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    assert code(missing) == "no_decoder"


def _error(header: Dataset) -> ReadError:
    with pytest.raises(ReadError) as caught:
        stored_values(header, max_bytes=MAX_BYTES)
    return caught.value
