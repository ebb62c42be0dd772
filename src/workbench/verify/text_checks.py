"""What the texts of an output must not say: names, numbers, dates, signs of a person, comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from workbench.verify.elements import BINARY, NUMERIC, FlatElement
from workbench.verify.identifying_signs import free_sign, label_sign
from workbench.verify.identifying_words import IdentifyingWords, has_uid
from workbench.verify.published_codes import is_published
from workbench.verify.readings import readings
from workbench.verify.told_ages import age_of
from workbench.verify.told_times import FORMS, match_of

WITH_FORM = frozenset({*FORMS, "AS"})  # whose values name nobody, where they have the form
FORMLESS = NUMERIC | BINARY | {"UI", "SQ"}
NamesAnother = Callable[[str, bool], bool]  # of a text, and whether it is a device's label
ANOTHER = "it identifies another patient of the folder"
CODE_MEANING = tag_for_keyword("CodeMeaning")
TEXT_VALUE = tag_for_keyword("TextValue")
# Texts that name a device, a program, a code or a state, in which long numbers are at home.
_LABELS = (
    "Manufacturer", "ManufacturerModelName", "StationName", "DeviceSerialNumber",
    "SoftwareVersions", "DetectorID", "PlateID", "GantryID", "CollimatorGridName", "CodeValue",
    "LongCodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodingSchemeRegistry",
    "ContextIdentifier", "MappingResource", "TemplateIdentifier", "ConvolutionKernel",
    "FilterType", "SecondaryCaptureDeviceManufacturer",
    "SecondaryCaptureDeviceManufacturerModelName", "SecondaryCaptureDeviceSoftwareVersions",
    "DetectorDescription", "AcquisitionDeviceProcessingCode", "TimezoneOffsetFromUTC",
    "SpecificCharacterSet", "DeidentificationMethod", "PatientID", "ReferencedFrameNumber",
    "ReferencedContentItemIdentifier",
)  # fmt: skip
LABELS = frozenset(map(tag_for_keyword, _LABELS))
# Of these, what a maker sells under a name.
PRODUCTS = frozenset(
    map(tag_for_keyword, (*(name for name in _LABELS if "Manufacturer" in name), "SoftwareVersions",
                          "SecondaryCaptureDeviceSoftwareVersions", "ConvolutionKernel",
                          "FilterType", "DetectorDescription", "CollimatorGridName"))
)  # fmt: skip
# Items of reports that name a device (PS3.16 TID 1002, 1021, 10001, 10003).
LABEL_CONCEPTS = frozenset(
    f"{code} DCM"
    for code in ("113832", "113877", "113878", "113879", "113880", "121012", "121013", "121014",
                 "121015", "121016")
)  # fmt: skip
# Not a comment of anybody: what a scanner writes about the dose it gave.
MEASURED_COMMENTS = frozenset({"CommentsOnRadiationDose"})


def is_text(element: FlatElement) -> bool:
    """Say whether an element of an output holds words that a person reads."""
    return element.vr not in FORMLESS | WITH_FORM


def nobody_else(_text: str, _label: bool) -> bool:
    """Say that a text names no other patient: nobody else is known."""
    return False


def has_form(element: FlatElement, text: str) -> bool:
    """Say whether a date, a time or an age is written as one: what is not may say anything."""
    if element.vr == "AS":
        return age_of(text) is not None
    return element.vr in FORMS and match_of(element.vr, text) is not None


def is_comment(tag: int) -> bool:
    """Say whether an attribute is for comments of people, as ImageComments is."""
    keyword = keyword_for_tag(tag)
    return "Comment" in keyword and keyword not in MEASURED_COMMENTS


def is_label(element: FlatElement) -> bool:
    """Say whether a text names a device, a program or a code."""
    if element.tag >> 16 & 1:
        return element.tag & 0xFF00 == 0  # who reserved a private block
    if element.tag == TEXT_VALUE:
        return element.concept in LABEL_CONCEPTS
    return element.tag in LABELS or element.vr in ("CS", "UR", "PN")


def wrong_texts(
    words: IdentifyingWords,
    uids: frozenset[str],
    after: list[FlatElement],
    before: list[FlatElement],
    names_another: NamesAnother = nobody_else,
) -> Iterator[str]:
    """Yield, for each text of an output at one place, what is wrong with it; empty for nothing.

    A date, a time or an age that has not the form of one is a text as well.
    """
    original = tuple(text for element in before for text in _texts(element))
    for element in after:
        texts = () if element.vr in FORMLESS else tuple(_texts(element))
        if not is_text(element) and not texts:
            continue
        said = (text for text in texts if text.strip() and not _is_of_the_standard(element, text))
        label = is_label(element)
        wrong = (
            _wrong(words, uids, text, label, original, element)
            or _another(names_another, text, label and text in original)
            for text in said
        )
        yield next(filter(None, wrong), "")


def _another(names_another: NamesAnother, text: str, device: bool) -> str:
    """Say whether a text names another patient; the numbers of a device's label do not."""
    return ANOTHER if names_another(text, device) else ""


def _texts(element: FlatElement) -> Iterator[str]:
    """Yield an element's texts, and what its bytes are in other character sets.

    Of dates, times and ages that is what has not the form of one.
    """
    for text in element.values:
        if element.vr not in WITH_FORM or (text.strip(" \0") and not has_form(element, text)):
            yield text
    if element.raw and element.vr not in NUMERIC | BINARY:
        yield from readings(element.raw)


def _wrong(
    words: IdentifyingWords,
    uids: frozenset[str],
    text: str,
    label: bool,
    original: tuple[str, ...],
    element: FlatElement,
) -> str:
    if words.in_text(text, free=not label) or has_uid(text, uids):
        return "it identifies somebody"
    if not label and words.company(text, original):
        return "a part of a name is left"
    product = element.tag in PRODUCTS
    sign = label_sign(text, product=product) if label else free_sign(text, original)
    return f"it holds {sign}" if sign else ""


def published_texts(found: tuple[FlatElement, ...]) -> set[bytes]:
    """Return the bytes of texts that the standard publishes: in them nobody is named."""
    texts = {text for each in found if each.tag == CODE_MEANING for text in each.values}
    return {text.encode() for text in texts if is_published(text)}


def _is_of_the_standard(element: FlatElement, text: str) -> bool:
    return element.tag == CODE_MEANING and is_published(text)
