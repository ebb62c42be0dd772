"""Pixels of image objects as images in physical units, one a frame.

What cannot be shown is a ``ReadError`` with a code and a reason that name no value of the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from workbench.dicom.decoding.image_pixel import PIXELS
from workbench.dicom.decoding.stored_values import stored_values
from workbench.dicom.image import Image
from workbench.errors import DamagedObject, ReadError

MAX_BYTES = 2 << 30  # of decoded pixels of one object
WEIGHTS = (0.299, 0.587, 0.114)  # of red, green, blue in brightness, ITU-R BT.601
HOUNSFIELD = "[hnsf'U]"
# Units the standard names, as UCUM codes (PS3.3 C.8.9.1.1.3, C.11.1.1.2).
UNITS = {
    "HU": HOUNSFIELD, "BQML": "Bq/mL", "CNTS": "{counts}", "CPS": "{counts}/s", "GML": "g/mL",
    "OD": "{od}*1e-3", "US": "1", "NONE": "1",
}  # fmt: skip
# Where a spacing may stand, best first; that of a detector is larger than at the object.
SPACINGS = (
    "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "ImagePlanePixelSpacing",
)  # fmt: skip


def images_of(dataset: Dataset) -> list[Image]:
    """Return the frames of an object; a colour object's brightness stands for its colours.

    ``dataset`` holds the pixels and its file's meta information.  Raises ``ReadError``; what is
    compressed is decoded in another process (``workbench.dicom.decoding``).
    """
    stored = _decoded(dataset)
    try:
        header = Dataset({
            element.tag: element for element in dataset if element.keyword not in PIXELS
        })  # fmt: skip
        return [_image(header, frame, number) for number, frame in enumerate(stored)]
    except Exception as error:  # noqa: BLE001  pydicom converts on access, and quotes what it met
        raise DamagedObject(
            "header_damaged",
            "the header of the image cannot be read ({kind})",
            kind=type(error).__name__,
        ) from None


def _decoded(dataset: Dataset) -> NDArray[Any]:
    """Return stored values (frame, row, column)."""
    stored = stored_values(dataset, max_bytes=MAX_BYTES)
    if not stored.frames.size:
        raise ReadError("no_pixels", "the object has no pixels")
    return np.asarray(stored.frames @ np.array(WEIGHTS) if stored.colours else stored.frames)


def _image(header: Dataset, stored: NDArray[Any], number: int) -> Image:
    groups = tuple(_groups(header, number))
    slope, intercept, unit = _rescale(header, groups)
    spacing, source = _spacing((*groups, header))
    return Image(
        stored, header, slope, intercept, unit, spacing, source, _position((*groups, header)),
        _padding(header), number,
    )  # fmt: skip


def _groups(header: Dataset, number: int) -> Iterator[Dataset]:
    """Yield the functional groups' items of a frame, its own before the shared ones.

    PS3.3 C.7.6.16: each macro is a sequence of one item.
    """
    own = header.get("PerFrameFunctionalGroupsSequence") or []
    shared = header.get("SharedFunctionalGroupsSequence") or []
    for item in (*own[number : number + 1], *shared[:1]):
        for element in item:
            if element.VR == "SQ" and element.value:
                yield element.value[0]


def _rescale(header: Dataset, groups: Sequence[Dataset]) -> tuple[float, float, str]:
    """Return slope, intercept and unit; those of a frame before those of the object."""
    for place in (*groups, header):
        slope, intercept = (
            _numbers(place.get(name)) for name in ("RescaleSlope", "RescaleIntercept")
        )
        if slope and slope[0]:
            return slope[0], intercept[0] if intercept else 0.0, _unit(header, place)
    return 1.0, 0.0, _unit(header, None)


def _unit(header: Dataset, rescaled: Dataset | None) -> str:
    if rescaled is not None:
        rescale_type = str(rescaled.get("RescaleType") or header.get("Units") or "").strip().upper()
        # CT images are in Hounsfield units where they do not say otherwise, PS3.3 C.8.2.1.1.1.
        return UNITS.get(rescale_type or ("HU" if header.get("Modality") == "CT" else "NONE"), "1")
    return UNITS.get(str(header.get("Units") or "NONE").strip().upper(), "1")


def _spacing(places: Sequence[Dataset]) -> tuple[tuple[float, float] | None, str]:
    for keyword in SPACINGS:
        for place in places:
            spacing = _numbers(place.get(keyword))
            if len(spacing) == 2 and min(spacing) > 0:
                return (spacing[0], spacing[1]), keyword
    return None, ""


def _position(places: Sequence[Dataset]) -> float | None:
    """Return where a slice lies along its normal, PS3.3 C.7.6.2.1.1, or ``SliceLocation``."""
    at = next((f for p in places if len(f := _numbers(p.get("ImagePositionPatient"))) == 3), None)
    along = next(
        (f for p in places if len(f := _numbers(p.get("ImageOrientationPatient"))) == 6), None
    )
    if at is not None and along is not None:
        return float(np.dot(np.cross(along[:3], along[3:]), at))
    locations = [_numbers(place.get("SliceLocation")) for place in places]
    return next((location[0] for location in locations if location), None)


def _padding(header: Dataset) -> tuple[float, float] | None:
    values = _numbers(header.get("PixelPaddingValue")) or None
    if values is None:
        return None
    limit = _numbers(header.get("PixelPaddingRangeLimit"))
    return min(values[0], *limit[:1]) if limit else values[0], max([values[0], *limit[:1]])


def _numbers(value: object) -> list[float]:
    if value is None or value == "":
        return []
    several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    try:
        numbers = [float(str(number)) for number in several]
    except ValueError:
        return []
    return numbers if np.isfinite(numbers).all() else []
