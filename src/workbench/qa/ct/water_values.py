"""The values of a water phantom, of one slice or as means over several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np

from workbench.dicom.image import Image
from workbench.language import mark
from workbench.model import Measurement
from workbench.qa.ct.padding import AIR
from workbench.qa.ct.water_regions import CLOCK, RIM, Regions
from workbench.qa.cylinder import Cylinder
from workbench.qa.regions import values_in

HU = "[hnsf'U]"
CENTRE = ("centre",)
NO_AIR = mark(
    "there is no free air beside the phantom: the image ends, is padded, cut off or not empty"
)
NO_NOISE = mark("the image has no noise")
SAME = 0.02  # relative: slice positions are rounded
DIFFERENCE = mark("Noise from differences of neighbouring slices")


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
        each = [read(section) for section in sections]
        shown = tuple(where[region] for where in regions for region in named)
        spread = float(np.std(each, ddof=1)) / len(each) ** 0.5 if len(each) > 1 else None
        return Measurement(name, fmean(each), unit, shown, label, spread)

    every = (*CENTRE, *RIM)
    yield value(
        "mean_ct_number", mark("Mean CT number"), HU, lambda section: section.centre, CENTRE
    )
    yield value(
        "noise", mark("Noise (standard deviation)"), HU, lambda section: section.noise, CENTRE
    )
    yield value("relative_noise", mark("Relative noise"), "%", _relative_noise, CENTRE)
    if all(section.noise > 0 for section in sections):
        yield value("snr", mark("Signal-to-noise ratio"), "1", _snr, CENTRE)
    else:
        yield Measurement("snr", None, "1", (), mark("Signal-to-noise ratio"), reason=NO_NOISE)
    yield value("uniformity", mark("Uniformity: largest difference from the centre"), HU,
                lambda section: max(abs(disc - section.centre) for disc in section.rim),
                RIM)  # fmt: skip
    yield value("integral_nonuniformity", mark("Integral non-uniformity"), "1", _integral, every)
    yield value("uniformity_index", mark("Uniformity index"), "%", _index, every)
    if all(section.air is not None for section in sections):
        yield value(
            "ct_number_air",
            mark("CT number of air"),
            HU,
            lambda section: section.air or 0.0,
            ("air",),
        )
    else:
        yield Measurement("ct_number_air", None, HU, (), mark("CT number of air"), reason=NO_AIR)
    yield value("phantom_diameter", mark("Diameter of the phantom"), "mm",
                lambda section: section.body.diameter, ("phantom",))  # fmt: skip


def _snr(section: Section) -> float:
    """Signal above air; WAD-QC's CT quick test."""
    return (section.centre - AIR) / section.noise


def _relative_noise(section: Section) -> float:
    """Noise as a part of the contrast of water to air, in per cent (IEC 61223-3-5)."""
    air = AIR if section.air is None else section.air
    return 100 * section.noise / (section.centre - air)


def _integral(section: Section) -> float:
    """(max - min) / (max + min), of HU + 1000 (Elstrom 2011, Acta Oncol 50:908)."""
    every = [*section.rim, section.centre]
    return (max(every) - min(every)) / (max(every) + min(every) - 2 * AIR)


def _index(section: Section) -> float:
    """100 (rim - centre) / (centre + 1000) of the disc that differs most (Elstrom 2011)."""
    each = [100 * (value - section.centre) / (section.centre - AIR) for value in section.rim]
    return max(each, key=abs)


def differences(images: Sequence[Image], regions: Sequence[Regions]) -> Iterator[Measurement]:
    """Yield the noise of differences of neighbours, sd / sqrt 2; none of a single image.

    Cupping and rings cancel (AAPM Report 233).  Slices that overlap share their noise, and a copy
    of an image has none of its own.
    """
    if len(images) < 2:
        return
    pairs = [
        (image, neighbour, where["centre"])
        for (image, neighbour), where in zip(pairwise(images), regions, strict=False)
    ]
    reason = next(
        (why for image, neighbour, _ in pairs if (why := _not_equal(image, neighbour))), ""
    )
    each = [values_in(image, disc) - values_in(neighbour, disc) for image, neighbour, disc in pairs
            if not reason]  # fmt: skip
    if not reason and any(not difference.any() for difference in each):
        reason = mark("an image is there twice")
    if reason:
        yield Measurement("noise_difference", None, HU, (), DIFFERENCE, reason=reason)
        return
    shown = tuple(where["centre"] for where in regions)
    noise = fmean(float(difference.std(ddof=1)) / 2**0.5 for difference in each)
    yield Measurement("noise_difference", noise, HU, shown, DIFFERENCE)


def _not_equal(first: Image, second: Image) -> str:
    """Say why the difference of two images is not that of equal, independent slices."""
    if first.stored.shape != second.stored.shape or first.spacing != second.spacing:
        return mark("the images differ in size")
    thick = [float(image.header.get("SliceThickness") or 0) for image in (first, second)]
    if thick[0] != thick[1]:
        return mark("the slices differ in thickness")
    if first.position is None or second.position is None or first.position == second.position:
        return ""  # the same slice again, which is best
    overlap = abs(first.position - second.position) < (1 - SAME) * thick[0]
    return mark("the slices overlap") if overlap else ""
