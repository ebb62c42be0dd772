"""Verify images before anything is measured: the profile's demands, then the test's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom import Dataset
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword

from workbench.dicom.image import Image
from workbench.language import Figures, Saying, mark
from workbench.qa.constraints import Constraint
from workbench.qa.geometry import Geometry
from workbench.qa.profiles import TestProfile
from workbench.qa.registry import AnyQATest, settings_of
from workbench.qa.verification_lines import ERROR, OK, WARNING, VerificationLine, checked

# Groups of the patient, and of people and places elsewhere: no line may show such a value.
PATIENT_GROUP = 0x0010
HIDDEN = ("Physician", "Operator", "Address", "Institution", "Accession", "Comments", "Patient")
ALLOW_BURNED_IN, ALLOW_LOSSY, ALLOW_PROCESSED = "allow_burned_in", "allow_lossy", "allow_processed"
PLACED = ("PatientPosition", "ImagePositionPatient", "ImageOrientationPatient")
SAME_SPACING = 1e-3  # relative: spacing is a decimal string of up to 16 characters
LONGEST = 60  # characters of a value that is shown
IMAGES = mark("images")  # a check
KNOWN, SAME = mark("known"), mark("the same")


def verify(
    test: AnyQATest, images: Sequence[Image], phantom: Geometry, profile: TestProfile
) -> list[VerificationLine]:
    """Return everything that was verified; the test looks at the images only if all else fits."""
    lines = [
        checked(
            IMAGES,
            str(profile.images),
            str(len(images)),
            len(images) == profile.images,
            Saying(
                mark("The profile wants {wanted}, {here} are here."),
                wanted=profile.images,
                here=len(images),
            ),
        ),
    ]
    if images:
        lines += _headers(test, images, profile)
    if any(line.refuses for line in lines):
        return lines
    settings = settings_of(test, profile.settings)
    return [*lines, *test.verify(images, phantom, settings)]


def _headers(
    test: AnyQATest, images: Sequence[Image], profile: TestProfile
) -> Iterator[VerificationLine]:
    header = images[0].header
    modality = str(header.get("Modality", ""))
    measured = ", ".join(sorted(test.modalities))
    yield checked(
        "Modality",
        measured,
        modality or "–",
        modality in test.modalities,
        Saying(
            mark("The test {test} measures {modalities} images."),
            test=test.name,
            modalities=measured,
        ),
    )
    for name, constraint in {**profile.select, **profile.acquisition}.items():
        if name == "Modality" and any(map(constraint.met, test.modalities)):
            continue  # said above
        yield _demand(name, constraint, images)
    yield from _fit_to_measure(images, profile)
    yield from _alike(images)


def _demand(name: str, constraint: Constraint, images: Sequence[Image]) -> VerificationLine:
    """Compare an element of all images with what is asked; it must be met by each."""
    if not may_be_asked(name):
        return VerificationLine(
            name, constraint.text(), "–", ERROR, mark("A profile may not ask for this attribute.")
        )
    values = [value_of(image, name) for image in images]
    if all(value in (None, "") for value in values):
        severity = ERROR if constraint.required else WARNING
        return VerificationLine(
            name, constraint.text(), "–", severity, mark("The image does not say.")
        )
    written = _written(values)
    met = all(value not in (None, "") and constraint.met(value) for value in values)
    described = dictionary_description(tag_for_keyword(name) or 0) if met is False else ""
    return checked(
        name,
        constraint.text(),
        written,
        met,
        Saying(mark("{attribute} differs from the profile."), attribute=described),
    )


def may_be_asked(keyword: str) -> bool:
    """Say whether a profile may ask for an attribute: none of a person or a place."""
    tag = tag_for_keyword(keyword)
    if tag is None or tag >> 16 == PATIENT_GROUP or dictionary_VR(tag) in ("PN", "SQ"):
        return False
    return keyword in PLACED or not any(word in keyword for word in HIDDEN)


def value_of(image: Image, keyword: str) -> object:
    """Return an element's value, from the functional groups of its frame before the object's."""
    header = image.header
    own = header.get("PerFrameFunctionalGroupsSequence") or []
    shared = header.get("SharedFunctionalGroupsSequence") or []
    for item in (*own[image.frame : image.frame + 1], *shared[:1]):
        for element in item:
            if element.VR == "SQ" and element.value and keyword in element.value[0]:
                return _value(element.value[0], keyword)
    return _value(header, keyword)


def _value(place: Dataset, keyword: str) -> object:
    value = place.get(keyword)
    several = isinstance(value, Sequence) and not isinstance(value, str)
    return list(value) if several and value is not None else value


def _written(values: Sequence[object]) -> str:
    """Return what stands in the images, once each; one number alone as people write it."""
    texts = list(dict.fromkeys(_text(value) for value in values))
    if len(texts) == 1 and isinstance(values[0], float):
        return Saying("{value}", value=Figures(texts[0]))
    return ", ".join(texts)


def _text(value: object) -> str:
    text = "\\".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _fit_to_measure(images: Sequence[Image], profile: TestProfile) -> Iterator[VerificationLine]:
    """Refuse what was changed after it was measured, unless the profile allows it."""
    for check, allowed, bad, words in (
        ("LossyImageCompression", ALLOW_LOSSY, "01", mark("Lossy compression changes values.")),
        (
            "BurnedInAnnotation",
            ALLOW_BURNED_IN,
            "YES",
            mark("Text drawn into the image changes values."),
        ),
        (
            "PresentationIntentType",
            ALLOW_PROCESSED,
            "FOR PRESENTATION",
            mark("The image was processed for viewing; its values are no measurement."),
        ),
    ):
        values = {str(image.header.get(check) or "").strip().upper() for image in images}
        if bad in values:
            severity = WARNING if getattr(profile, allowed) else ERROR
            yield VerificationLine(
                check, Saying(mark("not {value}"), value=bad), bad, severity, words
            )
    known = all(image.spacing is not None for image in images)
    yield checked(
        mark("pixel spacing"),
        KNOWN,
        KNOWN if known else "–",
        known,
        mark("The image does not say how large a pixel is."),
    )


def _alike(images: Sequence[Image]) -> Iterator[VerificationLine]:
    if len(images) == 1:
        return
    sizes = {image.stored.shape for image in images}
    spacings = [image.spacing for image in images if image.spacing]
    same = len(sizes) == 1 and all(
        abs(a - b) <= SAME_SPACING * b
        for spacing in spacings
        for a, b in zip(spacing, spacings[0], strict=True)
    )
    yield checked(
        mark("size of images"),
        SAME,
        SAME if same else mark("different"),
        same,
        mark("Images of one measurement have one size and one pixel spacing."),
    )
    places = [image.position for image in images]
    known = [place for place in places if place is not None]
    apart = len(set(known)) == len(places)
    yield VerificationLine(
        mark("slices"),
        mark("at different places"),
        mark("as wanted") if apart else mark("some at the same place"),
        OK if apart else WARNING,
        "" if apart else mark("Several images show the same place."),
    )
