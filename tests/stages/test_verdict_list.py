"""The list of verdicts is opened in a spreadsheet: a file's name is no formula there."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.browser.hostile_files import formulas_in_csv
from workbench.model import Verdict
from workbench.stages.verdict_list import VerdictList

COMMAND = "=cmd|'/c calc'!A1"


def test_a_file_named_like_a_formula_is_a_name(tmp_path: Path) -> None:
    out = tmp_path / "verdicts.csv"
    candidate: Any = SimpleNamespace(path=Path(COMMAND), member=f"cd;{COMMAND}")
    with VerdictList(out) as listed:
        listed.note(candidate, Verdict.STORED)
    assert formulas_in_csv(out) == []
    with out.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1] == [f"'{COMMAND}", f"cd;'{COMMAND}", "stored"]


def test_a_list_has_the_columns_it_was_given_and_a_value_for_each(tmp_path: Path) -> None:
    out = tmp_path / "verdicts.csv"
    candidate: Any = SimpleNamespace(path=Path("a"), member=None)
    with VerdictList(out, ("number", "reason")) as listed:
        listed.note(candidate, 7, ValueError("it is text"))
    with out.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["path", "member", "number", "reason"], ["a", "", "7", "it is text"],
        ]  # fmt: skip


def test_without_a_file_nothing_is_written(tmp_path: Path) -> None:
    with VerdictList(None) as listed:
        listed.note(SimpleNamespace(path=tmp_path / "a", member=None), "stored")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
