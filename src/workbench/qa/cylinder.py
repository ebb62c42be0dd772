"""Find a round phantom in an image: its centre and diameter to a part of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.model import Region
from workbench.qa.regions import disc, spacing

RAYS = 360
STEP = 0.5  # pixels between samples along a ray
SEARCH = (0.6, 1.25)  # where along a ray the rim is looked for, in radii of the first guess
INNER, OUTER = 0.85, 1.1  # radii of the first guess that are certainly inside and outside
OUTLIER_MM = 1.5  # a table or a holder is farther from the rim than this
ROUNDS = 4
LEAST_RAYS = 0.6  # of all: fewer good ones are no circle
DETACH_MM = 6.0  # what is thinner than this is no part of the phantom: a table's shell, a holder
COARSE_MM = 2.0  # pixels of the first look need not be smaller


@dataclass(frozen=True)
class Cylinder:
    """A round body in an image.

    Attributes
    ----------
    row, column
        Its centre, pixels.
    diameter
        mm.
    eccentricity
        (longest - shortest diameter) / diameter, of the part without outliers.
    whole
        Share of the rim that was found where a circle has it.
    """

    row: float
    column: float
    diameter: float
    eccentricity: float
    whole: float

    def region(self, image: Image, number: int = 0) -> Region:
        """Return the rim."""
        return disc(image, (self.row, self.column), self.diameter / 2, "phantom", "phantom", number)

    def at(self, image: Image, angle: float, distance: float) -> tuple[float, float]:
        """Return (row, column) at an angle (degrees clockwise from the right) and distance, mm."""
        rows, columns = spacing(image)
        turned = np.radians(angle)
        return (
            self.row + distance * float(np.sin(turned)) / rows,
            self.column + distance * float(np.cos(turned)) / columns,
        )


def find_cylinder(image: Image, threshold: float) -> Cylinder:
    """Find the largest round body above a threshold.

    A first guess is the box about the largest connected part, thin parts taken off; then the rim
    is followed along rays and a circle fitted to it, without what is no rim (table, holder).
    Raises ``MeasurementError`` where there is none.
    """
    row, column, radius = _guess(image, threshold)
    rims = _rims(image, threshold, row, column, radius)
    rows, columns = spacing(image)
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    x, y = rims * np.cos(angles), rims * np.sin(angles)  # mm from the guess
    good = np.isfinite(rims)
    for _ in range(ROUNDS):
        if good.sum() < LEAST_RAYS * RAYS / 2:
            raise MeasurementError("no round phantom was found in the image.")
        across, down, size = _circle(x[good], y[good])
        off = np.hypot(x - across, y - down) - size
        centred = np.abs(off - np.nanmedian(off[good]))
        good = np.isfinite(off) & (centred < max(OUTLIER_MM, 3 * float(np.median(centred[good]))))
    return Cylinder(
        row + down / rows, column + across / columns, 2 * size,
        _eccentricity(angles[good], off[good], size), float(good.mean()),
    )  # fmt: skip


def _guess(image: Image, threshold: float) -> tuple[float, float, float]:
    """Return centre (pixels) and radius (mm) of the largest part above the threshold."""
    rows, columns = spacing(image)
    thin = max(1, int(COARSE_MM / max(rows, columns)))
    body = (image.values[::thin, ::thin] > threshold) & image.valid[::thin, ::thin]
    rounds = max(1, round(DETACH_MM / 2 / (thin * max(rows, columns))))
    opened = ndimage.binary_opening(body, iterations=rounds)
    labels, number = ndimage.label(opened)
    if not number:
        raise MeasurementError("no phantom was found: nothing in the image is dense enough.")
    largest = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    down, across = ndimage.find_objects(labels)[largest - 1]
    height, width = (
        (down.stop - down.start) * thin * rows,
        (across.stop - across.start) * thin * columns,
    )
    row = (down.start + down.stop - 1) / 2 * thin
    column = (across.start + across.stop - 1) / 2 * thin
    # A table below makes the box taller, never narrower: the smaller side is the phantom's.
    radius = min(height, width) / 2
    if height > width:
        row = down.start * thin + radius / rows
    return row, column, radius


def _rims(
    image: Image, threshold: float, row: float, column: float, radius: float
) -> NDArray[np.float64]:
    """Return how far from a place the rim is along each ray, mm; NaN where there is none.

    The rim is the first place, from inside, where values fall below half of what is inside and
    outside: there blur moves no edge.
    """
    rows, columns = spacing(image)
    step = STEP * min(rows, columns)
    distances = np.arange(SEARCH[0] * radius, SEARCH[1] * radius, step)
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)[:, np.newaxis]
    places = np.stack([
        row + distances * np.sin(angles) / rows, column + distances * np.cos(angles) / columns,
    ])  # fmt: skip
    measured = np.where(image.valid, image.values, np.nan)
    values = ndimage.map_coordinates(measured, places, order=1, cval=np.nan)
    level = _half(values, distances / radius, threshold)
    below = values < level
    first = np.argmax(below, axis=1)
    ray = np.arange(RAYS)
    inner, outer = values[ray, np.maximum(first - 1, 0)], values[ray, first]
    share = np.divide(inner - level, inner - outer, where=inner > outer, out=np.zeros(RAYS))
    rims: NDArray[np.float64] = distances[np.maximum(first - 1, 0)] + share * step
    rims[first == 0] = np.nan
    return rims


def _half(values: NDArray[np.float64], radii: NDArray[np.float64], threshold: float) -> float:
    """Return the level half-way between inside and outside; the threshold where one is missing."""
    inside, outside = values[:, radii < INNER], values[:, radii > OUTER]
    if not (np.isfinite(inside).any() and np.isfinite(outside).any()):
        return threshold
    low, high = float(np.nanmedian(outside)), float(np.nanmedian(inside))
    return (low + high) / 2 if low < threshold < high else threshold


def _circle(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return centre and radius of the circle of least squares (Kasa 1976, IEEE Trans. IM-25:8)."""
    terms = np.column_stack([2 * x, 2 * y, np.ones_like(x)])
    (across, down, rest), *_ = np.linalg.lstsq(terms, x**2 + y**2)
    return float(across), float(down), float(np.sqrt(rest + across**2 + down**2))


def _eccentricity(angles: NDArray[np.float64], off: NDArray[np.float64], radius: float) -> float:
    """Return how much longer the longest diameter is, from the second harmonic of the rim."""
    terms = np.column_stack([np.cos(2 * angles), np.sin(2 * angles), np.ones_like(angles)])
    (one, other, _), *_ = np.linalg.lstsq(terms, off)
    return float(2 * np.hypot(one, other) / radius)
