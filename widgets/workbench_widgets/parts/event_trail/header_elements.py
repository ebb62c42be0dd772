"""A stored, de-identified header as a table of its elements, those in sequences among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from pydicom.datadict import keyword_for_tag

from workbench.language import mark
from workbench.schema import Column, Table

ELEMENT = Table(
    "element",
    "One row an element of a de-identified header.",
    (),
    (
        Column("tag", "text", mark("Group and element")),
        Column("keyword", "text", mark("Keyword of PS3.6; of a private element, who defines it")),
        Column("vr", "text", mark("Value representation (PS3.5 6.2)")),
        Column("value", "text", mark("Its values, with backslashes between")),
        Column("within", "text", mark("The sequences it stands in, with the number of the item")),
    ),
)
SEQUENCE = "SQ"
BASE64_BYTES = 3 / 4  # of a letter
Item = Mapping[str, Any]


def header_elements(header: str) -> pl.DataFrame:
    """Return the elements of a header in the DICOM JSON model (PS3.18 F) as rows of ``ELEMENT``.

    An item's elements follow the sequence they stand in.  Bytes are told by their number.
    """
    return ELEMENT.frame(list(_rows(json.loads(header), "")))


def _rows(item: Item, within: str) -> Iterator[dict[str, object]]:
    for key in sorted(item):
        element = item[key]
        tag = f"({key[:4]},{key[4:]})"
        keyword = _keyword(key, item)
        yield {
            "tag": tag, "keyword": keyword, "vr": element.get("vr"), "value": _value(element),
            "within": within or None,
        }  # fmt: skip
        if element.get("vr") != SEQUENCE:
            continue
        for number, inner in enumerate(element.get("Value", ()), start=1):
            if isinstance(inner, dict):
                yield from _rows(inner, f"{within}{keyword or tag}[{number}]/")


def _keyword(key: str, item: Item) -> str | None:
    """Return the keyword, or the private creator that reserves the element's block (PS3.5 7.8)."""
    if int(key[:4], 16) % 2 == 0:
        return keyword_for_tag(int(key, 16)) or None
    block = item.get(f"{key[:4]}00{key[4:6]}") if key[4:6] != "00" else None
    names = block.get("Value", ()) if isinstance(block, dict) else ()
    return str(names[0]) if names else None


def _value(element: Item) -> str | None:
    values = element.get("Value")
    if "InlineBinary" in element:
        return f"{int(len(element['InlineBinary'].rstrip('=')) * BASE64_BYTES)} B"
    if not values:
        return None
    if element.get("vr") == SEQUENCE:
        return f"[{len(values)}]"
    return "\\".join(_text(value) for value in values)


def _text(value: object) -> str:
    if isinstance(value, dict):  # a name of a person, in up to three scripts (PS3.5 6.2)
        return "=".join(str(value.get(group, "")) for group in value)
    return "" if value is None else str(value)
