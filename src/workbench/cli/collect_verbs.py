"""Verbs of the collector: ``run`` works the queue, others steer it, show it and keep its lists."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import Input, NamedChoice, Number, OutputFile, PatientId, WholeNumber
from workbench.cli.command_errors import about
from workbench.cli.output import DONE, PROBLEMS, answer_to, finish, say, show_progress, tell
from workbench.cli.verb import Parser, survey_of, workspace_verb
from workbench.errors import SettingsError

if TYPE_CHECKING:
    from workbench.collect.queue.overview import Desk
    from workbench.store.erasure_proof import Proof

MAX_OVERRIDE_MIN = 31 * 24 * 60.0  # as long as a key may be unlocked
MAX_PRIORITY = 10**9
HELP = "collect patients from the PACS: the queue, its schedule, and the service that works it"


def add_collect(verbs: Any) -> None:
    """Add the verbs of this module."""
    collect: Parser = verbs.add_parser("collect", help=HELP, description=HELP)
    actions = collect.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = workspace_verb(actions, "run", _run, "work through the queue until stopped")
    run.add_argument(
        "--patients", type=Input(), metavar="FILE", help="add these first; end when done"
    )
    run.add_argument("--until-done", action="store_true", help="end when nobody is due any more")
    add = workspace_verb(actions, "add", _add, "add patients to the queue")
    add.add_argument("file", type=Input(), nargs="?", help="one ID a line, or a CSV")
    add.add_argument(
        "--id", type=PatientId(), action="append", default=[], metavar="ID", help="one patient ID"
    )
    add.add_argument(
        "--priority", type=WholeNumber(-MAX_PRIORITY, MAX_PRIORITY), default=0, metavar="N",
        help="larger goes first",
    )  # fmt: skip
    for name, text in (
        ("status", "what the collector does, and how far the queue is"),
        ("pause", "ask no further patient until resumed"),
        ("resume", "go on after pause or stop"),
        ("stop", "end the collector after the patient in hand"),
        ("test", "test the connections: C-ECHO, one object sent by the PACS, one by ourselves"),
    ):
        workspace_verb(actions, name, _steer, text).set_defaults(action=name)
    now = workspace_verb(actions, "now", _now, "ask now whatever the schedule says, for a while")
    now.add_argument("--minutes", type=Number("minutes", MAX_OVERRIDE_MIN), default=60.0)
    now.add_argument("--not", dest="closed", action="store_true", help="do not ask, for a while")
    now.add_argument("--end", action="store_true", help="back to the schedule at once")
    _add_lists(actions)


def _add_lists(actions: Any) -> None:
    retry = workspace_verb(actions, "retry", _retry, "try patients again that are not complete")
    retry.add_argument(
        "numbers", type=WholeNumber(1), nargs="*", help="numbers in the queue; else all"
    )
    retry.add_argument("--again", action="store_true", help="complete ones too: ask the PACS anew")
    listed = workspace_verb(actions, "list", _list, "show the queue by number, without names")
    listed.add_argument(
        "--state", type=NamedChoice("state", _states), action="append", default=[],
        help="only these states",
    )  # fmt: skip
    export = workspace_verb(
        actions, "export", _export, "write patients and series with the hospital's own names"
    )
    export.add_argument("--out", type=OutputFile(), required=True, metavar="FILE")
    for name, text in (
        ("delete-list", "delete the queue and the ledger for good, and prove it"),
        ("delete-answered", "delete who is complete or not there; their counts stay, unnamed"),
        ("delete-everything", "delete the whole workspace but its settings, and prove it"),
    ):
        verb = workspace_verb(actions, name, _delete, text)
        verb.set_defaults(action=name)
        verb.add_argument(
            "--sure", action="append", default=[], metavar="NAME",
            help="the survey's name, given twice, in place of the two questions",
        )  # fmt: skip


def _run(options: argparse.Namespace) -> int:
    import signal

    from workbench.collect.patient_list import read_patient_list
    from workbench.stages.collecting import Collector
    from workbench.stages.collection import collection_of

    survey = survey_of(options)
    with about("--patients", options.patients):
        patients = read_patient_list(options.patients) if options.patients else ()
    until_done = options.until_done or bool(patients)
    collector = Collector(survey, show_progress, until_done=until_done)
    numbers = collector.enter(patients)

    def stop(*_: object) -> None:
        if collector.stopping:
            raise KeyboardInterrupt
        tell("Stopping after the patient in hand; once more stops at once.")
        collector.stop()

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    intake = collector.run()
    collected = collection_of(survey, numbers, intake, collector.received, collector.note)
    say(options, collected.sentence())
    finish(options, collected.as_json(), "")
    return DONE if collected.complete or not until_done else PROBLEMS


def _desk(options: argparse.Namespace) -> Desk:
    from workbench.collect.queue.overview import Desk

    return Desk(survey_of(options))


def _add(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from workbench.collect.patient_list import parse_patients, read_patient_list

    with about("file", options.file):
        patients = [*(read_patient_list(options.file) if options.file else ())]
    patients += parse_patients(options.id) if options.id else ()
    if not patients:
        raise SettingsError("no patients are named.", "Name a file, or --id ID.")
    if options.priority:
        patients = [replace(patient, priority=options.priority) for patient in patients]
    added = _desk(options).queue.add(patients)
    counts = {"added": added, "known": len(patients) - added}
    return finish(options, counts, "{added} patients added; {known} were in the queue already.")


def _steer(options: argparse.Namespace) -> int:
    from workbench.collect.queue.control import Command

    desk = _desk(options)
    if options.action == "test":
        return _tested(options, desk)
    commands = {"pause": Command.PAUSE, "resume": Command.RUN, "stop": Command.STOP}
    if options.action in commands:
        desk.control.command = commands[options.action]
    status = desk.status()
    for line in status.lines():
        say(options, line)
    return finish(options, status.as_json(), "")


def _tested(options: argparse.Namespace, desk: Desk) -> int:
    from workbench.stages.connection_test import trials

    results = []
    for result in trials(desk.survey, lambda text: tell(f"        ... {text}")):
        say(options, f"{'ok      ' if result.passed else 'FAILED  '}{result.name}: {result.text}")
        results.append(result)
    finish(options, {"tests": [vars(result) for result in results]}, "")
    return DONE if all(result.passed for result in results) else PROBLEMS


def _now(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime, timedelta

    from workbench.collect.hours.week_grid import Override

    until = datetime.now(UTC) + timedelta(minutes=options.minutes)
    desk = _desk(options)
    desk.control.override = None if options.end else Override(until, opened=not options.closed)
    status = desk.status()
    return finish(options, status.as_json(), status.hours)


def _retry(options: argparse.Namespace) -> int:
    queue = _desk(options).queue
    numbers = sorted(set(options.numbers))
    if options.again:
        number = queue.ask_again(numbers or [row["number"] for row in queue.rows(limit=-1)])
    else:
        number = queue.retry(numbers or None)
    # Who is complete stays so while asked once more: the state does not tell it.
    asked = {row["number"] for row in queue.rows(limit=-1)
             if row["due"] is not None and not row["working"]}  # fmt: skip
    left = [number for number in numbers if number not in asked]
    counts = {"patients": number, **({"not_asked": left} if left else {})}
    finish(options, counts, "{patients} patients will be asked for again.")
    if left:
        named = ", ".join(map(str, left))
        say(options, f"Not asked: {named}. Nobody in the queue has such a number, or the patient "
            "is in hand or complete (--again asks all the same).")  # fmt: skip
    return PROBLEMS if left else DONE


def _states() -> list[str]:
    from workbench.collect.queue.patient_queue import PatientState

    return [str(state) for state in PatientState]


def _list(options: argparse.Namespace) -> int:
    from workbench.collect.queue.patient_queue import PatientState

    rows = _desk(options).queue.rows([PatientState(state) for state in options.state], limit=-1)
    for row in rows:
        counts = f"{row['received'] or 0} of {row['expected'] or 0}"
        say(options, f"{row['number']:>7}  {row['state']:<10}  {counts:>14}  {row['reason']}")
    return finish(options, {"patients": rows}, "")


def _export(options: argparse.Namespace) -> int:
    from workbench.collect.queue.lists import export_lists
    from workbench.stages.border import Border

    desk = _desk(options)
    rows = export_lists(desk.ledger, Border(desk.survey), options.out)
    sentence = "{rows} rows written. The file names patients: it must stay in the hospital."
    return finish(options, {"rows": rows}, sentence)


def _delete(options: argparse.Namespace) -> int:
    desk = _desk(options)
    _ask_twice(options, desk.survey.settings.survey.name)
    proof = _deleted(options.action, desk)
    say(options, proof.sentence())
    finish(options, vars(proof), "")
    return PROBLEMS if proof.left else DONE


def _deleted(action: str, desk: Desk) -> Proof:
    from workbench.collect.queue.lists import delete_answered, delete_everything, delete_list
    from workbench.stages.border import Border

    hospital, folder = desk.hospital, desk.survey.folder
    if action == "delete-answered":
        return delete_answered(hospital, desk.ledger, Border(desk.survey), folder)
    if action == "delete-everything":
        desk.survey.close()
        return delete_everything(hospital, folder)
    return delete_list(hospital, folder)


def _ask_twice(options: argparse.Namespace, name: str) -> None:
    """Raise ``SettingsError`` unless a person types the survey's name twice."""
    questions = ("Type the survey's name to delete: ", "This cannot be undone. Type it again: ")
    for turn, question in enumerate(questions):
        told = options.sure[turn : turn + 1]
        given = told[0] if told else answer_to(question, "Give the name twice: --sure NAME.")
        if given != name:
            where = f"--sure '{given}'" if told else "that"
            raise SettingsError(
                "nothing was deleted: {given} is not the survey's name.",
                "It stands in workbench.toml, [survey] name.",
                given=where,
            )
