"""Every table with hostile texts as CSV, XLSX and Parquet: no cell is a formula or a link."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from tests.browser.hostile_texts import payloads
from tests.browser.hostile_workspace import hostile_rows, text_columns
from workbench.collect.hospital_lists import _safe
from workbench.report import write_table
from workbench.schema import TABLES

TEXTS = list(payloads("http://127.0.0.1:9").values())
# What Excel, LibreOffice and Google Sheets take for the start of a formula (OWASP, CSV
# injection), after what they leave away or show nothing of.
FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\ufeff]*[=+\-@＝＋－＠]")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def written(folder: Path, name: str, suffix: str) -> tuple[pl.DataFrame, Path]:
    frame = hostile_rows(TABLES[name], TEXTS)
    write_table(frame, TABLES[name], folder / f"{name}{suffix}")
    return frame, folder / f"{name}{suffix}"


def parts(book: Path) -> Mapping[str, ET.Element]:
    with zipfile.ZipFile(book) as opened:
        names = [name for name in opened.namelist() if name.endswith((".xml", ".rels"))]
        return {name: ET.fromstring(opened.read(name)) for name in names}


@pytest.mark.parametrize("name", TABLES)
def test_no_text_of_a_csv_is_a_formula_and_numbers_stay_numbers(tmp_path: Path, name: str) -> None:
    frame, out = written(tmp_path, name, ".csv")
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(TEXTS)
    for column in text_columns(TABLES[name]):
        assert not [row[column][:20] for row in rows if FORMULA.match(row[column])]
    numbers = [column for column, kind in frame.schema.items() if kind.is_numeric()]
    for column in numbers:
        assert [float(row[column]) for row in rows] == frame[column].to_list()


@pytest.mark.parametrize("name", TABLES)
def test_no_text_of_a_csv_is_a_formula_where_semicolons_part_cells(
    tmp_path: Path, name: str
) -> None:
    # A spreadsheet of most European countries cuts at semicolons, and knows no quotes of ours.
    _, out = written(tmp_path, name, ".csv")
    for line in re.split(r"[\r\n]", out.read_text("utf-8")):
        cells = [cell.strip('"') for cell in line.split(";")]
        assert not [cell[:20] for cell in cells if FORMULA.match(cell)]


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(tmp_path: Path, name: str) -> None:
    _, out = written(tmp_path, name, ".xlsx")
    for part in parts(out).values():
        assert not list(part.iter(f"{SHEET}f"))
        assert not list(part.iter(f"{SHEET}hyperlink"))
        assert not [one for one in part.iter() if one.get("TargetMode") == "External"]
    texts = {one.text for one in parts(out)["xl/sharedStrings.xml"].iter(f"{SHEET}t")}
    assert "=cmd|'/c calc'!A1" in texts


@pytest.mark.parametrize("name", TABLES)
def test_parquet_holds_every_text_unchanged(tmp_path: Path, name: str) -> None:
    frame, out = written(tmp_path, name, ".parquet")
    assert pl.read_parquet(out).equals(frame)


@pytest.mark.parametrize("text", TEXTS)
def test_the_hospitals_own_list_is_no_formula_either(text: str) -> None:
    assert not FORMULA.match(str(_safe(text)))
    assert not any(FORMULA.match(part) for part in re.split(r"[;\r\n]", str(_safe(text))))
