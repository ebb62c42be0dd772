"""A key under a passphrase: Argon2id makes a key of the passphrase, AES-256-GCM wraps with it.

The file is 104 bytes: a mark with the version (16), the cost as three numbers of four bytes
(memory in KiB, passes, lanes), salt (16), nonce (12), the wrapped key (32) and its tag (16).
Everything before the wrapped key is authenticated with it, so a changed byte anywhere is noticed.

Argon2id: RFC 9106.  AES-GCM: NIST SP 800-38D; salt and nonce are new and random for each file.
"""

from __future__ import annotations

import secrets
import struct
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.deidentify.pseudonym import KEY_BYTES
from workbench.errors import IdentityError, MissingTool

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = b"workbench key 1\n"
COST = struct.Struct(">III")
SALT_BYTES = 16  # RFC 9106 section 3.1: 16 bytes are recommended
NONCE_BYTES = 12  # SP 800-38D section 8.2
TAG_BYTES = 16
HEADER_BYTES = len(MARK) + COST.size + SALT_BYTES + NONCE_BYTES
WRAPPED_BYTES = HEADER_BYTES + KEY_BYTES + TAG_BYTES
MIN_PASSPHRASE_LETTERS = (
    15  # characters: NIST SP 800-63B-4 section 3.1.1.2, where nothing else protects
)


@dataclass(frozen=True)
class Cost:
    """What trying one passphrase costs; as it stands, RFC 9106 section 4, second option.

    Attributes
    ----------
    memory_kib
        Memory in KiB.
    passes
        Passes over the memory.
    lanes
        Threads.
    """

    memory_kib: int = 2**16
    passes: int = 3
    lanes: int = 4

    @property
    def sane(self) -> bool:
        """Whether a file may ask for it: at most the 2 GiB of RFC 9106's first option."""
        return (
            1 <= self.passes <= 32
            and 1 <= self.lanes <= 32
            and 8 * self.lanes <= self.memory_kib <= 2**21
        )


def check_passphrase(passphrase: str) -> None:
    """Raise ``IdentityError`` when a new passphrase is too short."""
    if len(_normal(passphrase)) < MIN_PASSPHRASE_LETTERS:
        raise IdentityError(
            "the passphrase has fewer than {number} characters.",
            "Take five or six words drawn by lot.",
            number=MIN_PASSPHRASE_LETTERS,
        )


def wrap(key: bytes, passphrase: str, cost: Cost | None = None) -> bytes:
    """Return the key under a passphrase; two calls never return the same bytes."""
    cost = cost or Cost()
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    header = MARK + COST.pack(cost.memory_kib, cost.passes, cost.lanes) + salt + nonce
    return header + _cipher(passphrase, salt, cost).encrypt(nonce, key, header)


def unwrap(content: bytes, passphrase: str) -> bytes:
    """Return the key that was wrapped.

    Raises ``IdentityError`` when the passphrase is wrong or anything was changed; which of the
    two, nobody can tell.
    """
    from cryptography.exceptions import InvalidTag

    cost = cost_of(content)
    header, wrapped = content[:HEADER_BYTES], content[HEADER_BYTES:]
    salt, nonce = header[-SALT_BYTES - NONCE_BYTES : -NONCE_BYTES], header[-NONCE_BYTES:]
    try:
        key: bytes = _cipher(passphrase, salt, cost).decrypt(nonce, wrapped, header)
    except InvalidTag:
        raise IdentityError(
            "the passphrase is wrong, or the locked key was changed.",
            "Type it again; if it is lost: workbench key restore",
        ) from None
    return key


def cost_of(content: bytes) -> Cost:
    """Return the cost that a wrapped key names; raises ``IdentityError`` when it is none."""
    if len(content) != WRAPPED_BYTES or not content.startswith(MARK):
        raise _damaged()
    cost = Cost(*COST.unpack_from(content, len(MARK)))
    if not cost.sane:
        raise _damaged()
    return cost


def _cipher(passphrase: str, salt: bytes, cost: Cost) -> AESGCM:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        key = Argon2id(
            salt=salt, length=KEY_BYTES, iterations=cost.passes, lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(_normal(passphrase).encode("utf-8"))  # fmt: skip
    except UnsupportedAlgorithm:
        raise MissingTool(
            "this installation of 'cryptography' has no Argon2id.", "Install its newest wheel."
        ) from None
    except MemoryError:
        raise IdentityError(
            "there are no {size} MiB of memory for the passphrase.",
            "Close other programs.",
            size=cost.memory_kib // 1024,
        ) from None
    return AESGCM(key)


def _damaged() -> IdentityError:
    return IdentityError(
        "the locked key is damaged, or is no locked key of this version.",
        "Restore the file from a backup, or the key from its recovery sheet: workbench key restore",
    )


def _normal(passphrase: str) -> str:
    # RFC 8265 section 4.2.2: the same on every keyboard
    return unicodedata.normalize("NFC", passphrase)
