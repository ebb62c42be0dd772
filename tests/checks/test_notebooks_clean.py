"""Notebooks in the repository are clean, and the check finds those that are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checks.notebooks import ROOT, notebooks, problems, strip

KERNEL = {"kernelspec": {"name": "python3"}}


def notebook(source: str = "x = 1", **cell: Any) -> dict[str, Any]:
    base = {"cell_type": "code", "source": source, "outputs": [], "execution_count": None}
    cells = [{**base, "metadata": {"tags": ["parameters"]}, **cell}]
    ours = {"workbench": {"patient_rows": False}}
    return {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}, **ours}}


def test_there_is_a_report() -> None:
    assert any("reports" in path.parts for path in notebooks(ROOT))


@pytest.mark.parametrize("path", notebooks(ROOT), ids=lambda path: path.stem)
def test_a_notebook_of_the_project_is_clean(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert list(problems(content, is_report="reports" in path.parts)) == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (notebook(outputs=[{"output_type": "stream"}]), "outputs"),
        (notebook(execution_count=3), "outputs"),
        (notebook(metadata={}), "parameters"),
        (notebook('open("/home/anna/x")'), "path of one machine"),
        (notebook("x = 1\n" * 30), "lines of code"),
        ({**notebook(), "metadata": {"workbench": {"patient_rows": True}}}, "kernel"),
        ({**notebook(), "metadata": KERNEL}, "row a patient"),
        ({**notebook(), "metadata": {**KERNEL, "workbench": {"patient_rows": 0}}}, "row a patient"),
    ],
)
def test_a_fault_is_found(bad: dict[str, Any], said: str) -> None:
    assert [said in problem for problem in problems(bad, is_report=True)] == [True]


def test_strip_empties_and_keeps_source_and_tags() -> None:
    dirty = notebook(execution_count=3, outputs=[{"output_type": "stream"}])
    dirty["metadata"] |= {"papermill": {"parameters": {"patient": "x"}}}
    clean = strip(dirty)
    assert list(problems(clean, is_report=True)) == []
    assert clean["cells"][0]["source"] == "x = 1"
    assert "papermill" not in clean["metadata"]
    assert clean["metadata"]["workbench"] == {"patient_rows": False}
