"""CT level A: a water phantom's CT number, noise and homogeneity.

After IEC 61223-3-5 as quoted in EUR 16262 and AAPM Report 233; numbers that no document read here
confirms are settings, to be changed in the profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from workbench.dicom.image import Image
from workbench.errors import MeasurementError
from workbench.language import Figures, Saying, mark
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
THE_PHANTOM, A_PART = mark("the phantom"), mark("a part")
NOT_WHOLE = mark("The image does not hold the whole phantom.")


class CTWater:
    """The QA test ``ct-water``."""

    name, version, label = "ct-water", "1", mark("CT level A: water")
    modalities = frozenset({"CT"})
    settings = WaterSettings
    expectations = EXPECTATIONS

    def verify(
        self, images: Sequence[Image], phantom: Geometry, settings: WaterSettings
    ) -> list[VerificationLine]:
        """Look for the phantom in every image, and for what is no water in it."""
        lines: list[VerificationLine] = []
        for number, image in enumerate(images, 1):
            which = number if len(images) > 1 else 0
            lines += _section(with_padding(image), phantom, settings, which)
        return lines

    def measure(
        self, images: Sequence[Image], phantom: Geometry, settings: WaterSettings
    ) -> list[Measurement]:
        """Measure every image; of several, values are means over them."""
        images = [with_padding(image) for image in images]
        bodies = [find_cylinder(image, phantom.body.threshold) for image in images]
        regions = [
            regions_of(*pair, settings, number)
            for number, pair in enumerate(zip(images, bodies, strict=True))
        ]
        sections = [
            read_section(image, image_regions, body)
            for image, image_regions, body in zip(images, regions, bodies, strict=True)
        ]
        return [*values(sections, regions), *differences(images, regions)]


# Of several images each line names its own.
CHECKS = {
    "phantom": mark("phantom (image {number})"),
    "field of view": mark("field of view (image {number})"),
    "unit": mark("unit (image {number})"),
    "image type": mark("image type (image {number})"),
    "diameter": mark("diameter (image {number})"),
    "roundness": mark("roundness (image {number})"),
    "rim": mark("rim (image {number})"),
    "material": mark("material (image {number})"),
    "noise": mark("noise (image {number})"),
    "uniform": mark("uniform (image {number})"),
}
ALONE = {
    "phantom": mark("phantom"),
    "field of view": mark("field of view"),
    "unit": mark("unit"),
    "image type": mark("image type"),
    "diameter": mark("diameter"),
    "roundness": mark("roundness"),
    "rim": mark("rim"),
    "material": mark("material"),
    "noise": mark("noise"),
    "uniform": mark("uniform"),
}


def _figures(text: str, value: str, other: str = "") -> Saying:
    """Return a text with one or two numbers."""
    numbers = {"value": Figures(value), "other": Figures(other)}
    return Saying(text, **{name: each for name, each in numbers.items() if each})


def _named(check: str, which: int) -> str:
    """Return the name of what is verified, of one image of several."""
    return Saying(CHECKS[check], number=which) if which else ALONE[check]


def _section(
    image: Image, phantom: Geometry, settings: WaterSettings, which: int
) -> Iterator[VerificationLine]:
    """Say everything about one image: a refusal names all its reasons."""
    yield from _kind(image, which)
    try:
        body = find_cylinder(image, phantom.body.threshold)
    except MeasurementError as error:
        yield VerificationLine(
            _named("phantom", which),
            _figures("{value} mm", f"{phantom.body.diameter:g}"),
            "–",
            ERROR,
            error.saying(),
        )
        yield from _without_rim(image, phantom.body.threshold, settings, which)
        return
    yield from _body(body, phantom, settings, which)
    regions = regions_of(image, body, settings, 0)
    within = all(lies_within(region, image) for name, region in regions.items() if name in MEASURED)
    yield checked(
        _named("field of view", which),
        THE_PHANTOM,
        THE_PHANTOM if within else A_PART,
        within,
        NOT_WHOLE,
    )
    if lies_within(regions["centre"], image):
        yield from _content(image, body, settings, which)


def _without_rim(
    image: Image, threshold: float, settings: WaterSettings, which: int
) -> Iterator[VerificationLine]:
    """Look at the middle of an image that is filled: of a phantom larger than the image."""
    rows, columns = image.stored.shape
    down, across = spacing(image)
    filled = Cylinder((rows - 1) / 2, (columns - 1) / 2, min(rows * down, columns * across), 0, 0)
    if float(np.median(values_in(image, central(image, filled, settings, 0)))) > threshold:
        yield VerificationLine(
            _named("field of view", which), THE_PHANTOM, A_PART, ERROR, NOT_WHOLE
        )
        yield _uniform(structures(image, filled), settings, which)


def _kind(image: Image, which: int) -> Iterator[VerificationLine]:
    yield checked(
        _named("unit", which),
        "HU",
        "HU" if image.unit == HU else mark("another"),
        image.unit == HU,
        mark("The values are no CT numbers (Rescale Type)."),
    )
    # PS3.3 C.8.2.1.1.1: the third value of Image Type says axial or localizer.
    kinds = [str(kind).upper() for kind in image.header.get("ImageType") or ()]
    if "LOCALIZER" in kinds:
        yield VerificationLine(
            _named("image type", which), "AXIAL", "LOCALIZER", ERROR, mark("This is a topogram.")
        )


def _body(
    body: Cylinder, phantom: Geometry, settings: WaterSettings, which: int
) -> Iterator[VerificationLine]:
    nominal = phantom.body.diameter or 0.0
    within = abs(body.diameter - nominal) <= settings.diameter_within
    yield checked(
        _named("diameter", which),
        _figures("{value} ± {other} mm", f"{nominal:g}", f"{settings.diameter_within:g}"),
        _figures("{value} mm", f"{body.diameter:.1f}"),
        within,
        mark("It is another phantom, or another section of it."),
    )
    yield checked(
        _named("roundness", which),
        _figures(mark("within {value}"), f"{settings.eccentricity_within:.0%}"),
        _figures("{value}", f"{body.eccentricity:.1%}"),
        body.eccentricity <= settings.eccentricity_within,
        mark("The phantom is not round here: it is tilted, or it is none."),
    )
    if body.whole < settings.rim_seen:
        yield VerificationLine(
            _named("rim", which),
            _figures(mark("at least {value} seen"), f"{settings.rim_seen:.0%}"),
            _figures("{value}", f"{body.whole:.0%}"),
            WARNING,
            mark("A table or a holder hides the rest, or the image ends."),
        )


def _content(
    image: Image, body: Cylinder, settings: WaterSettings, which: int
) -> Iterator[VerificationLine]:
    centre = values_in(image, central(image, body, settings, 0))
    mean, noise = float(centre.mean()), float(centre.std(ddof=1))
    yield checked(
        _named("material", which),
        _figures("0 ± {value} HU", f"{settings.water_within:g}"),
        _figures("{value} HU", f"{mean:.1f}"),
        abs(mean) <= settings.water_within,
        mark("The centre is not water."),
    )
    yield checked(
        _named("noise", which),
        _figures(mark("at most {value} HU"), f"{settings.most_noise:g}"),
        _figures("{value} HU", f"{noise:.1f}"),
        noise <= settings.most_noise,
        mark("The centre is too noisy to be a water section."),
    )
    yield _uniform(structures(image, body), settings, which)


def _uniform(
    section_structures: Sequence[SectionStructure], settings: WaterSettings, which: int
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
        _named("uniform", which),
        _figures(
            mark("nothing beyond {value} HU and {other} σ of the noise"),
            f"{settings.structure_contrast:g}",
            f"{settings.structure_significance:g}",
        ),
        _figures("{value} HU, {other} σ", f"{worst.contrast:+.1f}", f"{worst.significance:.1f}"),
        not stands_out(worst),
        Saying(
            mark(
                "Something stands out at row {row}, column {column}: this section is not plain "
                "water (inserts, bars, beads, a bubble)."
            ),
            row=Figures(f"{worst.row:.0f}"),
            column=Figures(f"{worst.column:.0f}"),
        ),
    )
