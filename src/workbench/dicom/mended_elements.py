"""Elements whose head is not as the standard has it, where only one reading of it fits.

Some writers leave the value representation blank, or write one that does not exist.  Where such
an element ends can be told if exactly one way of reading its length ends at the head of another
element or with the data set; otherwise it is not read.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import NamedTuple

from pydicom.datadict import dictionary_VR

# PS3.5 table 7.1-1: value representations whose length takes four bytes after two reserved ones.
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
ITEM_END, SEQUENCE_END = 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
HEAD, WORD, LONG = struct.Struct("<HH2sH"), struct.Struct("<H"), struct.Struct("<I")
LONG_HEAD_BYTES = 12


class Mended(NamedTuple):
    """Value representation, length and value offset of an element, and its head's bytes.

    ``head`` is what must stand behind the tag for every reader to see that.
    """

    vr: bytes
    length: int
    value: int
    head: bytes


def mended(buffer: memoryview, position: int, stop: int, tag: int) -> Mended | None:
    """Return the one reading of an element without a known VR (little endian), or ``None``."""
    readings: dict[int, Mended] = {}
    for reading in _readings(buffer, position, stop, tag):
        end = reading.value + reading.length
        if end <= stop and _followed(buffer, end, stop, tag):
            readings.setdefault(end, reading)
    return next(iter(readings.values())) if len(readings) == 1 else None


def _readings(buffer: memoryview, position: int, stop: int, tag: int) -> list[Mended]:
    vr = _known_vr(tag)
    short = vr if vr in SHORT_VRS else b"LO"
    (size,) = WORD.unpack_from(buffer, position + 6)
    found = [Mended(short, size, position + 8, short + WORD.pack(size))]
    (size,) = LONG.unpack_from(buffer, position + 4)
    if size <= 0xFFFF:
        found.append(Mended(short, size, position + 8, short + WORD.pack(size)))
    if stop - position >= LONG_HEAD_BYTES and not any(buffer[position + 6 : position + 8]):
        (size,) = LONG.unpack_from(buffer, position + 8)
        long = vr if vr in LONG_VRS and vr != b"SQ" else b"UN"
        found.append(Mended(long, size, position + 12, long + b"\0\0" + LONG.pack(size)))
    return found


def _followed(buffer: memoryview, end: int, stop: int, tag: int) -> bool:
    """Whether the data set ends at ``end``, or another element begins there."""
    if end == stop:
        return True
    if stop - end < HEAD.size:
        return False
    group, number, vr, size = HEAD.unpack_from(buffer, end)
    following = group << 16 | number
    if following in (ITEM_END, SEQUENCE_END):
        return bool(vr == b"\0\0" and size == 0)
    return bool(following > tag and vr in LONG_VRS | SHORT_VRS)


def no_element(buffer: memoryview, position: int, stop: int, explicit: bool) -> bool:
    """Whether what stands behind Pixel Data cannot be the head of an element (PS3.5 7.1).

    Some writers declare fewer bytes of Pixel Data than they write.
    """
    if stop - position < HEAD.size:
        return True
    group, number, vr, _ = HEAD.unpack_from(buffer, position)
    if (group << 16 | number) <= PIXEL_DATA:
        return True
    return explicit and vr not in LONG_VRS | SHORT_VRS


@cache
def _known_vr(tag: int) -> bytes:
    try:
        return dictionary_VR(tag).encode("ascii")[:2]
    except KeyError:
        return b"UN"
