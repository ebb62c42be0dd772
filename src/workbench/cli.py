"""The command line: one verb a stage.

Exit code 0: done; 1: done, with problems listed; 2: could not start.  Progress goes to standard
error; with ``--json`` the last line of standard output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.errors import SettingsError, WorkbenchError

if TYPE_CHECKING:
    from workbench.pipeline import Intake
    from workbench.survey import Survey

DONE, PROBLEMS, NOT_STARTED = 0, 1, 2
Verb = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    options = parser().parse_args(arguments)
    verb: Verb = options.verb
    try:
        return verb(options)
    except WorkbenchError as error:
        _tell(f"workbench: {error}")
        if options.json:
            _print_json({"error": type(error).__name__, "message": str(error)})
        return NOT_STARTED
    except BrokenPipeError:
        return PROBLEMS
    except Exception as error:  # noqa: BLE001  its text may quote a header: only its place is told
        _tell(f"workbench: a fault of the program: {_place(error)}. Please report this line.")
        if options.json:
            _print_json({"error": type(error).__name__, "message": _place(error)})
        return NOT_STARTED
    except KeyboardInterrupt:
        _tell("workbench: stopped. Run the same command again to go on.")
        return 130  # the shell's convention for an interrupt: 128 + SIGINT


def _place(error: BaseException) -> str:
    """Return the kind of an error and the line it comes from, without its text."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    root = argparse.ArgumentParser(
        prog="workbench",
        description="Radiation-dose epidemiology and image quality from DICOM.",
    )
    root.add_argument("--version", action="version", version=f"workbench {__version__}")
    verbs = root.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (_add_intake, _add_tables, _add_others):
        add(verbs)
    return root


def _verb(verbs: Any, name: str, run: Verb, help_text: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help_text, description=help_text)
    verb.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    verb.set_defaults(verb=run)
    return verb


def _with_workspace(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    verb.add_argument(
        "-w", "--workspace", type=Path, default=os.environ.get("WORKBENCH_WORKSPACE"),
        help="the workspace folder (or WORKBENCH_WORKSPACE)",
    )  # fmt: skip
    return verb


def _add_intake(verbs: Any) -> None:
    init = _with_workspace(_verb(verbs, "init", _init, "make a workspace"))
    init.add_argument("--survey", default="survey", help="name of the survey")
    init.add_argument("--site", default="SITE", help="short code of the hospital")
    take = _with_workspace(_verb(verbs, "import", _import, "read files, folders, DICOMDIRs, zips"))
    take.add_argument("paths", nargs="+", type=Path, metavar="FOLDER")
    take.add_argument(
        "--verdicts", type=Path, metavar="FILE",
        help="also write each file's path and verdict to a CSV file; paths may hold names: "
        "keep it in the hospital",
    )  # fmt: skip
    receive = _with_workspace(_verb(verbs, "receive", _receive, "receive what a PACS sends"))
    receive.add_argument("--aet", help="our AE title")
    receive.add_argument("--port", type=int, help="our port")
    receive.add_argument(
        "--allow", action="append", default=[], metavar="AET", help="AE title that may send"
    )
    collect = _with_workspace(_verb(verbs, "collect", _collect, "ask the PACS by patient list"))
    collect.add_argument("action", choices=["run"])
    collect.add_argument("--patients", type=Path, required=True, help="patient IDs, one a line")


def _add_tables(verbs: Any) -> None:
    _with_workspace(_verb(verbs, "map", _map, "headers to series and irradiation events"))
    _with_workspace(_verb(verbs, "dose", _dose, "irradiation events to dose estimates"))
    table = _with_workspace(_verb(verbs, "table", _table, "write a table as CSV, Parquet or XLSX"))
    table.add_argument("name", metavar="NAME")
    table.add_argument("--out", type=Path, required=True, metavar="FILE")
    report = _with_workspace(_verb(verbs, "report", _report, "make a report"))
    report.add_argument("action", choices=["run"])
    report.add_argument("name", metavar="NAME")
    report.add_argument("--out", type=Path, required=True, metavar="FILE")
    report.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE",
        help="set a parameter of the report",
    )  # fmt: skip


def _add_others(verbs: Any) -> None:
    files = _verb(verbs, "deidentify", _deidentify, "de-identify files into a folder")
    files.add_argument("input", type=Path, metavar="IN")
    files.add_argument("output", type=Path, metavar="OUT")
    files.add_argument("--key", type=Path, required=True, metavar="FILE")
    files.add_argument("--profile", type=Path, metavar="FILE")
    files.add_argument("--survey", default="survey")
    files.add_argument("--site", default="SITE")
    serve = _with_workspace(_verb(verbs, "serve", _serve, "serve dashboards and reports"))
    serve.add_argument("--port", type=int, default=8866)
    serve.add_argument("--open", action="store_true", help="open the page in a browser")
    _with_workspace(_verb(verbs, "check", _check, "check settings, key and store"))
    _verb(verbs, "plugins", _plugins, "list what is loaded, with problems")
    simulate = _verb(verbs, "simulate", _simulate, "write a simulated hospital to a folder")
    simulate.add_argument("folder", type=Path)
    simulate.add_argument("--patients", type=int, default=12)
    simulate.add_argument("--seed", type=int, default=1)
    demo = _with_workspace(_verb(verbs, "demo", _demo, "the whole line on a small hospital"))
    demo.add_argument("--data", type=Path, metavar="FOLDER", help="your own files as well")
    demo.add_argument("--no-serve", action="store_true", help="stop after the report")
    demo.add_argument("--port", type=int, default=8866)


# --- verbs ---------------------------------------------------------------------------------------


def _survey(options: argparse.Namespace) -> Survey:
    from workbench.survey import open_survey

    return open_survey(_workspace(options))


def _workspace(options: argparse.Namespace) -> Path:
    if options.workspace is None:
        raise SettingsError("which workspace?", "Name it: -w FOLDER, or set WORKBENCH_WORKSPACE.")
    return Path(options.workspace)


def _init(options: argparse.Namespace) -> int:
    from workbench.settings import Settings, SurveySettings
    from workbench.survey import create_survey

    named = SurveySettings(options.survey, options.site)
    create_survey(_workspace(options), Settings(survey=named))
    return _finish(options, {"survey": options.survey}, "The workspace is ready.")


def _import(options: argparse.Namespace) -> int:
    from workbench.pipeline import import_files
    from workbench.verdicts import VerdictList

    missing = [path for path in options.paths if not path.exists()]
    if missing:
        raise SettingsError(f"{len(missing)} of the paths given do not exist.", "Check them.")
    with VerdictList(options.verdicts) as verdicts:
        intake = import_files(_survey(options), options.paths, show_progress, verdicts.note)
    return _finish_intake(options, intake)


def _receive(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from workbench.pipeline import receive

    survey = _survey(options)
    local, pacs = survey.settings.local.entity, survey.settings.pacs
    entity = replace(local, title=options.aet or local.title, port=options.port or local.port)
    allowed = frozenset(options.allow or ([pacs.title] if pacs else []))
    with receive(survey, entity, allowed) as session:
        _tell(f"Receiving as {session.entity}. Stop with Ctrl-C.")
        try:
            session.wait()
        except KeyboardInterrupt:
            _tell("Stopping.")
    return _finish_intake(options, session.intake)


def _collect(options: argparse.Namespace) -> int:
    from workbench.collect.patients import read_patient_list
    from workbench.pipeline import collect

    collected = collect(_survey(options), read_patient_list(options.patients), show_progress)
    _finish(options, collected.as_json(), "")
    _tell(collected.sentence())
    return DONE if collected.complete else PROBLEMS


def _map(options: argparse.Namespace) -> int:
    from workbench.pipeline import map_survey

    counts = map_survey(_survey(options), show_progress)
    return _finish(options, counts, "{studies} studies mapped; {events} events in all.")


def _dose(options: argparse.Namespace) -> int:
    from workbench.pipeline import estimate_doses

    counts = estimate_doses(_survey(options), show_progress)
    return _finish(options, counts, "{studies} studies worked on; {estimates} estimates in all.")


def _table(options: argparse.Namespace) -> int:
    from workbench.report.exports import write_table
    from workbench.schema import TABLES

    if options.name not in TABLES:
        raise SettingsError(f"there is no such table. Tables are: {', '.join(TABLES)}.")
    frame = _survey(options).table(options.name)
    write_table(frame, TABLES[options.name], options.out)
    return _finish(options, {"rows": frame.height}, "{rows} rows written.")


def _report(options: argparse.Namespace) -> int:
    from workbench.pipeline import make_report

    made = make_report(_survey(options), options.name, options.out, _parameters(options.parameter))
    counts = {"outcome": made.outcome, "message": made.message, "sha256": made.sha256}
    _finish(options, counts, made.message if made.failed else "The report is written.")
    return PROBLEMS if made.failed else DONE


def _deidentify(options: argparse.Namespace) -> int:
    from workbench.deidentify.engine import Deidentifier
    from workbench.deidentify.files import deidentify_files
    from workbench.deidentify.key import load_key
    from workbench.deidentify.profile import load_profile
    from workbench.deidentify.pseudonym import Pseudonyms

    pseudonyms = Pseudonyms(load_key(options.key), options.survey, options.site)
    deidentifier = Deidentifier(load_profile(options.profile), pseudonyms)
    done = deidentify_files(options.input, options.output, deidentifier)
    _finish(options, done, "{written} files written, {refused} refused.")
    return PROBLEMS if done["refused"] else DONE


def _serve(options: argparse.Namespace) -> int:
    from workbench.server.voila import serve

    serve(_survey(options).folder, port=options.port, open_browser=options.open)
    return DONE


def _check(options: argparse.Namespace) -> int:
    from workbench.check import check

    problems = check(_survey(options))
    for problem in problems:
        _tell(f"- {problem}")
    _finish(options, {"problems": problems}, "" if problems else "Everything is in order.")
    return PROBLEMS if problems else DONE


def _plugins(options: argparse.Namespace) -> int:
    from workbench.dose.method import BUILTIN
    from workbench.plugins import DOSE_METHODS, find
    from workbench.report.notebooks import report_names

    found = find(DOSE_METHODS, BUILTIN)
    for plugin in found:
        told = plugin.problem or f"version {plugin.version}"
        _tell(f"{plugin.group}  {plugin.name}  {plugin.origin}  {told}")
    for name in report_names():
        _tell(f"report  {name}  built-in")
    rows = [
        {"group": one.group, "name": one.name, "version": one.version, "origin": one.origin,
         "problem": one.problem}
        for one in found
    ]  # fmt: skip
    _finish(options, {"plugins": rows, "reports": list(report_names())}, "")
    return PROBLEMS if any(plugin.problem for plugin in found) else DONE


def _simulate(options: argparse.Namespace) -> int:
    from workbench.simulate.hospital import simulate_hospital

    hospital = simulate_hospital(options.seed, options.patients)
    written = hospital.write(options.folder)
    return _finish(options, {"files": len(written)}, "{files} files written.")


def _demo(options: argparse.Namespace) -> int:
    from workbench.demo import Demo, run_demo

    workspace = Path(options.workspace or "demo-workspace")
    demo = Demo(workspace, options.data, _tell, show_progress)
    complete = run_demo(demo)
    if not options.no_serve:
        from workbench.server.voila import serve

        serve(workspace, port=options.port)
    return DONE if complete else PROBLEMS


# --- telling -------------------------------------------------------------------------------------


def show_progress(done: int, total: int | None, text: str) -> None:
    """Show progress on standard error: a line that renews itself on a terminal."""
    share = f"{done}" if total is None else f"{done} of {total}"
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{text}: {share}    ", end=end, file=sys.stderr, flush=True)
    elif done == total:
        print(f"{text}: {share}", file=sys.stderr, flush=True)


def _parameters(pairs: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError("a parameter is written NAME=VALUE.")
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    return found


def _finish_intake(options: argparse.Namespace, intake: Intake) -> int:
    counts = intake.as_json()
    verdicts, codes = counts["verdicts"], counts["codes"]
    _tell(", ".join(f"{number} {verdict}" for verdict, number in verdicts.items()) + ".")
    for code, number in codes.items():
        _tell(f"- {number} x {code}")
    if codes:
        _tell("Reasons are in the table 'rejected'.")
    if options.json:
        _print_json(counts)
    return PROBLEMS if verdicts["quarantined"] or verdicts["rejected"] else DONE


def _finish(options: argparse.Namespace, counts: Mapping[str, object], sentence: str) -> int:
    if sentence:
        _tell(sentence.format(**counts))
    if options.json:
        _print_json(counts)
    return DONE


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print_json(value: Mapping[str, object]) -> None:
    print(json.dumps(value, default=str), flush=True)


if __name__ == "__main__":
    sys.exit(main())
