"""Verbs of reports: made now, listed, and made by themselves when their plans are due."""

from __future__ import annotations

import argparse
import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import Name, OutputFile, Setting
from workbench.cli.output import DONE, PROBLEMS, finish, say, tell
from workbench.cli.verb import Parser, survey_of, workspace_verb
from workbench.errors import WorkbenchError
from workbench.language import use_language

if TYPE_CHECKING:
    from workbench.errors import SettingsError
    from workbench.stages.page_reports import PageReports
    from workbench.stages.scheduling import PlanState, ReportLook, ReportSchedule
    from workbench.store.report_runs import PlanRun
    from workbench.survey import Survey

REPORTS = "reports"  # of a workspace, where its pages look for them
REPORT_HELP = "make reports, now or when their plans are due, and list them"
POLL_INTERVAL_S = 30.0
ASKED_INTERVAL_S = 2.0  # between two looks for reports that somebody asks for on a page


def add_reports(verbs: Any) -> None:
    """Add the verbs of this module."""
    report: Parser = verbs.add_parser("report", help=REPORT_HELP, description=REPORT_HELP)
    actions = report.add_subparsers(title="actions", metavar="ACTION", required=True)
    workspace_verb(
        actions, "list", _list, "list the reports there are, with their parameters and plans"
    )
    run = workspace_verb(actions, "run", _run, "make a report")
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
    workspace_verb(actions, "schedule", _schedule, "list plans: when due, and how the last went")
    due = workspace_verb(actions, "due", _due, "make the reports that are due, once")
    due.add_argument("--dry-run", action="store_true", help="only say which ones are due")
    workspace_verb(actions, "watch", _watch, "make reports when they are due, until stopped")
    for action, act, words in (
        ("pause", _pause, "let a plan rest"), ("resume", _resume, "let a plan go on"),
    ):  # fmt: skip
        verb = workspace_verb(actions, action, act, words)
        verb.add_argument("name", type=Name("name of a plan"), metavar="NAME")
        if action == "pause":
            verb.add_argument(
                "--by", type=Name("name"), required=True, metavar="NAME", help="who says so"
            )


# --- now -----------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
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


def _list(options: argparse.Namespace) -> int:
    from workbench.report.notebooks import report_names
    from workbench.report.runner import NOT_SHOWN
    from workbench.stages.reporting import TEMPLATES

    survey = survey_of(options)
    own, plans = survey.folder / TEMPLATES, _plans_by_report(survey)
    rows = []
    for name in report_names(own):
        try:
            parameters, problem = _defaults(name, own), ""
        except WorkbenchError as error:
            parameters, problem = {}, str(error)
        shown = {key: value for key, value in parameters.items() if key not in NOT_SHOWN}
        planned = plans.get(name, {})
        rows.append({"name": name, "parameters": shown, "problem": problem, "plans": planned})
        words = " ".join(f"{key}={json.dumps(value)}" for key, value in shown.items())
        say(options, f"{name}  {problem or words}")
        for plan, when in planned.items():
            say(options, f"  plan {plan}: {when}")
    finish(options, {"reports": rows}, "")
    return PROBLEMS if any(row["problem"] for row in rows) else DONE


def _plans_by_report(survey: Survey) -> Mapping[str, Mapping[str, str]]:
    """Return report -> plan -> when it is due, of plans that can be read."""
    from workbench.plans.plan_words import when_words
    from workbench.plans.report_plan import read_plans

    named: dict[str, dict[str, str]] = {}
    for plan in read_plans(survey.settings).plans.values():
        named.setdefault(plan.report, {})[plan.name] = when_words(plan)
    return named


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


# --- by plan -------------------------------------------------------------------------------------


def _schedule(options: argparse.Namespace) -> int:
    survey = survey_of(options)
    plans = _schedule_of(survey)
    mistakes = plans.plans().mistakes
    rows = [_plan_row(state) for state in plans.states()]
    for row in rows:
        say(options, f"{row['name']}: {row['report']}, {row['when']}; {_standing(row)}")
    _say_mistakes(options, mistakes)
    untold = _untold(options, survey)
    if not rows and not mistakes:
        say(options, "No report has a plan. Add a table [report.NAME] to workbench.toml.")
    facts: dict[str, object] = {
        "plans": rows,
        "mistakes": {name: str(error) for name, error in mistakes.items()},
        "untold": untold,
    }
    finish(options, facts, "")
    bad = any(row["last"] and row["last"]["state"] in ("failed", "retry") for row in rows)
    return PROBLEMS if mistakes or untold or bad else DONE


def _plan_row(state: PlanState) -> dict[str, Any]:
    from workbench.plans.plan_words import when_words

    zone = state.plan.times.calendar.zone
    return {
        "name": state.plan.name, "report": state.plan.report, "when": str(when_words(state.plan)),
        "next": state.due and state.due.astimezone(zone), "paused_by": state.paused_by,
        "last": state.last and _run_row(state.last, state.last.slot.astimezone(zone)),
    }  # fmt: skip


def _run_row(run: PlanRun, slot: datetime) -> dict[str, Any]:
    return {
        "number": run.number, "slot": slot, "state": run.state, "attempt": run.attempt,
        "skipped": run.skipped, "cell": run.cell, "error_kind": run.error_kind,
        "message": run.message, "file": run.file, "mail_state": run.mail_state,
    }  # fmt: skip


def _standing(row: Mapping[str, Any]) -> str:
    last, due = row["last"], row["next"]
    said = f"next {due:%Y-%m-%d %H:%M}" if due else "never due again"
    if row["paused_by"]:
        said = f"paused by {row['paused_by']}"
    if last is None:
        return f"{said}; not made yet"
    why = f" ({last['message']})" if last["message"] else ""
    mail = "" if last["mail_state"] == "none" else f"; mail {last['mail_state']}"
    return f"{said}; last {last['slot']:%Y-%m-%d %H:%M}: {last['state']}{why}{mail}"


def _due(options: argparse.Namespace) -> int:
    survey = survey_of(options)
    plans = _schedule_of(survey)
    if options.dry_run:
        due = plans.due()
        for each in due:
            at = each.slot.astimezone(each.plan.times.calendar.zone)
            again = f", try {each.run.attempt + 1}" if each.run else ""
            say(options, f"{each.plan.name}: due {at:%Y-%m-%d %H:%M}{again}")
        rows = [
            {"name": each.plan.name, "slot": each.slot, "skipped": each.skipped} for each in due
        ]
        return finish(options, {"due": rows}, "" if due else "No report is due.")
    look = plans.look()
    _say_runs(options, look)
    _say_mistakes(options, look.mistakes)
    untold = _untold(options, survey)
    rows = [{"name": run.name, **_run_row(run, run.slot)} for run in look.runs]
    mistakes = {name: str(why) for name, why in look.mistakes.items()}
    facts: dict[str, object] = {"runs": rows, "mistakes": mistakes, "untold": untold}
    finish(options, facts, "" if look.runs else "No report was due.")
    bad = any(row["state"] != "done" for row in rows)
    return PROBLEMS if look.mistakes or untold or bad else DONE


def _watch(options: argparse.Namespace) -> int:
    from workbench.stages.page_reports import PageReports
    from workbench.stages.report_mail import untold_runs
    from workbench.stages.scheduling import utc_now

    survey = survey_of(options)
    plans, asked, made = _schedule_of(survey), PageReports(survey), 0
    tell("Making reports when they are due. Stop with Ctrl-C.")
    with _until_stopped() as stopped:
        told: str | None = None
        while not stopped.is_set():
            trouble = ""
            try:
                look = plans.look(stop=stopped.is_set)
                made += len([run for run in look.runs if run.state == "done"])
                _say_runs(options, look)
                untold = untold_runs(survey, utc_now())
                trouble = " ".join(map(str, [*look.mistakes.values(), *untold]))
            except WorkbenchError as error:  # a locked database, a file half edited: it passes
                trouble = f"Looking failed, trying again: {error}"
            if trouble and trouble != told:
                tell(trouble)
            told = trouble
            made += _make_asked(asked, stopped)
    return finish(options, {"made": made}, "{made} reports were made.")


def _make_asked(asked: PageReports, stopped: threading.Event) -> int:
    """Make what is asked for on pages until it is time for plans again; return how many."""
    made, until = 0, time.monotonic() + POLL_INTERVAL_S
    while not stopped.wait(ASKED_INTERVAL_S) and time.monotonic() < until:
        with suppress(WorkbenchError):  # the next look at the plans says so
            ended = asked.carry_out(stopped.is_set)
            made += len([run for run in ended if run.state == "done"])
    return made


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """Give what is set when the program shall end: after the report in hand, so it is said.

    A second signal ends it at once; the report is handed back.
    """
    stopped = threading.Event()

    def stop(*_: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        tell("Stopping after the report in hand. Once more: at once.")

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pause(options: argparse.Namespace) -> int:
    _schedule_of(survey_of(options)).pause(options.name, options.by)
    return finish(options, {"name": options.name, "paused_by": options.by}, "Plan {name} rests.")


def _resume(options: argparse.Namespace) -> int:
    went_on = _schedule_of(survey_of(options)).resume(options.name)
    facts = {"name": options.name, "resumed": went_on}
    return finish(
        options, facts, "Plan {name} goes on." if went_on else "Plan {name} did not rest."
    )


def _schedule_of(survey: Survey) -> ReportSchedule:
    from workbench.stages.report_mail import ReportMail
    from workbench.stages.scheduling import ReportSchedule

    return ReportSchedule(survey, tell=ReportMail(survey).tell)


def _untold(options: argparse.Namespace, survey: Survey) -> list[str]:
    """Say which runs not everybody was told of, and return it."""
    from workbench.stages.report_mail import untold_runs
    from workbench.stages.scheduling import utc_now

    untold = [str(each) for each in untold_runs(survey, utc_now())]
    for each in untold:
        say(options, f"- {each}")
    return untold


def _say_runs(options: argparse.Namespace, look: ReportLook) -> None:
    for run in look.runs:
        why = f" {run.message}" if run.message else ""
        late = f" ({run.skipped} earlier times were missed)" if run.skipped else ""
        say(options, f"{run.name}: {run.state}.{why}{late}")


def _say_mistakes(options: argparse.Namespace, mistakes: Mapping[str, SettingsError]) -> None:
    for mistake in mistakes.values():
        say(options, f"- {mistake}")
