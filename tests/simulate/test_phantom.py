"""The water phantom is what it claims to be, and the bundled files are really there."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.simulate.phantom import WaterPhantom


@pytest.mark.parametrize(("water", "noise"), [(0.0, 5.0), (3.5, 12.0)])
def test_ct_number_and_noise_are_the_truth(water: float, noise: float) -> None:
    phantom = WaterPhantom(seed=7, water_hu=water, noise_hu=noise)
    images = list(phantom.images())
    stack = np.stack([i.pixel_array * float(i.RescaleSlope) + float(i.RescaleIntercept)
                      for i in images])  # fmt: skip
    middle = (phantom.matrix - 1) / 2
    radius = np.hypot(*(np.indices(stack.shape[1:]) - middle)) * phantom.pixel_mm
    disk = stack[:, radius < 0.2 * phantom.diameter_mm]
    assert disk.mean() == pytest.approx(water, abs=4 * noise / disk.size**0.5)
    assert disk.std(ddof=1) == pytest.approx(noise, rel=0.03)


@pytest.mark.parametrize(
    ("diameter", "pixel", "matrix"), [(200.0, 1.5625, 160), (160.0, 0.7, 256), (100.0, 1.0, 129)]
)
def test_the_drawn_outline_is_a_circle_of_the_diameter_in_the_middle(
    diameter: float, pixel: float, matrix: int
) -> None:
    phantom = WaterPhantom(
        seed=7, noise_hu=5.0, diameter_mm=diameter, pixel_mm=pixel, matrix=matrix
    )
    image = next(phantom.images())
    drawn = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept) > -500
    across, down = image.PixelSpacing[1], image.PixelSpacing[0]
    # A pixel is in or out as its centre is: chance leaves an eighth of a pixel of the diameter.
    area = drawn.sum() * float(across) * float(down)
    assert 2 * (area / np.pi) ** 0.5 == pytest.approx(diameter, abs=pixel / 8)
    rows, columns = np.nonzero(drawn)
    for places in (rows, columns):
        assert places.mean() == pytest.approx((matrix - 1) / 2, abs=0.01)
        assert (places.max() - places.min() + 1) * pixel == pytest.approx(diameter, abs=pixel)
    far = np.hypot(rows - rows.mean(), columns - columns.mean()) * pixel
    assert far.max() <= diameter / 2 + 1e-6
    assert far.max() > diameter / 2 - pixel / 2


def test_beyond_the_outline_is_air_with_its_noise() -> None:
    phantom = WaterPhantom(seed=3, noise_hu=4.0)
    air = phantom.pixels(0)[:12, :12].astype(float) - 1024
    assert air.mean() == pytest.approx(-1000, abs=4 * 4 / 12)
    assert air.std(ddof=1) == pytest.approx(4.0, rel=0.25)


def test_slices_differ_but_repeat_with_the_seed() -> None:
    phantom = WaterPhantom(seed=7)
    assert (phantom.pixels(0) != phantom.pixels(1)).any()
    assert (phantom.pixels(0) == WaterPhantom(seed=7).pixels(0)).all()


def test_pixel_size_fits_the_header() -> None:
    image = next(WaterPhantom(seed=1).images())
    assert float(image.PixelSpacing[0]) * image.Columns == float(image.ReconstructionDiameter)
