"""What the verbs of the command line have in common."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from workbench.errors import SettingsError

if TYPE_CHECKING:
    from workbench.executors import Executor
    from workbench.survey import Survey

Verb = Callable[[argparse.Namespace], int]


class UsageError(SettingsError):
    """The command line itself is wrong; ``usage`` says how it is written."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, so that ``--json`` holds for them too."""

    def error(self, message: str) -> NoReturn:
        """Raise ``UsageError`` in place of leaving the program."""
        raise UsageError(f"{message}.", self.format_usage().strip())


def add_verb(verbs: Any, name: str, run: Verb, help_text: str) -> argparse.ArgumentParser:
    """Add a verb that ``run`` does."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help_text, description=help_text)
    verb.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    verb.set_defaults(verb=run)
    return verb


def with_workspace(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the option that names the workspace."""
    verb.add_argument(
        "-w", "--workspace", type=Path, default=os.environ.get("WORKBENCH_WORKSPACE"),
        help="the workspace folder (or WORKBENCH_WORKSPACE)",
    )  # fmt: skip
    return verb


def workspace_verb(verbs: Any, name: str, run: Verb, help_text: str) -> argparse.ArgumentParser:
    """Add a verb that works on a workspace."""
    return with_workspace(add_verb(verbs, name, run, help_text))


def workspace_of(options: argparse.Namespace) -> Path:
    """Return the workspace named; raises ``SettingsError`` when none is."""
    if options.workspace is None:
        raise SettingsError("which workspace?", "Name it: -w FOLDER, or set WORKBENCH_WORKSPACE.")
    return Path(options.workspace)


def survey_of(options: argparse.Namespace) -> Survey:
    """Open the survey of the workspace named."""
    from workbench.survey import open_survey

    return open_survey(workspace_of(options))


def with_workers(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the options that say who does the work."""
    verb.add_argument(
        "--workers", type=int, metavar="N", help="processes of this machine (as many as it has)"
    )
    verb.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, as tcp://host:port")
    return verb


def executor_of(options: argparse.Namespace, survey: Survey) -> Executor | None:
    """Return who shall do the work, ``None`` where nothing was said.

    Raises ``SettingsError`` when machines would share a catalogue that is a file.
    """
    if options.workers is None and not options.scheduler:
        return None
    if options.workers is not None and options.workers < 1:
        raise SettingsError("--workers needs a number of processes from 1 up.")
    from workbench.executors import Dask, executor

    using = executor(options.workers, options.scheduler)
    if isinstance(using, Dask) and not survey.settings.store.catalogue and len(using.hosts()) > 1:
        raise SettingsError(
            "several machines cannot share a catalogue that is a file.",
            "Set [store] catalogue to a PostgreSQL server (docs/scale.md).",
        )
    return using


def check_out(file: Path, made: Path | None = None) -> None:
    """Raise ``SettingsError`` when a file cannot be written because its folder is not there.

    ``made`` is a folder that whoever writes makes where it is missing.
    """
    folder = file.absolute().parent
    if not folder.is_dir() and (made is None or folder.resolve() != made.resolve()):
        raise SettingsError("the folder of --out does not exist.", "Make it, or check its name.")
