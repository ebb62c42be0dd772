"""Whether two descriptions can be of one machine: by serial number and family of makers.

Makers are renamed and bought; the images of one machine then bear another name than its dose
reports.  Names of one family (``data/maker_families.csv``) contradict each other in nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

WORD = re.compile(r"[a-z0-9]+")


@cache
def _families() -> dict[str, str]:
    text = (resources.files(__package__) / "data" / "maker_families.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {word: row["family"] for row in rows for word in row["words"].split()}


@cache
def maker_family(manufacturer: str | None) -> str | None:
    """Return the family of a Manufacturer (0008,0070); ``None`` for one that is in none."""
    families = _families()
    words = WORD.findall((manufacturer or "").casefold())
    return next((families[word] for word in words if word in families), None)


def maker(row: Mapping[str, Any]) -> str:
    """Return the family of a row's maker, or the first word of one that is in none."""
    words = WORD.findall((row["manufacturer"] or "").casefold())
    return maker_family(row["manufacturer"]) or (words[0] if words else "")


def other_machine(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Say whether two rows are of different machines.

    The serial number decides where both tell one.  A maker in no family may be that of a program
    that wrote the report, so only families contradict each other; a station may be the archive's.
    """
    ours, theirs = _plain(a["device_serial_number"]), _plain(b["device_serial_number"])
    if ours and theirs:
        return ours != theirs
    families = maker_family(a["manufacturer"]), maker_family(b["manufacturer"])
    return None not in families and families[0] != families[1]


def shared_by_machines(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Return by which columns two rows are of one machine."""
    same = [
        column
        for column in ("device_serial_number", "station", "model")
        if _plain(a[column]) and _plain(a[column]) == _plain(b[column])
    ]
    family = maker(a)
    return [*same, *(["maker"] if family and family == maker(b) else [])]


@cache
def _plain(text: str | None) -> str:
    """Letters and digits only: programs write a serial number with and without zeros in front."""
    return "".join(WORD.findall((text or "").casefold())).lstrip("0")
