"""Every table with hostile texts as CSV, XLSX and Parquet: no cell is a formula or a link."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from tests.browser.hostile_files import formulas_in_csv, formulas_in_xlsx, texts_in_xlsx
from tests.browser.hostile_texts import payloads
from tests.browser.hostile_workspace import hostile_rows
from workbench.deidentify.patient_clock import Times
from workbench.plaintext import no_formula
from workbench.report import write_table
from workbench.report.leaving import leaving_frame
from workbench.schema import TABLES

TEXTS = list(payloads("http://127.0.0.1:9").values())
COMMAND = "=cmd|'/c calc'!A1"


def written(folder: Path, name: str, suffix: str) -> tuple[pl.DataFrame, Path]:
    frame = hostile_rows(TABLES[name], TEXTS)
    write_table(frame, TABLES[name], folder / f"{name}{suffix}", times=Times.EXACT)
    return leaving_frame(frame, TABLES[name], Times.EXACT), folder / f"{name}{suffix}"


@pytest.mark.parametrize("name", TABLES)
def test_no_text_of_a_csv_is_a_formula_and_numbers_stay_numbers(tmp_path: Path, name: str) -> None:
    frame, out = written(tmp_path, name, ".csv")
    assert formulas_in_csv(out) == []
    assert formulas_in_csv(tmp_path / f"{name}.codebook.csv") == []
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(TEXTS)
    for column in (column for column, kind in frame.schema.items() if kind.is_numeric()):
        assert [float(row[column]) for row in rows] == frame[column].to_list()
    for column in (column for column, kind in frame.schema.items() if kind == pl.List(pl.Float64)):
        assert {row[column] for row in rows} == {"-1.0; -2.5"}


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(tmp_path: Path, name: str) -> None:
    _, out = written(tmp_path, name, ".xlsx")
    assert formulas_in_xlsx(out) == []
    assert any(text.startswith(COMMAND) for text in texts_in_xlsx(out))


@pytest.mark.parametrize("name", TABLES)
def test_parquet_holds_every_text_unchanged(tmp_path: Path, name: str) -> None:
    frame, out = written(tmp_path, name, ".parquet")
    assert pl.read_parquet(out).equals(frame)


def test_the_same_texts_are_formulas_where_libraries_are_used_as_they_come(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": TEXTS})
    frame.write_csv(tmp_path / "stock.csv")
    frame.filter(pl.col("text").str.len_chars() < 1000).to_pandas().to_excel(
        tmp_path / "stock.xlsx", engine="xlsxwriter"
    )
    assert COMMAND in formulas_in_csv(tmp_path / "stock.csv")
    assert any("calc" in one for one in formulas_in_xlsx(tmp_path / "stock.xlsx"))


def test_the_hospitals_own_list_holds_no_formula_either(tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    with out.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[no_formula(text)] for text in TEXTS])
    assert formulas_in_csv(out) == []
