"""Codes (PS3.3 section 8): a code is its value and its scheme, never the value alone.

A maker's own scheme may give any meaning to a value that DICOM uses too.  Schemes have several
designators and codes have synonyms in other schemes; both are data (``data/code_schemes.csv``,
``data/code_synonyms.csv``).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

from workbench.dicom.jsonmodel import Item, items, tag_key

DICOM, SNOMED_RT, UNITS = "DCM", "SRT", "UCUM"
OWN_SCHEMES = frozenset({DICOM, SNOMED_RT})  # in which this package names codes by value


class Code(NamedTuple):
    """A code as an object tells it; ``scheme`` is empty where it tells none."""

    value: str = ""
    scheme: str = ""
    meaning: str = ""

    @property
    def name(self) -> str:
        """What this package calls it: the bare value in DCM and SRT, else with its scheme.

        Synonyms have one name.  Codes that tell no scheme have their value's name here; who asks
        must prefer those that tell one (``content_tree``).
        """
        if not self.value or not self.scheme or self.scheme in OWN_SCHEMES:
            return self.value
        return synonyms().get((self.scheme, self.value), f"{self.value} ({self.scheme})")


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__package__) / "data" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def schemes() -> dict[str, str]:
    """Return our name of a scheme by its designators and UIDs."""
    return {row["told"]: row["scheme"] for row in _rows("code_schemes.csv")}


@cache
def synonyms() -> dict[tuple[str, str], str]:
    """Return our name of a code by scheme and value."""
    return {(row["scheme"], row["value"]): row["code"] for row in _rows("code_synonyms.csv")}


NO_CODE = Code()
VALUE, LONG_VALUE, URN_VALUE, MEANING, DESIGNATOR, SCHEME_UID = map(
    tag_key,
    (
        "CodeValue", "LongCodeValue", "URNCodeValue", "CodeMeaning", "CodingSchemeDesignator",
        "CodingSchemeUID",
    ),
)  # fmt: skip


def code_of(item: Item, keyword: str) -> Code:
    """Return the first code of a code sequence; an empty one where there is none."""
    told = next(iter(items(item, keyword)), None)
    return code_in(told) if told else NO_CODE


def code_in(told: Item) -> Code:
    """Return the code that an item of a code sequence tells."""
    # PS3.3 section 8.1: one of the three is there.
    value = _text(told, VALUE) or _text(told, LONG_VALUE) or _text(told, URN_VALUE)
    return Code(value, _scheme(told) if value else "", _text(told, MEANING))


def _text(item: Item, key: str) -> str:
    """Return the first text of an element; a report holds thousands of codes."""
    values = item[key].get("Value") if key in item else None
    return str(values[0] or "").strip() if values else ""


def _scheme(told: Item) -> str:
    known = schemes()
    designator = _text(told, DESIGNATOR).upper()
    if designator in known:
        return known[designator]
    uid = _text(told, SCHEME_UID)
    return known.get(uid) or designator or uid
