"""Stored pixels of an object, as far as the decoders that are installed go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.uid import UID

from workbench.deidentify.burned_in.banners import written
from workbench.errors import ReadError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

MAX_BYTES = 1 << 30  # of decoded pixels; an hour of ultrasound is not shown from memory


def decoded(header: Dataset) -> tuple[NDArray[Any], str]:
    """Return the stored values of an object and their photometric interpretation.

    The array is (row, column), with an axis of frames in front where there are several and an axis
    of three colours behind where there are any.  Raises ``ReadError`` that says why not.
    """
    if not any(keyword in header for keyword in ("PixelData", "FloatPixelData")):
        raise ReadError("no-pixels", "The object has no pixels.")
    if _size(header) > MAX_BYTES:
        raise ReadError("pixels-too-large", "The pixels need more memory than is allowed.")
    decoder = _decoder(header)
    try:
        pixels, about = decoder.as_array(header, raw=True)
    except Exception:  # noqa: BLE001 - decoders raise dozens of kinds, and quote what they saw
        raise ReadError("pixels-damaged", "The pixels could not be decoded.") from None
    return pixels, str(about["photometric_interpretation"])


def _decoder(header: Dataset) -> Any:
    from pydicom.pixels.decoders.base import get_decoder

    syntax = UID(str(getattr(getattr(header, "file_meta", None), "TransferSyntaxUID", "")))
    try:
        decoder = get_decoder(syntax)
    except Exception:  # noqa: BLE001 - pydicom raises NotImplementedError or worse by what it finds
        raise ReadError("no-decoder", "The transfer syntax is not one of images.") from None
    if not decoder.is_available:
        raise ReadError("no-decoder", "No decoder for this compression is installed.")
    return decoder


def _size(header: Dataset) -> int:
    size = 1
    for keyword, usual in (
        ("Rows", 1), ("Columns", 1), ("NumberOfFrames", 1), ("SamplesPerPixel", 1),
        ("BitsAllocated", 8),
    ):  # fmt: skip
        value = written(header, keyword)
        size *= int(value) if value.isdigit() else usual
    return size // 8
