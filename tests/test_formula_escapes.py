"""Whatever writes a file for a spreadsheet writes no formula: all writers, found in the sources."""

from __future__ import annotations

import ast
import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from checks.shape import ROOT
from tests.browser.hostile_files import formulas_in_csv, formulas_in_xlsx, texts_in_xlsx
from workbench import plaintext
from workbench.collect.queue.lists import export_lists
from workbench.collect.queue.relinking import Link, write_links
from workbench.model import Verdict
from workbench.report.exports import write_table
from workbench.schema import SERIES
from workbench.stages.verdict_list import VerdictList

# What writes cells: of csv, polars, pandas, xlsxwriter, openpyxl and PyArrow.
WRITERS = frozenset((
    "writer", "DictWriter", "write_csv", "write_excel", "write_string", "write_row",
    "write_column", "to_csv", "to_excel", "sink_csv", "Workbook", "ExcelWriter", "to_clipboard",
))  # fmt: skip
HOSTILE = (
    "=cmd|'/c calc'!A1", "+1+1", "-1+WEBSERVICE(1)", "@SUM(1)", "\t=1+1", "\r=1", " =1", '"=1',
    "\u200b=1", "\uff1d1+1", "x;=1+1", "x\n=1", "-4711=1",
)  # fmt: skip


def _calls(file: Path) -> set[str]:
    tree = ast.walk(ast.parse(file.read_text("utf-8")))
    called = [node.func for node in tree if isinstance(node, ast.Call)]
    names = {getattr(each, "attr", getattr(each, "id", "")) for each in called}
    return WRITERS & names


def sources() -> Iterator[Path]:
    for folder in ("src", "widgets"):
        yield from (ROOT / folder).rglob("*.py")


def _table(texts: tuple[str, ...], out: Path) -> list[Path]:
    rows = [{"patient": text, "SeriesDescription": text} for text in texts]
    frame = SERIES.frame([{key: row.get(key) for key in SERIES.names} for row in rows])
    write_table(frame, SERIES, out / "a.csv", {text: text for text in texts})
    write_table(frame, SERIES, out / "a.xlsx", {text: text for text in texts})
    return [out / "a.csv", out / "a.codebook.csv", out / "a.manifest.csv", out / "a.xlsx"]


def _verdicts(texts: tuple[str, ...], out: Path) -> list[Path]:
    with VerdictList(out / "v.csv") as listed:
        for text in texts:
            named: Any = SimpleNamespace(path=text, member=text)
            listed.note(named, Verdict.STORED)
    return [out / "v.csv"]


def _links(texts: tuple[str, ...], out: Path) -> list[Path]:
    write_links((Link(text, text, text, True, -3) for text in texts), out / "l.csv")
    return [out / "l.csv"]


def _lists(texts: tuple[str, ...], out: Path) -> list[Path]:
    named = ("number", "patient_id", "issuer", "state", "reason", "study_date", "study_uid",
             "series_uid", "modality", "told")  # fmt: skip
    ledger: Any = SimpleNamespace(
        series=lambda: [{**dict.fromkeys(named, text), "instances": []} for text in texts]
    )
    same = SimpleNamespace(patient=lambda issuer, patient: patient, uid=lambda uid: uid)
    judge: Any = SimpleNamespace(fates=lambda instances: {}, pseudonyms=same)
    export_lists(ledger, judge, out / "q.csv")
    return [out / "q.csv"]


# Each module that writes cells, and how it is made to write hostile ones.
KNOWN: dict[str, Callable[[tuple[str, ...], Path], list[Path]]] = {
    "src/workbench/report/exports.py": _table,
    "src/workbench/stages/verdict_list.py": _verdicts,
    "src/workbench/collect/queue/relinking.py": _links,
    "src/workbench/collect/queue/lists.py": _lists,
}


def test_every_writer_of_cells_is_one_of_those_tried_here() -> None:
    writing = {str(file.relative_to(ROOT)) for file in sources() if _calls(file)}
    assert writing == set(KNOWN), "try a new one here, and let it use workbench.plaintext"


def test_there_is_one_escape_and_every_writer_uses_it() -> None:
    """Two escapes were two opinions once, and the weaker one wrote patient IDs."""
    for name in KNOWN:
        assert "import no_formula" in (ROOT / name).read_text("utf-8"), name
    signs = ('"=+-@', "'=+-@", "[=+", "('=', '+'")
    of_its_own = [
        file.name
        for file, text in ((file, file.read_text("utf-8")) for file in sources())
        if file != Path(plaintext.__file__) and any(words in text for words in signs)
    ]
    assert of_its_own == []


@pytest.mark.parametrize("name", KNOWN)
def test_no_text_of_any_column_becomes_a_formula(name: str, tmp_path: Path) -> None:
    for file in KNOWN[name](HOSTILE, tmp_path):
        look = formulas_in_xlsx if file.suffix == ".xlsx" else formulas_in_csv
        assert look(file) == [], file.name
        if file.suffix == ".xlsx":
            assert HOSTILE[0] in texts_in_xlsx(file), "a text is written as it is where it can be"


@pytest.mark.parametrize("name", KNOWN)
def test_the_trial_finds_a_writer_without_the_escape(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken on purpose: nothing is escaped, and every CSV must be found out."""
    module = name.removeprefix("src/").removesuffix(".py").replace("/", ".")
    if name.endswith("exports.py"):
        monkeypatch.setattr(f"{module}.no_formulas", lambda column: column)
    else:
        monkeypatch.setattr(f"{module}.no_formula", str)
    files = [file for file in KNOWN[name](HOSTILE, tmp_path) if "codebook" not in file.name]
    for file in files:
        if file.suffix == ".csv":
            assert formulas_in_csv(file), file.name


@pytest.mark.parametrize("text", ["CT Abdomen", "-12.5", "a=b", "1.2.840.10008", "Größe; 3 mm"])
def test_a_harmless_text_stays_as_it_is_but_for_a_sign_in_front(text: str, tmp_path: Path) -> None:
    (file,) = _links((text,), tmp_path)
    with file.open(encoding="utf-8", newline="") as opened:
        written = list(csv.reader(opened))[1][0]
    assert written.lstrip("'") == text
    assert (written != text) == text.startswith("-")
    assert pl.read_csv(file)["date_shift_days"].to_list() == [-3], "a number stays a number"
