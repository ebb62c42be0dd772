"""What a word of the command line may be: each kind takes it, or says what is wrong with it.

What a person typed is quoted, so that it is known which of many words is meant; nothing that
comes from a file or a header is.  A patient's ID is not quoted: a service's log keeps messages.
"""

from __future__ import annotations

import math
import os
import re
import stat
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_CHOICES = 40  # names listed where none is near
MAX_PORT = 65_535
MAX_INTEGER = 2**63 - 1  # of both databases
MAX_TITLE = 16  # characters of an AE title (PS3.5 table 6.2-1), as of a site's code
MAX_NAME = 64  # characters of a survey's name: it becomes a value of VR LO (PS3.5 table 6.2-1)
SCREEN = "-"


def near(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean ...?`` for the nearest known word, else all that are known."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    if not names:
        return "There is none yet."
    listed = ", ".join(names[:MAX_CHOICES])
    return f"There is: {listed}{', ...' if len(names) > MAX_CHOICES else '.'}"


class WholeNumber:
    """A whole number from ``least`` to ``most``."""

    def __init__(self, least: int = 0, most: int = MAX_INTEGER) -> None:
        self.least = least
        self.most = most

    def __call__(self, text: str) -> int:
        """Return the number; raises ``ArgumentTypeError``."""
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or not self.least <= number <= self.most:
            upper = "up" if self.most == MAX_INTEGER else f"to {self.most}"
            raise ArgumentTypeError(f"'{text}' is no whole number from {self.least} {upper}.")
        return number


class Number:
    """A number of some ``unit`` above ``above`` (or at least ``least``) and up to ``most``."""

    def __init__(
        self, unit: str, most: float, above: float | None = 0.0, least: float = 0.0
    ) -> None:
        self.unit = unit
        self.most = most
        self.above = above
        self.least = least

    def __call__(self, text: str) -> float:
        """Return the number; raises ``ArgumentTypeError``."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        enough = number >= self.least if self.above is None else number > self.above
        if not (enough and number <= self.most):
            lower = f"from {self.least:g}" if self.above is None else f"above {self.above:g}"
            raise ArgumentTypeError(
                f"'{text}' is no number of {self.unit} {lower} and up to {self.most:g}."
            )
        return number


class LocalTime:
    """A day or a time of a day, as 2026-02-28 or 2026-02-28T13:45; local time."""

    def __call__(self, text: str) -> datetime:
        """Return the time; raises ``ArgumentTypeError``."""
        from datetime import datetime

        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is not None:
            raise ArgumentTypeError(
                f"'{text}' is no day or time. Write 2026-02-28 or 2026-02-28T13:45, local time."
            )
        return moment


class Name:
    """A name of up to ``most`` printable characters, without a backslash."""

    def __init__(self, what: str, most: int = MAX_NAME) -> None:
        self.what = what
        self.most = most

    def __call__(self, text: str) -> str:
        """Return the name; raises ``ArgumentTypeError``."""
        if not text.strip() or len(text) > self.most or not text.isprintable() or "\\" in text:
            raise ArgumentTypeError(f"'{text}' is no {self.what} of 1 to {self.most} characters.")
        return text


SURVEY, SITE = Name("name of a survey"), Name("code of a hospital", MAX_TITLE)
ISSUER = Name("issuer of patient IDs")


class Title:
    """An AE title (PS3.5 6.2), with ``TITLE@address`` where ``address`` says so."""

    def __init__(self, address: bool = False) -> None:
        self.address = address

    def __call__(self, text: str) -> str:
        """Return the text; raises ``ArgumentTypeError``."""
        title, at, address = text.partition("@") if self.address else (text, "", "")
        fits = 0 < len(title.strip()) <= MAX_TITLE and title.isascii() and title.isprintable()
        reachable = re.fullmatch(r"[A-Za-z0-9.:_-]+", address.strip()) if at else True
        if not fits or "\\" in title or not reachable:
            form = "TITLE or TITLE@address" if self.address else "1 to 16 plain characters"
            raise ArgumentTypeError(f"'{text}' is no AE title. Write {form}.")
        return text


class SchedulerAddress:
    """The address of a Dask scheduler."""

    def __call__(self, text: str) -> str:
        """Return the address; raises ``ArgumentTypeError``."""
        match = re.fullmatch(r"(tcp|tls)://[^/\s]+:(\d{1,5})", text)
        if not match or not 0 < int(match[2]) <= MAX_PORT:
            raise ArgumentTypeError(
                f"'{text}' is no address of a Dask scheduler. Write tcp://host:port."
            )
        return text


class Group:
    """A group of users of this computer; empty for none."""

    def __call__(self, text: str) -> str:
        """Return its name; raises ``ArgumentTypeError``."""
        import grp

        try:
            if text:
                grp.getgrnam(text)
        except (KeyError, ValueError):
            raise ArgumentTypeError(
                f"this computer has no group '{text}'. Name one of yours (id -Gn lists them)."
            ) from None
        return text


class PatientId:
    """A patient's ID, without wildcards."""

    def __call__(self, text: str) -> str:
        """Return the ID; raises ``ArgumentTypeError``, which does not quote it."""
        from workbench.collect.patient_list import FORBIDDEN, LONGEST

        longest = LONGEST["patient_id"]
        if not text.strip() or len(text) > longest or FORBIDDEN.search(text):
            raise ArgumentTypeError(
                f"this is no patient ID. Write 1 to {longest} characters without wildcards."
            )
        return text


class EmailAddress:
    """The address of one person."""

    def __call__(self, text: str) -> str:
        """Return the address; raises ``ArgumentTypeError``, which does not quote it."""
        from workbench.mail.letter import is_address

        if not is_address(text):
            raise ArgumentTypeError("this is no e-mail address. Write name@host, in ASCII.")
        return text


class NamedChoice:
    """One of some names that are asked for when they are needed, because that takes a while."""

    def __init__(self, what: str, names: Callable[[], Iterable[str]]) -> None:
        self.what = what
        self.names = names

    def __call__(self, text: str) -> str:
        """Return the name; raises ``ArgumentTypeError``."""
        known = tuple(self.names())
        if text not in known:
            raise ArgumentTypeError(f"there is no {self.what} '{text}'. {near(text, known)}")
        return text


class Setting:
    """A parameter and its value, ``NAME=VALUE``."""

    def __call__(self, text: str) -> str:
        """Return the text; raises ``ArgumentTypeError``."""
        name, equals, _ = text.partition("=")
        if not name.strip() or not equals:
            raise ArgumentTypeError(f"'{text}' is not written NAME=VALUE.")
        return text


class Input:
    """A file that is there (``folders``: or a folder), which we may read."""

    def __init__(self, folders: bool = False) -> None:
        self.folders = folders

    def __call__(self, text: str) -> Path:
        """Return its path; raises ``ArgumentTypeError``."""
        state = state_of(text)
        if state is None:
            raise ArgumentTypeError(f"there is no '{text}'. Check the name.")
        if stat.S_ISDIR(state.st_mode) and not self.folders:
            raise ArgumentTypeError(f"'{text}' is a folder. Name a file.")
        if not os.access(text, os.R_OK):
            raise ArgumentTypeError(f"'{text}' may not be read. Check its rights.")
        return Path(text)


class OutputFile:
    """A file to be written into a folder that is there; ``screen``: or ``-``.

    ``made`` is the name of a folder of a workspace that is made where it is missing: nobody is
    asked to make what is ours.
    """

    def __init__(
        self, suffixes: tuple[str, ...] = (), screen: bool = False, made: str = ""
    ) -> None:
        self.suffixes = suffixes
        self.screen = screen
        self.made = made

    def __call__(self, text: str) -> Path:
        """Return its path; raises ``ArgumentTypeError``."""
        path = Path(text)
        if self.screen and text == SCREEN:
            return path
        state = state_of(text)
        if state is not None and stat.S_ISDIR(state.st_mode):
            raise ArgumentTypeError(f"'{text}' is a folder. Name a file.")
        if state is not None and not stat.S_ISREG(state.st_mode):
            raise ArgumentTypeError(f"'{text}' is no file, and is not written to.")
        if self.suffixes and path.suffix not in self.suffixes:
            raise ArgumentTypeError(f"'{text}' must end in {' or '.join(self.suffixes)}.")
        self._check_folder(text, path.parent)
        return path

    def _check_folder(self, text: str, folder: Path) -> None:
        state = state_of(os.fspath(folder))
        if state is None and self.made and folder.name == self.made:
            folder = folder.parent
            state = state_of(os.fspath(folder))
        if state is None:
            raise ArgumentTypeError(f"'{text}': there is no folder '{folder}'. Make it first.")
        if not stat.S_ISDIR(state.st_mode):
            raise ArgumentTypeError(f"'{text}': '{folder}' is a file. Name another folder.")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ArgumentTypeError(f"'{text}': nothing may be written to '{folder}'.")


class Folder:
    """A folder, there or not; ``what`` says which."""

    def __init__(self, what: str = "a folder") -> None:
        self.what = what

    def __call__(self, text: str) -> Path:
        """Return its path; raises ``ArgumentTypeError``."""
        state = state_of(text)
        if state is not None and not stat.S_ISDIR(state.st_mode):
            raise ArgumentTypeError(f"'{text}' is a file. Name {self.what}.")
        if state is None:
            for parent in Path(text).absolute().parents:
                above = state_of(os.fspath(parent))
                if above is not None and not stat.S_ISDIR(above.st_mode):
                    raise ArgumentTypeError(f"'{text}': '{parent}' is a file, not a folder.")
        return Path(text)


def state_of(text: str) -> os.stat_result | None:
    """Return what a path leads to, ``None`` where there is nothing.

    Raises ``ArgumentTypeError`` where the system does not say.
    """
    if not text:
        raise ArgumentTypeError("the name is empty. Name a file or folder.")
    try:
        return os.stat(text)  # noqa: PTH116  as it was typed
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:  # a NUL
        raise ArgumentTypeError(f"'{text}' is no name of a file.") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "the system refuses"
        raise ArgumentTypeError(f"'{text}' cannot be opened: {reason}.") from None
