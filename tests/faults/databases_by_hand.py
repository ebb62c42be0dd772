"""Notice who opens a database's file as a file: closing it drops the locks SQLite holds on it.

SQLite opens its files itself, which Python's audit does not see; a test that does it on purpose
is in the tests' own files, and the program never may.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import workbench
from workbench.store.erasure_proof import DATABASE

OURS = str(Path(workbench.__file__).parent)


class DatabasesByHand:
    """What lines of the program opened, as ``file:line``."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, Path]] = []

    @property
    def lines(self) -> list[str]:
        """The lines; a database that was overwritten and deleted has nothing to lose."""
        return [line for line, path in self._seen if path.exists()]

    def forget(self) -> None:
        """Begin anew."""
        self._seen.clear()

    def start(self) -> None:
        """Look on until the program ends: an audit hook cannot be taken off."""
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.remove":
            gone = Path(os.fsdecode(arguments[0])).absolute()
            self._seen = [each for each in self._seen if each[1] != gone]
        elif event == "open" and isinstance(arguments[0], (str, os.PathLike)):
            self._see_open(Path(arguments[0]), arguments[2])

    def _see_open(self, path: Path, flags: int) -> None:
        if DATABASE in path.name and not flags & os.O_EXCL:
            frame = sys._getframe(2)
            while frame and not frame.f_code.co_filename.startswith(OURS):
                if "/tests/" in frame.f_code.co_filename:
                    return
                frame = frame.f_back
            if frame:
                line = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                self._seen.append((line, path.absolute()))
