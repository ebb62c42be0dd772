"""The lines of several programs in one log, each with the name of its program before it.

An address with a token is for a terminal that somebody sits at: in a log it would stay, and open
the pages to whoever reads that.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TextIO

from workbench.plaintext import printable

TOKEN = re.compile(r"(token=)[^&\s'\"]+", re.IGNORECASE)
MAX_LINE_BYTES = 16_384  # a longer line is cut: what would stand behind is no line of ours
TERMINAL = "/dev/tty"
COVERED = (
    "serve: an address with a token is told to a terminal only, and there is none. "
    "Give each right a password: workbench rights set RIGHT -w FOLDER"
)


class LineSplitter:
    """Makes whole lines of what comes from a pipe."""

    def __init__(self) -> None:
        self._begun = b""
        self._cut = False

    def lines(self, piece: bytes) -> list[str]:
        """Return the lines that are whole now; what has begun waits for its end."""
        *whole, self._begun = (self._begun + piece).split(b"\n")
        found = []
        for line in whole:
            if not self._cut:
                found.append(_text(line))
            self._cut = False
        if len(self._begun) > MAX_LINE_BYTES:
            if not self._cut:
                found.append(_text(self._begun))
            self._begun, self._cut = b"", True
        return found

    def rest(self) -> list[str]:
        """Return what has begun and has no end any more."""
        begun, self._begun = self._begun, b""
        return [_text(begun)] if begun and not self._cut else []


def _text(line: bytes) -> str:
    return line[:MAX_LINE_BYTES].decode(errors="replace").rstrip("\r")


class SharedLog:
    """Writes the lines to standard error, and tokens to a terminal only."""

    def __init__(self, log: TextIO | None = None, terminal: str = TERMINAL) -> None:
        self._log = log or sys.stderr
        self._terminal = terminal
        self._told = False

    def write(self, name: str, line: str) -> None:
        """Write a line of a program; one that cannot be written is lost, nobody ends for it."""
        text = printable(f"{name}: {line}")
        if not TOKEN.search(text) or self._log.isatty():
            self._put(text)
            return
        self._put(TOKEN.sub(r"\1…", text))
        if not self._shown(text) and not self._told:
            self._told = True
            self._put(COVERED)

    def _put(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a full disk, a terminal that is closed
            self._log.write(f"{text}\n")
            self._log.flush()

    def _shown(self, text: str) -> bool:
        """Write to the terminal this was started at, if any."""
        try:
            descriptor = os.open(self._terminal, os.O_WRONLY | os.O_NOCTTY)
        except OSError:
            return False
        with os.fdopen(descriptor, "w", errors="replace") as opened, suppress(OSError):
            opened.write(f"{text}\n")
        return True
