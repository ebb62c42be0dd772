"""The verbs as argparse knows them, walked: each with its words, and a value that will do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.cli import parser
from workbench.cli.arguments import (
    EmailAddress,
    Folder,
    Group,
    Input,
    LocalTime,
    NamedChoice,
    Number,
    OutputFile,
    PatientId,
    SchedulerAddress,
    Setting,
    Title,
    WholeNumber,
)


@dataclass(frozen=True)
class LeafVerb:
    """A verb without further actions: its name, such as ``collect run``, and what it takes."""

    name: str
    arguments: tuple[argparse.Action, ...]

    def command(self, wrong: argparse.Action, value: str, place: Path) -> list[str]:
        """Return the verb with one wrong word, and all else as it should be."""
        words = self.name.split()
        if wrong.option_strings:
            words.append(f"{wrong.option_strings[-1]}={value}")
        for action in self.arguments:
            if action is wrong and not action.option_strings:
                words.append(value)
            elif action is not wrong and (action.required or not action.option_strings):
                words += [*action.option_strings[-1:], usual(action, place)]
        return words


def leaf_verbs(words: argparse.ArgumentParser | None = None, name: str = "") -> Iterator[LeafVerb]:
    """Yield every verb that does something."""
    words = words or parser()
    groups = [one for one in words._actions if isinstance(one, argparse._SubParsersAction)]
    for group in groups:
        for verb, below in group.choices.items():
            yield from leaf_verbs(below, f"{name} {verb}".strip())
    if not groups:
        # Flags take no value; -h is argparse's own.
        taking = (action for action in words._actions if action.nargs != 0)
        yield LeafVerb(name, tuple(taking))


def usual(action: argparse.Action, place: Path) -> str:
    """Return a value that will do; ``place`` is a folder with ``there.txt`` in it."""
    if action.choices is not None:
        return str(next(iter(action.choices)))
    kind = action.type
    match kind:
        case WholeNumber():
            return str(kind.least)
        case Number():
            return "1"
        case LocalTime():
            return "2026-02-28"
        case NamedChoice():
            return next(iter(kind.names()))
        case Input():
            return str(place / "there.txt")
        case OutputFile():
            return str(place / f"new{kind.suffixes[0] if kind.suffixes else '.txt'}")
        case EmailAddress():
            return "a@example.org"
        case Setting():
            return "a=b"
        case Folder():
            return str(place / "new")
        case _:
            return "x"


def nonsense(action: argparse.Action, place: Path) -> list[str]:
    """Return values of an argument's kind that are wrong; none for free text."""
    if action.choices is not None:
        return ["nonsense", ""]
    if action.type is None:
        return []
    paths = wrong_paths(action, place)
    return paths or WRONG.get(type(action.type), ["", "x" * 999, "a\\b"]) + beyond(action)


# A name is what stands in no list.
WRONG: dict[type, list[str]] = {
    WholeNumber: ["many", "", "1.5", "9" * 40],
    Number: ["much", "", "nan", "inf", "-1", "1e99"],
    LocalTime: ["yesterday", "", "2026-02-30", "2026-13-01", "28.02.2026"],
    NamedChoice: ["nonsense", ""],
    Title: ["", "SEVENTEEN_LETTERS", "Ä", "A\\B"],
    SchedulerAddress: ["", "host", "tcp://host", "tcp://host:99999", "http://host:1"],
    Group: ["no such group"],
    EmailAddress: ["", "nobody", "a@ex ample", "a@b.org, c@d.org", "ä@b.org"],
    PatientId: ["", "A*", "7" * 65],
    Setting: ["nonsense", "=3", ""],
}


def beyond(action: argparse.Action) -> list[str]:
    """Return whole numbers on either side of those that will do."""
    kind = action.type
    return [str(kind.least - 1), str(kind.most + 1)] if isinstance(kind, WholeNumber) else []


def wrong_paths(action: argparse.Action, place: Path) -> list[str]:
    """Return paths that will not do; none for what is no path."""
    missing, below, folder = place / "none.txt", place / "there.txt" / "x.txt", place / "folder"
    match action.type:
        case Input(folders=folders):
            return [str(missing), str(below), "", *([] if folders else [str(folder)])]
        case OutputFile(suffixes=suffixes):
            wrong = [str(folder), str(place / "none" / "x.txt"), str(below), ""]
            return [*wrong, str(place / "x.nonsense")] if suffixes else wrong
        case Folder():
            return [str(place / "there.txt"), str(below), ""]
        case _:
            return []
