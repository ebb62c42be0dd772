"""What an element of DICOM JSON holds, as a value of a kind: exact, one element at a time.

A value that is not of the kind is null and counted: never a guess, never silently lost.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workbench.dicom.jsonmodel import Item
from workbench.dicom.record import MAX_INTEGER
from workbench.dicom.values import parse_date
from workbench.store.tagpath import SEQUENCE, Step

LISTS = MappingProxyType({"texts": "text", "reals": "real"})
"""Kinds of lists, and the kind of their values."""
# A decimal string (PS3.5 6.2), which a text may be asked to be read as.
_DECIMAL = re.compile(r" *[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)? *")
_WHOLE = re.compile(r" *[+-]?[0-9]{1,99} *")  # no number of a header has more digits
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
Element = Mapping[str, Any]
OPAQUE: Element = MappingProxyType({})
"""In the place of an element: what is on the way to it cannot be looked into."""


@dataclass(frozen=True)
class ElementAtPath:
    """What a header has at a path.

    Attributes
    ----------
    present
        Whether any element is there, even an empty one.
    vr
        Its value representation as stored; different ones with commas.
    value
        A value or list of the kind; ``None`` where there is none.
    bad
        How many values are there that ``value`` cannot hold.
    """

    present: bool
    vr: str | None
    value: object
    bad: int


def found(element: Element | None, inner: tuple[Step, ...], kind: str) -> ElementAtPath:
    """Return what is in a header's own element, or in its items along the steps ``inner``."""
    reached = list(_along(element, inner))
    opaque = sum(candidate is OPAQUE for candidate in reached)
    reached = [None if candidate is OPAQUE else candidate for candidate in reached]
    elements = [candidate for candidate in reached if candidate is not None]
    if not elements:
        return ElementAtPath(False, None, None, opaque)
    vr = ", ".join(dict.fromkeys(str(candidate.get("vr")) for candidate in elements))
    if kind == "json":
        return ElementAtPath(True, vr, _ENCODER.encode(reached if inner else element), opaque)
    value, bad = _listed(reached, kind, bool(inner)) if kind in LISTS else _single(elements, kind)
    return ElementAtPath(True, vr, value, bad + opaque)


def _along(element: Element | None, steps: tuple[Step, ...]) -> Iterator[Element | None]:
    """Yield the element at the end of the way through every item, ``None`` where it is not."""
    if not steps or element is None:
        yield element
        return
    if "InlineBinary" in element:
        yield OPAQUE
    for item in element.get("Value", ()):
        if element.get("vr") == SEQUENCE and isinstance(item, dict):
            yield from _along(own(item, steps[0]), steps[1:])
        else:
            yield OPAQUE


def own(item: Item, step: Step) -> Element | None:
    """Return an element of an item or header itself.

    A private one is of the first block that its creator reserves (PS3.5 7.8.1) and that has it.
    """
    if step.creator is None:
        return item.get(step.key)
    group, low = step.key[:4], step.key[6:]
    for key in sorted(key for key in item if key.startswith(group + "00") and key[6:] >= "10"):
        if _reserves(item[key], step.creator):
            element = item.get(group + key[6:] + low)
            if element is not None:
                return dict(element)
    return None


def _reserves(element: Element, creator: str) -> bool:
    names = element.get("Value", ())
    return len(names) == 1 and isinstance(names[0], str) and names[0].rstrip(" ") == creator


def _listed(reached: list[Element | None], kind: str, nested: bool) -> tuple[list[object], int]:
    """Return all values; an item without one has a null in its place."""
    values: list[object] = []
    bad = 0
    for element in reached:
        held = [] if element is None else _values(element)
        for value in held or ([None] if nested else []):
            converted = _converted(value, LISTS[kind])
            bad += converted is None and value not in (None, "")
            values.append(converted)
    return values, bad


def _single(elements: list[Element], kind: str) -> tuple[object, int]:
    """Return the one value; several are none, but of text, which has backslashes between."""
    values = [value for element in elements for value in _values(element)]
    there = sum(value not in (None, "") for value in values)
    if not there:
        return None, 0
    if kind == "text":
        texts = [_converted(value, kind) for value in values]
        bad = there - sum(text is not None for text in texts)
        return (None if bad else "\\".join(str(text or "") for text in texts)), bad
    value = _converted(values[0], kind) if len(values) == 1 else None
    return value, 0 if value is not None else there


def _values(element: Element) -> list[object]:
    """Return the values; a person's name is text, as are bytes (base64)."""
    if "InlineBinary" in element:
        return [element["InlineBinary"]]
    values = list(element.get("Value", ()))
    if element.get("vr") == "PN":
        return [_person(value) if isinstance(value, dict) else value for value in values]
    return values


def _person(name: Item) -> str:
    """Return the component groups of a name as one text (PS3.5 6.2.1.2)."""
    groups = (str(name.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic"))
    return "=".join(groups).rstrip("=")


def _converted(value: Any, kind: str) -> object:
    """Return a value as one of a kind, ``None`` where it is not of that kind."""
    if value is None or value == "" or isinstance(value, dict | list | bool):
        return None
    if kind == "text":
        return str(value)
    if kind == "date":
        return parse_date(value) if isinstance(value, str) else None
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            return None
        value = int(value) if _WHOLE.fullmatch(value) else float(value)
    return _integer(value) if kind == "integer" else _real(value)


def _real(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number == value else None


def _integer(value: float) -> int | None:
    if abs(value) > MAX_INTEGER or value != int(value):
        return None
    return int(value)
