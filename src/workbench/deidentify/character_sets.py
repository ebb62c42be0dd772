"""Bytes as text where the character set that an object declares may not be that of its bytes.

A text is *doubtful* when its bytes are not letters of the set declared, when none is declared for
bytes beyond ASCII (PS3.5 6.1.2: ISO 646 then), or when bytes declared as of another set form UTF-8,
which other text hardly does by chance.  What is doubtful is read as UTF-8 where it is UTF-8, and
what of it may leave is decided as if nobody could read it: known words only.  Names in doubtful
bytes are sought in every reading that gives letters.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from pydicom.charset import decode_bytes, default_encoding
from pydicom.valuerep import TEXT_VR_DELIMS

if TYPE_CHECKING:
    from collections.abc import Sequence

ESCAPE = b"\x1b"  # opens another character set, ISO/IEC 2022
UTF_8 = "UTF8"  # as pydicom calls ISO_IR 192
# What machines write without saying so.
USUAL = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r",
    "shift_jis", "euc_jp", "euc_kr", "gb18030", "big5", "cp437", "cp850",
)  # fmt: skip
UNREADABLE = frozenset({"Cc", "Co", "Cn"})  # Unicode's categories of what no one writes
SIGNS = frozenset("^=\\'’-., ()")  # beside letters in names


class DecodedText(NamedTuple):
    """A text as it was read, and whether its character set is doubtful."""

    text: str
    doubtful: bool


def read(raw: bytes, encodings: Sequence[str] | str | None) -> DecodedText:
    """Return bytes as text; ``encodings`` are what pydicom makes of SpecificCharacterSet."""
    escaped = ESCAPE in raw
    if raw.isascii() and not escaped:
        return DecodedText(raw.decode("ascii"), doubtful=False)
    declared = _declared(encodings)
    if not escaped and declared[0] != UTF_8:
        utf_8 = _strictly(raw, "utf-8")
        if utf_8 is not None:
            return DecodedText(utf_8, doubtful=True)
    text = decode_bytes(raw, declared, TEXT_VR_DELIMS)
    # Without an escape, bytes of the upper half mean nothing in ISO 646.
    undeclared = declared[0] == default_encoding and not (escaped and len(declared) > 1)
    return DecodedText(text, undeclared or _is_odd(text))


def as_declared(raw: bytes, encodings: Sequence[str] | str | None) -> str:
    """Return bytes as the text that they are in the character set declared."""
    if raw.isascii() and ESCAPE not in raw:
        return raw.decode("ascii")
    return decode_bytes(raw, _declared(encodings), TEXT_VR_DELIMS)


def readings(raw: bytes, encodings: Sequence[str] | str | None) -> tuple[str, ...]:
    """Return every text that a name's bytes can be; more than one only where that is doubtful."""
    first = read(raw, encodings)
    if not first.doubtful:
        return (first.text,)
    declared = as_declared(raw, encodings)
    if first.text != declared:  # it is UTF-8
        return first.text, declared
    others = (_strictly(raw, encoding) for encoding in USUAL)
    return tuple(dict.fromkeys([declared, *(text for text in others if text and _is_name(text))]))


def reread(text: str) -> DecodedText:
    """Return a text that somebody else read from bytes, UTF-8 put right."""
    if text.isascii():
        return DecodedText(text, doubtful=False)
    for encoding in ("latin-1", "cp1252"):
        raw = _written(text, encoding)
        utf_8 = _strictly(raw, "utf-8") if raw is not None else None
        if utf_8 is not None:
            return DecodedText(utf_8, doubtful=True)
    return DecodedText(text, _is_odd(text))


def _declared(encodings: Sequence[str] | str | None) -> list[str]:
    return (
        [encodings]
        if isinstance(encodings, str) and encodings
        else list(encodings or ()) or [default_encoding]
    )


def _strictly(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeError:
        return None


def _written(text: str, encoding: str) -> bytes | None:
    try:
        return text.encode(encoding)
    except UnicodeError:
        return None


def _is_odd(text: str) -> bool:
    """Say whether a text has signs that no writer means: control codes, and unread letters."""
    return any(
        letter == "\ufffd" or unicodedata.category(letter) in UNREADABLE
        for letter in text
        if not letter.isascii() or letter == "\x1b"
    )


def _is_name(text: str) -> bool:
    return all(
        letter.isalpha() or letter in SIGNS or unicodedata.combining(letter) for letter in text
    )
