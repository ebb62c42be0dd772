"""Read values out of the DICOM JSON model (PS3.18 annex F) held as plain dicts.

Stages after de-identification never see a pydicom data set: they read the ``header`` column
with these few functions.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydicom.datadict import tag_for_keyword

Item = dict[str, Any]


@cache
def tag_key(name: str) -> str:
    """Return the eight hex digits for a keyword, or for digits given as they are.

    Raises ``KeyError`` for a keyword the standard does not have.
    """
    if len(name) == 8 and all(letter in "0123456789ABCDEFabcdef" for letter in name):
        return name.upper()
    tag = tag_for_keyword(name)
    if tag is None:
        raise KeyError(name)
    return f"{tag:08X}"


def values(item: Item, name: str) -> list[Any]:
    """Return all values of an element; an empty list when it is absent or empty."""
    element = item.get(tag_key(name))
    return list(element.get("Value", ())) if element else []


def first(item: Item, name: str) -> Any:
    """Return the first value that is not null, else ``None``."""
    return next((value for value in values(item, name) if value is not None), None)


def items(item: Item, name: str) -> list[Item]:
    """Return the items of a sequence; an empty list when it is absent."""
    return [value for value in values(item, name) if isinstance(value, dict)]


def private(item: Item, creator: str, group: int, element: int) -> Item | None:
    """Return a private element (``vr`` with ``Value`` or ``InlineBinary``), else ``None``.

    ``element`` is the low byte: GE's (0019,xx27) is ``private(item, "GEMS_ACQU_01", 0x19, 0x27)``.
    The block is found by its Private Creator (PS3.5 section 7.8.1), blanks at its ends ignored.
    """
    for reserving in _reserving(group):
        reserved = item.get(reserving)
        if reserved and str((reserved.get("Value") or [""])[0]).strip() == creator.strip():
            private_element = item.get(f"{group:04X}{reserving[-2:]}{element:02X}")
            if private_element is not None:
                return dict(private_element)
    return None


@cache
def _reserving(group: int) -> tuple[str, ...]:
    """Return the keys of a private group at which a block can be reserved, in their order."""
    return tuple(f"{group:04X}{block:04X}" for block in range(0x10, 0x100))
