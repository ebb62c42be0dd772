"""Every kind of pixels: filled where it must be, unchanged elsewhere, withheld when unreadable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from workbench.deidentify.burned_in.boxes import Box
from workbench.deidentify.burned_in.grey import Layout, filled, layout, pictures
from workbench.deidentify.burned_in.stored_pixels import decoded
from workbench.errors import ReadError

HOLE = Box(2, 1, 3, 4)
INSIDE = np.s_[2:5, 1:5]


def described(photometric: str) -> Dataset:
    data = Dataset()
    data.PhotometricInterpretation, data.BitsStored = photometric, 8
    if photometric == "PALETTE COLOR":
        data.RedPaletteColorLookupTableDescriptor = [4, 0, 16]
        for colour, values in (("Red", (9, 0, 5, 9)), ("Green", (9, 0, 0, 9)), ("Blue", (9,) * 4)):
            table = np.array(values, "<u2").tobytes()
            setattr(data, f"{colour}PaletteColorLookupTableData", table)
    return data


@pytest.mark.parametrize(
    ("photometric", "shape", "ink"),
    [
        ("MONOCHROME2", (8, 9), 1), ("MONOCHROME1", (8, 9), 3), ("PALETTE COLOR", (8, 9), 1),
        ("RGB", (8, 9, 3), (0, 0, 0)), ("YBR_FULL", (8, 9, 3), (0, 128, 128)),
        ("MONOCHROME2", (5, 8, 9), 1), ("RGB", (5, 8, 9, 3), (0, 0, 0)),
    ],
)  # fmt: skip
def test_rectangles_become_black_in_every_frame(
    photometric: str, shape: tuple[int, ...], ink: object
) -> None:
    pixels = np.random.default_rng(1).integers(1, 4, shape, np.uint8)
    pixels.flat[:2] = 1, 3
    if len(shape) == 3 and photometric == "MONOCHROME2":
        pixels[:, 0, :2] = 1, 3
    before = pixels.copy()
    how = layout(described(photometric))
    result = filled(pixels, [HOLE], how)
    assert (pixels == before).all()
    assert not np.shares_memory(result, pixels)
    for one, was in zip(how.frames(result), how.frames(before), strict=True):
        assert (one[INSIDE] == np.array(ink)).all()
        kept = np.ones(one.shape[:2], bool)
        kept[INSIDE] = False
        assert (one[kept] == was[kept]).all()


@given(
    arrays.arrays(np.int16, (6, 7)),
    st.builds(Box, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9), st.integers(1, 9)),
)
def test_rectangles_beyond_the_image_are_cut(pixels: NDArray[Any], box: Box) -> None:
    result = filled(pixels, [box], Layout("MONOCHROME2"))
    rows, columns = np.indices(pixels.shape)
    hole = (rows >= box.top) & (rows < box.bottom) & (columns >= box.left) & (columns < box.right)
    assert (result == np.where(hole, pixels.min(), pixels)).all()


def test_an_overlay_in_unused_bits_is_cleared() -> None:
    pixels = np.full((4, 4), 0xF123, np.uint16)
    assert (filled(pixels, (), Layout("MONOCHROME2", bits=12)) == 0x0123).all()


def test_unknown_interpretations_and_palettes_are_refused() -> None:
    for header in (described("HSV"), Dataset()):
        with pytest.raises(ReadError, match="interpretation"):
            layout(header)
    broken = described("PALETTE COLOR")
    del broken.GreenPaletteColorLookupTableData
    with pytest.raises(ReadError, match="palette"):
        layout(broken)


def test_shapes_that_do_not_fit_are_refused() -> None:
    for how, shape in ((Layout("MONOCHROME2"), (4,)), (Layout("RGB", colours=True), (4, 4, 2))):
        with pytest.raises(ReadError, match="shape"):
            how.frames(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("invert", [False, True])
def test_pictures_to_read_have_dark_letters_whatever_the_image_has(invert: bool) -> None:
    values = np.zeros((60, 60))
    values[20:24, 20:40] = 200.0
    for scale, picture in pictures(-values if invert else values):
        letter, ground = picture[21 * scale, 30 * scale], picture[50 * scale, 50 * scale]
        assert letter < 128 < ground
        assert picture.shape == (60 * scale, 60 * scale)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (40, 40)])
def test_a_flat_image_gives_pictures_too(shape: tuple[int, int]) -> None:
    assert all(picture.size for _, picture in pictures(np.full(shape, 7.0)))


def stored(syntax: str) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.Rows, data.Columns, data.SamplesPerPixel = 4, 6, 1
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 0
    data.PhotometricInterpretation = "MONOCHROME2"
    data.PixelData = np.arange(24, dtype="<u2").tobytes()
    data["PixelData"].VR = "OW"
    if syntax == RLELossless:
        data.compress(RLELossless)
    data.file_meta.TransferSyntaxUID = syntax
    return data


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_what_can_be_decoded_is(syntax: str) -> None:
    pixels, photometric = decoded(stored(syntax))
    assert (pixels == np.arange(24).reshape(4, 6)).all()
    assert photometric == "MONOCHROME2"


def refused(data: Dataset) -> str:
    with pytest.raises(ReadError) as caught:
        decoded(data)
    return caught.value.code


def test_what_cannot_be_decoded_says_why() -> None:
    assert refused(Dataset()) == "no-pixels"
    short, huge, foreign = (stored(ExplicitVRLittleEndian) for _ in range(3))
    short.PixelData = b"\0" * 5
    assert refused(short) == "pixels-damaged"
    huge.Rows, huge.Columns, huge.NumberOfFrames = 60000, 60000, 9
    assert refused(huge) == "pixels-too-large"
    foreign.file_meta.TransferSyntaxUID = "1.2.3"
    assert refused(foreign) == "no-decoder"
    packed = stored(ExplicitVRLittleEndian)
    packed.file_meta.TransferSyntaxUID = JPEG2000Lossless
    assert refused(packed) in ("no-decoder", "pixels-damaged")
