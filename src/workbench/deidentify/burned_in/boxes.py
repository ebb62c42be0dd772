"""Rectangles in an image, in whole pixels: row and column of the first pixel, rows, columns."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle of pixels; what lies outside an image is ignored when it is filled."""

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        """Row behind the last one."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """Column behind the last one."""
        return self.left + self.width

    def grown(self, rows: int, columns: int) -> Box:
        """Return the box with so many pixels more on each side; it may begin before the image."""
        return Box(
            self.top - rows, self.left - columns, self.height + 2 * rows, self.width + 2 * columns
        )

    def shrunk(self, scale: int) -> Box:
        """Return the box as it was before the image was enlarged so many times."""
        top, left = self.top // scale, self.left // scale
        return Box(top, left, -(-self.bottom // scale) - top, -(-self.right // scale) - left)

    def shares_rows(self, other: Box) -> bool:
        """Say whether half of the lower of both boxes lies beside the other: one line of text."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return 2 * shared >= min(self.height, other.height)

    def rows_and_columns(self) -> tuple[slice, slice]:
        """Return the part of an image that is in the box."""
        return (
            slice(max(0, self.top), max(0, self.bottom)),
            slice(max(0, self.left), max(0, self.right)),
        )


def around(boxes: list[Box]) -> Box:
    """Return the smallest box that holds all of them."""
    top, left = min(box.top for box in boxes), min(box.left for box in boxes)
    bottom, right = max(box.bottom for box in boxes), max(box.right for box in boxes)
    return Box(top, left, bottom - top, right - left)
