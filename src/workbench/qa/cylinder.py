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
NEAR_MM = 0.5  # a place that lies on a circle is not farther from it
# What lies farther off a fitted rim is none (a table, a holder): looser while the fit is poor.
OUTLIER_MM = (3.0, 1.5, 1.5, 0.5, 0.3)
SPREAD = (40, 60, 90, 120)  # degrees between the three rays of a circle that is tried
EVERY, PART = 4, 2  # rays a circle is tried from, and that it is compared with: every so many
GAUSSIAN_MAD = 1.4826  # standard deviation of a normal distribution / median absolute deviation
MIN_RAYS_SHARE = 0.6  # of all: fewer good ones are no circle
DETACH_MM = 6.0  # what is thinner than this is no part of the phantom: a table's shell, a holder
COARSE_MM = 2.0  # pixels of the first look need not be smaller
Reals = NDArray[np.float64]


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
    is followed along rays and a round shape fitted to the most of it, without what is no rim
    (table, holder).
    Raises ``MeasurementError`` where there is none.
    """
    row, column, radius = _guess(image, threshold)
    rims = _rims(image, threshold, row, column, radius)
    rows, columns = spacing(image)
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    on_rim = np.isfinite(rims)
    if on_rim.sum() < MIN_RAYS_SHARE * RAYS / 2:
        raise MeasurementError("no round phantom was found in the image.")
    x, y = (rims * np.cos(angles))[on_rim], (rims * np.sin(angles))[on_rim]  # mm from the guess
    rim = _ellipse(x, y, _most_circular(rims, angles))
    return Cylinder(
        row + rim.down / rows, column + rim.across / columns, 2 * rim.radius,
        2 * rim.second / rim.radius, rim.good / RAYS,
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


def _rims(image: Image, threshold: float, row: float, column: float, radius: float) -> Reals:
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
    rims: Reals = distances[np.maximum(first - 1, 0)] + share * step
    rims[first == 0] = np.nan
    return rims


def _half(values: Reals, radii: Reals, threshold: float) -> float:
    """Return the level half-way between inside and outside; the threshold where one is missing."""
    inside, outside = values[:, radii < INNER], values[:, radii > OUTER]
    if not (np.isfinite(inside).any() and np.isfinite(outside).any()):
        return threshold
    low, high = float(np.nanmedian(outside)), float(np.nanmedian(inside))
    return (low + high) / 2 if low < threshold < high else threshold


def _most_circular(rims: Reals, angles: Reals) -> tuple[float, float, float]:
    """Return centre and radius of the circle that most of the rim lies on.

    Each of many circles goes through three places of the rim.  What touches a phantom makes the
    rim lie farther out, nothing makes it lie farther in: a place inside a circle speaks against
    it.
    """
    x, y = rims * np.cos(angles), rims * np.sin(angles)
    first = np.tile(np.arange(0, RAYS, EVERY), len(SPREAD))
    apart = np.repeat(np.array(SPREAD) * RAYS // 360, RAYS // EVERY)
    three = np.stack([first, (first + apart) % RAYS, (first + 2 * apart) % RAYS])
    across, down, radius = _through(x[three], y[three])
    middle = across[:, np.newaxis], down[:, np.newaxis]
    off = np.hypot(x[::PART] - middle[0], y[::PART] - middle[1]) - radius[:, np.newaxis]
    good = (np.abs(off) <= NEAR_MM).sum(axis=1) - (off < -NEAR_MM).sum(axis=1)
    best = int(np.argmax(np.where(np.isfinite(radius), good, -RAYS)))
    return float(across[best]), float(down[best]), float(radius[best])


def _through(x: Reals, y: Reals) -> tuple[Reals, Reals, Reals]:
    """Return centres and radii of circles through three places each; NaN where there is none."""
    (x1, x2), (y1, y2) = (axis[1:] - axis[0] for axis in (x, y))
    twice = 2 * (x1 * y2 - x2 * y1)
    twice = np.where(np.abs(twice) > 1e-9, twice, np.nan)
    first, second = x1**2 + y1**2, x2**2 + y2**2
    across, down = (y2 * first - y1 * second) / twice, (x1 * second - x2 * first) / twice
    return x[0] + across, y[0] + down, np.hypot(across, down)


@dataclass(frozen=True)
class _Rim:
    """A nearly round rim: mm from the guess, its second harmonic, how many places lie on it."""

    across: float
    down: float
    radius: float
    second: float
    good: int


def _ellipse(x: Reals, y: Reals, start: tuple[float, float, float]) -> _Rim:
    """Fit r = R + a cos + b sin + c cos 2 + d sin 2 to a rim, without what lies off it.

    a and b move the centre; a slightly elliptical rim has its longest diameter 4 |(c, d)| beyond
    its shortest.
    """
    across, down, radius = start
    shape = np.array([radius, 0.0, 0.0, 0.0, 0.0])
    good = np.zeros(len(x), bool)
    for within in OUTLIER_MM:
        angle, far = np.arctan2(y - down, x - across), np.hypot(x - across, y - down)
        terms = np.column_stack([
            np.ones_like(angle), np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)
        ])  # fmt: skip
        off = np.abs(far - terms @ shape)
        # Noise moves a rim, too: no place is left out for less than three of its deviations.
        noise = 3 * GAUSSIAN_MAD * float(np.median(off[good])) if good.any() else 0.0
        good = off <= max(within, noise)
        if good.sum() < MIN_RAYS_SHARE * RAYS / 2:
            raise MeasurementError("no round phantom was found in the image.")
        shape, *_ = np.linalg.lstsq(terms[good], far[good])
        across, down = across + shape[1], down + shape[2]
        shape[1:3] = 0
    return _Rim(
        float(across), float(down), float(shape[0]), float(np.hypot(*shape[3:])), int(good.sum())
    )
