"""Runs of reports as the table of ``workbench.schema``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import polars as pl

from workbench.schema import REPORT_RUN
from workbench.store.instances import known
from workbench.store.report_runs import MOMENTS, PlanRun


def report_runs_frame(runs: Iterable[PlanRun]) -> pl.DataFrame:
    """Return one row a run (``schema.REPORT_RUN``)."""
    return REPORT_RUN.frame([_row(run) for run in runs])


def _row(run: PlanRun) -> dict[str, Any]:
    row = known(vars(run), REPORT_RUN)
    moments = {name: row[name] and row[name].replace(tzinfo=None) for name in MOMENTS & set(row)}
    return {
        **row, **moments, "run_number": run.number, "mailed_to": list(run.mailed_to),
        "parameters": json.dumps(dict(run.parameters)),
    }  # fmt: skip
