"""Verbs that make and write tables: ``map``, ``dose``, ``table``, ``report``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.cli.output import DONE, PROBLEMS, finish, show_progress, tell
from workbench.cli.verb import (
    check_out,
    executor_of,
    survey_of,
    with_workers,
    workspace_of,
    workspace_verb,
)
from workbench.errors import SettingsError


def add_tables(verbs: Any) -> None:
    """Add the verbs of this module."""
    mapping = workspace_verb(verbs, "map", _map, "headers to series and irradiation events")
    dosing = workspace_verb(verbs, "dose", _dose, "irradiation events to dose estimates")
    for verb in (mapping, dosing):
        with_workers(verb).add_argument(
            "--again", action="store_true", help="all studies, not only new and changed ones"
        )
    table = workspace_verb(verbs, "table", _table, "write a table as CSV, Parquet or XLSX")
    table.add_argument("name", metavar="NAME")
    table.add_argument("--out", type=Path, required=True, metavar="FILE")
    report = workspace_verb(verbs, "report", _report, "make a report")
    report.add_argument("action", choices=["run"])
    report.add_argument("name", metavar="NAME")
    report.add_argument("--out", type=Path, required=True, metavar="FILE")
    report.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE",
        help="set a parameter of the report",
    )  # fmt: skip


def _map(options: argparse.Namespace) -> int:
    from workbench.stages.line import map_survey

    survey = survey_of(options)
    counts = map_survey(survey, show_progress, executor_of(options, survey), again=options.again)
    return finish(options, counts, "{studies} studies mapped; {events} events in all.")


def _dose(options: argparse.Namespace) -> int:
    from workbench.stages.line import estimate_doses

    survey = survey_of(options)
    counts = estimate_doses(
        survey, show_progress, executor_of(options, survey), again=options.again
    )
    return finish(options, counts, "{studies} studies worked on; {estimates} estimates in all.")


def _table(options: argparse.Namespace) -> int:
    from workbench.report.exports import export_table
    from workbench.schema import TABLES

    if options.name not in TABLES:
        raise SettingsError(f"there is no such table. Tables are: {', '.join(TABLES)}.")
    check_out(options.out)
    survey = survey_of(options)
    if options.name == "ledger":
        from workbench.stages.ledger_table import publish_ledger

        publish_ledger(survey)
    rows = export_table(survey, options.name, options.out)
    return finish(options, {"rows": rows}, "{rows} rows written.")


def _report(options: argparse.Namespace) -> int:
    from workbench.stages.line import make_report
    from workbench.stages.workspace_modes import REPORTS

    # The index tells to write there, and a new workspace has no such folder yet.
    check_out(options.out, made=workspace_of(options) / REPORTS)
    parameters = _parameters(options.parameter)
    run = make_report(survey_of(options), options.name, options.out, parameters)
    counts = {"outcome": run.outcome, "message": run.message, "sha256": run.sha256}
    tell(run.message if run.failed else "The report is written.")
    finish(options, counts, "")
    return PROBLEMS if run.failed else DONE


def _parameters(pairs: Sequence[str]) -> dict[str, object]:
    parameters: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError("a parameter is written NAME=VALUE.")
        try:
            parameters[name] = json.loads(value)
        except json.JSONDecodeError:
            parameters[name] = value
    return parameters
