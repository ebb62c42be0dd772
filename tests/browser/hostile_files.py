"""What a spreadsheet would run of a file: formulas and links, as Excel and LibreOffice read it."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

# What Excel, LibreOffice and Google Sheets take for the start of a formula (OWASP, CSV
# injection), after what they leave away or show nothing of.
FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\ufeff]*[=+\-@＝＋－＠]")
NUMBERS = re.compile(r" ?-?\d+(\.\d+)?(; -?\d+(\.\d+)?)*\Z")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def formulas_in_csv(file: Path) -> list[str]:
    """Return what would run: cells, and parts of them where semicolons and line ends part cells."""
    with file.open(encoding="utf-8", newline="") as opened:
        cells = [cell for row in csv.reader(opened) for cell in row]
    parts = [part.strip('"') for cell in cells for part in re.split(r"[;\r\n]", cell)]
    return [one[:20] for one in (*cells, *parts) if FORMULA.match(one) and not NUMBERS.match(one)]


def formulas_in_xlsx(file: Path) -> list[str]:
    """Return the formulas, the links and what leads out of the book."""
    found = []
    for name, part in _parts(file):
        found += [f"{name}: {one.text}" for one in part.iter(f"{SHEET}f")]
        found += [f"{name}: link" for _ in part.iter(f"{SHEET}hyperlink")]
        found += [name for one in part.iter() if one.get("TargetMode") == "External"]
    return found


def texts_in_xlsx(file: Path) -> set[str | None]:
    """Return the texts of a book's cells."""
    shared = dict(_parts(file))["xl/sharedStrings.xml"]
    return {one.text for one in shared.iter(f"{SHEET}t")}


def _parts(file: Path) -> Iterator[tuple[str, ET.Element]]:
    with zipfile.ZipFile(file) as book:
        for name in book.namelist():
            if name.endswith((".xml", ".rels")):
                yield name, ET.fromstring(book.read(name))
