"""The hospital's key file: 32 random bytes that only its owner may read.

Whoever holds the key can find a patient's pseudonym again; whoever loses it cannot.  It is
made once, at the hospital, and is never part of an upload, a log or a workspace export.

The file may be locked with a passphrase (``hospital.key.locked``): the plain one is gone then, and
programs find the key only while an unlocked copy lies in memory.
"""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from workbench.deidentify import unlocked_key
from workbench.deidentify.key_wrapping import Cost, check_passphrase, unwrap, wrap
from workbench.deidentify.pseudonym import KEY_BYTES
from workbench.errors import IdentityError

if TYPE_CHECKING:
    from pathlib import Path

OWNER_ONLY = 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create_key(path: Path, key: bytes | None = None) -> bytes:
    """Write a new key, or the one given, to ``path`` (mode 0600) and return it.

    Raises ``IdentityError`` when the file or its locked form exists, or it cannot be written: a
    key is never replaced, for what was pseudonymised with it could not be continued.
    """
    key = secrets.token_bytes(KEY_BYTES) if key is None else key
    if unlocked_key.locked_file(path).exists():
        raise IdentityError("there is a locked key already.", "Run: workbench key unlock")
    _write_new(path, key)
    return key


def load_key(path: Path) -> bytes:
    """Return the 32 bytes of a key file, or of the unlocked copy where the file is locked.

    Raises ``IdentityError`` when it is missing, locked, readable for others or of another size.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and unlocked_key.locked_file(path).exists():
            return _unlocked(path)
        raise IdentityError(
            "the key file cannot be read", "Name the hospital's key file, or make one first."
        ) from error
    if mode & OTHERS:
        raise IdentityError(
            "the key file may be read or changed by others than its owner",
            "Run chmod 600 on it; if others have seen it, make a new key.",
        )
    if len(key) != KEY_BYTES:
        raise IdentityError(
            "the key file does not hold exactly {number} bytes",
            "Restore it from the hospital's copy; a key cannot be repaired.",
            number=KEY_BYTES,
        )
    return key


def protect_key(path: Path, passphrase: str, cost: Cost | None = None) -> None:
    """Put the key under a passphrase and remove the plain file.

    The plain file goes only after the locked one was read back and opened.  Cut off in between,
    it may be run again with the same passphrase.  Raises ``IdentityError`` when there is no plain
    file, the passphrase is too short, or a locked key is there that holds another key.
    """
    if not path.exists() and unlocked_key.locked_file(path).exists():
        raise IdentityError("the key is locked already.")
    key = load_key(path)
    locked = unlocked_key.locked_file(path)
    if not locked.exists():
        check_passphrase(passphrase)
        draft = locked.with_name(f"{locked.name}.{secrets.token_hex(4)}")
        _write_new(draft, wrap(key, passphrase, cost))
        draft.replace(locked)
    if unwrap(locked.read_bytes(), passphrase) != key:
        raise IdentityError(
            "the locked key is not the one in the plain file.", "Move one of the two files away."
        )
    unlocked_key.overwrite(path)
    path.unlink()
    _sync(path.parent)


def unlock_key(path: Path, passphrase: str, hours: float | None = None) -> None:
    """Open the locked key and keep a copy in memory, for ``hours`` or until a restart.

    Raises ``IdentityError`` when nothing is locked, the passphrase is wrong, or there is no
    place in memory.
    """
    try:
        content = unlocked_key.locked_file(path).read_bytes()
    except OSError:
        raise IdentityError("there is no locked key here.") from None
    unlocked_key.keep_unlocked(path, unwrap(content, passphrase), hours)


def _unlocked(path: Path) -> bytes:
    key = unlocked_key.read_unlocked(path)
    if key is None:
        raise IdentityError("the key is locked.", "Run: workbench key unlock -w WORKSPACE")
    return key


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, durably; raise ``IdentityError`` if it exists."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        raise IdentityError(
            "the key file exists already", "Use it, or name another file for another hospital."
        ) from None
    except OSError as error:
        raise IdentityError(
            "the key file cannot be made", "Make its folder and check its rights."
        ) from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), OWNER_ONLY)  # an unusual umask must not widen or narrow it
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable, not the files alone."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems cannot; they need not
        pass
    finally:
        os.close(handle)
