"""Pseudonyms recomputed from their published scheme (docs/deidentify.md), to compare with.

secret = HMAC-SHA256(key, "wb-deid/v1/" + survey)
value = HMAC-SHA256(secret, domain + 00 + what is replaced)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from datetime import date, timedelta

SCHEME = "wb-deid/v1/"
MAX_CLOCK_MIN = 60  # minutes by which a patient's own clock may differ (docs/deidentify.md, times)
CLOCK = re.compile(r"(\d{8})(\d{2})(\d{2})?(?:\d{2}(?:\.\d+)?)?([+-]\d{4})?\Z")


class Scheme:
    """The pseudonyms of one key, survey and site; ``issuer`` is of IDs that name none."""

    def __init__(self, key: bytes, survey: str, site: str, issuer: str = "") -> None:
        self._secret = hmac.new(key, (SCHEME + survey).encode(), hashlib.sha256).digest()
        self._site = site
        self._issuer = issuer

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the secret's SHA-256."""
        return hashlib.sha256(self._secret).hexdigest()[:16]

    def patient(self, issuer: str, identifier: str) -> str:
        """Return site, hyphen and the first 20 letters of the value in base 32 (RFC 4648)."""
        text = base64.b32encode(self._value(b"pid", self._who(issuer, identifier))).decode()
        return f"{self._site}-{text[:20]}"

    def uid(self, uid: str) -> str:
        """Return 2.25 and the first 16 bytes as a UUID of version 8 (RFC 9562 5.8)."""
        number = int.from_bytes(self._value(b"uid", uid.encode())[:16], "big")
        number &= ~(0xF << 76) & ~(0x3 << 62)
        return f"2.25.{number | 8 << 76 | 2 << 62}"

    def days(self, issuer: str, identifier: str) -> int:
        """Return by how many days a patient's dates move back: 1 to 3650."""
        value = self._value(b"shift", self._who(issuer, identifier))
        return int.from_bytes(value[:8], "big") % 3650 + 1

    def _who(self, issuer: str, identifier: str) -> bytes:
        told = issuer.strip() or identifier.startswith("no-id:")
        return _who(issuer if told else self._issuer, identifier)

    def _value(self, domain: bytes, value: bytes) -> bytes:
        return hmac.new(self._secret, domain + b"\x00" + value, hashlib.sha256).digest()


def _who(issuer: str, identifier: str) -> bytes:
    issuer, identifier = (
        unicodedata.normalize("NFC", text.strip()) for text in (issuer, identifier)
    )
    return issuer.encode() + b"\x00" + identifier.encode()


def moved(text: str, days: int) -> str | None:
    """Return a DA, or the day of a DT with the rest behind it, moved back; ``None`` if it is none.

    Dates with dots or dashes are the forms of older editions (PS3.5 6.2).
    """
    digits = text.strip().replace(".", "").replace("-", "") if len(text.strip()) == 10 else text
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) - timedelta(days)
    except (ValueError, OverflowError):
        return None
    # Of a second DICOM has six digits (PS3.5 6.2, DT); what some write behind them may be cut off.
    rest = re.sub(r"(\.\d{6})\d{1,3}(?=[+-]|$)", r"\1", digits[8:].strip())
    return f"{day.year:04d}{day.month:02d}{day.day:02d}{rest}"


def near(text: str, expected: str) -> bool:
    """Say whether a DT is of the expected day and zone, its time gone or by another clock.

    The day is what identifies (45 CFR 164.514(b)(2)(i)(C)); ``told_times`` judges times of day by
    what the survey promises of them.
    """
    these, those = CLOCK.match(text), CLOCK.match(expected)
    if those is None:
        return False
    if these is None:  # a day alone, perhaps with a zone
        return len(expected) > 8 and text[:8] == expected[:8] and text[8:] in ("", those[4])
    minutes = [60 * int(match[2]) + int(match[3] or 0) for match in (these, those)]
    apart = abs(minutes[0] - minutes[1])
    parts = (those[4] or "00")[-2:] != "00"  # a zone with parts of an hour may be left out
    zone = these[4] == those[4] or (parts and these[4] is None)
    return these[1] == those[1] and zone and apart <= MAX_CLOCK_MIN
