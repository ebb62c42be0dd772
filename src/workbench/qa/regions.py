"""Regions of an image and the values in them; a pixel belongs where its centre lies."""

from __future__ import annotations

from math import ceil, floor, radians
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.model import Region

Reals = NDArray[np.float64]


def disc(
    image: Image, at: tuple[float, float], radius_mm: float, label: str = "", role: str = "signal",
    number: int = 0,
) -> Region:  # fmt: skip
    """Return a disc about (row, column); where pixels are not square it is an ellipse."""
    rows, columns = spacing(image)
    sizes = (radius_mm / rows, radius_mm / columns)
    square = abs(sizes[0] - sizes[1]) < 1e-6 * sizes[0]
    kind, size = ("circle", sizes[:1]) if square else ("ellipse", sizes)
    return Region(kind, (at,), size, 0.0, label, role, number)


def spacing(image: Image) -> tuple[float, float]:
    """Return mm between rows and between columns; raises ``MeasurementError`` when unknown."""
    if image.spacing is None:
        raise MeasurementError("the image does not say how large a pixel is.")
    return image.spacing


def values_in(image: Image, region: Region) -> Reals:
    """Return the measured values in a circle, ellipse or rectangle, padding left out.

    Raises ``MeasurementError`` for a region of another kind, or outside the image.
    """
    window, mask = inside(region, image.stored.shape)
    return image.values[window][mask & image.valid[window]]


def inside(region: Region, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], NDArray[Any]]:
    """Return the window a region lies in, and which of its pixels belong to it."""
    (row, column), turned = region.points[0], radians(region.angle)
    reach_row, reach_column = _reach(region)
    away = float(np.hypot(reach_row, reach_column)) if region.angle else 0.0
    up, across = (away or reach_row), (away or reach_column)
    top, bottom = max(ceil(row - up), 0), min(floor(row + up), shape[0] - 1)
    left, right = max(ceil(column - across), 0), min(floor(column + across), shape[1] - 1)
    if top > bottom or left > right:
        raise MeasurementError("a region lies outside the image.")
    rows = np.arange(top, bottom + 1)[:, np.newaxis] - row
    columns = np.arange(left, right + 1)[np.newaxis, :] - column
    along = columns * np.cos(turned) + rows * np.sin(turned)
    beside = rows * np.cos(turned) - columns * np.sin(turned)
    if region.kind == "rectangle":
        mask = (np.abs(along) <= reach_column) & (np.abs(beside) <= reach_row)
    else:
        mask = (along / reach_column) ** 2 + (beside / reach_row) ** 2 <= 1
    return (slice(top, bottom + 1), slice(left, right + 1)), mask


def _reach(region: Region) -> tuple[float, float]:
    """Return how far a region reaches from its centre in rows and columns."""
    match region.kind, region.size:
        case "circle", (radius,):
            return radius, radius
        case "ellipse", (rows, columns):
            return rows, columns
        case "rectangle", (height, width):
            return height / 2, width / 2
    raise MeasurementError(
        "no values can be read from a region of the kind {kind}.", kind=region.kind
    )


def lies_within(region: Region, image: Image) -> bool:
    """Say whether a region lies in the image whole and holds no padding."""
    (row, column), (up, across) = region.points[0], _reach(region)
    rows, columns = image.stored.shape
    if row - up < 0 or column - across < 0 or row + up > rows - 1 or column + across > columns - 1:
        return False
    window, mask = inside(region, image.stored.shape)
    return bool(image.valid[window][mask].all())
