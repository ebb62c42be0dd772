"""Where the dated copies of reports lie in a workspace."""

from __future__ import annotations

from pathlib import Path

from workbench.store.report_runs import PlanRun

REPORTS, HISTORY = "reports", "history"  # of a workspace
SIGNATURES = ".signatures.json"  # follows the stem of a copy that somebody signed


def dated_copy(folder: Path, run: PlanRun) -> Path:
    """Return the file of a good run, whatever the catalogue says: it may name any file.

    ``folder`` is that of the workspace.
    """
    # A plan is due at most once a minute; a person may ask for two reports within one.
    stamp = f"{run.slot:%Y-%m-%d_%H%M%SZ}" if run.slot.second else f"{run.slot:%Y-%m-%d_%H%MZ}"
    return folder / REPORTS / HISTORY / run.name / f"{stamp}.html"


def signature_file(copy: Path) -> Path:
    """Return where the signatures of a dated copy are kept, beside it."""
    return copy.with_name(f"{copy.stem}{SIGNATURES}")
