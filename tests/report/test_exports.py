"""Exports: types, codebook, and no text a spreadsheet would run."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.report_frames import scans
from workbench.dose import estimate
from workbench.errors import SettingsError
from workbench.plaintext import no_formula
from workbench.report import codebook, exports, write_table
from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT, TABLES

EVIL = ("=cmd|' /C calc'!A0", '=HYPERLINK("http://example.org")', "+1+1", "-2+3", "@SUM(1)",
        "\t=1", "\r=1")  # fmt: skip


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def sheets(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name).decode() for name in book.namelist() if "xl/" in name}


def test_parquet_keeps_types_and_values(tmp_path: Path) -> None:
    doses = estimate(scans({}, {"patient_age_years": 5.0}))
    write_table(doses, DOSE_ESTIMATE, tmp_path / "doses.parquet")
    assert pl.read_parquet(tmp_path / "doses.parquet").equals(doses)


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_of_a_csv_starts_like_a_formula(tmp_path: Path, text: str) -> None:
    events = scans({"protocol": text, "SeriesInstanceUIDs": [text, "1.2"], "comment": "a=b"})
    write_table(events, IRRADIATION_EVENT, tmp_path / "events.csv")
    rows = cells(tmp_path / "events.csv")
    row = dict(zip(rows[0], rows[1], strict=True))
    assert row["protocol"] == no_formula(text)
    assert row["SeriesInstanceUIDs"] == f"{no_formula(text)}; 1.2"
    assert row["comment"] == "a=b"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_comes_back_from_csv(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    out = tmp_path_factory.mktemp("csv") / "events.csv"
    write_table(scans({"protocol": text}), IRRADIATION_EVENT, out)
    read = pl.read_csv(out, infer_schema=False)["protocol"][0]
    assert read.replace("'", "") == text.replace("'", "")
    assert read[0] not in "=+-@\t\r"


def test_negative_numbers_of_a_csv_stay_numbers(tmp_path: Path) -> None:
    write_table(scans({"dlp_mgy_cm": -1.5}), IRRADIATION_EVENT, tmp_path / "events.csv")
    rows = cells(tmp_path / "events.csv")
    assert dict(zip(rows[0], rows[1], strict=True))["dlp_mgy_cm"] == "-1.5"


def test_xlsx_holds_texts_and_no_formula_or_link(tmp_path: Path) -> None:
    out = tmp_path / "events.xlsx"
    events = scans(*({"protocol": text} for text in EVIL))
    write_table(events, IRRADIATION_EVENT, out)
    parts = sheets(out)
    inside = "".join(parts.values())
    assert "<f>" not in inside
    assert "hyperlink" not in inside.lower().replace("=hyperlink(", "")
    texts = ET.fromstring(parts["xl/sharedStrings.xml"]).itertext()
    assert {"=cmd|' /C calc'!A0", "-2+3"} <= set(texts)
    assert 'name="codebook"' in parts["xl/workbook.xml"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_codebook_stands_beside_the_table(tmp_path: Path, suffix: str) -> None:
    write_table(scans({}), IRRADIATION_EVENT, tmp_path / f"events{suffix}")
    rows = cells(tmp_path / "events.codebook.csv")
    assert rows[0] == ["column", "meaning", "unit", "kind", "copied_from_header"]
    assert [row[0] for row in rows[1:]] == list(IRRADIATION_EVENT.names)
    assert ["dlp_mgy_cm", "Dose length product", "mGy.cm", "real", "false"] in rows


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_can_be_written_empty(tmp_path: Path, name: str) -> None:
    for suffix in (".csv", ".parquet", ".xlsx"):
        write_table(TABLES[name].empty(), TABLES[name], tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"{name}{suffix}").stat().st_size > 0
    assert codebook(TABLES[name]).height == len(TABLES[name].columns)


def test_a_failed_export_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "events.xlsx"
    out.write_text("old")
    monkeypatch.setattr(exports, "SHEET_ROWS", 0)
    with pytest.raises(SettingsError, match="worksheet"):
        write_table(scans({}), IRRADIATION_EVENT, out)
    with pytest.raises(SettingsError, match="written as"):
        write_table(scans({}), IRRADIATION_EVENT, tmp_path / "events.docx")
    with pytest.raises(pl.exceptions.PolarsError):
        write_table(pl.DataFrame({"a": [1]}), IRRADIATION_EVENT, tmp_path / "events.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["events.xlsx"]
    assert out.read_text() == "old"


def test_a_text_too_long_for_a_cell_is_replaced_by_a_remark(tmp_path: Path) -> None:
    out = tmp_path / "events.xlsx"
    write_table(scans({"comment": "x" * 40_000, "protocol": "y"}), IRRADIATION_EVENT, out)
    texts = set(ET.fromstring(sheets(out)["xl/sharedStrings.xml"]).itertext())
    assert {exports.TOO_LONG, "y"} <= texts
