"""Reading elements of a pydicom data set without changing it.

Elements not looked at before are raw bytes; decoding only what stays, and only where it must
be understood, keeps de-identification faster than reading.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pydicom._dicom_dict import DicomDictionary
from pydicom.charset import convert_encodings, decode_bytes, default_encoding
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.multival import MultiValue
from pydicom.valuerep import TEXT_VR_DELIMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

Element = DataElement | RawDataElement
ESCAPE = b"\x1b"  # opens another character set, ISO/IEC 2022
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
    """Return the values as text without padding; ``vr`` is what the standard says it is."""
    if isinstance(element, RawDataElement):
        value: object = _decoded(element, dataset)
    else:
        value = element.value
    if value is None:
        return []
    if isinstance(value, MultiValue | list | tuple):
        return [str(single).strip(" \0") for single in value]
    if isinstance(value, bytes):
        value = value.decode("ascii")
    text = str(value).rstrip(" \0")
    if not text:
        return []
    return [text] if vr in SINGLE_VALUED else [part.strip(" \0") for part in text.split("\\")]


def _decoded(element: RawDataElement, dataset: Dataset) -> str:
    raw = element.value or b""
    if raw.isascii() and ESCAPE not in raw:
        return raw.decode("ascii")
    charset = dataset.original_character_set or default_encoding
    return decode_bytes(raw, convert_encodings(charset), TEXT_VR_DELIMS)


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
