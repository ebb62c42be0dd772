"""Every element of a data set, at every depth, as text."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

MAX_DEPTH = 64
MAX_BINARY_BYTES = 4096  # of a binary value, to say whether there is one and to read numbers of UN
CONCEPT_NAME = 0x0040A043
NUMERIC = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
BINARY = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})


NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\Z")


@dataclass(frozen=True)
class FlatElement:
    """One element.

    Attributes
    ----------
    tag, vr
        As read.
    path
        Tags of the sequences around it, outermost first, without the numbers of items.
    values
        Its values as text, one a value; bytes are read as Latin-1.
    creator
        Of a private element: who reserved its block.
    concept
        Of an element of a report's item: the code and scheme of what the item is about.
    raw
        The bytes of a text that are not ASCII, before any character set.
    """

    tag: int
    vr: str
    path: tuple[int, ...]
    values: tuple[str, ...]
    creator: str = ""
    concept: str = ""
    raw: bytes = b""

    @property
    def where(self) -> str:
        """The element by name, with the sequences around it; never its value."""
        return "/".join(name(tag) for tag in (*self.path, self.tag))


# The path, the tag in whatever block it has, and of private ones whose it is.
Place = tuple[tuple[int, ...], int, str]


def by_place(elements: Iterable[FlatElement]) -> dict[Place, list[FlatElement]]:
    """Return elements by their place, whatever items they are in."""
    places: dict[Place, list[FlatElement]] = {}
    for element in elements:
        tag = element.tag & 0xFFFF00FF if element.tag >> 16 & 1 else element.tag
        places.setdefault((element.path, tag, element.creator), []).append(element)
    return places


def name(tag: int) -> str:
    """Return the keyword of a tag, or the tag; of private ones without the block."""
    if tag >> 16 & 1:
        return f"({tag >> 16:04X},xx{tag & 0xFF:02X})"
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def elements(data: Dataset, path: tuple[int, ...] = ()) -> Iterator[FlatElement]:
    """Yield all elements, those of sequences behind the sequence itself."""
    concept = concept_of(data)
    for tag in sorted(map(int, data.keys())):
        raw = _bytes(data, tag)
        element = read(data, tag)
        if element is None:
            values = (raw[:MAX_BINARY_BYTES].decode("latin-1"),)
            yield FlatElement(tag, "UN", path, values, concept=concept, raw=_not_ascii(raw))
            continue
        vr = str(element.VR)
        kept = b"" if vr in BINARY or vr in NUMERIC or vr == "SQ" else _not_ascii(raw)
        yield FlatElement(tag, vr, path, _values(element), _creator(data, tag), concept, kept)
        if vr == "SQ" and len(path) < MAX_DEPTH:
            for item in element.value:
                yield from elements(item, (*path, tag))


def _bytes(data: Dataset, tag: int) -> bytes:
    """Return the bytes of an element that has not been decoded yet; of others none."""
    value = getattr(data.get_item(tag), "value", None)
    return value if isinstance(value, bytes) else b""


def _not_ascii(raw: bytes) -> bytes:
    return b"" if raw.isascii() else raw


def concept_of(data: Dataset) -> str:
    """Return the code and the scheme of what a report's item is about; of other items nothing."""
    if CONCEPT_NAME not in data:
        return ""
    names = read(data, CONCEPT_NAME)
    codes = names.value if names is not None and names.VR == "SQ" else []
    return f"{codes[0].get('CodeValue')} {codes[0].get('CodingSchemeDesignator')}" if codes else ""


def read(data: Dataset, tag: int) -> DataElement | None:
    """Return an element; ``None`` where pydicom cannot read its value."""
    try:
        return data[tag]
    except Exception:  # noqa: BLE001 - pydicom raises a dozen kinds on bad values; the bytes remain
        return None


def _creator(data: Dataset, tag: int) -> str:
    if not tag >> 16 & 1:
        return ""
    block = read(data, tag & 0xFFFF0000 | tag >> 8 & 0xFF)
    return str(block.value).strip() if block is not None and block.value else ""


def _values(element: DataElement) -> tuple[str, ...]:
    if element.VR == "SQ":
        return ()
    value = element.value
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return ()
    if isinstance(value, bytes | bytearray):
        return (bytes(value[:MAX_BINARY_BYTES]).decode("latin-1"),)
    many = value if isinstance(value, list | tuple) or element.VM > 1 else [value]
    return tuple(_written(single) for single in many)


def _written(value: object) -> str:
    """Return a value as it was written: numbers with their own digits."""
    written = getattr(value, "original_string", None)
    return written if isinstance(written, str) else str(value)


# What a number's bytes are (PS3.5 6.2), in the order of Explicit VR Little Endian.
_NUMBERS = {
    "US": "<H",
    "SS": "<h",
    "UL": "<I",
    "SL": "<i",
    "FL": "<f",
    "FD": "<d",
    "UV": "<Q",
    "SV": "<q",
}


def numbers_of(element: FlatElement, vr: str) -> list[float]:
    """Return an element's numbers; those of unknown VR (UN) as a VR that another file gives it.

    What is no number is left out.
    """
    if element.vr != "UN" or vr == "UN":
        return [float(value) for value in element.values if NUMBER.match(value)]
    content = "".join(element.values).encode("latin-1", "replace")
    if vr in ("DS", "IS"):
        texts = content.decode("latin-1").strip(" \0").split("\\")
        return [float(text) for text in texts if NUMBER.match(text)]
    form = _NUMBERS.get(vr)
    if form is None or len(content) % struct.calcsize(form):
        return []
    return [float(number) for (number,) in struct.iter_unpack(form, content)]
