"""Images of what was offered or kept, read whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import pydicom

from workbench.dicom.image import Image
from workbench.dicom.pixels import images_of
from workbench.errors import MeasurementError, ReadError
from workbench.stages.quality.selection import Offered


def read_offered(offered: Sequence[Offered]) -> list[Image]:
    """Read images; raises ``MeasurementError`` that says which one cannot be read, and why."""
    return [
        image
        for number, file in enumerate(offered, 1)
        for image in _images(file.source.content(), f"image {number} of {len(offered)}")
    ]


def read_files(files: Iterable[Path]) -> list[Image]:
    """Read image files; raises ``MeasurementError`` as ``read_offered``."""
    paths = list(files)
    return [
        image
        for number, path in enumerate(paths, 1)
        for image in _images(path.read_bytes(), f"image {number} of {len(paths)}")
    ]


def _images(content: bytes, which: str) -> list[Image]:
    try:
        return images_of(pydicom.dcmread(BytesIO(content), force=True))
    except ReadError as error:
        raise MeasurementError(f"{which} cannot be shown: {error.message}.", error.remedy) from None
    except Exception as error:  # noqa: BLE001  pydicom raises whatever it meets, and quotes it
        raise MeasurementError(
            f"{which} cannot be read ({type(error).__name__}).", "Look at it: workbench look FILE"
        ) from None
