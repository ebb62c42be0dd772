"""Drawn phantoms have the outlines, places and values of their geometry, to parts of a pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.dicom.pixels import images_of
from workbench.qa.geometry import Geometry, geometry, read_geometry
from workbench.simulate.phantom_images import (
    AIR,
    PhantomHeader,
    PhantomScan,
    draw,
    phantom_dataset,
    phantom_image,
    place_of,
)

BOX = """
id = "box"
name = "A box"
modality = "DX"
[body]
shape = "box"
width = 90
height = 50
value = 200
[modules.low]
value = 100
[[objects]]
kind = "insert"
id = "disc"
x = 20
y = -10
diameter = 12
value = 400
[[objects]]
kind = "insert"
id = "bar"
module = "low"
x = -25
y = 5
width = 20
height = 8
value = 700
"""
PLAIN = PhantomScan(size=256, field_mm=250, noise=0, blur=0)


def box() -> Geometry:
    return read_geometry(BOX.encode(), "box")


def filled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return how much of each pixel is filled, from its value between two."""
    return np.clip((values - low) / (high - low), 0, 1)


def moments(share: np.ndarray, pixel: float) -> tuple[float, float, float]:
    """Return the area in mm^2 and the middle (x, y) in mm from that of the image."""
    rows, columns = np.indices(share.shape) - (len(share) - 1) / 2
    whole = share.sum()
    return (
        float(whole * pixel**2), float((share * columns).sum() / whole * pixel),
        float((share * rows).sum() / whole * pixel),
    )  # fmt: skip


@settings(max_examples=20)
@given(
    st.floats(-12, 12), st.floats(-12, 12), st.sampled_from([128, 256, 301]),
    st.sampled_from(["ct_water_160", "ct_water_200", "ct_water_220"]),
)  # fmt: skip
def test_the_outline_of_a_cylinder_has_the_area_and_middle_of_its_circle(
    x: float, y: float, size: int, name: str
) -> None:
    phantom = geometry(name)
    diameter = phantom.body.diameter or 0.0
    scan = replace(PLAIN, size=size, x=x, y=y)
    area, right, down = moments(filled(draw(phantom, scan), AIR, 0.0), 250 / size)
    assert 2 * (area / np.pi) ** 0.5 == pytest.approx(diameter, abs=0.02)
    assert (right, down) == pytest.approx((x, y), abs=0.02)


def test_the_outline_of_a_cylinder_is_nowhere_else() -> None:
    share = filled(draw(geometry("ct_water_200"), PLAIN), AIR, 0.0)
    pixel = 250 / 256
    rows, columns = np.indices(share.shape) - 127.5
    depth = 100 - np.hypot(rows, columns) * pixel
    assert (share[depth > pixel] == 1).all()
    assert (share[depth < -pixel] == 0).all()
    assert share[np.abs(depth) < 0.05] == pytest.approx(0.5, abs=0.06)  # the rim halves a pixel


@given(st.floats(0, 6), st.floats(-5, 5))
@settings(max_examples=10)
def test_a_cylinder_that_leans_becomes_longer_from_top_to_bottom(tilt: float, y: float) -> None:
    share = filled(draw(geometry("ct_water_160"), replace(PLAIN, tilt=10 * tilt, y=y)), AIR, 0)
    area, _, _ = moments(share[:, :], 250 / 256)
    longer = 1 / np.cos(np.radians(10 * tilt))
    if 160 * longer / 2 + abs(y) < 124:
        assert area == pytest.approx(np.pi * 80**2 * longer, rel=3e-3)


def test_a_wall_lies_inside_the_diameter() -> None:
    water = geometry("ct_water_200")
    walled = water.model_copy(update={"body": water.body.model_copy(
        update={"wall": 5.0, "wall_value": 120.0})})  # fmt: skip
    values = draw(walled, PLAIN)
    rows, columns = np.indices(values.shape) - 127.5
    far = np.hypot(rows, columns) * 250 / 256
    assert values[far < 94] == pytest.approx(0, abs=1e-9)
    assert values[(far > 96) & (far < 99)] == pytest.approx(120)
    assert values[far > 101] == pytest.approx(AIR)


@pytest.mark.parametrize(("module", "value", "bar"), [("", 200, 200), ("low", 100, 700)])
def test_boxes_objects_and_modules_are_drawn_as_the_file_says(
    module: str, value: float, bar: float
) -> None:
    scan = PhantomScan(size=512, field_mm=128, noise=0, blur=0, module=module)
    values, pixel = draw(box(), scan), 0.25
    body = moments(filled(values, AIR, value), pixel)
    assert body[0] == pytest.approx(90 * 50, rel=1e-3)
    assert body[1:] == pytest.approx((0, 0), abs=0.01)

    def at(x: float, y: float) -> float:
        return float(values[round(255.5 + y / pixel), round(255.5 + x / pixel)])

    assert at(0, 20) == value
    assert at(20, -10) == 400
    assert (at(20 + 5.5, -10), at(20, -10 - 5.5), at(20 + 6.5, -10)) == (400, 400, value)
    assert (at(-25, 5), at(-25 + 9.5, 5), at(-25, 5 + 3.5)) == (bar, bar, bar)
    assert (at(-25 + 10.5, 5), at(-25, 5 + 4.5)) == (value, value)


@pytest.mark.parametrize(("roll", "x", "y"), [(0, 20, -10), (90, 10, 20), (180, -20, 10)])
def test_a_phantom_turns_clockwise(roll: float, x: float, y: float) -> None:
    scan = PhantomScan(size=512, field_mm=128, noise=0, blur=0, roll=roll)
    share = filled(draw(box(), scan), 200, 400)
    area, right, down = moments(share, 0.25)
    assert area == pytest.approx(np.pi * 6**2, rel=0.01)
    assert (right, down) == pytest.approx((x, y), abs=0.02)


def test_polar_places_are_clockwise_from_the_right() -> None:
    (disc, _), turned = box().objects, np.radians(-26.565)
    polar = disc.model_copy(update={"x": None, "y": None, "r": 500**0.5, "angle": -26.565})
    assert place_of(disc) == (20, -10)
    assert place_of(polar) == pytest.approx((20, -10), abs=1e-3)
    assert turned < 0


def test_cupping_and_gradient_are_what_they_are_called() -> None:
    water = geometry("ct_water_200")
    values = draw(water, replace(PLAIN, cupping=20, gradient=8, offset=3))
    pixel = 250 / 256

    def at(x: float, y: float) -> float:
        found = values[round(127.5 + y / pixel), round(127.5 + x / pixel)]
        return float(found)

    assert at(0, 0) == pytest.approx(3 - 20, abs=0.1)
    assert (at(95, 0) - at(-95, 0)) / 2 == pytest.approx(8 * 0.95, abs=0.1)
    assert at(0, 95) == pytest.approx(3 - 20 + 20 * 0.95**2, abs=0.3)


def test_noise_has_its_standard_deviation_and_its_correlation() -> None:
    water = geometry("ct_water_200")
    for width in (0.0, 2.0):
        clean = replace(PLAIN, noise=0)
        noise = draw(water, replace(PLAIN, noise=7, noise_width=width, seed=5)) - draw(water, clean)
        assert noise.std() == pytest.approx(7, rel=0.03)
        alike = float((noise[:, 1:] * noise[:, :-1]).mean() / noise.var())
        sigma = width / (250 / 256)
        expected = np.exp(-1 / (4 * sigma**2)) if width else 0.0  # of a Gaussian filter
        assert alike == pytest.approx(expected, abs=0.05)


def test_the_file_says_in_mm_what_is_drawn() -> None:
    scan = PhantomScan(size=128, field_mm=200, padding=-2000)
    made = phantom_dataset(geometry("ct_water_160"), scan, PhantomHeader(more={"KVP": 80}))
    assert [float(one) for one in made.PixelSpacing] == [1.5625, 1.5625]
    assert float(made.ReconstructionDiameter) == 200
    assert made.KVP == 80
    (image,) = images_of(made)
    rows, columns = np.indices(image.stored.shape) - 63.5
    outside = np.hypot(rows, columns) > 64
    assert (image.valid == ~outside).all()


def test_images_differ_by_seed_alone() -> None:
    water = geometry("ct_water_200")
    one, same, other = (
        phantom_image(water, PhantomScan(size=64, seed=seed)).stored for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()
