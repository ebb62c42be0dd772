"""Fields of a file, encrypted under the hospital's key, that can still be looked up.

AES-256-GCM with a new random nonce for each field (NIST SP 800-38D); the field's place (table,
column, row) is authenticated with it, so a field that was moved elsewhere is noticed.  Equal
values give different bytes; to find one again, an index is kept beside it: HMAC-SHA256 (RFC 2104)
of place and value.  The two keys follow from the hospital's by HKDF-SHA256 (RFC 5869), each with a
name of its own, and with a salt of the file's own, so that two files cannot be compared.

Random nonces serve for 2^32 fields under one key (SP 800-38D section 8.3).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.errors import IdentityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "workbench field 1/"
SALT_BYTES = 16
NONCE_BYTES = 12  # SP 800-38D section 8.2
TAG_BYTES = 16
INDEX_BYTES = 32
SEPARATOR = b"\x1f"  # stands in no name of ours; each part's length is told before it, too


class FieldCipher:
    """What encrypts the fields of one file, and finds them again.

    Parameters
    ----------
    key
        The hospital's 32 secret bytes.
    salt
        The file's own, of ``SALT_BYTES`` random bytes; not secret.
    """

    def __init__(self, key: bytes, salt: bytes) -> None:
        self._index_key = _derived(key, salt, "index")
        self._field_key = _derived(key, salt, "field")

    def __repr__(self) -> str:
        return "FieldCipher()"

    def encrypt(self, content: bytes, *place: str) -> bytes:
        """Return the encrypted bytes of a field that stands at ``place``; never the same twice."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, _joined(place))

    def decrypt(self, encrypted: bytes, *place: str) -> bytes:
        """Return what a field at ``place`` holds.

        Raises ``IdentityError`` when anything of it was changed, it stood elsewhere, or the key
        is another one: which of these, nobody can tell.
        """
        from cryptography.exceptions import InvalidTag

        nonce, wrapped = encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:]
        try:
            content: bytes = self._cipher.decrypt(nonce, wrapped, _joined(place))
        except (InvalidTag, ValueError):
            raise IdentityError(
                "an encrypted field was changed or moved.", "Restore the file from a backup."
            ) from None
        return content

    def index(self, *words: str) -> bytes:
        """Return what stands for words (the place first) in a look-up; the same each time."""
        return hmac.digest(self._index_key, _joined(words), "sha256")

    @cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._field_key)


def _derived(key: bytes, salt: bytes, purpose: str) -> bytes:
    """Return 32 bytes by HKDF-SHA256: extract with the salt, expand once with the purpose."""
    extracted = hmac.digest(salt, key, "sha256")
    return hmac.digest(extracted, f"{SCHEME}{purpose}".encode() + b"\x01", hashlib.sha256)


def _joined(words: tuple[str, ...]) -> bytes:
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    return SEPARATOR.join(b"%d:%b" % (len(word), word) for word in encoded)
