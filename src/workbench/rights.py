"""Who may do what: look, decide, collect, administer.

A program that a person starts on her own machine has every right.  A kernel that the server started
has none until the server has handed over those of its visitor, once, through a file in a folder
that only the server's user can open; nothing that a page sends can change them afterwards.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import NamedTuple, ParamSpec, Self, TypeVar

from workbench.errors import RightsError
from workbench.file_modes import write_private
from workbench.language import Saying, Words, mark, t

P = ParamSpec("P")
T = TypeVar("T")

GIVEN = "WORKBENCH_RIGHTS"  # of this process; without it, a person's own program
COMING = "WORKBENCH_VISIT"  # the file by which they are handed over
PASSWORDS_FILE = "passwords.json"  # of a workspace, where rights have passwords
LOOK_AGAIN_S = 0.05


class Right(StrEnum):
    """One right; ``ADMINISTER`` includes the others, and each includes ``LOOK``."""

    LOOK = "look"
    DECIDE = "decide"
    COLLECT = "collect"
    ADMINISTER = "administer"

    @property
    def words(self) -> Words:
        """What it allows, for people."""
        return t(WORDS[self])


WORDS = {
    Right.LOOK: mark("see dashboards and reports"),
    Right.DECIDE: mark(
        "measure phantom images, accept and reject, note, set baselines and profiles"
    ),
    Right.COLLECT: mark(
        "start and pause the collector, its hours, its queue, the address of the PACS"
    ),
    Right.ADMINISTER: mark("everything: deletion, lists with names, settings too"),
}


class Rights(NamedTuple):
    """What somebody may do."""

    given: frozenset[Right] = frozenset()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read names between commas; a name that is none gives nothing."""
        return cls(frozenset(right for right in Right if right in text.split(",")))

    @classmethod
    def of(cls, rights: Iterable[Right]) -> Self:
        """Return these rights together."""
        return cls(frozenset(rights))

    def __str__(self) -> str:
        return ",".join(right for right in Right if right in self.given)

    def __or__(self, other: Rights) -> Rights:
        return Rights(self.given | other.given)

    def allow(self, right: Right) -> bool:
        """Say whether a right is among them, or included in one of them."""
        if right is Right.LOOK:
            return bool(self.given)
        return right in self.given or Right.ADMINISTER in self.given

    def need(self, right: Right) -> None:
        """Raise ``RightsError`` where a right is missing."""
        if not self.allow(right):
            raise RightsError(
                "this needs the right to {right}.",
                "Log in with the password or the address of {right}, and open the page again.",
                right=Saying(str(right)),
            )


EVERY_RIGHT = Rights(frozenset(Right))


def rights_here() -> Rights:
    """Return what this process may do: everything, unless a server started it for a visitor."""
    coming = os.environ.get(COMING)
    if coming and Path(coming).is_file():
        _take(Path(coming))
    given = os.environ.get(GIVEN)
    return EVERY_RIGHT if given is None else Rights.read(given)


def visitor() -> Rights:
    """Wait for the visitor of a kernel that was started ahead, and return what she may do.

    Returns at once where no server is waited for.
    """
    coming = os.environ.get(COMING)
    while coming and not Path(coming).is_file() and Path(coming).parent.is_dir():
        time.sleep(LOOK_AGAIN_S)
    return rights_here()


def needs(right: Right) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a function refuse who has not the right, whatever the page before it showed."""

    def guarded(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def checked(*arguments: P.args, **options: P.kwargs) -> T:
            rights_here().need(right)
            return function(*arguments, **options)

        return checked

    return guarded


def hand_over(file: Path, rights: Rights) -> None:
    """Tell the kernel that waits for ``file`` what its visitor may do; once and for all."""
    # Kernel and file end with the server: after a power cut nobody reads it, and a visitor waits.
    write_private(file, str(rights), durable=False)


def _take(file: Path) -> None:
    os.environ[GIVEN] = file.read_text("ascii")
    del os.environ[COMING]
    file.unlink()
