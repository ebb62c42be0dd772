"""An image with its regions as a PNG, for reports."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.model import Region
from workbench.qa.regions import inside

MAX_SIDE_PIXELS = 640  # pixels of a side; larger images are shown smaller
SHOWN = (1.0, 99.5)  # per cent of values between black and white in a thumbnail
# As the viewer draws them.
COLOURS = {
    "signal": (255, 213, 74), "background": (90, 209, 230), "phantom": (123, 224, 138),
}  # fmt: skip
OTHER = (255, 255, 255)


def picture(image: Image, regions: Iterable[Region], window: tuple[float, float]) -> bytes:
    """Return a PNG of an image in a window (centre, width), the rims of regions drawn."""
    thin = max(1, -(-max(image.stored.shape) // MAX_SIDE_PIXELS))
    centre, width = window
    grey = np.clip((image.values[::thin, ::thin] - centre) / max(width, 1) + 0.5, 0, 1) * 255
    colour = np.repeat(grey.astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    for region in dict.fromkeys(regions):
        rim = _rim(region, image.stored.shape)
        if rim is not None:
            rows, columns = rim
            colour[rows // thin, columns // thin] = COLOURS.get(region.role, OTHER)
    return png(colour)


def thumbnail(image: Image, side: int = 72) -> bytes:
    """Return a small PNG of an image, most of its values between black and white."""
    thin = max(1, -(-max(image.stored.shape) // side))
    values = image.values[::thin, ::thin]
    known = values[image.valid[::thin, ::thin]]
    low, high = np.percentile(known, SHOWN) if known.size else (0.0, 1.0)
    grey = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255
    if image.header.get("PhotometricInterpretation") == "MONOCHROME1":
        grey = 255 - grey
    return png(np.repeat(grey.astype(np.uint8)[:, :, np.newaxis], 3, axis=2))


def _rim(
    region: Region, shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return the pixels of a region that touch what lies outside it."""
    try:
        (down, across), mask = inside(region, shape)
    except MeasurementError:
        return None
    padded = np.pad(mask, 1)
    whole = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    rows, columns = np.nonzero(mask & ~whole)
    return rows + down.start, columns + across.start


def png(colour: NDArray[np.uint8]) -> bytes:
    """Return an array (row, column, 3) as a PNG (W3C Portable Network Graphics, 2003)."""
    rows, columns, _ = colour.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)  # filter type 0 before each line
    lines[:, 1:] = colour.reshape(rows, -1)

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)) + chunk(b"IEND", b"")
    )  # fmt: skip
