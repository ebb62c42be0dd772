"""The standard's tables as data: PS3.15 table E.1-1 and PS3.16 CID 7050.

``data/ps3_15_table_e_1_1.csv`` has one row an attribute: its basic action (X remove, Z empty,
D dummy, U new UID, K keep, C clean), the action under each option, and the edition of the
standard it was first seen in (2025: between 2024e and mid-2025).  Files are read on first use.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Any

METHOD_CODES = "cid_7050.csv"
ATTRIBUTES = "ps3_15_table_e_1_1.csv"
VOCABULARY = "vocabulary.txt"


def data_bytes(name: str) -> bytes:
    """Return the bytes of one of the package's data files."""
    return (files("workbench.deidentify") / "data" / name).read_bytes()


def _rows(name: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(StringIO(data_bytes(name).decode("utf-8"))))


@cache
def method_codes() -> tuple[dict[str, str], ...]:
    """Return CID 7050 (De-identification Method): code, scheme, meaning and option."""
    return tuple(_rows(METHOD_CODES))


@cache
def attribute_actions() -> MappingProxyType[int, dict[str, str]]:
    """Return the rows of table E.1-1 by tag; the four rows for groups of tags are left out.

    Curves, overlays and private attributes have no single tag: none is ever allow-listed, so
    all are dropped.
    """
    return MappingProxyType(
        {
            int(row["tag"], 16): row
            for row in _rows(ATTRIBUTES)
            if row["tag"] != "PRIVATE" and "X" not in row["tag"]
        }
    )


def action(tag: int, options: frozenset[str]) -> str:
    """Return the action on an attribute under the chosen options; empty if not in the table.

    Cleaning wins over keeping where two options disagree (a calibration date is kept as
    device identity, but shifted).
    """
    row = attribute_actions().get(tag)
    if row is None:
        return ""
    chosen = {row[option] for option in options}
    return "C" if "C" in chosen else "K" if "K" in chosen else row["basic"]


@cache
def vocabulary() -> frozenset[str]:
    """Return the words that are never taken for a name, case-folded without accents."""
    return _words(data_bytes(VOCABULARY).decode("utf-8"))


@cache
def makers() -> frozenset[str]:
    """Return the words of the vocabulary that name makers and machines: they say no technique."""
    text = data_bytes(VOCABULARY).decode("utf-8")
    return _words(text.partition("# Makers")[2].partition("\n")[2].partition("# End of makers")[0])


def _words(text: str) -> frozenset[str]:
    lines = text.splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
