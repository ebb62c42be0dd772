"""How one hospital's key is kept: plain or locked, printed, restored, checked."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.deidentify import unlocked_key
from workbench.deidentify.key import create_key, load_key, protect_key, unlock_key
from workbench.deidentify.key_wrapping import Cost
from workbench.deidentify.pseudonym import KEY_BYTES, Pseudonyms
from workbench.deidentify.recovery_sheet import SheetFacts, sheet_page
from workbench.errors import IdentityError


@dataclass(frozen=True)
class Custody:
    """The key of one survey at one site.

    Attributes
    ----------
    file
        The plain key file, whether it is there or locked.
    survey, site
        As in the settings: the fingerprint depends on the first.
    """

    file: Path
    survey: str
    site: str

    def fingerprint(self) -> str:
        """Return the fingerprint; raises ``IdentityError`` where the key is locked or missing."""
        return self._fingerprint(load_key(self.file))

    def state(self) -> str:
        """Say how the key is kept, in words that follow "The key is"."""
        locked = unlocked_key.locked_file(self.file).exists()
        if self.file.exists():
            return "in a plain file and in a locked one" if locked else "in a plain file"
        if not locked:
            return "missing"
        if unlocked_key.read_unlocked(self.file) is None:
            return "locked"
        hours = unlocked_key.hours_left(self.file)
        until = "until a restart" if hours is None else f"for {hours:.1f} more hours"
        return f"locked, and unlocked in memory {until}"

    def problems(self) -> list[str]:
        """Return what is wrong with the key's files, one sentence each."""
        locked = unlocked_key.locked_file(self.file)
        problems = [
            problem
            for file, size in ((self.file, KEY_BYTES), (locked, None))
            if file.exists() and (problem := _loose(file, size))
        ]
        if self.file.exists() and locked.exists():
            problems.append("The plain key is still there. Run: workbench key protect")
        if not self.file.exists() and not locked.exists():
            problems.append("There is no key. Run: workbench key restore")
        return problems

    def differing(self, stored: Collection[str]) -> list[str]:
        """Return what is wrong when objects are stored under other fingerprints than ours."""
        if not set(stored) - {self.fingerprint()}:
            return []
        words = "Objects of this site are stored under another key or survey name. Put back"
        return [f"{words} those they came with (docs/key.md)."]

    def check_can_protect(self) -> None:
        """Raise ``IdentityError`` when there is no plain key to protect."""
        if not self.file.exists() and unlocked_key.locked_file(self.file).exists():
            raise IdentityError("the key is locked already.")
        load_key(self.file)

    def protect(self, passphrase: str, cost: Cost | None = None) -> None:
        """Put the key under a passphrase; the plain file goes."""
        protect_key(self.file, passphrase, cost)

    def unlock(self, passphrase: str, hours: float | None = None) -> None:
        """Keep an unlocked copy in memory."""
        unlock_key(self.file, passphrase, hours)

    def lock(self) -> bool:
        """Remove the unlocked copy; say whether there was one."""
        return unlocked_key.forget_unlocked(self.file)

    def write_sheet(self, out: Path) -> SheetFacts:
        """Write the recovery sheet into a new file that only its owner may read.

        Raises ``IdentityError`` where there is such a file, or it cannot be written.
        """
        key = load_key(self.file)
        day = datetime.now(UTC).astimezone().date()
        facts = SheetFacts(self.survey, self.site, self._fingerprint(key), day)
        page = sheet_page(key, facts)
        try:
            handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError:
            raise IdentityError(
                "the sheet cannot be written there.", "Name a new file in a folder that exists."
            ) from None
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(handle, 0o600)
            file.write(page)
        return facts

    def check_can_restore(self) -> None:
        """Raise ``IdentityError`` when a key is there that would have to be replaced."""
        if self.file.exists() or unlocked_key.locked_file(self.file).exists():
            raise IdentityError(
                "there is a key already, and a key is never replaced.",
                "If it is not the one wanted, move {name} (or its .locked form) away.",
                name=self.file.name,
            )

    def restore(self, key: bytes, stored: Collection[str]) -> str:
        """Write a key that was typed in; return its fingerprint.

        Raises ``IdentityError`` when objects are ``stored`` under other fingerprints than its.
        """
        fingerprint = self._fingerprint(key)
        if set(stored) - {fingerprint}:
            raise IdentityError(
                "this is not the key under which this workspace's objects were stored.",
                "Take the sheet of this survey, and check [survey] name in workbench.toml.",
            )
        create_key(self.file, key)
        return fingerprint

    def _fingerprint(self, key: bytes) -> str:
        return Pseudonyms(key, self.survey, self.site).fingerprint


def _loose(file: Path, size: int | None) -> str:
    """Return what is wrong with rights, owner or size of a key file; empty when nothing is."""
    state = file.stat()
    if stat.S_IMODE(state.st_mode) & unlocked_key.OTHERS:
        return f"Others than its owner may read or change {file.name}. Run chmod 600 on it."
    if state.st_uid != os.geteuid():
        return f"{file.name} belongs to another user."
    if size is not None and state.st_size != size:
        return f"{file.name} does not hold {size} bytes. Run: workbench key restore"
    return ""
