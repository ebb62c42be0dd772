"""Say whether a section is uniform: what stands out of noise and cupping is not water."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import chi2

from workbench.dicom.image import Image
from workbench.qa.cylinder import Cylinder
from workbench.qa.regions import disc, inside, spacing

# Standard deviations of the filters: for beads, for bars and inserts, for discs of low contrast;
# and the side of the windows in which noise is estimated, in those.
SCALES_MM = {0.8: 16.0, 2.0: 10.0, 5.0: 8.0}
SHARE, RIM_MM = 0.85, 15.0  # how far out is looked: not into wall and rim
GAUSSIAN_MAD = 1.4826  # standard deviation of a normal distribution / median absolute deviation
FINE = 2.0  # pixels a standard deviation has at least: more add nothing but time
THIN = 3  # of so many rows and columns one is enough for a smooth surface
CUT = 3.0  # reach of a filter in its standard deviations
LOW_PERCENT = 25.0
RINGS = (0.0, 0.577, 0.816, np.inf)  # of equal area
RING_MM = 2.0  # width of rings
RING_PIXELS = 200  # fewer are no mean to rely on
ALIKE = 10.0  # neighbouring pixels that share their noise
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class SectionStructure:
    """What stands out most.

    Attributes
    ----------
    contrast
        Its difference from the surroundings, in the image's unit, at ``scale`` (mm).
    significance
        The same in standard deviations of the noise at that scale.
    row, column
        Where, pixels.
    """

    contrast: float
    significance: float
    scale: float
    row: float
    column: float


def structures(image: Image, body: Cylinder) -> list[SectionStructure]:
    """Return what stands out most in the inner part of a section: at each scale, and as a ring.

    A surface of cupping and tilt (1, x, y, r^2, r^4) is taken off; what remains is smoothed at
    several scales and compared with the noise at each, estimated so that structure does not hide
    itself.  Of n independent places in pure noise the largest is about sqrt(2 ln n) standard
    deviations: 4 of 10,000.
    """
    radius = min(SHARE * body.diameter / 2, body.diameter / 2 - RIM_MM)
    region = disc(image, (body.row, body.column), radius)
    window, mask = inside(region, image.stored.shape)
    rows, columns = spacing(image)
    values = np.where(image.valid[window], image.values[window], 0.0)
    top, left = window[0].start, window[1].start
    y = (np.arange(values.shape[0])[:, np.newaxis] + top - body.row) * rows / radius
    x = (np.arange(values.shape[1])[np.newaxis, :] + left - body.column) * columns / radius
    distance = np.hypot(x, y)
    flat = values - _surface(values, x, y, mask)
    standing_out = [
        _standing_out(flat, mask, distance, scale, (rows, columns)) for scale in SCALES_MM
    ]
    standing_out.append(_rings(flat, mask, distance * radius, body.column - left))
    return [
        replace(
            structure,
            row=structure.row + top if structure.row else body.row,
            column=structure.column + left,
        )
        for structure in standing_out
    ]


def _surface(values: Reals, x: Reals, y: Reals, mask: NDArray[np.bool_]) -> Reals:
    """Return the smooth surface through the values, fitted again without outliers.

    ``x`` is a row, ``y`` a column; it is fitted to some of the pixels.
    """
    sample = (slice(None, None, THIN), slice(None, None, THIN))
    use = mask[sample]
    across, down = np.broadcast_arrays(x[:, ::THIN], y[::THIN])
    terms = np.stack(_terms(across[use], down[use]), axis=-1)
    seen = values[sample][use]
    good = np.ones(len(seen), bool)
    for _ in range(2):
        coefficients, *_ = np.linalg.lstsq(terms[good], seen[good])
        off = np.abs(seen - terms @ coefficients)
        good = off <= 3 * GAUSSIAN_MAD * np.median(off)
    level, right, lower, square, fourth = coefficients
    r2 = x**2 + y**2
    return np.asarray((fourth * r2 + square) * r2 + (right * x + level) + lower * y)


def _terms(x: Reals, y: Reals) -> tuple[Reals, ...]:
    r2 = x**2 + y**2
    return np.ones_like(x), x, y, r2, r2**2


def _standing_out(
    flat: Reals, mask: NDArray[np.bool_], radius: Reals, scale: float, size: tuple[float, float]
) -> SectionStructure:
    """Return what stands out most at one scale; ``radius`` is each pixel's, of the disc's 1."""
    thin = max(1, int(scale / max(size) / FINE))
    summed, share, distance = (_coarse(plane, thin) for plane in (flat * mask, mask, radius))
    coarse = np.divide(summed, share, where=share > 0, out=np.zeros_like(summed))
    mask = share > 0.5
    sigma = [scale / pixel / thin for pixel in size]
    weight = ndimage.gaussian_filter(mask.astype(np.float32), sigma, truncate=CUT)
    inner = np.where(mask, coarse, 0).astype(np.float32)
    smooth = ndimage.gaussian_filter(inner, sigma, truncate=CUT)
    whole = mask & (weight > 0.5)
    smooth = np.divide(smooth, weight, where=whole, out=np.zeros_like(smooth))
    smooth[whole] -= np.median(smooth[whole])
    noise = _noise(smooth, whole, distance, [SCALES_MM[scale] * width for width in sigma])
    noise /= _low_share(SCALES_MM[scale])
    z = np.divide(np.abs(smooth), noise, where=whole & (noise > 0), out=np.zeros_like(smooth))
    place = np.unravel_index(int(np.argmax(z)), z.shape)
    return SectionStructure(
        float(smooth[place]), float(z[place]), scale,
        thin * (float(place[0]) + 0.5), thin * (float(place[1]) + 0.5),
    )  # fmt: skip


def _coarse(values: NDArray[Any], thin: int) -> NDArray[np.float32]:
    """Return means of blocks of so many pixels a side; what fills no block is left out."""
    rows, columns = (size // thin for size in values.shape)
    cut = values[: rows * thin, : columns * thin].astype(np.float32)
    return np.asarray(cut.reshape(rows, thin, columns, thin).mean(axis=(1, 3)))


def _rings(
    flat: Reals, mask: NDArray[np.bool_], distance: Reals, middle: float
) -> SectionStructure:
    """Return the ring about the centre whose mean stands out most: a housing, a step.

    Smooth surfaces leave of a step what is too wide for the filters above; a ring's mean is of
    so many pixels that noise hardly moves it.
    """
    ring = (distance[mask] / RING_MM).astype(np.int64)
    counts = np.bincount(ring)
    sums, squares = (np.bincount(ring, flat[mask] ** power) for power in (1, 2))
    enough = counts >= RING_PIXELS
    means = np.divide(sums, counts, where=enough, out=np.zeros(len(counts)))
    spread = np.sqrt(
        np.maximum(np.divide(squares, counts, where=enough, out=means**2) - means**2, 0)
    )
    error = np.divide(spread, np.sqrt(counts / ALIKE), where=enough, out=np.ones(len(counts)))
    z = np.where(enough, np.abs(means) / np.maximum(error, 1e-9), 0.0)
    # Of rings that are all certain, the one that differs most.
    worst = int(np.argmax(np.where(enough, np.abs(means), 0.0)))
    return SectionStructure(float(means[worst]), float(z[worst]), RING_MM, 0.0, middle)


def _low_share(tile: float) -> float:
    """Return how far the low percentile of standard deviations lies below the true one.

    A filter of standard deviation s leaves one independent value in 4 pi s^2; n of them in a
    window have a standard deviation of sqrt(chi^2 / (n - 1)).
    """
    freedom = tile**2 / (4 * np.pi) - 1
    return float(np.sqrt(chi2.ppf(LOW_PERCENT / 100, freedom) / freedom))


def _noise(
    smooth: NDArray[np.float32], whole: NDArray[np.bool_], radius: NDArray[Any], tile: list[float]
) -> NDArray[np.float32]:
    """Return the noise's standard deviation at each place.

    It is that within small windows, which large structure does not reach; of many windows a low
    one, which small structure does not reach; and each ring has its own, since the noise of a
    round body falls from its centre outwards.
    """
    window = [max(3, round(side)) for side in tile]
    share = ndimage.uniform_filter(whole.astype(np.float32), window)
    means = [
        np.divide(
            ndimage.uniform_filter(plane, window), share, where=whole, out=np.zeros_like(plane)
        )
        for plane in (smooth * whole, smooth**2 * whole)
    ]
    local = np.sqrt(np.maximum(means[1] - means[0] ** 2, 0))
    noise = np.zeros_like(smooth)
    for low, high in pairwise(RINGS):
        ring = whole & (radius >= low) & (radius < high)
        if ring.any():
            noise[ring] = np.percentile(local[ring], LOW_PERCENT)
    return noise
