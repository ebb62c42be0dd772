"""Verbs that make and write tables and reports: ``map``, ``dose``, ``table``, ``report``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from workbench.cli.arguments import Name, NamedChoice, OutputFile, Setting
from workbench.cli.output import DONE, PROBLEMS, finish, say, show_progress, tell
from workbench.cli.verb import Parser, executor_of, survey_of, with_workers, workspace_verb
from workbench.errors import WorkbenchError
from workbench.language import use_language

REPORTS = "reports"  # of a workspace, where its pages look for them
REPORT_HELP = "make reports, and list them with their parameters"


def add_tables(verbs: Any) -> None:
    """Add the verbs of this module."""
    mapping = workspace_verb(verbs, "map", _map, "headers to series and irradiation events")
    dosing = workspace_verb(verbs, "dose", _dose, "irradiation events to dose estimates")
    for verb in (mapping, dosing):
        with_workers(verb).add_argument(
            "--again", action="store_true", help="all studies, not only new and changed ones"
        )
    table = workspace_verb(verbs, "table", _table, "write a table as CSV, Parquet or XLSX")
    table.add_argument("name", type=NamedChoice("table", _tables), metavar="NAME")
    table.add_argument(
        "--out", type=OutputFile((".csv", ".parquet", ".xlsx")), required=True, metavar="FILE"
    )
    report: Parser = verbs.add_parser("report", help=REPORT_HELP, description=REPORT_HELP)
    actions = report.add_subparsers(title="actions", metavar="ACTION", required=True)
    workspace_verb(actions, "list", _reports, "list the reports there are, with their parameters")
    run = workspace_verb(actions, "run", _report, "make a report")
    run.add_argument("name", type=Name("name of a report"), metavar="NAME")
    run.add_argument(
        "--out", type=OutputFile((".html", ".pdf", ".docx", ".rtf"), made=REPORTS),
        required=True, metavar="FILE",
        help="a page, a PDF (PDF/A where signed_by is set), or a file for word processors",
    )  # fmt: skip
    run.add_argument(
        "-p", "--parameter", type=Setting(), action="append", default=[], metavar="NAME=VALUE",
        help="set a parameter of the report (workbench report list names them)",
    )  # fmt: skip


def _tables() -> Iterable[str]:
    from workbench.schema import TABLES

    return TABLES


def _map(options: argparse.Namespace) -> int:
    from workbench.stages.line import map_survey
    from workbench.stages.stage_order import before_mapping

    survey = survey_of(options)
    counts = map_survey(survey, show_progress, executor_of(options, survey), again=options.again)
    finish(options, counts, "{studies} studies mapped; {events} events in all.")
    if missing := before_mapping(survey):
        tell(missing)
    return DONE


def _dose(options: argparse.Namespace) -> int:
    from workbench.stages.line import estimate_doses
    from workbench.stages.stage_order import before_dosing, before_mapping

    survey = survey_of(options)
    missing, unmapped = before_mapping(survey), before_dosing(survey)
    counts = estimate_doses(
        survey, show_progress, executor_of(options, survey), again=options.again
    )
    facts = {**counts, "problem": unmapped}
    finish(options, facts, "{studies} studies worked on; {estimates} estimates in all.")
    if missing or unmapped:
        tell(missing or unmapped)
    return PROBLEMS if unmapped else DONE


def _table(options: argparse.Namespace) -> int:
    from workbench.report.exports import export_table

    survey = survey_of(options)
    if options.name == "ledger":
        from workbench.stages.ledger_table import publish_ledger

        publish_ledger(survey)
    rows = export_table(survey, options.name, options.out)
    return finish(options, {"rows": rows}, "{rows} rows written.")


def _report(options: argparse.Namespace) -> int:
    from workbench.stages.line import make_report

    parameters = _parameters(options.parameter)
    survey = survey_of(options)
    with use_language(survey.settings.server.language):
        run = make_report(survey, options.name, options.out, parameters)
    counts = {
        "outcome": run.outcome, "message": run.message, "sha256": run.sha256,
        "made_by": run.made_by, "remark": run.remark,
    }  # fmt: skip
    if said := run.message or run.remark:
        tell(said)
    finish(options, counts, "" if run.failed else "The report is written.")
    return PROBLEMS if run.failed else DONE


def _reports(options: argparse.Namespace) -> int:
    from workbench.report.notebooks import report_names
    from workbench.report.runner import NOT_SHOWN
    from workbench.stages.reporting import TEMPLATES

    own = survey_of(options).folder / TEMPLATES
    rows = []
    for name in report_names(own):
        try:
            parameters, problem = _defaults(name, own), ""
        except WorkbenchError as error:
            parameters, problem = {}, str(error)
        shown = {key: value for key, value in parameters.items() if key not in NOT_SHOWN}
        rows.append({"name": name, "parameters": shown, "problem": problem})
        words = " ".join(f"{key}={json.dumps(value)}" for key, value in shown.items())
        say(options, f"{name}  {problem or words}")
    finish(options, {"reports": rows}, "")
    return PROBLEMS if any(row["problem"] for row in rows) else DONE


def _defaults(name: str, own: Path) -> dict[str, object]:
    from workbench.report.notebooks import default_parameters, read_notebook

    return default_parameters(read_notebook(name, own))


def _parameters(pairs: Sequence[str]) -> dict[str, object]:
    parameters: dict[str, object] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            parameters[name] = json.loads(value)
        except json.JSONDecodeError:
            parameters[name] = value
    return parameters
