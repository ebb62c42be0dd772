"""One element as a piece of a row: its DICOM JSON text and its typed column.

A row of the instance table is these pieces side by side, so pieces made for one header serve
its neighbours.  What a piece holds is decided by ``record`` alone.
"""

from __future__ import annotations

from functools import cache, lru_cache
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import NamedTuple

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from workbench.dicom.jsonmodel import Item
from workbench.dicom.record import (
    COPIED,
    KINDS,
    PLAIN_VRS,
    as_text,
    bad_value,
    element_json,
    plain_values,
    typed,
)
from workbench.dicom.values import MOMENTS
from workbench.model import Finding
from workbench.schema import Column

PADDING = frozenset(("", " ", "\0"))  # what a text may end with, that is not of it


class Fragment(NamedTuple):
    """What one element contributes to a row.

    Attributes
    ----------
    text
        Its key and value in the JSON of the header; empty when it does not leave.
    column
        Name of its typed column, or empty.
    value
        The typed value.
    unreadable
        Findings of the JSON, in order.
    untyped
        The finding of the typed column, behind its place in the table.
    moment
        The element under its key, where the start of the acquisition is read from it.
    odd
        Whether there is a finding.
    """

    text: str
    column: str = ""
    value: object = None
    unreadable: tuple[Finding, ...] = ()
    untyped: tuple[tuple[int, Finding], ...] = ()
    moment: Item | None = None
    odd: bool = False


@cache
def _columns() -> MappingProxyType[str, tuple[int, Column]]:
    places = enumerate(COPIED)
    return MappingProxyType({_key(column.name): (place, column) for place, column in places})


@cache
def moment_tags() -> tuple[int, ...]:
    """Return the tags of the elements that tell when an acquisition began."""
    return tuple(tag_for_keyword(keyword) or 0 for keyword in MOMENTS)


@cache
def _moment_keys() -> frozenset[str]:
    return frozenset(f"{tag:08X}" for tag in moment_tags())


def _key(keyword: str) -> str:
    return f"{tag_for_keyword(keyword) or 0:08X}"


def fragments(dataset: Dataset) -> dict[int, Fragment]:
    """Return the fragment of each element of a de-identified data set, by tag."""
    return {int(tag): fragment(dataset.get_item(tag)) for tag in sorted(dataset.keys())}


def fragment(element: DataElement | RawDataElement) -> Fragment:
    """Return the fragment of one element of a de-identified data set."""
    vr, raw = _at_sight(element)
    plain = plain_fragment(int(element.tag), vr, raw) if raw else None
    return plain or _fragment(f"{element.tag:08X}", *element_json(element))


def _at_sight(element: DataElement | RawDataElement) -> tuple[str, bytes]:
    """Return VR and little-endian bytes of a value that may be plain; else no bytes."""
    vr, value = str(element.VR or ""), element.value
    if isinstance(element, RawDataElement):
        return vr, value if element.is_little_endian and value else b""
    if vr in PLAIN_VRS and isinstance(value, str) and value[-1:] not in PADDING:
        return vr, value.encode("utf-8")
    return vr, b""


@lru_cache(maxsize=4_096)
def _place(tag: int) -> tuple[str, bool, int, Column | None]:
    """Return an element's JSON key, whether it tells a moment, and its column with its place."""
    key = f"{tag:08X}"
    return key, key in _moment_keys(), *_columns().get(key, (0, None))


def plain_fragment(tag: int, vr: str, raw: bytes) -> Fragment | None:
    """Return the fragment of an element whose little-endian value can be read at sight."""
    plain = plain_values(vr, raw)
    if plain is None:
        return None
    key, tells, place, column = _place(tag)
    written = _written(plain[0]) if len(plain) == 1 else ",".join(map(_written, plain))
    text = f'"{key}":{{"vr":"{vr}","Value":[{written}]}}'
    moment = {key: {"vr": vr, "Value": plain}} if tells else None
    if column is None:
        return Fragment(text, moment=moment)
    value = KINDS[column.kind](plain)
    if value is not None:
        return Fragment(text, column.name, value, moment=moment)
    untyped = ((place, bad_value(column.name)),)
    return Fragment(text, column.name, None, (), untyped, moment, True)


def _written(value: str | float) -> str:
    """Return a value as JSON, as ``as_text`` does."""
    return encode_basestring(value) if type(value) is str else repr(value)


def _fragment(key: str, element: Item, unreadable: list[Finding]) -> Fragment:
    item = {key: element}
    moment = item if key in _moment_keys() else None
    text = as_text(item)[1:-1]
    known = _columns().get(key)
    if known is None:
        return Fragment(text, "", None, tuple(unreadable), (), moment, bool(unreadable))
    place, column = known
    untyped: list[Finding] = []
    value = typed(item, column, untyped)
    behind = tuple((place, finding) for finding in untyped)
    odd = bool(unreadable or untyped)
    return Fragment(text, column.name, value, tuple(unreadable), behind, moment, odd)
