"""Tables of a small survey, and a stand-in for the survey a report opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbench.report import notebooks
from workbench.report.missing import ReportTables

# Python runs a sitecustomize on its path at start: the report's kernel opens these tables.
STAND_IN = """
import polars
import workbench

class Survey:
    def __init__(self, folder):
        self.folder = folder
    def __getattr__(self, name):
        if name == "table":
            return lambda _: polars.read_parquet(f"{self.folder}/doses.parquet")
        return lambda **_: polars.read_parquet(f"{self.folder}/{name}.parquet")

workbench.open_survey = Survey
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[ReportTables], str]:
    """Return a function that writes tables where a report's kernel will open them."""

    def write(tables: ReportTables) -> str:
        hook = tmp_path / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(STAND_IN)
        monkeypatch.setenv("PYTHONPATH", str(hook))
        folder = tmp_path / "workspace"
        folder.mkdir()
        for name, frame in tables.as_mapping().items():
            frame.write_parquet(folder / f"{name}.parquet")
        return str(folder)

    return write


PARAMETERS = 'who = "nobody"\nn: int = 3\nshare = 0.5\nwords = ["a"]\nanything = None\non = True'


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that makes a report of some cells and returns its name."""

    def make(*sources: str, parameters: str = PARAMETERS) -> str:
        cells = [new_code_cell(parameters, metadata={"tags": ["parameters"]})]
        cells += [
            new_markdown_cell(source[1:]) if source.startswith("#") else new_code_cell(source)
            for source in sources
        ]
        folder = tmp_path / "reports"
        folder.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=cells), folder / "small.ipynb")
        monkeypatch.setattr(notebooks, "PACKAGED", folder)
        return "small"

    return make
