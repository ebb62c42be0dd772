"""What a header says of its pixels, checked before a byte is allocated for them.

These are the attributes of the Image Pixel module (PS3.3 C.7.6.3) and nothing else: only they,
never a name, are handed to the process that decodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydicom import Dataset

from workbench.errors import DamagedObject, ReadError

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
MAX_SIDE = (1 << 16) - 1  # rows and columns are 16-bit numbers
MAX_FRAMES = 1 << 16
BITS = frozenset((1, 8, 16, 32, 64))
# Below this size, how far pixels were compressed is nobody's concern.
HARMLESS_BYTES = 64 << 20
# An image of one grey value may well be a thousand times smaller compressed; one that carries a
# measurement is not, and one that fills the memory from a few bytes was made to.
MAX_RATIO = 1000


@dataclass(frozen=True)
class ImagePixel:
    """The Image Pixel module of one object, with numbers that are possible.

    Attributes
    ----------
    rows, columns, frames, samples
        Of the decoded pixels: (frame, row, column, sample).
    allocated, stored
        Bits a sample takes, and of those the used ones.
    signed
        Whether stored values are two's complement.
    planar
        Whether colours come one plane after the other.
    photometric
        PhotometricInterpretation.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    allocated: int
    stored: int
    signed: bool
    planar: bool
    photometric: str

    @property
    def frame_samples(self) -> int:
        """How many samples a frame has."""
        return self.rows * self.columns * self.samples

    @property
    def size(self) -> int:
        """Bytes of all decoded frames."""
        return self.frame_samples * self.frames * max(self.allocated, 8) // 8

    def options(self) -> dict[str, Any]:
        """Return what pydicom's decoders ask for."""
        return {
            "rows": self.rows, "columns": self.columns, "number_of_frames": self.frames,
            "samples_per_pixel": self.samples, "bits_allocated": self.allocated,
            "bits_stored": self.stored, "pixel_representation": int(self.signed),
            "planar_configuration": int(self.planar), "pixel_keyword": "PixelData",
            "photometric_interpretation": self.photometric,
        }  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return the attributes."""
        return asdict(self)


def image_pixel(dataset: Dataset, max_bytes: int) -> ImagePixel:
    """Return what an object says of its pixels.

    Raises ``DamagedObject`` for numbers that cannot be, and ``ReadError`` when the pixels would
    take more than ``max_bytes``.
    """
    allocated = _number(dataset, "BitsAllocated")
    described = ImagePixel(
        rows=_number(dataset, "Rows"), columns=_number(dataset, "Columns"),
        frames=_number(dataset, "NumberOfFrames", 1),
        samples=_number(dataset, "SamplesPerPixel", 1), allocated=allocated,
        stored=_number(dataset, "BitsStored", allocated),
        signed=_number(dataset, "PixelRepresentation", 0) == 1,
        planar=_number(dataset, "PlanarConfiguration", 0) == 1,
        photometric=str(
            element_value(dataset, "PhotometricInterpretation") or "MONOCHROME2"
        ).strip(),
    )  # fmt: skip
    if not _possible(described):
        raise impossible()
    if described.size > max_bytes:
        raise too_large()
    return described


def check_ratio(described: ImagePixel, encoded: int) -> None:
    """Raise ``ReadError`` for so few compressed bytes that the image was made to fill memory."""
    if described.size > max(HARMLESS_BYTES, MAX_RATIO * encoded):
        raise too_large()


def too_large() -> ReadError:
    """Return the error of pixels that are not decoded for their size."""
    return ReadError("pixels_too_large", "the pixels need more memory than is allowed")


def _possible(described: ImagePixel) -> bool:
    return (
        0 < described.rows <= MAX_SIDE
        and 0 < described.columns <= MAX_SIDE
        and 0 < described.frames <= MAX_FRAMES
        and described.samples in (1, 3)
        and described.allocated in BITS
        and 0 < described.stored <= described.allocated
    )


def element_value(dataset: Dataset, keyword: str) -> Any:
    """Return the value of an element, ``None`` without one; raises ``DamagedObject``."""
    try:
        return dataset.get(keyword)
    except Exception:  # noqa: BLE001  pydicom converts on access, raises a dozen kinds
        raise impossible() from None


def impossible() -> DamagedObject:
    """Return the error of a header that describes its pixels wrongly."""
    return DamagedObject("pixels_damaged", "the header says of the pixels what cannot be")


def _number(dataset: Dataset, keyword: str, usual: int = 0) -> int:
    """Return a whole number of the header, ``usual`` without one; 0 is possible for none."""
    value = element_value(dataset, keyword)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        value = value[0] if len(value) == 1 else -1
    try:
        return usual if value in (None, "") else int(str(value))
    except ValueError:
        raise impossible() from None
