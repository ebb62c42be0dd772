"""Tables of a small survey, and a stand-in for the survey a report opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.report.missing import ReportTables

# Python runs a sitecustomize on its path at start: the report's kernel opens these tables.
STAND_IN = """
import polars
import workbench

class Survey:
    def __init__(self, folder):
        self.folder = folder
    def __getattr__(self, name):
        read = polars.scan_parquet if name == "series" else polars.read_parquet
        return lambda **_: read(f"{self.folder}/{name}.parquet")

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
