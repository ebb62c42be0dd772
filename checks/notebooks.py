"""Check that notebooks are clean: no outputs, no counts, no paths of somebody's machine.

``python -m checks.notebooks`` lists what is wrong, with ``--strip`` it empties them first.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KERNEL = "python3"
MACHINE_PATH = re.compile(r"""(?<![\w/.])(/home/|/Users/|/root/|/mnt/|/tmp/|[A-Z]:\\\\)""")
CELL_LINES = 25  # more of it is logic, and logic belongs into src/
Notebook = dict[str, Any]


def notebooks(root: Path) -> list[Path]:
    """Return every notebook of the project."""
    found = (root / "notebooks").rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def strip(notebook: Notebook) -> Notebook:
    """Return the notebook without outputs, counts and what editors leave behind."""
    cells = [_stripped(cell) for cell in notebook["cells"]]
    kernel = {"display_name": "Python 3", "language": "python", "name": KERNEL}
    kept = {"kernelspec": kernel, "language_info": {"name": "python"}}
    if title := notebook["metadata"].get("title"):
        kept["title"] = title  # shown on the page and in lists
    if ours := notebook["metadata"].get("workbench"):
        kept["workbench"] = ours  # who may open a dashboard, what a report holds
    return {**notebook, "cells": cells, "metadata": kept}


def problems(notebook: Notebook, *, is_report: bool) -> Iterator[str]:
    """Yield what is wrong with a notebook, as sentences."""
    cells = notebook["cells"]
    if notebook["metadata"].get("kernelspec", {}).get("name") != KERNEL:
        yield f"its kernel is not {KERNEL}"
    if is_report and sum("parameters" in _tags(cell) for cell in cells) != 1:
        yield "a report needs one cell tagged `parameters`"
    if is_report and not isinstance(_ours(notebook).get("patient_rows"), bool):
        yield "its metadata do not say whether it has a row a patient (workbench.patient_rows)"
    for number, cell in enumerate(cells, start=1):
        yield from (f"cell {number}: {text}" for text in _cell_problems(cell))


def _ours(notebook: Notebook) -> Notebook:
    ours: Notebook = notebook["metadata"].get("workbench", {})
    return ours


def _cell_problems(cell: Notebook) -> Iterator[str]:
    source = "".join(cell["source"])
    if MACHINE_PATH.search(source):
        yield "it names a path of one machine"
    if cell["cell_type"] != "code":
        return
    if cell.get("outputs") or cell.get("execution_count") is not None:
        yield "it has outputs; run `make strip`"
    if (lines := source.count("\n") + 1) > CELL_LINES:
        yield f"{lines} lines of code; move the logic into src/"


def _stripped(cell: Notebook) -> Notebook:
    metadata = {"tags": tags} if (tags := _tags(cell)) else {}
    clean = {**cell, "metadata": metadata}
    if cell["cell_type"] == "code":
        clean |= {"outputs": [], "execution_count": None}
    return clean


def _tags(cell: Notebook) -> list[str]:
    tags: list[str] = cell["metadata"].get("tags", [])
    return tags


def main(arguments: list[str]) -> int:
    """Check all notebooks, after stripping them where asked; return 1 if something is wrong."""
    wrong = 0
    for path in notebooks(ROOT):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if "--strip" in arguments:
            notebook = strip(notebook)
            text = json.dumps(notebook, indent=1, ensure_ascii=False)
            path.write_text(text + "\n", encoding="utf-8")
        for problem in problems(notebook, is_report="reports" in path.parts):
            print(f"{path.relative_to(ROOT)}: {problem}")
            wrong += 1
    print(f"{len(notebooks(ROOT))} notebooks, {wrong} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
