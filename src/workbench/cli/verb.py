"""What the verbs of the command line have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from workbench.cli.arguments import Folder, SchedulerAddress, WholeNumber, near
from workbench.errors import SettingsError

if TYPE_CHECKING:
    from workbench.executors import Executor
    from workbench.survey import Survey

Verb = Callable[[argparse.Namespace], int]
MAX_WORKERS = 256  # processes; more than that is a slip of the finger
# Below these a patient ID or an address may be typed in the wrong place, and messages end up in
# logs.
DISCREET = frozenset({"collect", "key", "mail", "store"})


WORKSPACE = Folder("the folder of a workspace")


class UsageError(SettingsError):
    """The command line itself is wrong; ``usage`` says in one line how it is written."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, so that ``--json`` holds for them too.

    They quote what was typed (below ``DISCREET`` verbs they say where it stands instead), and name
    the verb or option that is near it.
    """

    _typed: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        """Raise ``UsageError`` in place of leaving the program."""
        text = message.removeprefix("argument ")
        if DISCREET & set(self.prog.split()[1:2]):
            text = self._unquoted(text)
        stop = "" if text.endswith((".", "?", "!")) else "."
        raise UsageError(f"{text}{stop}", " ".join(self.format_usage().split()))

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse; what nobody knows is refused by the verb it was given to, which knows its own."""
        self._typed = sys.argv[1:] if args is None else args
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self._refuse(rest[0])
        return known, rest

    def _unquoted(self, text: str) -> str:
        """Return a message with the places of words for the words themselves."""
        for place, word in enumerate(self._typed, 1):
            where = f"(word {place} after '{self.prog}')"
            option, _, value = word.partition("=")
            for part in filter(None, (word, value)):
                for quoted in (f"'{part}'", repr(part)):
                    text = text.replace(quoted, where)
            text = text.replace(f"{option}={value}", option) if value else text
            slip = option.startswith("--") and "Did you mean" in text
            if option not in self._option_string_actions and not slip:
                text = text.replace(f"no option {option}.", f"such option {where}.")
        return text

    def _refuse(self, word: str) -> NoReturn:
        option = word.partition("=")[0]
        if option.startswith("-") and option != "-":
            names = [name for name in self._option_string_actions if name.startswith("--")]
            self.error(f"there is no option {option}. {near(option, names)}")
        self.error(f"'{word}' is a word too many.")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        hint = near(str(value), map(str, action.choices))
        if isinstance(action, argparse._SubParsersAction):
            self.error(f"there is no {str(action.metavar).lower()} '{value}'. {hint}")
        raise argparse.ArgumentError(action, f"there is no '{value}'. {hint}")


def add_verb(verbs: Any, name: str, run: Verb, help_text: str) -> argparse.ArgumentParser:
    """Add a verb that ``run`` does."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help_text, description=help_text)
    verb.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    verb.set_defaults(verb=run)
    return verb


def with_workspace(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the option that names the workspace."""
    verb.add_argument(
        "-w", "--workspace", type=WORKSPACE, default=os.environ.get("WORKBENCH_WORKSPACE"),
        help="the workspace folder (or WORKBENCH_WORKSPACE)",
    )  # fmt: skip
    return verb


def workspace_verb(verbs: Any, name: str, run: Verb, help_text: str) -> argparse.ArgumentParser:
    """Add a verb that works on a workspace."""
    return with_workspace(add_verb(verbs, name, run, help_text))


def new_workspace_of(options: argparse.Namespace) -> Path:
    """Return the folder named for a workspace; raises ``SettingsError`` when none is."""
    if options.workspace is None:
        raise SettingsError("which workspace?", "Name it: -w FOLDER, or set WORKBENCH_WORKSPACE.")
    return Path(options.workspace)


def workspace_of(options: argparse.Namespace) -> Path:
    """Return the workspace named; raises ``SettingsError`` when none is, or it is none."""
    from workbench.settings import FILE

    folder = new_workspace_of(options)
    try:
        (folder / FILE).stat()
    except (FileNotFoundError, NotADirectoryError):
        what = "is not a workspace" if folder.is_dir() else "does not exist"
        raise SettingsError(
            f"the folder '{folder}' {what}.", f"Make one with: workbench init -w {folder}"
        ) from None
    return folder


def survey_of(options: argparse.Namespace) -> Survey:
    """Open the survey of the workspace named."""
    from workbench.survey import open_survey

    return open_survey(workspace_of(options))


def with_workers(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the options that say who does the work."""
    verb.add_argument(
        "--workers", type=WholeNumber(1, MAX_WORKERS), metavar="N",
        help="processes of this machine (as many as it has)",
    )  # fmt: skip
    verb.add_argument(
        "--scheduler", type=SchedulerAddress(), metavar="ADDRESS",
        help="a Dask scheduler, as tcp://host:port",
    )  # fmt: skip
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
