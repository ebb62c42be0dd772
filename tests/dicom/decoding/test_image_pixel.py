"""What a header says of its pixels: possible numbers, or damage; never a guess."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import RLELossless

from tests.dicom.decoding.compressed_images import Kind, native
from workbench.dicom.decoding.image_pixel import (
    HARMLESS_BYTES,
    MAX_RATIO,
    ImagePixel,
    check_ratio,
    image_pixel,
)
from workbench.errors import DamagedObject, ReadError

MAX_BYTES = 1 << 30
BIG = ImagePixel(20_000, 20_000, 1, 1, 16, 12, False, False, "MONOCHROME2")


def header(**more: Any) -> Dataset:
    return native(Kind(RLELossless), **more)


def test_what_is_said_is_read_and_what_is_not_is_usual() -> None:
    said = image_pixel(header(), MAX_BYTES)
    assert said == ImagePixel(48, 64, 1, 1, 16, 12, False, False, "MONOCHROME2")
    assert (said.frame_samples, said.size) == (48 * 64, 2 * 48 * 64)
    bare = header()
    for keyword in ("BitsStored", "PixelRepresentation", "SamplesPerPixel"):
        del bare[keyword]
    assert image_pixel(bare, MAX_BYTES).stored == 16
    assert ImagePixel(**said.as_json()) == said
    assert said.options()["number_of_frames"] == 1


@pytest.mark.parametrize(
    "more",
    [
        {"Rows": 0}, {"Columns": 0}, {"NumberOfFrames": 0}, {"SamplesPerPixel": 2},
        {"SamplesPerPixel": 4}, {"BitsAllocated": 0}, {"BitsAllocated": 24}, {"BitsStored": 0},
        {"BitsStored": 17}, {"Rows": [48, 48]}, {"NumberOfFrames": -1},
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_are_damage(more: dict[str, Any]) -> None:
    with pytest.raises(DamagedObject) as caught:
        image_pixel(header(**more), MAX_BYTES)
    assert caught.value.code == "pixels_damaged"


def test_sizes_are_refused_by_what_they_would_take() -> None:
    said = image_pixel(header(), MAX_BYTES)
    assert image_pixel(header(), said.size) == said
    with pytest.raises(ReadError) as caught:
        image_pixel(header(), said.size - 1)
    assert caught.value.code == "pixels_too_large"


def test_only_large_images_must_not_be_packed_too_well() -> None:
    check_ratio(image_pixel(header(), MAX_BYTES), 1)
    check_ratio(BIG, BIG.size // MAX_RATIO)
    assert BIG.size > HARMLESS_BYTES
    with pytest.raises(ReadError):
        check_ratio(BIG, BIG.size // MAX_RATIO - 1)
