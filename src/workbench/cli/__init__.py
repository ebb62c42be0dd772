"""The command line: one verb a stage.

Exit code 0: done; 1: done, with problems listed; 2: could not start; 3: broke off by a fault of
the program; 130: stopped by Ctrl-C.  Progress goes to standard error; with ``--json`` the last
line of standard output is one JSON object, whatever happens.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from workbench import __version__
from workbench.cli.collect_verbs import add_collect
from workbench.cli.deidentify_verbs import add_deidentify
from workbench.cli.import_verbs import add_intake
from workbench.cli.key_verbs import add_key
from workbench.cli.look_verbs import add_look
from workbench.cli.other_verbs import add_others
from workbench.cli.output import BROKE_OFF, NOT_STARTED, PROBLEMS, STOPPED, print_json, tell
from workbench.cli.quality_verbs import add_quality
from workbench.cli.rights_verbs import add_rights
from workbench.cli.store_verbs import add_store
from workbench.cli.table_verbs import add_tables
from workbench.cli.verb import Parser, UsageError, Verb
from workbench.errors import WorkbenchError
from workbench.file_modes import private_umask


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = parser().parse_args(words)
        verb: Verb = options.verb
        with private_umask():
            return verb(options)
    except BrokenPipeError:
        return PROBLEMS
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the program ends here
        code, message = _told(error)
        tell(f"workbench: {message}")
        if "--json" in words:
            print_json({"error": type(error).__name__, "message": message})
        return code


def _told(error: BaseException) -> tuple[int, str]:
    """Return exit code and message for an error."""
    if isinstance(error, UsageError):
        return NOT_STARTED, f"{error} {error.usage}"
    if isinstance(error, WorkbenchError):
        return NOT_STARTED, str(error)
    if isinstance(error, KeyboardInterrupt):
        return STOPPED, "stopped. Run the same command again to go on."
    # The text of any other error may quote a header: only its place is told.
    return BROKE_OFF, f"a fault of the program: {_place(error)}. Please report this line."


def _place(error: BaseException) -> str:
    """Return the kind of an error and the line it comes from, without its text."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


def parser() -> Parser:
    """Return the parser of all verbs."""
    root = Parser(
        prog="workbench",
        description="Radiation-dose epidemiology and image quality from DICOM.",
    )
    root.add_argument("--version", action="version", version=f"workbench {__version__}")
    verbs = root.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (
        add_intake,
        add_collect,
        add_tables,
        add_store,
        add_deidentify,
        add_key,
        add_look,
        add_quality,
        add_rights,
        add_others,
    ):
        add(verbs)
    return root
