"""The one way to pixels: stored values of an object, decoded elsewhere where they are compressed.

Pixels that are not compressed need no decoder: their bytes are compared with the size the header
says, and read here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID

from workbench.dicom.decoding.compressed_syntaxes import compressed_syntax
from workbench.dicom.decoding.decoder_process import DecodingRequest, decoder_process
from workbench.dicom.decoding.image_pixel import (
    PIXELS,
    ImagePixel,
    check_ratio,
    element_value,
    image_pixel,
    impossible,
)
from workbench.errors import DamagedObject, ReadError

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
COMPRESSED_BITS = frozenset((8, 16, 32))  # no more is allowed by PS3.5 8.2
OFFSETS = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")


class StoredValues(NamedTuple):
    """What is stored of an object's pixels.

    Attributes
    ----------
    frames
        (frame, row, column), or (frame, row, column, 3) of colours.
    photometric
        How they are meant: PhotometricInterpretation, after decoding.
    colours
        Whether there are three samples a pixel.
    """

    frames: NDArray[Any]
    photometric: str
    colours: bool


def stored_values(dataset: Dataset, *, max_bytes: int, raw: bool = False) -> StoredValues:
    """Return the stored values of an object.

    Colours are red, green and blue unless ``raw``.  Raises ``ReadError``, a ``DamagedObject`` when
    the pixels themselves are the reason, and ``MissingTool`` when nothing can be decoded here.
    """
    if not any(keyword in dataset for keyword in PIXELS):
        raise ReadError("no_pixels", "the object has no pixels")
    described = image_pixel(dataset, max_bytes)
    syntax = _syntax(dataset)
    compressed = syntax.is_transfer_syntax and syntax.is_encapsulated
    read = _compressed if compressed else _native
    frames, photometric = read(dataset, syntax, described, raw)
    colours = described.samples == 3
    return StoredValues(
        frames.reshape(-1, *frames.shape[-3 if colours else -2 :]), photometric, colours
    )


def cannot_decode(syntax: str) -> ReadError | None:
    """Return why images of a transfer syntax cannot be decoded here; ``None``: they can."""
    known = compressed_syntax(syntax)
    if known is None:
        return ReadError("no_decoder", "the transfer syntax is not one of images we can decode")
    if known.library.installed:
        return None
    name, project = UID(syntax).name, known.library.project
    return ReadError(
        "no_decoder",
        "no decoder for {name} is installed",
        "Install {project}.",
        name=name,
        project=project,
    )


def _compressed(
    dataset: Dataset, syntax: UID, described: ImagePixel, raw: bool
) -> tuple[NDArray[Any], str]:
    missing = cannot_decode(syntax)
    if missing is not None:
        raise missing
    if described.allocated not in COMPRESSED_BITS:
        raise impossible()
    value = _bytes(dataset, "PixelData")
    check_ratio(described, len(value))
    offsets: tuple[bytes, ...] = ()
    if any(keyword in dataset for keyword in OFFSETS):
        offsets = tuple(_bytes(dataset, keyword) for keyword in OFFSETS)
    return decoder_process().decode(
        DecodingRequest(str(syntax), described, value, offsets, raw)
    )  # fmt: skip


def _bytes(dataset: Dataset, keyword: str) -> bytes:
    value = element_value(dataset, keyword)
    if not isinstance(value, bytes):
        raise impossible()
    return value


def _native(
    dataset: Dataset, syntax: UID, _described: ImagePixel, raw: bool
) -> tuple[NDArray[Any], str]:
    from pydicom.pixels.decoders.base import get_decoder

    try:
        decoder = get_decoder(syntax)
    except Exception:  # noqa: BLE001  pydicom raises NotImplementedError or worse
        raise ReadError("no_decoder", "the transfer syntax is not one of images") from None
    try:
        values, about = decoder.as_array(dataset, raw=raw)
    except Exception:  # noqa: BLE001  it raises dozens of kinds, and quotes what it saw
        raise DamagedObject("pixels_damaged", "the pixels could not be read") from None
    return values, str(about["photometric_interpretation"])


def _syntax(dataset: Dataset) -> UID:
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is None:
        implicit, _ = dataset.original_encoding
        syntax = IMPLICIT if implicit in (True, None) else EXPLICIT
    return UID(str(syntax))
