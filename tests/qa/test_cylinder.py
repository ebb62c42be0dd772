"""A round phantom is found where it is, in mm, in whatever pixels and beside whatever holds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.qa.pixels_not_square import binned_image
from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.qa.cylinder import find_cylinder
from workbench.qa.geometry import geometry
from workbench.simulate.phantom_images import PhantomScan, phantom_image

WATER = geometry("ct_water_200")
THRESHOLD = -300.0
BINS = [(1, 1), (2, 1), (1, 2), (3, 1), (1, 3), (3, 2)]


def place(image: Image, row: float, column: float) -> tuple[float, float]:
    """Return (x, y) in mm from the middle of the image."""
    assert image.spacing is not None
    rows, columns = image.stored.shape
    return (
        (column - (columns - 1) / 2) * image.spacing[1], (row - (rows - 1) / 2) * image.spacing[0]
    )  # fmt: skip


@settings(max_examples=12)
@given(st.sampled_from(BINS), st.floats(-9, 9), st.floats(-9, 9), st.integers(0, 99))
def test_centre_and_diameter_are_the_same_mm_in_any_pixels(
    bins: tuple[int, int], x: float, y: float, seed: int
) -> None:
    # 6 divides the size, so that binning loses no row and the middle stays where it was
    scan = PhantomScan(size=480, field_mm=250, x=x, y=y, noise=8, seed=seed)
    image = binned_image(WATER, scan, *bins)
    found = find_cylinder(image, THRESHOLD)
    assert found.diameter == pytest.approx(200, abs=0.3)
    assert place(image, found.row, found.column) == pytest.approx((x, y), abs=0.2)
    assert found.eccentricity < 0.005, "round in mm, not in pixels"
    assert found.whole > 0.97


@pytest.mark.parametrize("bins", BINS)
def test_places_about_it_are_where_angle_and_distance_say(bins: tuple[int, int]) -> None:
    scan = PhantomScan(size=480, field_mm=250, x=5, y=-3)
    image = binned_image(WATER, scan, *bins)
    found = find_cylinder(image, THRESHOLD)
    for angle in (0.0, 90.0, 180.0, 270.0, 30.0):
        turned = np.radians(angle)  # clockwise from the right, rows downwards
        at = place(image, *found.at(image, angle, 80.0))
        assert at == pytest.approx((5 + 80 * np.cos(turned), -3 + 80 * np.sin(turned)), abs=0.3)


@pytest.mark.parametrize("bins", BINS)
def test_the_outline_given_to_viewers_is_the_rim(bins: tuple[int, int]) -> None:
    image = binned_image(WATER, PhantomScan(size=480, field_mm=250, y=4), *bins)
    region = find_cylinder(image, THRESHOLD).region(image, number=3)
    assert image.spacing is not None
    half = [size * mm for size, mm in zip((region.size * 2)[:2], image.spacing, strict=True)]
    if region.kind == "circle":
        half = [region.size[0] * image.spacing[0]] * 2
    assert half == pytest.approx([100, 100], abs=0.2)
    assert place(image, *region.points[0]) == pytest.approx((0, 4), abs=0.2)
    assert (region.role, region.label, region.image) == ("phantom", "phantom", 3)


def test_a_table_moves_nothing() -> None:
    scan = PhantomScan(y=-6)
    alone, held = (
        find_cylinder(phantom_image(WATER, replace(scan, table=table)), THRESHOLD)
        for table in (False, True)
    )
    assert held.diameter == pytest.approx(alone.diameter, abs=0.3)
    assert (held.row, held.column) == pytest.approx((alone.row, alone.column), abs=0.4)


@settings(max_examples=8)
@given(st.floats(0, 12))
def test_a_phantom_that_leans_is_as_eccentric_as_geometry_says(tilt: float) -> None:
    found = find_cylinder(phantom_image(WATER, PhantomScan(tilt=tilt)), THRESHOLD)
    longest, shortest = 200 / np.cos(np.radians(tilt)), 200.0
    assert found.diameter == pytest.approx((longest + shortest) / 2, abs=0.5)
    assert found.eccentricity == pytest.approx(
        (longest - shortest) / ((longest + shortest) / 2), abs=0.003
    )


@pytest.mark.parametrize("name", ["ct_water_160", "ct_water_220", "ct_water_320"])
def test_each_phantom_has_the_diameter_of_its_file(name: str) -> None:
    phantom = geometry(name)
    image = phantom_image(phantom, PhantomScan(field_mm=400))
    assert find_cylinder(image, THRESHOLD).diameter == pytest.approx(phantom.body.diameter, abs=0.5)


def test_a_small_thing_beside_it_is_not_the_phantom() -> None:
    image = phantom_image(WATER, PhantomScan(noise=3))
    rows, columns = np.indices(image.stored.shape)
    beside = np.hypot(rows - 20, columns - 20) < 16
    other = replace(image, stored=np.where(beside, 3000, image.stored))
    assert find_cylinder(other, THRESHOLD).diameter == pytest.approx(200, abs=0.5)


def test_what_is_not_round_or_not_there_is_said() -> None:
    image = phantom_image(WATER, PhantomScan(noise=0))
    bar = np.zeros_like(image.stored)
    bar[:, 200:240] = 1024
    for stored in (np.zeros_like(image.stored), bar):
        with pytest.raises(MeasurementError, match="phantom was found"):
            find_cylinder(replace(image, stored=stored), THRESHOLD)
