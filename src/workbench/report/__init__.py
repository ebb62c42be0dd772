"""Reports and exports: papermill notebooks to one HTML file, tables to CSV, Parquet and XLSX.

``run_report`` runs a notebook of ``notebooks/reports``; ``write_table`` writes a table with its
codebook.  A report reads tables and is itself read by people: text from DICOM is escaped
everywhere, and nothing in the page comes from the internet.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbench.report import fastimport

if TYPE_CHECKING:
    from workbench.report.exports import codebook, write_table
    from workbench.report.runner import ReportRun, run_report

# Loaded on first use: a notebook needs no papermill, an export no chart library.
_HOMES = {
    "ReportRun": "workbench.report.runner",
    "run_report": "workbench.report.runner",
    "codebook": "workbench.report.exports",
    "write_table": "workbench.report.exports",
}

__all__ = ["ReportRun", "codebook", "run_report", "write_table"]

fastimport.skip_iri_grammar()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'workbench.report' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
