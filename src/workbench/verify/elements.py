"""Every element of a data set, at every depth, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

MAX_DEPTH = 64
NUMERIC = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
BINARY = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})


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
    """

    tag: int
    vr: str
    path: tuple[int, ...]
    values: tuple[str, ...]
    creator: str = ""

    @property
    def where(self) -> str:
        """The element by name, with the sequences around it; never its value."""
        return "/".join(name(tag) for tag in (*self.path, self.tag))


def name(tag: int) -> str:
    """Return the keyword of a tag, or the tag; of private ones without the block."""
    if tag >> 16 & 1:
        return f"({tag >> 16:04X},xx{tag & 0xFF:02X})"
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def elements(data: Dataset, path: tuple[int, ...] = ()) -> Iterator[FlatElement]:
    """Yield all elements, those of sequences behind the sequence itself."""
    for tag in sorted(data.keys()):
        element = _read(data, int(tag))
        if element is None:
            raw = getattr(data.get_item(tag), "value", b"") or b""
            yield FlatElement(int(tag), "UN", path, (bytes(raw).decode("latin-1"),))
            continue
        yield FlatElement(
            int(tag), str(element.VR), path, _values(element), _creator(data, int(tag))
        )
        if element.VR == "SQ" and len(path) < MAX_DEPTH:
            for item in element.value:
                yield from elements(item, (*path, int(tag)))


def _read(data: Dataset, tag: int) -> DataElement | None:
    try:
        return data[tag]
    except Exception:  # noqa: BLE001 - pydicom raises a dozen kinds on bad values; the bytes remain
        return None


def _creator(data: Dataset, tag: int) -> str:
    if not tag >> 16 & 1:
        return ""
    block = _read(data, tag & 0xFFFF0000 | tag >> 8 & 0xFF)
    return str(block.value).strip() if block is not None and block.value else ""


def _values(element: DataElement) -> tuple[str, ...]:
    if element.VR == "SQ":
        return ()
    value = element.value
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return ()
    if isinstance(value, bytes | bytearray):
        return (bytes(value).decode("latin-1"),)
    many = value if isinstance(value, list | tuple) or element.VM > 1 else [value]
    return tuple(_written(single) for single in many)


def _written(value: object) -> str:
    """Return a value as it was written: numbers with their own digits."""
    written = getattr(value, "original_string", None)
    return written if isinstance(written, str) else str(value)
