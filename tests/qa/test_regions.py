"""Regions are what they are in millimetres, whatever the pixels: their areas, places, values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom import Dataset

from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.model import Region
from workbench.qa.regions import disc, inside, lies_within, spacing, values_in


def image(
    shape: tuple[int, int] = (120, 160), size: tuple[float, float] | None = (1.0, 1.0),
    padding: tuple[float, float] | None = None,
) -> Image:  # fmt: skip
    """Return an image whose value is 1000 x row + column."""
    rows, columns = np.indices(shape)
    return Image(1000 * rows + columns, Dataset(), spacing=size, padding=padding)


sizes = st.floats(0.2, 1.5)


@given(down=sizes, across=sizes, radius=st.floats(8, 20), row=st.floats(55, 65))
def test_a_disc_has_its_area_in_mm(down: float, across: float, radius: float, row: float) -> None:
    wide = image((240, 240), (down, across))
    region = disc(wide, (row + 60, 119.3), radius)
    assume(lies_within(region, wide))
    found = values_in(wide, region)
    circumference = 2 * np.pi * radius * max(down, across)
    assert len(found) * down * across == pytest.approx(
        np.pi * radius**2, abs=0.5 * circumference
    )  # a pixel belongs or does not: half of the rim's pixels may be wrong


@given(down=sizes, across=sizes)
def test_no_pixel_of_a_disc_is_farther_than_its_radius_and_none_nearer_is_left_out(
    down: float, across: float
) -> None:
    whole = image(size=(down, across))
    region = disc(whole, (60.3, 80.2), 9.0)
    window, mask = inside(region, whole.stored.shape)
    belongs = np.zeros(whole.stored.shape, bool)
    belongs[window] = mask
    rows, columns = np.indices(whole.stored.shape)
    far = np.hypot((rows - 60.3) * down, (columns - 80.2) * across)
    assert not belongs[far > 9.0 + 1e-6].any()
    assert belongs[far < 9.0 - 1e-6].all()


def test_rows_are_rows_where_pixels_are_not_square() -> None:
    whole = image(size=(2.0, 0.5))  # mm between rows, between columns (PS3.3 section 10.7.1.3)
    region = disc(whole, (60, 80), 10.0)
    assert (region.kind, region.size) == ("ellipse", (5.0, 20.0))
    window, mask = inside(region, whole.stored.shape)
    assert mask.shape == (11, 41)
    assert (window[0].start, window[1].start) == (55, 60)


def test_a_disc_of_square_pixels_is_a_circle() -> None:
    region = disc(image(size=(0.5, 0.5)), (60, 80), 10.0)
    assert (region.kind, region.size) == ("circle", (20.0,))


def rectangle(height: float, width: float, angle: float = 0.0, at: tuple[float, float] = (60, 80)
              ) -> Region:  # fmt: skip
    return Region("rectangle", (at,), (height, width), angle, "", "signal", 0)


def test_a_rectangle_holds_the_pixels_whose_centres_lie_in_it() -> None:
    found = values_in(image(), rectangle(4, 10))
    assert len(found) == 5 * 11
    assert (found.min(), found.max()) == (58_075, 62_085)


def test_a_quarter_turn_changes_height_and_width() -> None:
    turned, other = (
        sorted(values_in(image(), one)) for one in (rectangle(4.5, 10.5, 90), rectangle(10.5, 4.5))
    )
    assert turned == other


@given(st.floats(1, 89))
def test_a_turned_rectangle_keeps_its_area_and_turns_clockwise(angle: float) -> None:
    whole = image()
    window, mask = inside(rectangle(20, 60, angle), whole.stored.shape)
    assert mask.sum() == pytest.approx(1200, abs=80)  # half of 160 pixels on its rim
    rows, columns = np.nonzero(mask)
    rows, columns = rows + window[0].start - 60, columns + window[1].start - 80
    axis = 0.5 * np.arctan2(2 * (rows * columns).mean(), (columns**2).mean() - (rows**2).mean())
    assert np.degrees(axis) == pytest.approx(angle, abs=2)  # its long side, rows downwards


def test_padding_is_no_value() -> None:
    flat = Image(np.full((20, 20), 7), Dataset(), spacing=(1, 1), padding=(-5, -5))
    flat.stored[:, :10] = -5
    found = values_in(flat, disc(flat, (10, 10), 5))
    assert set(found) == {7.0}
    assert not lies_within(disc(flat, (10, 10), 5), flat)
    assert lies_within(disc(flat, (10, 15), 4), flat)


@pytest.mark.parametrize(
    ("at", "within"),
    [((5, 5), True), ((4.9, 5), False), ((5, 4.9), False), ((114, 154), True),
     ((114.1, 154), False), ((114, 154.1), False)],
)  # fmt: skip
def test_a_region_lies_within_the_outermost_pixels_or_not(
    at: tuple[float, float], within: bool
) -> None:
    assert lies_within(disc(image(), at, 5), image()) is within


@pytest.mark.parametrize("at", [(-20.0, 50.0), (50.0, -20.0), (200.0, 50.0), (50.0, 300.0)])
def test_a_region_outside_is_said(at: tuple[float, float]) -> None:
    with pytest.raises(MeasurementError, match="outside"):
        values_in(image(), disc(image(), at, 5))


def test_lines_hold_no_values_and_unknown_pixels_no_mm() -> None:
    line = Region("line", ((0, 0), (5, 5)), (), 0.0, "", "signal", 0)
    with pytest.raises(MeasurementError, match="line"):
        values_in(image(), line)
    with pytest.raises(MeasurementError, match="how large a pixel"):
        spacing(image(size=None))
