"""The other verbs: ``serve``, ``check``, ``plugins``, ``simulate``, ``demo``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from workbench.cli.arguments import MAX_PORT, Folder, Input, WholeNumber
from workbench.cli.output import (
    DONE,
    PROBLEMS,
    answer_to,
    finish,
    say,
    show_progress,
    tell,
)
from workbench.cli.verb import add_verb, survey_of, with_workspace, workspace_of, workspace_verb
from workbench.errors import SettingsError, WorkbenchError

MAX_SIMULATED_PATIENTS = 100_000  # some hundred objects each
MAX_SEED = 2**32 - 1


def add_others(verbs: Any) -> None:
    """Add the verbs of this module."""
    serve = workspace_verb(verbs, "serve", _serve, "serve dashboards and reports")
    serve.add_argument("--port", type=WholeNumber(0, MAX_PORT), default=8866)
    serve.add_argument("--open", action="store_true", help="open the page in a browser")
    workspace_verb(verbs, "check", _check, "check settings, key and store")
    add_verb(verbs, "plugins", _plugins, "list what is loaded, with problems")
    simulate = add_verb(verbs, "simulate", _simulate, "write a simulated hospital to a folder")
    simulate.add_argument("folder", type=Folder())
    simulate.add_argument("--patients", type=WholeNumber(1, MAX_SIMULATED_PATIENTS), default=12)
    simulate.add_argument("--seed", type=WholeNumber(0, MAX_SEED), default=1)
    simulate.add_argument(
        "--yes", action="store_true", help="do not ask, though the folder holds something"
    )
    simulate.add_argument(
        "--pacs", action="store_true",
        help="run its PACS until Ctrl-C, and have the workspace (-w, else FOLDER/workspace) ask it",
    )  # fmt: skip
    with_workspace(simulate)
    demo = workspace_verb(verbs, "demo", _demo, "the whole line on a small hospital")
    demo.add_argument(
        "--data", type=Input(folders=True), metavar="FOLDER", help="your own files as well"
    )
    demo.add_argument("--no-serve", action="store_true", help="stop after the report")
    demo.add_argument("--port", type=WholeNumber(0, MAX_PORT), default=8866)


def _serve(options: argparse.Namespace) -> int:
    from workbench.server.voila import serve

    serve(survey_of(options).folder, port=options.port, open_browser=options.open)
    return finish(options, {"served": True}, "")


def _check(options: argparse.Namespace) -> int:
    from workbench.server.passwords import Passwords
    from workbench.stages.workspace_check import check_workspace

    folder = workspace_of(options)
    checked = check_workspace(folder)
    problems = checked.problems
    try:
        Passwords(folder)
    except WorkbenchError as error:
        problems = [*problems, str(error)]
    for problem in problems:
        say(options, f"- {problem}")
    for note in checked.notes:
        say(options, f"- To know: {note}")
    for other in checked.not_checked:
        say(options, f"- Not checked: {other}")
    for promise in checked.promises:
        say(options, promise)
    facts = {**vars(checked), "problems": problems}
    facts["phantoms"] = vars(checked.phantoms) if checked.phantoms else None
    finish(options, facts, "" if problems else "What was checked is in order.")
    return PROBLEMS if problems else DONE


def _plugins(options: argparse.Namespace) -> int:
    from workbench.dose.method import BUILTIN
    from workbench.plugins import DOSE_METHODS, find
    from workbench.qa.ct.water import CTWater
    from workbench.qa.registry import QA_TESTS
    from workbench.report.notebooks import report_names

    plugins = (*find(DOSE_METHODS, BUILTIN), *find(QA_TESTS, (CTWater(),)))
    for plugin in plugins:
        note = plugin.problem or f"version {plugin.version}"
        say(options, f"{plugin.group}  {plugin.name}  {plugin.origin}  {note}")
    for name in report_names():
        say(options, f"report  {name}  built-in")
    rows = [
        {"group": plugin.group, "name": plugin.name, "version": plugin.version,
         "origin": plugin.origin, "problem": plugin.problem}
        for plugin in plugins
    ]  # fmt: skip
    finish(options, {"plugins": rows, "reports": list(report_names())}, "")
    return PROBLEMS if any(plugin.problem for plugin in plugins) else DONE


def _simulate(options: argparse.Namespace) -> int:
    if options.pacs:
        return _practise(options)
    from workbench.simulate.hospital import simulate_hospital

    _ask_to_mix(options)
    hospital = simulate_hospital(options.seed, options.patients)
    written = hospital.write(options.folder)
    return finish(options, {"files": len(written)}, "{files} files written.")


def _practise(options: argparse.Namespace) -> int:
    from workbench.simulate.standing_pacs import HospitalFolder
    from workbench.stages.practice import Practice, practice_survey, practise

    hospital = HospitalFolder(options.folder)
    if not hospital.exists:
        _ask_to_mix(options)
    workspace = Path(options.workspace or options.folder / "workspace")
    survey = practice_survey(workspace, hospital.folder)
    if hospital.exists:
        tell("The hospital is there already; --patients and --seed change nothing of it.")
    else:
        tell(f"Simulating a hospital of {options.patients} patients ...")
        hospital.make("simulated", options.seed, options.patients)
    waiting = practise(Practice(survey, hospital, tell), _program())
    facts = {"workspace": workspace, "pacs": survey.settings.pacs, "waiting": waiting}
    return finish(options, facts, "The PACS has ended; {waiting} patients wait.")


def _program() -> str:
    """Return what a person types to start this program again."""
    typed = Path(sys.argv[0])
    return str(typed) if typed.name == "workbench" else "workbench"


def _ask_to_mix(options: argparse.Namespace) -> None:
    """Raise ``SettingsError`` unless files may be written among those of a folder."""
    folder: Path = options.folder
    there = sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    if options.yes or not there:
        return
    remedy = "Name an empty or new folder, or add --yes."
    if not sys.stdin.isatty():
        raise SettingsError(f"the folder '{folder}' holds {there} things already.", remedy)
    tell(f"The folder '{folder}' holds {there} things; files of the same names are overwritten.")
    if answer_to("Type yes to go on: ", remedy) != "yes":
        raise SettingsError("nothing was written.", remedy)


def _demo(options: argparse.Namespace) -> int:
    from workbench.demo import Demo, pacs_of, run_demo
    from workbench.stages.practice import REPORT

    workspace = Path(options.workspace or "demo-workspace")
    demo = Demo(workspace, options.data, tell, show_progress, _program())
    complete = run_demo(demo)
    if not options.no_serve:
        from workbench.server.voila import serve

        with pacs_of(demo):
            tell("The PACS runs as long as these pages; the first command is for afterwards.")
            serve(workspace, port=options.port)
    report = workspace / "reports" / f"{REPORT}.html"
    facts = {"complete": complete, "workspace": workspace, "report": report}
    finish(options, facts, "Everything is complete; the report is {report}." if complete else
           "Not everything is complete: see above.")  # fmt: skip
    return DONE if complete else PROBLEMS
