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

from workbench.dicom.jsonmodel import Item, first, items

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


def code_of(item: Item, keyword: str) -> Code:
    """Return the first code of a code sequence; an empty one where there is none."""
    return code_in(next(iter(items(item, keyword)), Item()))


def code_in(told: Item) -> Code:
    """Return the code that an item of a code sequence tells."""
    meaning = str(first(told, "CodeMeaning") or "").strip()
    for name in ("CodeValue", "LongCodeValue", "URNCodeValue"):
        value = str(first(told, name) or "").strip()
        if value:
            return Code(value, _scheme(told), meaning)
    return Code(meaning=meaning)


def _scheme(told: Item) -> str:
    designator = str(first(told, "CodingSchemeDesignator") or "").strip().upper()
    uid = str(first(told, "CodingSchemeUID") or "").strip()
    return schemes().get(designator) or schemes().get(uid) or designator or uid
