"""Padding that is not declared is no air, and air cut off is no measurement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydicom import Dataset

from workbench.dicom.image import Image
from workbench.qa.ct.padding import cut_off, with_padding
from workbench.qa.regions import disc

SIZE = 64


def image(
    corner: int = -2048, inside: int = 0, slope: float = 1.0, intercept: float = 0.0
) -> Image:
    """Return a circle of reconstruction, filled outside with one stored value."""
    rows, columns = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2
    stored = np.where(np.hypot(rows, columns) > SIZE / 2, corner, inside).astype(np.int16)
    return Image(stored, Dataset(), 1.0, intercept, spacing=(1, 1))


@pytest.mark.parametrize(
    ("corner", "intercept"), [(-2048, 0), (-3024, 0), (0, -1024), (-1001, 0), (-1000, 0)]
)
def test_corners_of_one_lowest_value_at_or_below_air_are_padding(
    corner: int, intercept: int
) -> None:
    one = image(corner, inside=corner + 1030, intercept=intercept)
    found = with_padding(one)
    assert (found.valid == (one.stored != corner)).all()


@pytest.mark.parametrize("corner", [-999, -500, 40])
def test_corners_above_air_are_an_image(corner: int) -> None:
    assert with_padding(image(corner, inside=corner + 5)).padding is None


def test_air_with_noise_in_a_corner_is_air() -> None:
    one = image(-1000)
    one.stored[1, 1] = -1001
    assert with_padding(one).padding is None
    two = image(-1000)
    two.stored[-2, -2] = -999
    assert with_padding(two).padding is None


def test_a_value_below_that_of_the_corners_says_that_these_are_no_padding() -> None:
    one = image(-1000)
    one.stored[32, 32] = -1024
    assert with_padding(one).padding is None


def test_what_the_header_declares_goes_before() -> None:
    one = replace(image(), padding=(-5.0, -5.0))
    assert with_padding(one) is one


def air(values: np.ndarray) -> Image:
    return Image(values.astype(np.int16), Dataset(), spacing=(1, 1))


def test_noise_around_air_is_a_measurement_and_noise_cut_at_the_lowest_value_is_none() -> None:
    noise = np.random.default_rng(3).normal(-1000, 10, (SIZE, SIZE)).round()
    whole, cut = air(noise), air(np.maximum(noise, -1000))
    region = disc(whole, (32, 32), 12)
    assert not cut_off(whole, region)
    assert cut_off(cut, region)


def test_a_cut_elsewhere_does_not_touch_a_region() -> None:
    noise = np.random.default_rng(3).normal(-900, 5, (SIZE, SIZE)).round()
    noise[:5] = -1024
    assert not cut_off(air(noise), disc(air(noise), (40, 32), 10))
