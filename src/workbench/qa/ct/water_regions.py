"""Where a water phantom is measured: in the middle, near the rim, in the air beside it."""

from __future__ import annotations

from workbench.dicom.image import Image
from workbench.language import mark
from workbench.model import Region
from workbench.qa.ct.padding import cut_off
from workbench.qa.ct.water_settings import WaterSettings
from workbench.qa.cylinder import Cylinder
from workbench.qa.regions import disc, lies_within, values_in

# What regions are called; the viewer says it in the language of the page.
CENTRE, AIR = mark("centre"), mark("air")
CLOCK = (
    (mark("3 o'clock"), 0.0), (mark("6 o'clock"), 90.0), (mark("9 o'clock"), 180.0),
    (mark("12 o'clock"), 270.0),
)  # fmt: skip
RIM = tuple(name for name, _ in CLOCK)
# Where air is looked for, above first; degrees clockwise from the right.
AIR_ANGLES = (270.0, 225.0, 315.0, 247.5, 292.5, 180.0, 0.0)
AIR_BELOW = -800.0  # HU: what is denser is a holder or a table
Regions = dict[str, Region]


def central(image: Image, body: Cylinder, settings: WaterSettings, number: int) -> Region:
    """Return the disc in the middle."""
    radius = settings.central_share * body.diameter / 2
    return disc(image, (body.row, body.column), radius, CENTRE, number=number)


def regions_of(image: Image, body: Cylinder, settings: WaterSettings, number: int) -> Regions:
    """Return the regions of one image by name; ``air`` only where there is room for it."""
    radius = settings.rim_share * body.diameter / 2
    far = body.diameter / 2 - settings.rim_distance - radius
    regions = {
        "phantom": body.region(image, number), "centre": central(image, body, settings, number)
    }  # fmt: skip
    for name, angle in CLOCK:
        regions[name] = disc(image, body.at(image, angle, far), radius, name, number=number)
    away = body.diameter / 2 + settings.air_distance + radius
    for angle in AIR_ANGLES:
        air = disc(image, body.at(image, angle, away), radius, AIR, "background", number)
        if lies_within(air, image) and _is_air(image, air):
            return {**regions, "air": air}
    return regions


def _is_air(image: Image, region: Region) -> bool:
    return float(values_in(image, region).max()) < AIR_BELOW and not cut_off(image, region)
