"""Reading elements of a pydicom data set without changing it.

Elements not looked at before are raw bytes; decoding only what stays, and only where it must
be understood, keeps de-identification faster than reading.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pydicom._dicom_dict import DicomDictionary
from pydicom.charset import default_encoding
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.multival import MultiValue

from workbench.deidentify import character_sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

Element = DataElement | RawDataElement
SINGLE_VALUED = frozenset({"ST", "LT", "UT"})  # a backslash is a letter in these, PS3.5 6.2
TEXTUAL = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI"}
    | {"UR", "UT"}
)
SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8}
UNKNOWN = frozenset({None, "UN"})


class UnconvertibleError(ValueError):
    """A value that is not what its attribute demands; the message never holds it."""


def elements(dataset: Dataset) -> Iterator[tuple[int, Element]]:
    """Yield tags and elements, raw ones unconverted."""
    for tag, element in list(dataset.items()):
        yield int(tag), element


def texts(element: Element, dataset: Dataset, vr: str) -> list[str]:
    """Return the values as text without padding; ``vr`` is what the standard says it is.

    They are read in the character set declared, whether or not that is right: pseudonyms follow
    from these letters.
    """
    if isinstance(element, RawDataElement):
        declared = dataset.original_character_set
        return _values(character_sets.as_declared(element.value or b"", declared), vr)
    value = element.value
    if value is None:
        return []
    if isinstance(value, MultiValue | list | tuple):
        return [str(single).strip(" \0") for single in value]
    return _values(value.decode("ascii") if isinstance(value, bytes) else str(value), vr)


def readings(element: Element, dataset: Dataset, vr: str) -> tuple[list[str], bool]:
    """Return the values as they are most likely meant, and whether that is doubtful."""
    if isinstance(element, RawDataElement):
        text, doubtful = character_sets.read(element.value or b"", dataset.original_character_set)
        return _values(text, vr), doubtful
    read = [character_sets.reread(value) for value in texts(element, dataset, vr)]
    return [text for text, _ in read], any(doubtful for _, doubtful in read)


def name_readings(element: Element, dataset: Dataset) -> tuple[set[str], bool]:
    """Return what the values of a name or identifier can be, and whether that is doubtful."""
    if isinstance(element, RawDataElement):
        raw = element.value or b""
        declared = dataset.original_character_set
        possible = character_sets.readings(raw, declared)
        doubtful = character_sets.read(raw, declared).doubtful
        return {value for text in possible for value in _values(text, "LO")}, doubtful
    values, doubtful = readings(element, dataset, "LO")
    return set(values), doubtful


def _values(text: str, vr: str) -> list[str]:
    text = text.rstrip(" \0")
    if not text:
        return []
    return [text] if vr in SINGLE_VALUED else [part.strip(" \0") for part in text.split("\\")]


def items(element: Element, dataset: Dataset) -> list[Dataset]:
    """Return the items of a sequence; raises ``UnconvertibleError`` for anything else."""
    if isinstance(element, RawDataElement):
        element = element._replace(VR="SQ") if element.VR is None else element
        element = convert_raw_data_element(
            element, encoding=dataset.original_character_set or default_encoding, ds=dataset
        )
    if element.VR != "SQ":
        raise UnconvertibleError("not a sequence")
    return list(element.value or ())


@cache
def _tags_of_vr(vr: str) -> frozenset[int]:
    return frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == vr)


def name_tags() -> frozenset[int]:
    """Return all tags whose values are person names."""
    return _tags_of_vr("PN")


def sequence_tags() -> frozenset[int]:
    """Return all tags of sequences."""
    return _tags_of_vr("SQ")
