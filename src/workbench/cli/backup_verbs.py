"""The verbs ``backup`` and ``restore``: a workspace as one file, and back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import Input, OutputFile
from workbench.cli.output import DONE, PROBLEMS, finish, say
from workbench.cli.verb import new_workspace_of, workspace_of, workspace_verb

if TYPE_CHECKING:
    from workbench.settings import StoreSettings

SUFFIX = ".tar"


def add_backup(verbs: Any) -> None:
    """Add the verbs of this module."""
    backup = workspace_verb(
        verbs, "backup", _back_up, "write the workspace into one file; nothing need be stopped"
    )
    backup.add_argument("out", type=OutputFile((SUFFIX,)), metavar="OUT.tar")
    backup.add_argument(
        "--with-key", action="store_true", help="the hospital's key too, where it is not locked"
    )
    restore = workspace_verb(
        verbs, "restore", _restore, "bring a workspace back from its backup, into a new folder"
    )
    restore.add_argument("archive", type=Input(), metavar="BACKUP.tar")


def _back_up(options: argparse.Namespace) -> int:
    from workbench.settings_file import read_settings
    from workbench.stages.workspace_backup import back_up

    folder = workspace_of(options)
    made = back_up(folder, options.out, options.with_key)
    problems = [*made.problems, *_elsewhere(read_settings(folder).store)]
    for problem in problems:
        say(options, f"- {problem}")
    if made.key:
        say(options, "The hospital's key is in it: who has the file can find patients again.")
    facts = {**vars(made), "problems": problems, "out": options.out}
    finish(options, facts, "{files} files with {objects} objects and {patients} patients of the "
                           "queue are in {out}.")  # fmt: skip
    return PROBLEMS if problems else DONE


def _elsewhere(store: StoreSettings) -> list[str]:
    """Say what of a workspace does not lie in its folder."""
    elsewhere = []
    if store.catalogue:
        elsewhere.append(
            "The catalogue lies on a server and is not in it: pg_dump "
            f"--schema={store.schema} (docs/at_the_hospital.md)."
        )
    if store.parts:
        elsewhere.append("The parts lie in a bucket and are not in it: copy that as well.")
    return elsewhere


def _restore(options: argparse.Namespace) -> int:
    from workbench.stages.workspace_backup import restore

    folder = new_workspace_of(options)
    restored = restore(options.archive, folder)
    if not restored.key:
        say(options, "The hospital's key is not in it. Bring it back from its recovery sheet: "
                     f"workbench key restore -w {folder}")  # fmt: skip
    facts = {"workspace": folder, "files": restored.files, "made_at": restored.made_at,
             "key": restored.key}  # fmt: skip
    return finish(options, facts, "{files} files of {made_at} are back in {workspace}. Look them "
                                  "over: workbench store check -w {workspace}")  # fmt: skip
