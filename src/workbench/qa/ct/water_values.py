"""The values of a water phantom, of one slice or as means over several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np

from workbench.dicom.image import Image
from workbench.model import Measurement
from workbench.qa.ct.padding import AIR
from workbench.qa.ct.water_regions import CLOCK, RIM, Regions
from workbench.qa.cylinder import Cylinder
from workbench.qa.regions import values_in

HU = "[hnsf'U]"
CENTRE = ("centre",)
NO_AIR = "there is no free air beside the phantom: the image ends, is padded, cut off or not empty"
NO_NOISE = "the image has no noise"
SAME = 0.02  # relative: slice positions are rounded
DIFFERENCE = "Noise from differences of neighbouring slices"


@dataclass(frozen=True)
class Section:
    """What was read in one image."""

    centre: float
    noise: float
    rim: tuple[float, ...]
    air: float | None
    body: Cylinder


def read_section(image: Image, regions: Regions, body: Cylinder) -> Section:
    """Read one image."""
    centre = values_in(image, regions["centre"])
    rim = tuple(float(values_in(image, regions[name]).mean()) for name, _ in CLOCK)
    air = float(values_in(image, regions["air"]).mean()) if "air" in regions else None
    return Section(float(centre.mean()), float(centre.std(ddof=1)), rim, air, body)


def values(sections: Sequence[Section], regions: Sequence[Regions]) -> Iterator[Measurement]:
    """Yield every value; of several slices the mean over them, with its standard error."""

    def value(
        name: str, label: str, unit: str, read: Callable[[Section], float], named: Sequence[str]
    ) -> Measurement:
        each = [read(one) for one in sections]
        shown = tuple(one[region] for one in regions for region in named)
        spread = float(np.std(each, ddof=1)) / len(each) ** 0.5 if len(each) > 1 else None
        return Measurement(name, fmean(each), unit, shown, label, spread)

    every = (*CENTRE, *RIM)
    yield value("mean_ct_number", "Mean CT number", HU, lambda one: one.centre, CENTRE)
    yield value("noise", "Noise (standard deviation)", HU, lambda one: one.noise, CENTRE)
    yield value("relative_noise", "Relative noise", "%", _relative_noise, CENTRE)
    if all(one.noise > 0 for one in sections):
        yield value("snr", "Signal-to-noise ratio", "1", _snr, CENTRE)
    else:
        yield Measurement("snr", None, "1", (), "Signal-to-noise ratio", reason=NO_NOISE)
    yield value("uniformity", "Uniformity: largest difference from the centre", HU,
                lambda one: max(abs(each - one.centre) for each in one.rim), RIM)  # fmt: skip
    yield value("integral_nonuniformity", "Integral non-uniformity", "1", _integral, every)
    yield value("uniformity_index", "Uniformity index", "%", _index, every)
    if all(one.air is not None for one in sections):
        yield value("ct_number_air", "CT number of air", HU, lambda one: one.air or 0.0, ("air",))
    else:
        yield Measurement("ct_number_air", None, HU, (), "CT number of air", reason=NO_AIR)
    yield value("phantom_diameter", "Diameter of the phantom", "mm",
                lambda one: one.body.diameter, ("phantom",))  # fmt: skip


def _snr(one: Section) -> float:
    """Signal above air; WAD-QC's CT quick test."""
    return (one.centre - AIR) / one.noise


def _relative_noise(one: Section) -> float:
    """Noise as a part of the contrast of water to air, in per cent (IEC 61223-3-5)."""
    air = AIR if one.air is None else one.air
    return 100 * one.noise / (one.centre - air)


def _integral(one: Section) -> float:
    """(max - min) / (max + min), of HU + 1000 (Elstrom 2011, Acta Oncol 50:908)."""
    every = [*one.rim, one.centre]
    return (max(every) - min(every)) / (max(every) + min(every) - 2 * AIR)


def _index(one: Section) -> float:
    """100 (rim - centre) / (centre + 1000) of the disc that differs most (Elstrom 2011)."""
    each = [100 * (value - one.centre) / (one.centre - AIR) for value in one.rim]
    return max(each, key=abs)


def differences(images: Sequence[Image], regions: Sequence[Regions]) -> Iterator[Measurement]:
    """Yield the noise of differences of neighbours, sd / sqrt 2; none of a single image.

    Cupping and rings cancel (AAPM Report 233).  Slices that overlap share their noise, and a copy
    of an image has none of its own.
    """
    if len(images) < 2:
        return
    pairs = [
        (one, other, where["centre"])
        for (one, other), where in zip(pairwise(images), regions, strict=False)
    ]
    reason = next((told for one, other, _ in pairs if (told := _not_equal(one, other))), "")
    each = [values_in(one, disc) - values_in(other, disc) for one, other, disc in pairs
            if not reason]  # fmt: skip
    if not reason and any(not one.any() for one in each):
        reason = "an image is there twice"
    if reason:
        yield Measurement("noise_difference", None, HU, (), DIFFERENCE, reason=reason)
        return
    shown = tuple(where["centre"] for where in regions)
    noise = fmean(float(one.std(ddof=1)) / 2**0.5 for one in each)
    yield Measurement("noise_difference", noise, HU, shown, DIFFERENCE)


def _not_equal(one: Image, other: Image) -> str:
    """Say why the difference of two images is not that of equal, independent slices."""
    if one.stored.shape != other.stored.shape or one.spacing != other.spacing:
        return "the images differ in size"
    thick = [float(image.header.get("SliceThickness") or 0) for image in (one, other)]
    if thick[0] != thick[1]:
        return "the slices differ in thickness"
    if one.position is None or other.position is None or one.position == other.position:
        return ""  # the same slice again, which is best
    overlap = abs(one.position - other.position) < (1 - SAME) * thick[0]
    return "the slices overlap" if overlap else ""
