"""Images of what was offered or kept, read whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from workbench.dicom.image import Image
from workbench.dicom.image_object import read_image_object
from workbench.dicom.pixels import images_of
from workbench.errors import MeasurementError, ReadError
from workbench.language import mark
from workbench.stages.quality.selection import Offered


class UnreadableImageError(MeasurementError):
    """One of several images cannot be read.

    Attributes
    ----------
    place
        Which one, from 0.
    error
        What is wrong with it, without its place among the others.
    """

    def __init__(self, place: int, of: int, error: ReadError) -> None:
        super().__init__(
            mark("image {place} of {of} cannot be shown: {reason}"), error.remedy,
            place=place + 1, of=of, reason=error.said(),
        )  # fmt: skip
        self.place, self.error = place, error
        self._of = of

    @property
    def reason(self) -> str:
        """The same in English."""
        return str(self.error)

    def __reduce__(self) -> tuple[object, ...]:
        # As it was made: it may come from another process.
        return type(self), (self.place, self._of, self.error)


def read_offered(offered: Sequence[Offered]) -> list[Image]:
    """Read images; raises ``UnreadableImageError`` for one that cannot be read."""
    return [
        image
        for place, file in enumerate(offered)
        for image in _images(file.source.content(), place, len(offered))
    ]


def read_files(files: Iterable[Path]) -> list[Image]:
    """Read image files; raises ``UnreadableImageError`` for one that cannot be read."""
    paths = list(files)
    return [
        image
        for place, path in enumerate(paths)
        for image in _images(path.read_bytes(), place, len(paths))
    ]


def _images(content: bytes, place: int, of: int) -> list[Image]:
    try:
        return images_of(read_image_object(content))
    except ReadError as error:
        raise UnreadableImageError(place, of, error) from None
