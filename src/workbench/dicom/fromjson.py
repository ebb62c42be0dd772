"""Encode the DICOM JSON model (PS3.18 annex F) as a data set in Explicit VR Little Endian.

What a web server tells then passes the same door as what a DICOM peer sends.  Values stay as they
were told, also those that their representation forbids: judging them is the reader's affair.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR

from workbench.dicom.jsonmodel import Item, first
from workbench.errors import DamagedObject

MAX_DEPTH = 64  # sequences inside sequences, as for any other object
KEY = re.compile(r"[0-9A-Fa-f]{8}\Z")
ITEM = b"\xfe\xff\x00\xe0"
PIXELS = frozenset(("7FE00008", "7FE00009", "7FE00010"))  # PS3.3 C.7.6.3 and C.7.6.24
CHARACTER_SET = "00080005"
# Where ASCII is not ASCII, or needs escapes (PS3.3 table C.12-2): JIS X 0201, code extensions.
OTHER_ASCII = re.compile(r"ISO_IR 13\Z|ISO 2022")
NUMBERS = {"FL": "f", "FD": "d", "SL": "i", "SS": "h", "UL": "I", "US": "H", "SV": "q", "UV": "Q"}
LONG = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
TEXT = frozenset((
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR",
    "UT",
))  # fmt: skip
MAX_SHORT_BYTES = 0xFFFE  # bytes of a value with a length of 16 bits, PS3.5 section 7.1.2


@dataclass
class _Notes:
    """What came up while a data set was encoded."""

    left: int = 0
    beyond_ascii: bool = False


class Left(Exception):  # noqa: N818 (not an error: the element is counted and left out)
    """An element cannot be encoded."""


def encode_json(item: Item) -> tuple[bytes, int]:
    """Return an encoded data set, and how many elements had to be left out of it.

    Pixel Data, group lengths and file meta information are left out without being counted; an
    element that is only pointed at (BulkDataURI) is counted.  Text is encoded in UTF-8 where it
    is beyond ASCII, and SpecificCharacterSet says so.  Raises ``DamagedObject`` when sequences
    are nested too deep or ``item`` is no data set.
    """
    notes = _Notes()
    try:
        character_set = "\\".join(
            str(term) for term in (item.get(CHARACTER_SET) or {}).get("Value") or ()
        )
        encoded = b"".join(_elements(item, 0, notes))
        if notes.beyond_ascii or OTHER_ASCII.search(character_set):
            item = {**item, CHARACTER_SET: {"vr": "CS", "Value": ["ISO_IR 192"]}}
            notes = _Notes()
            encoded = b"".join(_elements(item, 0, notes))
    except (AttributeError, TypeError, UnicodeError) as error:
        raise DamagedObject("not_a_dataset", "the answer is no data set in JSON") from error
    return encoded, notes.left


def told_syntax(item: Item) -> str:
    """Return the Transfer Syntax UID that the server says the object has; empty if none."""
    # AvailableTransferSyntaxUID (PS3.18 table 10.6.3-5), or group 0002, which does not belong
    # into metadata but is common there.
    return told(item, "00083002") or told(item, "00020010")


def told(item: Item, key: str) -> str:
    """Return the first value of an element as text; empty when there is none worth the name."""
    try:
        return str(first(item, key) or "").strip(" \0")
    except (AttributeError, TypeError):
        return ""


def _elements(item: Item, depth: int, notes: _Notes) -> Iterator[bytes]:
    if depth > MAX_DEPTH:
        raise DamagedObject("too_deep", "sequences are nested too deep")
    for key in sorted(item, key=str.upper):
        if not KEY.match(key) or key[:4] in ("0000", "0002") or key[4:] == "0000":
            continue
        if key.upper() in PIXELS or (depth and key == CHARACTER_SET) or key == "00083002":
            continue
        try:
            yield _element(int(key, 16), item[key], depth, notes)
        except Left:
            notes.left += 1


def _element(tag: int, element: dict[str, Any], depth: int, notes: _Notes) -> bytes:
    vr = str(element.get("vr") or _known_vr(tag))
    if vr == "SQ":
        items = element.get("Value") or ()
        value = b"".join(_item(item or {}, depth + 1, notes) for item in items)
    elif "InlineBinary" in element:
        value = _binary(element["InlineBinary"])
    elif "BulkDataURI" in element:
        raise Left
    else:
        vr, value = _value(vr, element.get("Value") or [])
        notes.beyond_ascii |= vr in TEXT and not value.isascii()
    value += b"\0" * (len(value) % 2)
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if vr not in LONG and len(value) > MAX_SHORT_BYTES:
        vr = "UN"  # PS3.5 section 6.2.2, note 2 of item 2
    if vr in LONG:
        return start + struct.pack("<2sHI", vr.encode("ascii"), 0, len(value)) + value
    return start + struct.pack("<2sH", vr.encode("ascii"), len(value)) + value


def _item(item: Item, depth: int, notes: _Notes) -> bytes:
    encoded = b"".join(_elements(item, depth, notes))
    return ITEM + struct.pack("<I", len(encoded)) + encoded


def _known_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return "UN"


def _binary(text: Any) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Left from error


def _value(vr: str, values: list[Any]) -> tuple[str, bytes]:
    if vr in NUMBERS or vr == "AT":
        encode = _tag if vr == "AT" else _number(NUMBERS[vr])
        try:
            return vr, b"".join(encode(value) for value in values if value is not None)
        except (struct.error, ValueError, OverflowError, TypeError) as error:
            raise Left from error
    if vr not in TEXT:
        if values:
            raise Left  # a binary value told as numbers, or a VR that does not exist
        return vr if vr in LONG else "UN", b""
    text = "\\".join(_text(value) for value in values)
    padding = "\0" if vr == "UI" else " "
    encoded = text.encode("utf-8")
    return vr, encoded + padding.encode("ascii") * (len(encoded) % 2)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):  # a person's name, PS3.18 F.2.2
        groups = [str(value.get(kind) or "") for kind in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.0f}"  # short, and minus zero keeps its sign
    return str(value)


def _tag(value: Any) -> bytes:
    number = int(str(value), 16)
    return struct.pack("<HH", number >> 16, number & 0xFFFF)


def _number(kind: str) -> Callable[[Any], bytes]:
    convert = float if kind in "fd" else int
    return lambda value: struct.pack(f"<{kind}", convert(value))
