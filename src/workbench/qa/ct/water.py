"""CT level A: a water phantom's CT number, noise and homogeneity.

After IEC 61223-3-5 as quoted in EUR 16262 and AAPM Report 233; numbers that no document read here
confirms are settings, to be changed in the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.model import Measurement, Region
from workbench.qa.ct.structure import Structure, structures
from workbench.qa.cylinder import Cylinder, find_cylinder
from workbench.qa.geometry import Geometry
from workbench.qa.lines import ERROR, Line, checked
from workbench.qa.regions import disc, lies_within, values_in

HU, AIR = "[hnsf'U]", -1000.0
CLOCK = (("3 o'clock", 0.0), ("6 o'clock", 90.0), ("9 o'clock", 180.0), ("12 o'clock", 270.0))
# Where air is looked for, above first; degrees clockwise from the right.
AIR_ANGLES = (270.0, 225.0, 315.0, 247.5, 292.5, 180.0, 0.0)
AIR_BELOW = -800.0  # HU: what is denser is a holder or a table


class WaterSettings(BaseModel):
    """A profile's ``[settings]`` for ``ct-water``.

    Attributes
    ----------
    central_share
        Diameter of the central disc in diameters of the phantom; IEC 61223-3-5 asks 0.4.
    rim_share
        Diameter of the discs near the rim, likewise.
    rim_distance
        mm between those discs and the rim.
    air_distance
        mm between the phantom and the disc of air, at least.
    diameter_within
        mm by which the phantom may differ from its geometry file.
    eccentricity_within
        Largest (longest - shortest) / diameter.
    water_within
        HU by which the centre may differ from 0: farther away it is another material.
    structure_contrast, structure_significance
        What stands out by more than both (HU; standard deviations of the noise) is no water.
    most_noise
        Largest standard deviation, HU, of a section that is still water.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    central_share: float = Field(default=0.4, gt=0, le=0.8)
    rim_share: float = Field(default=0.1, gt=0, le=0.3)
    rim_distance: float = Field(default=10.0, ge=0)
    air_distance: float = Field(default=10.0, ge=0)
    diameter_within: float = Field(default=5.0, gt=0)
    eccentricity_within: float = Field(default=0.02, gt=0)
    water_within: float = Field(default=30.0, gt=0)
    structure_contrast: float = Field(default=4.0, gt=0)
    structure_significance: float = Field(default=6.5, gt=0)
    most_noise: float = Field(default=60.0, gt=0)


@dataclass(frozen=True)
class _Section:
    """What was read in one image."""

    centre: float
    noise: float
    rim: tuple[float, ...]
    air: float | None
    body: Cylinder


class CTWater:
    """The QA test ``ct-water``."""

    name, version, label, modality = "ct-water", "1", "CT level A: water", "CT"
    settings: type[BaseModel] = WaterSettings

    def verify(self, images: Sequence[Image], phantom: Geometry, settings: BaseModel) -> list[Line]:
        """Look for the phantom in every image, and for what is no water in it."""
        assert isinstance(settings, WaterSettings)
        wanted = f"{phantom.body.diameter:g} mm"
        lines: list[Line] = []
        for number, image in enumerate(images, 1):
            which = f" (image {number})" if len(images) > 1 else ""
            try:
                body = find_cylinder(image, phantom.body.threshold)
            except MeasurementError as error:
                lines.append(Line(f"phantom{which}", wanted, "–", ERROR, f"{error}"))
                continue
            lines += _body(body, phantom, settings, which)
            if not any(line.refuses for line in lines):
                lines += _content(image, body, settings, which)
        return lines

    def measure(
        self, images: Sequence[Image], phantom: Geometry, settings: BaseModel
    ) -> list[Measurement]:
        """Measure every image; of several, values are means over them."""
        assert isinstance(settings, WaterSettings)
        bodies = [find_cylinder(image, phantom.body.threshold) for image in images]
        regions = [_regions(*pair, settings, number) for number, pair in
                   enumerate(zip(images, bodies, strict=True))]  # fmt: skip
        sections = [
            _read(image, found, body)
            for image, found, body in zip(images, regions, bodies, strict=True)
        ]
        return [*_values(sections, regions), *_differences(images, regions)]


def _body(body: Cylinder, phantom: Geometry, settings: WaterSettings, which: str) -> Iterator[Line]:
    nominal = phantom.body.diameter or 0.0
    within = abs(body.diameter - nominal) <= settings.diameter_within
    yield checked(
        f"diameter{which}", f"{nominal:g} ± {settings.diameter_within:g} mm",
        f"{body.diameter:.1f} mm", within, "It is another phantom, or another section of it.",
    )  # fmt: skip
    yield checked(
        f"roundness{which}", f"within {settings.eccentricity_within:.0%}",
        f"{body.eccentricity:.1%}", body.eccentricity <= settings.eccentricity_within,
        "The phantom is not round here: it is tilted, or it is none.",
    )  # fmt: skip


def _content(image: Image, body: Cylinder, settings: WaterSettings, which: str) -> Iterator[Line]:
    centre = values_in(image, _central(image, body, settings, 0))
    mean, noise = float(centre.mean()), float(centre.std(ddof=1))
    yield checked(
        f"material{which}", f"0 ± {settings.water_within:g} HU", f"{mean:.1f} HU",
        abs(mean) <= settings.water_within, "The centre is not water.",
    )  # fmt: skip
    yield checked(
        f"noise{which}", f"at most {settings.most_noise:g} HU", f"{noise:.1f} HU",
        noise <= settings.most_noise, "The centre is too noisy to be a water section.",
    )  # fmt: skip
    yield _uniform(structures(image, body), settings, which)


def _uniform(found: Sequence[Structure], settings: WaterSettings, which: str) -> Line:
    def stands_out(one: Structure) -> bool:
        return (
            abs(one.contrast) > settings.structure_contrast
            and one.significance > settings.structure_significance
        )

    worst = max(found, key=lambda one: (stands_out(one), one.significance))
    return checked(
        f"uniform{which}",
        f"nothing beyond {settings.structure_contrast:g} HU and "
        f"{settings.structure_significance:g} σ of the noise",
        f"{worst.contrast:+.1f} HU, {worst.significance:.1f} σ", not stands_out(worst),
        f"Something stands out at row {worst.row:.0f}, column {worst.column:.0f}: this section "
        "is not plain water (inserts, bars, beads, a bubble).",
    )  # fmt: skip


def _central(image: Image, body: Cylinder, settings: WaterSettings, number: int) -> Region:
    radius = settings.central_share * body.diameter / 2
    return disc(image, (body.row, body.column), radius, "centre", number=number)


def _regions(
    image: Image, body: Cylinder, settings: WaterSettings, number: int
) -> dict[str, Region]:
    """Return the regions of one image by name; ``air`` only where there is room for it."""
    radius = settings.rim_share * body.diameter / 2
    far = body.diameter / 2 - settings.rim_distance - radius
    found = {
        "phantom": body.region(image, number), "centre": _central(image, body, settings, number)
    }  # fmt: skip
    for name, angle in CLOCK:
        found[name] = disc(image, body.at(image, angle, far), radius, name, number=number)
    away = body.diameter / 2 + settings.air_distance + radius
    for angle in AIR_ANGLES:
        air = disc(image, body.at(image, angle, away), radius, "air", "background", number)
        if lies_within(air, image) and values_in(image, air).max() < AIR_BELOW:
            return {**found, "air": air}
    return found


def _read(image: Image, regions: dict[str, Region], body: Cylinder) -> _Section:
    centre = values_in(image, regions["centre"])
    rim = tuple(float(values_in(image, regions[name]).mean()) for name, _ in CLOCK)
    air = float(values_in(image, regions["air"]).mean()) if "air" in regions else None
    return _Section(float(centre.mean()), float(centre.std(ddof=1)), rim, air, body)


def _values(
    sections: Sequence[_Section], regions: Sequence[dict[str, Region]]
) -> Iterator[Measurement]:
    def value(
        name: str, label: str, unit: str, read: Callable[[_Section], float], *named: str
    ) -> Measurement:
        each = [read(one) for one in sections]
        shown = tuple(one[region] for one in regions for region in named)
        spread = float(np.std(each, ddof=1)) / len(each) ** 0.5 if len(each) > 1 else None
        return Measurement(name, fmean(each), unit, shown, label, spread)

    rim = tuple(name for name, _ in CLOCK)
    yield value("mean_ct_number", "Mean CT number", HU, lambda one: one.centre, "centre")
    yield value("noise", "Noise (standard deviation)", HU, lambda one: one.noise, "centre")
    yield value("relative_noise", "Relative noise", "%", _relative_noise, "centre")
    # Signal above air; WAD-QC's CT quick test.
    yield value("snr", "Signal-to-noise ratio", "1", lambda one: (one.centre - AIR) / one.noise)
    yield value("uniformity", "Uniformity: largest difference from the centre", HU,
                lambda one: max(abs(each - one.centre) for each in one.rim), *rim)  # fmt: skip
    yield value("integral_nonuniformity", "Integral non-uniformity", "1", _integral)
    yield value("uniformity_index", "Uniformity index", "%", _index)
    if all(one.air is not None for one in sections):
        yield value("ct_number_air", "CT number of air", HU, lambda one: one.air or 0.0, "air")
    else:
        yield Measurement("ct_number_air", None, HU, (), "CT number of air",
                          reason="there is no free air beside the phantom")  # fmt: skip
    yield value("phantom_diameter", "Diameter of the phantom", "mm",
                lambda one: one.body.diameter, "phantom")  # fmt: skip


def _relative_noise(one: _Section) -> float:
    """Noise as a part of the contrast of water to air, in per cent (IEC 61223-3-5)."""
    air = AIR if one.air is None else one.air
    return 100 * one.noise / (one.centre - air)


def _integral(one: _Section) -> float:
    """(max - min) / (max + min), of HU + 1000 (Elstrom 2011, Acta Oncol 50:908)."""
    every = [*one.rim, one.centre]
    return (max(every) - min(every)) / (max(every) + min(every) - 2 * AIR)


def _index(one: _Section) -> float:
    """100 (rim - centre) / (centre + 1000) of the disc that differs most (Elstrom 2011)."""
    each = [100 * (value - one.centre) / (one.centre - AIR) for value in one.rim]
    return max(each, key=abs)


def _differences(
    images: Sequence[Image], regions: Sequence[dict[str, Region]]
) -> Iterator[Measurement]:
    """Noise from differences of neighbours, sd / sqrt 2: cupping and rings cancel (AAPM 233)."""
    label = "Noise from differences of neighbouring slices"
    if len(images) < 2:
        return
    found = []
    for number in range(len(images) - 1):
        one, other = (
            values_in(images[number + side], regions[number]["centre"]) for side in (0, 1)
        )
        if one.shape == other.shape:
            found.append(float((one - other).std(ddof=1)) / 2**0.5)
    if found:
        shown = tuple(each["centre"] for each in regions)
        yield Measurement("noise_difference", fmean(found), HU, shown, label)
    else:
        yield Measurement("noise_difference", None, HU, (), label,
                          reason="padding lies in the phantom of some images")  # fmt: skip
