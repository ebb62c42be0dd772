"""Keyed pseudonyms: the same patient and UID always get the same replacement, under one key.

The hospital's 32-byte key never leaves it.  From the key and the survey's project name follows
a secret of that survey alone, so two surveys cannot be linked; from the secret follow patient
pseudonyms, UIDs and one date shift a patient, all by HMAC-SHA256 (RFC 2104, RFC 6234).  A plain
hash would not do: all seven-digit patient IDs can be tried in seconds.

Changing anything here breaks the link to data already collected; ``SCHEME`` must change with it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from base64 import b32encode
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import IdentityError

if TYPE_CHECKING:
    from workbench.deidentify.field_encryption import FieldCipher

SCHEME = "wb-deid/v1/"
KEY_BYTES = 32
PSEUDONYM_LETTERS = 20  # 100 bits: no collision to be expected in 10^12 patients
MAX_SHIFT_DAYS = 3650  # days
NO_IDENTIFIER = "no-id:"
SITE = re.compile(r"[A-Za-z0-9]{1,16}\Z")
# As a value of VR LO (PS3.5 table 6.2-1); * and ? would ask for other patients.
ISSUER = re.compile(r"[^\\*?\x00-\x1f\x7f]{0,64}\Z")
SEALED = b"workbench patients"  # tells the fields sealed in the catalogue from those of other files


@dataclass(frozen=True, repr=False)
class PatientPseudonym:
    """Under what a patient's objects leave; never printed, for the shift undoes dates.

    Attributes
    ----------
    name
        The pseudonym.
    shift_days
        By how many days all dates move into the past.
    clock_secret
        The 32 bytes of the patient's clock (``patient_clock.PatientClock``).
    """

    name: str
    shift_days: int
    clock_secret: bytes


class Pseudonyms:
    """Replacements for one project (survey) at one site (hospital).

    Parameters
    ----------
    key
        The hospital's 32 secret bytes (``key.load_key``).
    project
        Name of the survey; another name gives unlinkable pseudonyms.
    site
        1 to 16 letters or digits that open each patient pseudonym, such as ``LU01``.
    issuer
        Who issued the patient IDs that name no issuer: an ID without one is then the same as
        one with this.
    """

    def __init__(self, key: bytes, project: str, site: str, issuer: str = "") -> None:
        if len(key) != KEY_BYTES:
            raise IdentityError(
                "the key has {number} bytes instead of {wanted}",
                "Make one with workbench.deidentify.key.create_key.",
                number=len(key),
                wanted=KEY_BYTES,
            )
        if not project or not SITE.match(site):
            raise IdentityError(
                "project or site is not usable",
                "Give a project name, and a site of 1 to 16 letters or digits.",
            )
        if not ISSUER.match(issuer):
            raise IdentityError(
                "the site's issuer of patient IDs is not usable",
                "Give [survey] issuer up to 64 characters, without a backslash and wildcards.",
            )
        self.site = site
        self.issuer = issuer
        self._secret = hmac.digest(key, (SCHEME + project).encode("utf-8"), "sha256")

    def __repr__(self) -> str:
        return f"Pseudonyms(site={self.site!r}, fingerprint={self.fingerprint!r})"

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that tell two keys or projects apart, and nothing else."""
        return hashlib.sha256(self._secret).hexdigest()[:16]

    def patient(self, issuer: str, patient_id: str) -> str:
        """Return the pseudonym of a patient.

        Blanks around issuer and ID are ignored and Unicode is composed (NFC); letter case
        and leading zeros count.
        """
        letters = b32encode(self._keyed("pid", self._identity(issuer, patient_id))).decode("ascii")
        return f"{self.site}-{letters[:PSEUDONYM_LETTERS]}"

    def of(self, issuer: str, patient_id: str) -> PatientPseudonym:
        """Return all that a patient's objects leave under."""
        who = issuer, patient_id
        return PatientPseudonym(self.patient(*who), self.shift_days(*who), self.clock_secret(*who))

    def of_no_issuer(self, patient_id: str) -> PatientPseudonym:
        """Return what an ID without an issuer leaves under where the site has no default."""
        without = copy(self)
        without.issuer = ""
        return without.of("", patient_id)

    def _identity(self, issuer: str, patient_id: str) -> bytes:
        if not issuer.strip() and not patient_id.startswith(NO_IDENTIFIER):
            issuer = self.issuer
        return _identity(issuer, patient_id)

    def uid(self, uid: str) -> str:
        """Return a UID of root 2.25 (PS3.5 annex B.2) made of a version 8 UUID (RFC 9562)."""
        half = bytearray(self._keyed("uid", uid.encode("utf-8"))[:16])
        half[6] = half[6] & 0x0F | 0x80
        half[8] = half[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(half, 'big')}"

    def shift_days(self, issuer: str, patient_id: str) -> int:
        """Return by how many days (1 to 3650) all dates of a patient move into the past."""
        head = self._keyed("shift", self._identity(issuer, patient_id))[:8]
        return 1 + int.from_bytes(head, "big") % MAX_SHIFT_DAYS

    def clock_secret(self, issuer: str, patient_id: str) -> bytes:
        """Return the 32 bytes of a patient's clock (``patient_clock.PatientClock``)."""
        return self._keyed("clock", self._identity(issuer, patient_id))

    def digest(self, value: bytes) -> str:
        """Return a name for ``value`` (a file's place, an encoding) that tells nothing of it."""
        return self._keyed("digest", value).hex()

    def cipher(self) -> FieldCipher:
        """Return what encrypts what the hospital alone may read of its patients here."""
        from workbench.deidentify.field_encryption import FieldCipher

        return FieldCipher(self._secret, SEALED)

    def _keyed(self, domain: str, value: bytes) -> bytes:
        return hmac.digest(self._secret, domain.encode("ascii") + b"\0" + value, "sha256")


def _identity(issuer: str, patient_id: str) -> bytes:
    parts = (unicodedata.normalize("NFC", part.strip()) for part in (issuer, patient_id))
    return "\0".join(parts).encode("utf-8")
