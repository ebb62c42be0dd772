"""Verbs by which objects come in: ``init``, ``import``, ``receive``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import (
    ISSUER,
    MAX_PORT,
    SITE,
    SURVEY,
    Group,
    Input,
    OutputFile,
    Title,
    WholeNumber,
)
from workbench.cli.command_errors import about
from workbench.cli.output import DONE, PROBLEMS, finish, print_json, say, show_progress, tell
from workbench.cli.verb import (
    add_verb,
    executor_of,
    new_workspace_of,
    survey_of,
    with_workers,
    with_workspace,
    workspace_verb,
)

if TYPE_CHECKING:
    from workbench.stages.border import Intake


def add_intake(verbs: Any) -> None:
    """Add the verbs of this module."""
    init = workspace_verb(verbs, "init", _init, "make a workspace")
    init.add_argument("--survey", type=SURVEY, default="survey", help="name of the survey")
    init.add_argument("--site", type=SITE, default="SITE", help="short code of the hospital")
    init.add_argument(
        "--issuer", type=ISSUER, help="who issued the patient IDs that name no issuer"
    )
    init.add_argument(
        "--group", type=Group(), default="", help="a group that shares the folder (none if unsaid)"
    )
    init.add_argument(
        "--times", choices=["exact", "hour", "removed"], default="hour",
        help="what leaves of times of day: true to the hour (usual), exact, or none",
    )  # fmt: skip
    take = with_workspace(
        add_verb(verbs, "import", _import, "read files, folders, DICOMDIRs, zips")
    )
    take.add_argument("paths", nargs="+", type=Input(folders=True), metavar="FOLDER")
    with_workers(take)
    take.add_argument(
        "--verdicts", type=OutputFile(), metavar="FILE",
        help="also write each file's path and verdict to a CSV file; paths may hold names: "
        "keep it in the hospital",
    )  # fmt: skip
    receive = workspace_verb(verbs, "receive", _receive, "receive what a PACS sends")
    receive.add_argument("--aet", type=Title(), help="our AE title")
    receive.add_argument("--port", type=WholeNumber(1, MAX_PORT), help="our port")
    receive.add_argument(
        "--allow", type=Title(address=True), action="append", default=[], metavar="PEER",
        help="who may send: AE title, or TITLE@address",
    )  # fmt: skip


def _init(options: argparse.Namespace) -> int:
    from workbench.settings import Settings, StoreSettings, SurveySettings
    from workbench.survey import create_survey

    named = SurveySettings(options.survey, options.site, options.times, options.issuer or "")
    shared = StoreSettings(group=options.group)
    folder = new_workspace_of(options)
    with about("-w", folder):
        create_survey(folder, Settings(survey=named, store=shared))
    return finish(options, {"survey": options.survey}, "The workspace is ready.")


def _import(options: argparse.Namespace) -> int:
    from workbench.stages.importing import import_files
    from workbench.stages.verdict_list import VerdictList

    with VerdictList(options.verdicts) as verdicts:
        note = verdicts.note if options.verdicts else None
        survey = survey_of(options)
        using = executor_of(options, survey)
        intake = import_files(survey, options.paths, show_progress, note, using)
    return _finish_intake(options, intake)


def _receive(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from workbench.collect.connections import allowed_peer, reception_of
    from workbench.stages.receiving import receive

    survey = survey_of(options)
    reception = reception_of(survey.settings, survey.folder)
    local = reception.entity
    entity = replace(local, title=options.aet or local.title, port=options.port or local.port)
    peers = tuple(allowed_peer(text) for text in options.allow) or reception.peers
    with receive(survey, replace(reception, entity=entity, peers=peers)) as session:
        tell(f"Receiving as {session.entity}. Stop with Ctrl-C.")
        if reception.phantom_title:
            tell(f"What is sent to {reception.phantom_title} is kept whole, with all names in it: "
                 "phantoms only.")  # fmt: skip
        try:
            session.wait()
        except KeyboardInterrupt:
            tell("Stopping.")
    return _finish_intake(options, session.intake)


def _finish_intake(options: argparse.Namespace, intake: Intake) -> int:
    from workbench.store.objects import UNCHANGED

    counts = intake.as_json()
    verdicts, codes = counts["verdicts"], counts["codes"]
    say(options, ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items()) + ".")
    for code, number in codes.items():
        say(options, f"- {number} x {code}")
    if codes.keys() - {UNCHANGED}:
        say(options, "Reasons are in the table 'rejected'.")
    if options.json:
        print_json(counts)
    return PROBLEMS if verdicts["quarantined"] or verdicts["rejected"] else DONE
