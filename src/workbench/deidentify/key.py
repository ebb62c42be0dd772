"""The hospital's key file: 32 random bytes that only its owner may read.

Whoever holds the key can find a patient's pseudonym again; whoever loses it cannot.  It is
made once, at the hospital, and is never part of an upload, a log or a workspace export.
"""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from workbench.deidentify.pseudonym import KEY_BYTES
from workbench.errors import IdentityError

if TYPE_CHECKING:
    from pathlib import Path

OWNER_ONLY = 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create_key(path: Path) -> bytes:
    """Write a new key to ``path`` (mode 0600) and return it.

    Raises ``IdentityError`` when the file exists or cannot be written: a key is never
    replaced, for what was pseudonymised with it could not be continued.
    """
    key = secrets.token_bytes(KEY_BYTES)
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
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def load_key(path: Path) -> bytes:
    """Return the 32 bytes of a key file.

    Raises ``IdentityError`` when it is missing, readable for others or of another size.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
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
            f"the key file does not hold exactly {KEY_BYTES} bytes",
            "Restore it from the hospital's copy; a key cannot be repaired.",
        )
    return key
