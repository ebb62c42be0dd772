"""Verbs that make and write tables: ``map``, ``dose``, ``table``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from workbench.cli.arguments import NamedChoice, OutputFile
from workbench.cli.output import DONE, PROBLEMS, finish, show_progress, tell
from workbench.cli.verb import (
    executor_of,
    survey_of,
    with_workers,
    workspace_of,
    workspace_verb,
)


def add_tables(verbs: Any) -> None:
    """Add the verbs of this module."""
    mapping = workspace_verb(verbs, "map", _map, "headers to series and irradiation events")
    dosing = workspace_verb(verbs, "dose", _dose, "irradiation events to dose estimates")
    for verb in (mapping, dosing):
        with_workers(verb).add_argument(
            "--again", action="store_true", help="all studies, not only new and changed ones"
        )
    dosing.add_argument(
        "--watch", action="store_true",
        help="map and dose whenever patients have come, until stopped",
    )  # fmt: skip
    table = workspace_verb(verbs, "table", _table, "write a table as CSV, Parquet or XLSX")
    table.add_argument("name", type=NamedChoice("table", _tables), metavar="NAME")
    table.add_argument(
        "--out", type=OutputFile((".csv", ".parquet", ".xlsx")), required=True, metavar="FILE"
    )


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
    if options.watch:
        return _watch(options)
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


def _watch(options: argparse.Namespace) -> int:
    import signal
    import time

    from workbench.services.control_file import make_control
    from workbench.services.dose_watch import LOOK_S, DoseWatch
    from workbench.services.service_process import ServiceProcess
    from workbench.settings_file import read_tables

    folder = workspace_of(options)
    read_tables(folder)
    make_control(folder)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service ends as Ctrl-C does
    watch = DoseWatch(folder, ServiceProcess, tell)
    tell("Mapping and estimating doses whenever patients have come. Stop with Ctrl-C.")
    try:
        while True:
            watch.look()
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        watch.end()
    return finish(options, {}, "Stopped.")


def _table(options: argparse.Namespace) -> int:
    from workbench.report.exports import export_table

    survey = survey_of(options)
    if options.name == "ledger":
        from workbench.stages.ledger_table import publish_ledger

        publish_ledger(survey)
    rows = export_table(survey, options.name, options.out)
    return finish(options, {"rows": rows}, "{rows} rows written.")
