"""Runs of reports and their pages, as letters are made of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

from workbench.language import Saying
from workbench.plans.report_plan import ReportPlan, read_plans
from workbench.settings import Settings
from workbench.stages.dated_copies import dated_copy
from workbench.store.report_runs import PlanRun
from workbench.survey import Survey

SLOT = datetime(2026, 3, 27, 1, 30, tzinfo=UTC)
DONE = PlanRun(
    number=1, name="daily", slot=SLOT, report="dose_by_protocol", state="done", attempt=1,
    started_at=SLOT, ended_at=SLOT, fingerprint="f" * 16, file="kept", parameters={"year": 2011},
)  # fmt: skip
FAILED = replace(
    DONE, number=2, state="failed", attempt=3, cell=4, error_kind="StoreError",
    message=Saying.plain("the report stopped in its code cell 4: the store is locked."),
    file="", fingerprint="",
)  # fmt: skip
PAGE = "<!doctype html><title>T</title><h1>Dose</h1><p class='lead'>12 events</p>"


def plan(**more: object) -> ReportPlan:
    tables = {"daily": {
        "report": "dose_by_protocol", "at": "02:30", "to": ["a@example.org"], "attach": "html",
        **more,
    }}  # fmt: skip
    schedule = {"zone": "Europe/Luxembourg"}
    read = read_plans(Settings(schedule=schedule, report=tables))
    for mistake in read.mistakes.values():
        raise mistake
    return read.plans["daily"]


def kept(survey: Survey, run: PlanRun, page: str = PAGE) -> PlanRun:
    """Put the page of a run where it lies, and return the run that knows it."""
    file = dated_copy(survey.folder, run)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page, "utf-8")
    return replace(run, sha256=hashlib.sha256(page.encode()).hexdigest())


def own_notebook(survey: Survey, name: str, metadata: dict[str, object]) -> None:
    folder = survey.folder / "report_templates"
    folder.mkdir(exist_ok=True)
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": 'title = ""',
            "outputs": [], "execution_count": None}  # fmt: skip
    notebook = {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
