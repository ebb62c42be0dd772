"""What the person at the keyboard is told when a command fails, and its exit code.

Of paths only those are named that stand in the command itself: all others may hold the name of a
patient.  The system's own words for an error (``strerror``) hold no value.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from workbench.cli.output import BROKE_OFF, NOT_STARTED, STOPPED
from workbench.cli.verb import UsageError
from workbench.errors import WorkbenchError

NO_ROOM_BYTES = 2**20  # what is written at once may be larger than what is left
FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
MISNAMED = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG)
REMEDIES = {
    **dict.fromkeys(FULL, "Free some space, then run the same command again."),
    **dict.fromkeys(CLOSED, "Check its rights, or name another place."),
    **dict.fromkeys(MISNAMED, "Check the name."),
    errno.EADDRINUSE: "Another program listens there: end it, or name another port.",
    errno.EMFILE: "Let this user open more files (ulimit -n), then run the same command again.",
}


def explained(error: BaseException, words: Sequence[str]) -> tuple[int, str]:
    """Return exit code and message for an error of the command ``words``."""
    if isinstance(error, UsageError):
        return NOT_STARTED, f"{error}\n{error.usage}"
    if isinstance(error, WorkbenchError):
        return NOT_STARTED, str(error)
    if isinstance(error, KeyboardInterrupt):
        return STOPPED, "stopped. Run the same command again to go on."
    if isinstance(error, OSError) and error.errno:
        return NOT_STARTED, _of_the_system(error, error.errno, words)
    if isinstance(error, MemoryError):
        return NOT_STARTED, "the memory is full. Give it less at once, or end other programs."
    # The text of any other error may quote a header: only its place is told.
    return BROKE_OFF, f"a fault of the program: {_place(error)}. Please report this line."


def _of_the_system(error: OSError, code: int, words: Sequence[str]) -> str:
    named = [typed(name, words) for name in (error.filename, error.filename2)]
    if code in FULL:
        named += [f"'{word}'" for word in _paths(words) if _is_full(word)]
    what = next(filter(None, named), "") or f"a file or connection ({_place(error)})"
    remedy = REMEDIES.get(code, "Check the disk and the network, then run the command again.")
    return f"{what}: {os.strerror(code).lower()}. {remedy}"


def typed(name: object, words: Sequence[str]) -> str:
    """Return how a path was typed in a command: itself, or what it lies in; else nothing.

    A file that is being written has another name until it is whole, in the same folder.
    """
    if not isinstance(name, str | bytes) or not name:
        return ""
    path = Path(os.path.abspath(os.fsdecode(name)))  # noqa: PTH100  resolving would open it
    places = {Path(os.path.abspath(word)): word for word in _paths(words)}  # noqa: PTH100
    if path in places:
        return f"'{places[path]}'"
    draft = any(part.startswith(".writing-") for part in path.parts) or path.suffix == ".partial"
    above = [place for place in places if place in path.parents]
    if above:
        return f"something in '{places[max(above, key=lambda place: len(place.parts))]}'"
    return _beside(path, places) if draft else ""


def _beside(draft: Path, places: Mapping[Path, str]) -> str:
    """Return which of the typed paths a draft becomes: its own name, else the likest beside it.

    A verb, too, may be the name of a file of the working folder.
    """
    beside = [place for place in places if place.parent in draft.parents]
    if not beside:
        return ""
    likest = max(
        beside,
        key=lambda place: (
            place == draft.with_suffix(""), len(place.parts), place.suffix == draft.suffix,
        ),
    )  # fmt: skip
    return f"'{places[likest]}'"


def _paths(words: Sequence[str]) -> Iterator[str]:
    """Yield the words that may be paths, ``--option=path`` taken apart, and the workspace's."""
    for word in (*words, os.environ.get("WORKBENCH_WORKSPACE", "")):
        text = word.partition("=")[2] if word.startswith("-") else word
        if text and "\0" not in text:
            yield text


def _is_full(word: str) -> bool:
    """Say whether a path lies on a disk without room, which an error does not name.

    A word that is neither there nor looks like a file is a verb or a number.
    """
    if not (os.path.lexists(word) or Path(word).suffix or os.sep in word):
        return False
    for place in (Path(word), Path(word).absolute().parent):
        try:
            room = os.statvfs(place)
        except (OSError, ValueError):
            continue
        return room.f_bavail * room.f_frsize < NO_ROOM_BYTES
    return False


def _place(error: BaseException) -> str:
    """Return the kind of an error and the line it comes from, without its text."""
    import traceback

    lines = traceback.extract_tb(error.__traceback__)
    if not lines:
        return type(error).__name__
    return f"{type(error).__name__} in {Path(lines[-1].filename).name}, line {lines[-1].lineno}"


@contextmanager
def about(option: str, path: Path | None) -> Iterator[None]:
    """Let an error say which file of the command it is about; nothing where none was named."""
    try:
        yield
    except WorkbenchError as error:
        if path is not None:
            error.args = (f"{option} '{path}': {error.message}", *error.args[1:])
        raise
