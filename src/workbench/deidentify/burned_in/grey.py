"""Frames of every photometric interpretation as grey pictures to read, and how to fill them.

PS3.3 C.7.6.3.1.2 defines the interpretations.  The pictures made here are for reading alone;
what a person is shown are the stored values, with rectangles filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.deidentify.burned_in.banners import written
from workbench.deidentify.burned_in.boxes import Box
from workbench.errors import ReadError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

GREYS = ("MONOCHROME1", "MONOCHROME2")
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"
LOW, HIGH = 0.5, 99.5  # percentiles that become black and white
BRIGHT = 0.85  # of the range: burned-in letters are drawn at its end
GRAIN, AROUND = 1, 12  # pixels: of noise, and of what surrounds a letter
MAX_ENLARGED_PIXELS = 4_000_000  # pixels of an enlarged picture; larger ones are not enlarged
WHITE = 255
ENTRY_BITS = range(1, 17)  # of a palette's entry: 8 or 16 by PS3.3 C.7.6.3.1.5, 10 and 12 are seen
BRIGHTEST = float(np.finfo(np.float32).max)  # sums of greater numbers would not be finite
MIDDLE_CHROMA = 128  # no colour in 8 bits, PS3.3 C.7.6.3.1.2


@dataclass(frozen=True)
class Layout:
    """How the pixels of an object are laid out.

    Attributes
    ----------
    photometric
        Photometric interpretation of the array.
    colours
        Three values a pixel in the last axis.
    palette
        Brightness of each index of a palette, from 0 to 1; the first belongs to ``first``.
    first
        The first index of the palette.
    bits
        Bits stored of each value; higher ones may hold overlays.
    """

    photometric: str
    colours: bool = False
    palette: NDArray[np.float64] | None = None
    first: int = 0
    bits: int = 16

    @property
    def needs_whole(self) -> bool:
        """Say whether values are indices or colours, which have no fractions."""
        return self.colours or self.palette is not None

    def frames(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return the array with an axis of frames in front."""
        single = 3 if self.colours else 2
        if pixels.dtype.kind not in ("u", "i", "f") or (
            self.needs_whole and pixels.dtype.kind == "f"
        ):
            raise ReadError("pixel-type", "The pixels are not numbers of the kind the header says.")
        if pixels.ndim not in (single, single + 1) or (self.colours and pixels.shape[-1] != 3):
            raise ReadError("pixel-shape", "The pixels do not have the shape the header says.")
        return pixels if pixels.ndim > single else pixels[np.newaxis]

    def brightness(self, frame: NDArray[Any]) -> NDArray[np.float64]:
        """Return one frame as brightness in any unit, light letters lighter than dark ground."""
        if self.palette is not None:
            index = np.clip(frame.astype(np.int64) - self.first, 0, len(self.palette) - 1)
            return self.palette[index]
        if not self.colours:
            values = np.nan_to_num(frame.astype(np.float64)).clip(-BRIGHTEST, BRIGHTEST)
            return -values if self.photometric == "MONOCHROME1" else values
        if self.photometric != "RGB":
            return frame[..., 0].astype(np.float64)
        # A coloured letter differs from a dark ground most in its brightest colour.
        dark = np.median(frame) < np.iinfo(frame.dtype).max / 2
        values = frame.max(axis=-1) if dark else frame.min(axis=-1)
        return np.asarray(values, np.float64)

    def ink(self, frame: NDArray[Any]) -> Any:
        """Return the value that fills a rectangle: black."""
        if self.palette is not None:
            kind = np.iinfo(frame.dtype)
            return min(max(self.first + int(np.argmin(self.palette)), kind.min), kind.max)
        if self.colours:
            return 0 if self.photometric == "RGB" else (0, MIDDLE_CHROMA, MIDDLE_CHROMA)
        return frame.max() if self.photometric == "MONOCHROME1" else frame.min()


def layout(header: Dataset, photometric: str = "") -> Layout:
    """Return the layout an object's header tells; ``photometric`` is that of decoded pixels.

    Raises ``ReadError`` when it is none that is understood.
    """
    meant = photometric or written(header, "PhotometricInterpretation").strip().upper()
    bits = written(header, "BitsStored")
    stored = int(bits) if bits.isdigit() else 16
    if meant in GREYS:
        return Layout(meant, bits=stored)
    if meant in COLOURS:
        return Layout(meant, colours=True, bits=stored)
    if meant == PALETTE:
        palette, first = _palette(header)
        return Layout(meant, palette=palette, first=first, bits=stored)
    raise ReadError("photometric", "The photometric interpretation is not one that is understood.")


def _palette(header: Dataset) -> tuple[NDArray[np.float64], int]:
    tables = []
    try:
        entries, first, bits = header.RedPaletteColorLookupTableDescriptor
        if bits not in ENTRY_BITS:
            raise ValueError
        for colour in ("Red", "Green", "Blue"):
            data = header[f"{colour}PaletteColorLookupTableData"].value
            kind = "u1" if len(data) < 2 * (entries or 1 << 16) else "<u2"
            tables.append(np.frombuffer(data, kind)[: entries or 1 << 16] / (2.0**bits - 1))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ReadError("palette", "The palette could not be read.") from None
    lengths = {len(table) for table in tables}
    if lengths == {0} or len(lengths) != 1:
        raise ReadError("palette", "The palette could not be read.")
    # A coloured letter is as bright as its brightest colour; of equal ones the purer is darker.
    brightness = 0.75 * np.max(tables, axis=0) + 0.25 * np.mean(tables, axis=0)
    return np.asarray(brightness, np.float64), int(first)


def _stretched(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint8]:
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1) * WHITE, np.uint8)


def pictures(brightness: NDArray[np.float64]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield pictures to read and how often each is enlarged; dark letters on light ground.

    The first shows the whole range, the second the range between percentiles, for pixels with a
    few extreme values, the third the extremes alone: letters on anatomy are drawn at the end of
    the range.  The fourth shows what differs from its surroundings, noise smoothed: letters that
    are no brighter than other parts of the image.  Small letters are read better when enlarged
    three times, others twice, so both are tried.
    """
    least, most = float(brightness.min()), float(brightness.max())
    low, high = (float(value) for value in np.percentile(brightness, (LOW, HIGH)))
    whole = _stretched(brightness, least, most)
    light = np.median(whole) > WHITE // 2
    ranged = _stretched(brightness, low, high)
    edge = BRIGHT * WHITE
    extreme = np.where(whole < WHITE - edge if light else whole > edge, 0, WHITE)
    above = _mean(brightness, GRAIN) - _mean(_mean(brightness, AROUND), GRAIN)
    outline = -above if light else above
    outlined = WHITE - _stretched(outline, 0.0, float(np.percentile(outline, HIGH)))
    for enlarged, picture in (
        (3, whole if light else WHITE - whole), (2, ranged if light else WHITE - ranged),
        (3, extreme.astype(np.uint8)), (2, outlined),
    ):  # fmt: skip
        scale = max(
            s
            for s in range(1, enlarged + 1)
            if s == 1 or picture.size * s * s <= MAX_ENLARGED_PIXELS
        )
        yield scale, _enlarged(picture, scale)


def _mean(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Return the mean of each pixel and those as far as ``reach`` from it in rows and columns."""
    for axis in (0, 1):
        size, width = values.shape[axis], 2 * reach + 1
        margin = [(reach + 1, reach) if axis == each else (0, 0) for each in (0, 1)]
        sums = np.pad(values, margin, mode="edge").cumsum(axis)
        ends = np.arange(width, width + size)
        values = (sums.take(ends, axis) - sums.take(ends - width, axis)) / width
    return values


def _enlarged(picture: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """Enlarge by straight lines between pixels: jagged letters are read worse."""
    if scale == 1:
        return np.ascontiguousarray(picture)
    for axis in (0, 1):
        size = picture.shape[axis]
        places = np.clip((np.arange(size * scale) + 0.5) / scale - 0.5, 0, size - 1)
        below = places.astype(np.int64)
        above = np.minimum(below + 1, size - 1)
        share = (places - below)[:, np.newaxis] if axis == 0 else places - below
        mixed = picture.take(below, axis) * (1 - share) + picture.take(above, axis) * share
        picture = np.rint(mixed).astype(np.uint8)
    return np.ascontiguousarray(picture)


def filled(pixels: NDArray[Any], boxes: Sequence[Box], how: Layout) -> NDArray[Any]:
    """Return a copy with the rectangles filled in every frame and bits above those stored cleared.

    Parameters
    ----------
    pixels
        As ``Layout.frames`` understands it; it is not changed.
    boxes
        What to fill.
    how
        The layout of the pixels.
    """
    copy = np.array(pixels, order="C", subok=False)
    if copy.dtype.kind == "u" and 0 < how.bits < 8 * copy.dtype.itemsize:
        copy &= copy.dtype.type((1 << how.bits) - 1)
    for frame in how.frames(copy):
        ink = how.ink(frame)
        for box in boxes:
            frame[box.rows_and_columns()] = ink
    return copy
