"""Pictures for reports: the outline drawn is that of the region, and nothing else is coloured."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from pydicom import Dataset

from tests.qa.pixels_not_square import binned_image
from workbench.dicom.image import Image
from workbench.model import Region
from workbench.qa.cylinder import find_cylinder
from workbench.qa.geometry import geometry
from workbench.qa.regions import disc
from workbench.simulate.phantom_images import PhantomScan
from workbench.stages.quality.region_picture import (
    COLOURS,
    MAX_SIDE_PIXELS,
    picture,
    png,
    thumbnail,
)

WATER = geometry("ct_water_200")


def read_png(content: bytes) -> np.ndarray:
    """Read a PNG of RGB pixels with no filter, chunk by chunk and its checks."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    stream, chunks = BytesIO(content[8:]), {}
    while head := stream.read(8):
        size, kind = struct.unpack(">I4s", head)
        body = stream.read(size)
        assert struct.unpack(">I", stream.read(4)) == (zlib.crc32(kind + body),)
        chunks[kind] = body
    columns, rows, depth, colour = struct.unpack(">IIBB3x", chunks[b"IHDR"])
    assert (depth, colour) == (8, 2)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(rows, -1)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(rows, columns, 3)


def drawn(image: Image, *regions: Region) -> np.ndarray:
    return read_png(picture(image, regions, (0.0, 400.0)))


def coloured(shown: np.ndarray, role: str) -> np.ndarray:
    return (shown == np.array(COLOURS[role])).all(axis=2)


def blank(rows: int = 100, columns: int = 120, **more: object) -> Image:
    return Image(np.zeros((rows, columns), np.int16), Dataset(), spacing=(1, 1), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("bins", [(2, 2), (2, 1), (1, 2)])
def test_the_phantoms_outline_lies_on_its_rim(bins: tuple[int, int]) -> None:
    image = binned_image(WATER, PhantomScan(size=640, field_mm=250, x=6, y=-4), *bins)
    region = find_cylinder(image, -300).region(image)
    line = coloured(drawn(image, region), "phantom")
    assert line.shape == image.stored.shape
    assert image.spacing is not None
    rows, columns = np.nonzero(line)
    down, across = image.spacing
    y = (rows - (line.shape[0] - 1) / 2) * down + 4
    x = (columns - (line.shape[1] - 1) / 2) * across - 6
    # The outermost pixels of a disc lie inside its rim, by one pixel at most.
    far, pixel = np.hypot(x, y), max(image.spacing)
    assert far.max() <= 100.2
    assert far.min() >= 100 - 1.1 * pixel
    assert 2 * far.mean() == pytest.approx(200 - pixel, abs=pixel)
    assert (x.mean(), y.mean()) == pytest.approx((0, 0), abs=0.3)
    angles = np.sort(np.arctan2(y, x))
    assert np.diff(angles).max() < 2 * pixel / 100, "the outline is closed"


def test_an_outline_is_one_pixel_thin_and_holds_its_inside() -> None:
    image = blank()
    line = coloured(drawn(image, disc(image, (50, 60), 20)), "signal")
    rows, columns = np.indices(line.shape)
    far = np.hypot(rows - 50, columns - 60)
    assert not line[far < 18.5].any()
    assert not line[far > 20].any()
    assert line[50, 80]
    assert line[50, 40]
    assert line[30, 60]
    assert line[70, 60]
    assert not line[50, 79]


def test_a_region_at_the_edge_is_drawn_as_far_as_the_image_goes_and_one_outside_not() -> None:
    image = blank()
    half = coloured(drawn(image, disc(image, (0, 60), 20)), "signal")
    assert half[0, 40:81].all(), "the edge of the image closes it"
    assert not coloured(drawn(image, disc(image, (-50, 60), 20)), "signal").any()


def test_each_role_has_its_colour() -> None:
    image = blank()
    shown = drawn(
        image, disc(image, (50, 60), 40, role="phantom"), disc(image, (50, 60), 10),
        disc(image, (20, 20), 9, role="background"), disc(image, (80, 100), 9, role="mark"),
    )  # fmt: skip
    assert len(set(COLOURS.values())) == 3
    for role, at in (("phantom", (50, 100)), ("signal", (50, 70)), ("background", (20, 29))):
        assert coloured(shown, role)[at]
    assert tuple(shown[80, 109]) == (255, 255, 255)


def test_a_large_image_is_shown_smaller_its_outline_in_place() -> None:
    image = blank(1300, 900)
    shown = drawn(image, disc(image, (700, 400), 300, role="phantom"))
    assert max(shown.shape) <= MAX_SIDE_PIXELS
    rows, columns = np.nonzero(coloured(shown, "phantom"))
    thin = 1300 / shown.shape[0]
    assert (rows.min() + rows.max()) / 2 * thin == pytest.approx(700, abs=thin)
    assert (columns.max() - columns.min()) * thin == pytest.approx(600, abs=2 * thin)


def test_the_window_lies_between_black_and_white() -> None:
    values = np.array([[-300, -200, -100, 0, 100, 199, 300]], np.int16)
    shown = drawn(Image(values, Dataset(), spacing=(1, 1)))[0, :, 0]
    # window (centre 0, width 400), linear exact (PS3.3 C.11.2.1.3.2)
    assert list(shown) == pytest.approx([0, 0, 63.75, 127.5, 191.25, 254.4, 255], abs=1)


def test_a_thumbnail_is_small_and_padding_decides_no_grey() -> None:
    values = np.tile(np.arange(100, dtype=np.int16), (100, 1))
    values[:, :5] = -2000
    padded = Image(values, Dataset(), spacing=(1, 1), padding=(-2000, -2000))
    shown = read_png(thumbnail(padded, side=50))
    assert shown.shape == (50, 50, 3)
    assert shown[0, 25, 0] == pytest.approx(127, abs=10)
    header = Dataset()
    header.PhotometricInterpretation = "MONOCHROME1"
    inverse = read_png(thumbnail(Image(values, header, padding=(-2000, -2000)), side=50))
    assert np.abs(inverse.astype(int) + shown - 255).max() <= 1


def test_an_image_of_padding_alone_has_a_thumbnail() -> None:
    assert read_png(thumbnail(blank(padding=(0, 0)))).shape[2] == 3


def test_a_png_is_what_other_programs_read() -> None:
    colour = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    assert (read_png(png(colour)) == colour).all()
