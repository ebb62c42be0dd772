"""CT level A: a water phantom's CT number, noise and homogeneity.

After IEC 61223-3-5 as quoted in EUR 16262 and AAPM Report 233; numbers that no document read here
confirms are settings, to be changed in the profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.model import Measurement
from workbench.qa.ct.padding import with_padding
from workbench.qa.ct.structure import SectionStructure, structures
from workbench.qa.ct.water_regions import RIM, central, regions_of
from workbench.qa.ct.water_settings import EXPECTATIONS, WaterSettings
from workbench.qa.ct.water_values import HU, differences, read_section, values
from workbench.qa.cylinder import Cylinder, find_cylinder
from workbench.qa.geometry import Geometry
from workbench.qa.regions import lies_within, spacing, values_in
from workbench.qa.verification_lines import ERROR, WARNING, VerificationLine, checked

MEASURED = ("centre", *RIM)


class CTWater:
    """The QA test ``ct-water``."""

    name, version, label = "ct-water", "1", "CT level A: water"
    modalities = frozenset({"CT"})
    settings = WaterSettings
    expectations = EXPECTATIONS

    def verify(
        self, images: Sequence[Image], phantom: Geometry, settings: WaterSettings
    ) -> list[VerificationLine]:
        """Look for the phantom in every image, and for what is no water in it."""
        lines: list[VerificationLine] = []
        for number, image in enumerate(images, 1):
            which = f" (image {number})" if len(images) > 1 else ""
            lines += _section(with_padding(image), phantom, settings, which)
        return lines

    def measure(
        self, images: Sequence[Image], phantom: Geometry, settings: WaterSettings
    ) -> list[Measurement]:
        """Measure every image; of several, values are means over them."""
        images = [with_padding(image) for image in images]
        bodies = [find_cylinder(image, phantom.body.threshold) for image in images]
        regions = [regions_of(*pair, settings, number) for number, pair in
                   enumerate(zip(images, bodies, strict=True))]  # fmt: skip
        sections = [
            read_section(image, image_regions, body)
            for image, image_regions, body in zip(images, regions, bodies, strict=True)
        ]
        return [*values(sections, regions), *differences(images, regions)]


def _section(
    image: Image, phantom: Geometry, settings: WaterSettings, which: str
) -> Iterator[VerificationLine]:
    """Say everything about one image: a refusal names all its reasons."""
    yield from _kind(image, which)
    try:
        body = find_cylinder(image, phantom.body.threshold)
    except MeasurementError as error:
        yield VerificationLine(
            f"phantom{which}", f"{phantom.body.diameter:g} mm", "–", ERROR, f"{error}"
        )
        yield from _without_rim(image, phantom.body.threshold, settings, which)
        return
    yield from _body(body, phantom, settings, which)
    regions = regions_of(image, body, settings, 0)
    within = all(lies_within(region, image) for name, region in regions.items() if name in MEASURED)
    yield checked(f"field of view{which}", "the phantom", "the phantom" if within else "a part",
                  within, "The image does not hold the whole phantom.")  # fmt: skip
    if lies_within(regions["centre"], image):
        yield from _content(image, body, settings, which)


def _without_rim(
    image: Image, threshold: float, settings: WaterSettings, which: str
) -> Iterator[VerificationLine]:
    """Look at the middle of an image that is filled: of a phantom larger than the image."""
    rows, columns = image.stored.shape
    down, across = spacing(image)
    filled = Cylinder((rows - 1) / 2, (columns - 1) / 2, min(rows * down, columns * across), 0, 0)
    if float(np.median(values_in(image, central(image, filled, settings, 0)))) > threshold:
        yield VerificationLine(f"field of view{which}", "the phantom", "a part", ERROR,
                   "The image does not hold the whole phantom.")  # fmt: skip
        yield _uniform(structures(image, filled), settings, which)


def _kind(image: Image, which: str) -> Iterator[VerificationLine]:
    yield checked(
        f"unit{which}", "HU", "HU" if image.unit == HU else "another", image.unit == HU,
        "The values are no CT numbers (Rescale Type).",
    )  # fmt: skip
    # PS3.3 C.8.2.1.1.1: the third value of Image Type says axial or localizer.
    kinds = [str(kind).upper() for kind in image.header.get("ImageType") or ()]
    if "LOCALIZER" in kinds:
        yield VerificationLine(
            f"image type{which}", "AXIAL", "LOCALIZER", ERROR, "This is a topogram."
        )


def _body(
    body: Cylinder, phantom: Geometry, settings: WaterSettings, which: str
) -> Iterator[VerificationLine]:
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
    if body.whole < settings.rim_seen:
        yield VerificationLine(
            f"rim{which}",
            f"at least {settings.rim_seen:.0%} seen",
            f"{body.whole:.0%}",
            WARNING,
            "A table or a holder hides the rest, or the image ends.",
        )


def _content(
    image: Image, body: Cylinder, settings: WaterSettings, which: str
) -> Iterator[VerificationLine]:
    centre = values_in(image, central(image, body, settings, 0))
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


def _uniform(
    section_structures: Sequence[SectionStructure], settings: WaterSettings, which: str
) -> VerificationLine:
    def stands_out(structure: SectionStructure) -> bool:
        return (
            abs(structure.contrast) > settings.structure_contrast
            and structure.significance > settings.structure_significance
        )

    worst = max(
        section_structures, key=lambda structure: (stands_out(structure), structure.significance)
    )
    return checked(
        f"uniform{which}",
        f"nothing beyond {settings.structure_contrast:g} HU and "
        f"{settings.structure_significance:g} σ of the noise",
        f"{worst.contrast:+.1f} HU, {worst.significance:.1f} σ", not stands_out(worst),
        f"Something stands out at row {worst.row:.0f}, column {worst.column:.0f}: this section "
        "is not plain water (inserts, bars, beads, a bubble).",
    )  # fmt: skip
