"""Secrets a person or a service gives: never as an argument, never from the environment.

Arguments stand in the list of processes and the shell's history; the environment is inherited by
every program that is started.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from workbench.cli.output import tell
from workbench.errors import IdentityError, SettingsError

LONGEST = 4096  # bytes of a passphrase file
MAX_TRIES = 5  # a line of the sheet
WIPE = "\x1b[1A\x1b[2K"  # ECMA-48: one line up, erase it


def passphrase_of(file: Path | None) -> str:
    """Return the passphrase of a file, else ask for it without showing it."""
    return _asked("Passphrase: ") if file is None else _from_file(file)


def new_passphrase(file: Path | None) -> str:
    """Return a new passphrase, asked twice; raises ``IdentityError`` when the two differ."""
    if file is not None:
        return _from_file(file)
    first = _asked("New passphrase: ")
    if _asked("Once more: ") != first:
        raise IdentityError("the two passphrases differ.", "Start again.")
    return first


def _asked(prompt: str) -> str:
    from getpass import getpass

    if not sys.stdin.isatty():
        raise SettingsError(
            "there is nobody to ask for the passphrase.", "Name a file: --passphrase-file FILE"
        )
    return getpass(prompt)


def _from_file(file: Path) -> str:
    """Read the first line of a file; what is read is what was checked."""
    try:
        with file.open("rb") as opened:
            _check_private(os.fstat(opened.fileno()), file)
            content = opened.read(LONGEST + 1)
    except OSError:
        raise SettingsError("the passphrase file cannot be read.", "Check its rights.") from None
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise SettingsError("the passphrase file is not UTF-8.") from None
    if len(content) > LONGEST or len(lines) != 1 or not lines[0]:
        raise SettingsError("the passphrase file must hold one line.")
    return lines[0]


def _check_private(state: os.stat_result, file: Path) -> None:
    """Raise ``SettingsError`` when others may read or change the file.

    systemd lets a service's user read a credential by an access list, which shows as a right of
    the group (systemd.exec(5), credentials): such a one is taken from its own folder.
    """
    allowed = 0
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and state.st_uid == 0 and file.parent.resolve() == Path(credentials).resolve():
        allowed = stat.S_IRGRP
    others = (stat.S_IRWXG | stat.S_IRWXO) & ~allowed
    if state.st_mode & others or state.st_uid not in (0, os.geteuid()):
        raise SettingsError(
            "others than its owner may read or change the passphrase file.",
            "Run chmod 600 on it, and choose a new passphrase if others have seen it.",
        )


def sheet_of() -> bytes:
    """Ask for the lines of a recovery sheet, each again until it is right; return the key.

    At a terminal a line is wiped from the screen once it is right.  Otherwise the lines come from
    standard input, and the first wrong one ends it with ``SheetError``.
    """
    from workbench.deidentify.recovery_sheet import LINES, SheetError, read_sheet_line

    parts = []
    for number in range(1, LINES + 1):
        for tries in range(MAX_TRIES):
            tell(f"Line {number} of {LINES}:")
            text = sys.stdin.readline()
            try:
                parts.append(read_sheet_line(number, text))
            except SheetError as error:
                if not sys.stdin.isatty() or not text or tries == MAX_TRIES - 1:
                    raise
                tell(str(error))
                continue
            if sys.stdin.isatty() and sys.stderr.isatty():
                sys.stderr.write(WIPE)
            break
    return b"".join(parts)
