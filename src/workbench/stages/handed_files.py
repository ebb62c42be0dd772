"""Files that pages hand out: named by us, and where they lie when a browser fetches them itself.

What is too large for a message lies in ``exports/RIGHT`` of the workspace, where the server gives
it to whoever has that right, and is removed when it is a week old.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from workbench.file_modes import make_private_folder
from workbench.rights import Right

EXPORTS = "exports"  # of a workspace
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
MAX_SENT_BYTES = 50 * 10**6  # in a message to a page; what is larger is fetched
KEPT_S = 7 * 86400


class HandedFile:
    """A file that was written for somebody: its content, or the name under which it is fetched.

    Attributes
    ----------
    name
        What the browser calls it.
    content
        Its bytes; ``None`` where it is too large for a message.
    place
        Where it lies in the workspace, as ``exports/RIGHT/NAME``; empty where it does not.
    """

    def __init__(self, name: str, content: bytes | None, place: str = "") -> None:
        self.name = name
        self.content = content
        self.place = place


def handed_file(
    workspace: Path, name: str, write: Callable[[Path], object], right: Right,
    most: int = MAX_SENT_BYTES,
) -> HandedFile:  # fmt: skip
    """Let ``write`` write a file of that name, and return it for a page.

    Parameters
    ----------
    name
        Of ours, never made of data: small letters, digits, ``_``, ``-`` and ``.``.
    write
        Writes the path it is given; what it writes beside it goes along, all in one ``.zip``.
    right
        What somebody needs to fetch the file, where it is too large for a message.
    most
        Bytes that a message may have.
    """
    if not NAME.fullmatch(name):
        raise ValueError("a file that is handed out has a name of ours")
    exports = workspace / EXPORTS
    make_private_folder(exports)
    with TemporaryDirectory(prefix=".", dir=exports) as draft:
        write(Path(draft) / name)
        file = _one(Path(draft), name)
        if file.stat().st_size <= most:
            return HandedFile(file.name, file.read_bytes())
        folder = exports / right.value
        make_private_folder(folder)
        _remove_old(folder)
        fetched = folder / f"{time.time_ns():x}-{file.name}"
        file.replace(fetched)
    return HandedFile(file.name, None, f"{EXPORTS}/{right.value}/{fetched.name}")


def fetched_file(workspace: Path, right: Right, name: str) -> Path | None:
    """Return a file that may be fetched with a right; ``None`` where there is none."""
    file = workspace / EXPORTS / right.value / name
    if not NAME.fullmatch(name) or file.is_symlink() or not file.is_file():
        return None
    return file


def _one(folder: Path, name: str) -> Path:
    """Return the one file that was written, or a ``.zip`` of several."""
    files = sorted(folder.iterdir())
    if files == [folder / name]:
        return files[0]
    packed = folder / f"{name.split('.', maxsplit=1)[0]}.zip"
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return packed


def _remove_old(folder: Path) -> None:
    for file in folder.iterdir():
        with suppress(OSError):
            if time.time() - file.lstat().st_mtime > KEPT_S:
                file.unlink()
