"""Where a water phantom is read: IEC's central disc, four discs near the rim, air beside it."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.dicom.image import Image
from workbench.model import Region
from workbench.qa.ct.padding import with_padding
from workbench.qa.ct.water_regions import CLOCK, RIM, central, regions_of
from workbench.qa.ct.water_settings import WaterSettings
from workbench.qa.cylinder import find_cylinder
from workbench.qa.geometry import geometry
from workbench.simulate.phantom_images import PhantomScan, phantom_image

WATER, SETTINGS = geometry("ct_water_200"), WaterSettings()


def regions(
    scan: PhantomScan, settings: WaterSettings = SETTINGS
) -> tuple[Image, dict[str, Region]]:
    image = with_padding(phantom_image(WATER, scan))
    return image, regions_of(image, find_cylinder(image, -300), SETTINGS, 0)


def place(image: Image, region: Region) -> tuple[float, float, float]:
    """Return x, y and radius in mm from the middle of the image."""
    assert image.spacing is not None
    row, column = region.points[0]
    middle = (len(image.stored) - 1) / 2
    pixel = image.spacing[0]
    return (column - middle) * pixel, (row - middle) * pixel, region.size[0] * pixel


def test_the_central_disc_has_40_percent_of_the_diameter() -> None:
    image, found = regions(PhantomScan(x=5))
    assert place(image, found["centre"]) == pytest.approx((5, 0, 40), abs=0.3)
    wide = central(image, find_cylinder(image, -300), WaterSettings(central_share=0.6), 2)
    assert place(image, wide)[2] == pytest.approx(60, abs=0.2)
    assert wide.image == 2


def test_four_discs_lie_10_mm_from_the_rim_where_the_clock_says() -> None:
    image, found = regions(PhantomScan())
    expected = {"3 o'clock": (80, 0), "6 o'clock": (0, 80), "9 o'clock": (-80, 0),
                "12 o'clock": (0, -80)}  # fmt: skip
    assert set(RIM) == set(expected) == {name for name, _ in CLOCK}
    for name, at in expected.items():
        assert place(image, found[name]) == pytest.approx((*at, 10), abs=0.3)


def test_air_is_read_beside_the_phantom_and_above_first() -> None:
    image, found = regions(PhantomScan(field_mm=300))
    x, y, radius = place(image, found["air"])
    assert (x, y) == pytest.approx((0, -120), abs=0.5)
    assert found["air"].role == "background"
    assert np.hypot(x, y) - radius >= 100 + SETTINGS.air_distance - 0.3


def test_air_is_looked_for_where_there_is_some() -> None:
    image, found = regions(PhantomScan(field_mm=280, y=-35))
    x, y, _ = place(image, found["air"])
    assert np.hypot(x, y + 35) == pytest.approx(120, abs=0.5)
    assert y > -140 + 10


def test_corners_hold_air_unless_they_are_padded() -> None:
    assert "air" in regions(PhantomScan(field_mm=206))[1]
    assert "air" not in regions(PhantomScan(field_mm=206, padding=-2000))[1]
