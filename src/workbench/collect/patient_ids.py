"""Whether a patient ID that a PACS tells is the one asked for, however it writes it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress

UNICODE = "ISO_IR 192"
# Single-byte sets, for a PACS that does not understand UTF-8 (PS3.3 C.12.1.1.2).
SINGLE_BYTE = {
    "ISO_IR 100": "iso8859_1", "ISO_IR 101": "iso8859_2", "ISO_IR 144": "iso8859_5",
    "ISO_IR 126": "iso8859_7",
}  # fmt: skip


def is_same(told: str, asked: str) -> bool:
    """Whether a PACS's text is the one asked for, but for padding and the way it is encoded."""
    readings = {told.strip()}
    with suppress(UnicodeError):  # UTF-8 that was not declared
        readings.add(told.strip().encode("latin-1").decode("utf-8"))
    return unicodedata.normalize("NFC", asked.strip()) in {
        unicodedata.normalize("NFC", reading) for reading in readings
    }


def is_alike(told: str, asked: str) -> bool:
    """Whether two IDs differ in letter case, blanks or leading zeros only, if at all."""

    def plain(value: str) -> str:
        joined = "".join(unicodedata.normalize("NFKC", value).split())
        return joined.casefold().lstrip("0")

    return plain(told) == plain(asked)


def character_sets(value: str) -> Iterator[str]:
    """Yield the defined terms of the character sets to ask for a text in, one after the other."""
    yield UNICODE
    if value.isascii():
        return
    for term, codec in SINGLE_BYTE.items():
        try:
            unicodedata.normalize("NFC", value).encode(codec)
        except UnicodeEncodeError:
            continue
        yield term
        return
