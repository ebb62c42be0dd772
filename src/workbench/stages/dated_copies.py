"""Where the dated copies of reports lie in a workspace."""

from __future__ import annotations

from pathlib import Path

from workbench.store.report_runs import PlanRun

REPORTS, HISTORY = "reports", "history"  # of a workspace


def dated_copy(folder: Path, run: PlanRun) -> Path:
    """Return the file of a good run, whatever the catalogue says: it may name any file.

    ``folder`` is that of the workspace.
    """
    return folder / REPORTS / HISTORY / run.name / f"{run.slot:%Y-%m-%d_%H%MZ}.html"
