"""What stands out of water: as much as it is, where it is, in mm; and noise is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.qa.pixels_not_square import binned_image
from workbench.qa.ct.structure import SCALES_MM, structures
from workbench.qa.cylinder import Cylinder, find_cylinder
from workbench.qa.geometry import PhantomObject, geometry
from workbench.simulate.phantom_images import PhantomScan, phantom_image

WATER = geometry("ct_water_200")
BEAD = PhantomObject(kind="pin", id="bead", x=30, y=-20, diameter=3, value=400)
QUIET = PhantomScan(size=960, noise=0.5, blur=0.2)


@pytest.mark.parametrize("bins", [(2, 2), (4, 1), (1, 4), (2, 1)])
@pytest.mark.parametrize("scale", [2.0, 5.0])
def test_a_bead_is_smoothed_alike_in_all_directions_of_the_phantom(
    bins: tuple[int, int], scale: float
) -> None:
    beaded = WATER.model_copy(update={"objects": (BEAD,)})
    image = binned_image(beaded, QUIET, *bins)
    assert image.spacing is not None
    rows, columns = image.stored.shape
    body = Cylinder((rows - 1) / 2, (columns - 1) / 2, 200, 0, 1)
    (found,) = (one for one in structures(image, body)[:-1] if one.scale == scale)
    # A disc of radius r under a Gaussian of s mm has the peak contrast r^2 / 2 (s^2 + r^2 / 4).
    peak = 400 * 1.5**2 / 2 / (scale**2 + 1.5**2 / 4)
    assert found.contrast == pytest.approx(peak, rel=0.15)
    x = (found.column - (columns - 1) / 2) * image.spacing[1]
    y = (found.row - (rows - 1) / 2) * image.spacing[0]
    assert (x, y) == pytest.approx((30, -20), abs=1.5)


@pytest.mark.parametrize("seed", range(3))
def test_pure_noise_has_nothing_that_stands_out(seed: int) -> None:
    image = phantom_image(WATER, PhantomScan(noise=6, seed=seed, cupping=10))
    found = structures(image, find_cylinder(image, -300))
    assert len(found) == len(SCALES_MM) + 1
    assert max(one.significance for one in found) < 6.5


def test_a_ring_is_seen_by_its_mean() -> None:
    image = phantom_image(WATER, PhantomScan(noise=6))
    rows, columns = np.indices(image.stored.shape) - 255.5
    far = np.hypot(rows, columns) * 250 / 512
    ringed = replace(image, stored=image.stored + np.where(abs(far - 41) < 1, 8, 0))
    ring = structures(ringed, find_cylinder(ringed, -300))[-1]
    assert ring.contrast == pytest.approx(8, abs=1.5)
    assert ring.significance > 6.5
    assert (ring.row, ring.column) == pytest.approx((255.5, 255.5), abs=1)


def test_an_insert_shows_with_its_sign() -> None:
    for value in (60.0, -60.0):
        hole = PhantomObject(kind="insert", id="i", x=-40, y=0, diameter=20, value=value)
        image = phantom_image(WATER.model_copy(update={"objects": (hole,)}), PhantomScan(noise=3))
        found = structures(image, find_cylinder(image, -300))
        (large,) = (one for one in found[:-1] if one.scale == 2.0)
        assert large.contrast == pytest.approx(value, rel=0.25)
