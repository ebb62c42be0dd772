"""The other verbs: ``serve``, ``check``, ``plugins``, ``simulate``, ``demo``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.cli.output import DONE, PROBLEMS, finish, show_progress, tell
from workbench.cli.verb import add_verb, survey_of, workspace_of, workspace_verb
from workbench.errors import WorkbenchError


def add_others(verbs: Any) -> None:
    """Add the verbs of this module."""
    serve = workspace_verb(verbs, "serve", _serve, "serve dashboards and reports")
    serve.add_argument("--port", type=int, default=8866)
    serve.add_argument("--open", action="store_true", help="open the page in a browser")
    workspace_verb(verbs, "check", _check, "check settings, key and store")
    add_verb(verbs, "plugins", _plugins, "list what is loaded, with problems")
    simulate = add_verb(verbs, "simulate", _simulate, "write a simulated hospital to a folder")
    simulate.add_argument("folder", type=Path)
    simulate.add_argument("--patients", type=int, default=12)
    simulate.add_argument("--seed", type=int, default=1)
    demo = workspace_verb(verbs, "demo", _demo, "the whole line on a small hospital")
    demo.add_argument("--data", type=Path, metavar="FOLDER", help="your own files as well")
    demo.add_argument("--no-serve", action="store_true", help="stop after the report")
    demo.add_argument("--port", type=int, default=8866)


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
        tell(f"- {problem}")
    for note in checked.notes:
        tell(f"- To know: {note}")
    for other in checked.not_checked:
        tell(f"- Not checked: {other}")
    for promise in checked.promises:
        tell(promise)
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
        tell(f"{plugin.group}  {plugin.name}  {plugin.origin}  {note}")
    for name in report_names():
        tell(f"report  {name}  built-in")
    rows = [
        {"group": plugin.group, "name": plugin.name, "version": plugin.version,
         "origin": plugin.origin, "problem": plugin.problem}
        for plugin in plugins
    ]  # fmt: skip
    finish(options, {"plugins": rows, "reports": list(report_names())}, "")
    return PROBLEMS if any(plugin.problem for plugin in plugins) else DONE


def _simulate(options: argparse.Namespace) -> int:
    from workbench.simulate.hospital import simulate_hospital

    hospital = simulate_hospital(options.seed, options.patients)
    written = hospital.write(options.folder)
    return finish(options, {"files": len(written)}, "{files} files written.")


def _demo(options: argparse.Namespace) -> int:
    from workbench.demo import REPORT, Demo, run_demo

    workspace = Path(options.workspace or "demo-workspace")
    demo = Demo(workspace, options.data, tell, show_progress)
    complete = run_demo(demo)
    if not options.no_serve:
        from workbench.server.voila import serve

        serve(workspace, port=options.port)
    report = workspace / "reports" / f"{REPORT}.html"
    finish(options, {"complete": complete, "workspace": workspace, "report": report}, "")
    return DONE if complete else PROBLEMS
