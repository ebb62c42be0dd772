"""Which phantom images are being looked at, written before anybody looks.

A program that is ended by what it looks at finds it again when it starts anew.  So the names of
the images are written down first and struck out afterwards: what is still written when a look
begins was being looked at when the program ended.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

FILE, LOCK = "phantom_looks.json", "phantom_looks.lock"
MAX_ENDS = 2  # of the program at the same image; the first one may have been a power cut


class LookJournal:
    """How often the program ended at which image; names are digests, never those of people."""

    def __init__(self, folder: Path) -> None:
        self._file, self._lock = folder / FILE, folder / LOCK
        self._ends: dict[str, int] = {}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Say whether nobody else is looking, and keep it so; the lock ends with its process."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            self._ends = self._read()
            yield True
        finally:
            os.close(descriptor)

    def fatal(self) -> list[str]:
        """Return the images at which the program ended as often as it may."""
        return [name for name, ends in self._ends.items() if ends >= MAX_ENDS]

    @contextmanager
    def looking(self, names: Iterable[str]) -> Iterator[None]:
        """Write that images are being looked at, and take it back when that is over.

        Ends of before stay written: a header that can be read says nothing of the pixels.
        """
        self._write(self._ends | {name: self._ends.get(name, 0) + 1 for name in names})
        try:
            yield
        finally:
            self._write(self._ends)

    def forget(self, names: Iterable[str]) -> None:
        """Strike out images that are done with, whatever became of them."""
        gone = set(names)
        self._ends = {name: ends for name, ends in self._ends.items() if name not in gone}
        self._write(self._ends)

    def _read(self) -> dict[str, int]:
        try:
            read = json.loads(self._file.read_bytes())
            return {str(name): int(ends) for name, ends in read.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError):
            return {}  # it is written whole or not at all; somebody else has changed it

    def _write(self, ends: dict[str, int]) -> None:
        if not ends:
            self._file.unlink(missing_ok=True)
            return
        partial = self._file.with_suffix(".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            json.dump(ends, opened)
        partial.replace(self._file)
