"""Stored pixels of an object, as far as the decoders that are installed go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.dicom.decoding.stored_values import stored_values
from workbench.errors import MissingTool, ReadError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

MAX_BYTES = 1 << 30  # of decoded pixels; an hour of ultrasound is not shown from memory


def decoded(header: Dataset) -> tuple[NDArray[Any], str]:
    """Return the stored values of an object and their photometric interpretation.

    The array is (row, column), with an axis of frames in front where there are several and an axis
    of three colours behind where there are any.  Raises ``ReadError`` that says why not.
    """
    try:
        stored = stored_values(header, max_bytes=MAX_BYTES, raw=True)
    except ReadError as error:
        raise ReadError(error.code.replace("_", "-"), _sentence(str(error))) from None
    except MissingTool as error:
        raise ReadError("no-decoder", _sentence(str(error))) from None
    frames = stored.frames
    return (frames if len(frames) > 1 else frames[0]), stored.photometric


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].removesuffix('.')}."
