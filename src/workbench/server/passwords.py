"""How each right is proved: by an address that is new with every start, or by a password.

``passwords.json`` in the workspace holds Argon2id hashes (RFC 9106), readable by its owner only.
A right that does not stand there is given by the address that ``workbench serve`` prints for it.
"""

from __future__ import annotations

import json
import secrets
import threading
import unicodedata
from pathlib import Path

from workbench.errors import SettingsError
from workbench.file_modes import write_private
from workbench.rights import PASSWORDS_FILE as FILE
from workbench.rights import Right, Rights

NOBODY = "nobody"  # in place of a hash: the right is switched off
MIN_PASSWORD_LETTERS = 15  # NIST SP 800-63B-4 section 3.1.1.2, where nothing else protects
MAX_PASSWORD_LETTERS = 1000
MEMORY_KIB, PASSES, LANES = 2**16, 3, 4  # RFC 9106 section 4, second option
SALT_BYTES = 16


class Passwords:
    """What is set in a workspace; raises ``SettingsError`` when its file cannot be read."""

    def __init__(self, workspace: Path) -> None:
        self._file = workspace / FILE
        self._hashes = _read(self._file)
        # One at a time: each trial takes 64 MiB.
        self._trial = threading.Lock()

    def state(self, right: Right) -> str:
        """Return ``address``, ``password`` or ``nobody``."""
        known = self._hashes.get(right)
        return "address" if known is None else NOBODY if known == NOBODY else "password"

    def any(self) -> bool:
        """Say whether some right is proved by a password."""
        return any(self.state(right) == "password" for right in Right)

    def granted(self, password: str) -> Rights:
        """Return the rights that have this password; takes a tenth of a second for each set."""
        if not password or len(password) > MAX_PASSWORD_LETTERS:
            return Rights()
        with self._trial:
            return Rights.of(
                right for right, known in self._hashes.items()
                if known != NOBODY and _right_password(password, known)
            )  # fmt: skip

    def set(self, right: Right, password: str) -> None:
        """Give a right to who knows this password; raises ``SettingsError`` for a short one."""
        if len(_normal(password)) < MIN_PASSWORD_LETTERS or len(password) > MAX_PASSWORD_LETTERS:
            raise SettingsError(
                "a password needs {least} characters or more.",
                "Take four or five words drawn by lot.",
                least=MIN_PASSWORD_LETTERS,
            )
        if self.granted(password).given - {right}:
            raise SettingsError("another right has that password.", "Take one for each right.")
        self._write({**self._hashes, right: _hashed(password)})

    def forget(self, right: Right) -> None:
        """Give a right to who has the address that is printed at the server's next start."""
        self._write({known: text for known, text in self._hashes.items() if known != right})

    def switch_off(self, right: Right) -> None:
        """Give a right to nobody."""
        self._write({**self._hashes, right: NOBODY})

    def _write(self, hashes: dict[Right, str]) -> None:
        write_private(self._file, json.dumps(hashes, indent=1))
        self._hashes = hashes


def _read(file: Path) -> dict[Right, str]:
    if not file.exists():
        return {}
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError(
                "others than its owner may read or change {file}.",
                "Run chmod 600 on it, and set the passwords anew if others have seen it.",
                file=FILE,
            )
        table = json.loads(file.read_text("ascii"))
        return {Right(name): str(text) for name, text in table.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(
            "{file} cannot be read.", "Remove it, then: workbench rights set", file=FILE
        ) from error


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode()


def _hashed(password: str) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(
        salt=secrets.token_bytes(SALT_BYTES), length=32, iterations=PASSES, lanes=LANES,
        memory_cost=MEMORY_KIB,
    )  # fmt: skip
    return kdf.derive_phc_encoded(_normal(password))


def _right_password(password: str, known: str) -> bool:
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(_normal(password), known)
    except (InvalidKey, ValueError):
        return False
    return True
