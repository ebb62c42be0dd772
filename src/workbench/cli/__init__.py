"""The command line: one verb a stage.

Exit code 0: done; 1: done, with problems listed; 2: could not start; 3: broke off by a fault of
the program; 130: stopped by Ctrl-C.  Results go to standard output, progress and errors to
standard error; with ``--json`` standard output is one JSON object, whatever happens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from workbench import __version__
from workbench.cli.backup_verbs import add_backup
from workbench.cli.collect_verbs import add_collect
from workbench.cli.command_errors import explained
from workbench.cli.deidentify_verbs import add_deidentify
from workbench.cli.import_verbs import add_intake
from workbench.cli.key_verbs import add_key
from workbench.cli.look_verbs import add_look
from workbench.cli.mail_verbs import add_mail
from workbench.cli.other_verbs import add_others
from workbench.cli.output import PROBLEMS, leave_pipe, print_json, tell
from workbench.cli.quality_verbs import add_quality
from workbench.cli.report_verbs import add_reports
from workbench.cli.rights_verbs import add_rights
from workbench.cli.store_verbs import add_store
from workbench.cli.table_verbs import add_tables
from workbench.cli.up_verbs import add_up
from workbench.cli.verb import Parser, Verb
from workbench.file_modes import private_umask
from workbench.services.kept_service import PIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if PIPE in os.environ:
        from workbench.services.service_process import ends_with_parent

        ends_with_parent()
    try:
        options = parser().parse_args(words)
        verb: Verb = options.verb
        with private_umask():
            return verb(options)
    except BrokenPipeError:
        leave_pipe()
        return PROBLEMS
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the program ends here
        code, message = explained(error, words)
        tell(f"workbench: {message}")
        if "--json" in words:
            print_json({"error": type(error).__name__, "message": message})
        return code


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
        add_reports,
        add_store,
        add_backup,
        add_deidentify,
        add_key,
        add_look,
        add_quality,
        add_mail,
        add_rights,
        add_up,
        add_others,
    ):
        add(verbs)
    return root
