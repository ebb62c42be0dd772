"""Cut a well-formed data set into its top-level elements, as fast as plain Python can.

Only tags, value representations and lengths are read (PS3.5 section 7), down to the last nested
element.  Whatever is out of the ordinary raises ``NotPlainError``: the caller then takes the longer
way through ``walk``, which says what is wrong.  So this module decides nothing; it must only never
accept what ``walk`` refuses or remarks upon.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple

from pydicom._dicom_dict import DicomDictionary
from pydicom.charset import python_encoding
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from workbench.dicom.fast.stretches import HEAD_BYTES, Run, Runs
from workbench.dicom.walk import (
    ITEM,
    ITEM_END,
    LONG_VRS,
    PIXELS,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    looks_explicit,
)

EXPLICIT, IMPLICIT = struct.Struct("<HH2sH").unpack_from, struct.Struct("<HHI").unpack_from
LONG = struct.Struct("<I").unpack_from
HEADS = 4_096  # heads of elements remembered; they hold no values
MAX_DEPTH = 16  # levels of sequences; deeper ones go the longer way
MAX_HEADER_BYTES = 1 << 18  # bytes of a header; larger ones go the longer way
# A first element as long as this may look like one with a value representation, or without.
MAX_FIRST_BYTES = 0x4000
DELIMITERS = 0xFFFE
HIGHEST = DELIMITERS << 16  # tags of a data set are below
FIRST_GROUP = 0x0008  # of a data set: groups below belong to files and messages
ITEM_BYTES = struct.pack("<HH", ITEM >> 16, ITEM & 0xFFFF)
SEQUENCE_ENDS = struct.pack("<HHI", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
ITEM_ENDS = struct.pack("<HHI", ITEM_END >> 16, ITEM_END & 0xFFFF, 0)
META_GROUP = b"\x02\0"
TRANSFER_SYNTAX, MEDIA_STORAGE = 0x0010, 0x0002  # elements of group 0002
CHARACTER_SET, SOP_INSTANCE, SOP_CLASS = 0x00080005, 0x00080018, 0x00080016
UIDS = frozenset({SOP_CLASS, SOP_INSTANCE, 0x0020000D, 0x0020000E})
PLAIN_UID = re.compile(rb"[0-9.]{1,64}\0?\Z")
PLAIN_TERMS = re.compile(rb"[A-Z0-9_ \\]*\Z")
NO_RUNS: Mapping[bytes, Run] = MappingProxyType({})


@dataclass(frozen=True)
class Cut:
    """The top-level elements of a data set without Pixel Data.

    Attributes
    ----------
    explicit
        Whether elements carry their value representations; bytes are little endian.
    elements
        Bytes of each element, head and value, by tag, in the order of the tags.
    encoded
        The data set without Pixel Data.
    sequences
        Tags of those elements that hold items.
    """

    explicit: bool
    elements: dict[int, bytes]
    encoded: bytes
    sequences: tuple[int, ...]

    def value(self, tag: int) -> bytes:
        """Return the bytes of a value; empty when the element is absent."""
        element = self.elements.get(tag)
        return element[head_length(element, self.explicit) :] if element else b""


def head_length(element: bytes, explicit: bool) -> int:
    """Return how many bytes tag, value representation and length of an element take."""
    return 12 if explicit and element[4:6] in LONG_VRS else 8


class NotPlainError(Exception):
    """Something that the longer way must look at; ``reason`` says what, and holds no value."""

    def __init__(self, reason: str = "structure") -> None:
        super().__init__(reason)
        self.reason = reason


class PlainMeta(NamedTuple):
    """File meta information: offset behind it, Transfer Syntax and SOP Class UIDs."""

    end: int
    syntax: str
    storage: str


def plain_meta(head: bytes, start: int) -> PlainMeta:
    """Return what the file meta information at ``start`` says; raises ``NotPlainError``."""
    position, lowest, elements = start, 0, {}
    try:
        while head[position : position + 2] == META_GROUP:
            _, number, vr, length = EXPLICIT(head, position)
            value = position + 8
            if vr not in SHORT_VRS:
                (length,) = LONG(head, value)
                value += 4
            if number < lowest or (vr not in SHORT_VRS and vr not in (b"OB", b"UN")):
                raise NotPlainError("file_meta")
            elements[number] = head[value : value + length]
            lowest, position = number + 1, value + length
    except struct.error:
        raise NotPlainError("file_meta") from None
    uids = [elements.get(number, b"") for number in (TRANSFER_SYNTAX, MEDIA_STORAGE)]
    if position > len(head) or not all(map(PLAIN_UID.match, uids)):
        raise NotPlainError("file_meta")
    syntax, storage = (uid.rstrip(b"\0").decode("ascii") for uid in uids)
    return PlainMeta(position, syntax, storage)


def cut(
    buffer: bytes, start: int, syntax: str, size: int | None = None, runs: Runs | None = None
) -> Cut:
    """Return the elements of ``buffer`` from ``start``; raises ``NotPlainError``.

    ``buffer`` may end within Pixel Data; ``size`` is then the length of the whole.  ``runs`` are
    those of the headers read before, written the same way, and learn from this one.

    Plain is: little endian as ``syntax`` says, tags in order, known value representations,
    lengths that fit, a character set that is known, valid UIDs and a SOP Instance UID.
    """
    explicit = plainly_explicit(buffer, start, syntax)
    cutter = _Cutter(buffer, explicit, runs)
    try:
        header = cutter.top(start, len(buffer) if size is None else size)
    except struct.error:
        raise NotPlainError("ends_early") from None
    _check(header)
    if runs is not None:
        runs.learn(cutter.parts[: cutter.gap], header.elements, header.sequences)
    return header


def plainly_explicit(buffer: bytes, start: int, syntax: str) -> bool:
    """Say whether value representations are given, where that is as ``syntax`` says."""
    if syntax in (ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
        raise NotPlainError("transfer_syntax")
    explicit = looks_explicit(buffer, start)
    if syntax and explicit == (syntax == ImplicitVRLittleEndian):
        raise NotPlainError("wrong_syntax")
    return explicit


def _check(header: Cut) -> None:
    """Raise ``NotPlainError`` for a header that the longer way must look at as a whole."""
    if not header.elements:
        raise NotPlainError
    first = next(iter(header.elements.values()))
    if len(header.encoded) > MAX_HEADER_BYTES or len(first) > MAX_FIRST_BYTES:
        raise NotPlainError("large")
    if not _has_usual_uids(header):
        raise NotPlainError("identifiers")
    if not _has_usual_letters(header):
        raise NotPlainError("character_set")


def _has_usual_uids(header: Cut) -> bool:
    for tag in UIDS:
        element = header.elements.get(tag)
        value = header.value(tag)
        if value and not PLAIN_UID.match(value):
            return False
        if element and header.explicit and element[4:6] != b"UI":
            return False
        if not value and tag in (SOP_CLASS, SOP_INSTANCE):
            return False  # the file meta information may say it
    return True


def _has_usual_letters(header: Cut) -> bool:
    element = header.elements.get(CHARACTER_SET)
    if element is None:
        return True
    if header.explicit and element[4:6] != b"CS":
        return False
    return _known_terms(header.value(CHARACTER_SET))


@cache
def sequences() -> frozenset[int]:
    """Return the tags of the standard's sequences."""
    return frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")


def _known_terms(value: bytes) -> bool:
    terms = value.decode("latin-1").split("\\")
    return bool(PLAIN_TERMS.match(value)) and all(term.strip() in python_encoding for term in terms)


@lru_cache(maxsize=HEADS)
def _explicit_head(head: bytes) -> tuple[int, int]:
    """Return tag and length, head included, of an element from its first eight bytes.

    The length is zero where they do not tell it: in long forms, in sequences, at the end.
    """
    if len(head) < 8 or head[4:6] not in SHORT_VRS:
        return 0, 0
    group, number, _, length = EXPLICIT(head, 0)
    return group << 16 | number, 8 + length


@lru_cache(maxsize=HEADS)
def _implicit_head(head: bytes) -> tuple[int, int]:
    if len(head) < 8:
        return 0, 0
    group, number, length = IMPLICIT(head, 0)
    tag = group << 16 | number
    return (0, 0) if tag in sequences() else (tag, 8 + length)


class _Cutter:
    """One cutting; raises ``NotPlainError``, and ``struct.error`` where the bytes end early.

    ``parts`` are the elements in their order: runs that an earlier header had too, single tags.
    """

    def __init__(self, buffer: bytes, explicit: bool, runs: Runs | None) -> None:
        self.buffer = buffer
        self.explicit = explicit
        self.sequences = sequences()
        self.found: list[int] = []
        self.element = self._explicit if explicit else self._implicit
        self.known: Mapping[bytes, Run] = runs.at if runs is not None else NO_RUNS
        self.parts: list[Run | int] = []
        self.gap: int | None = None  # number of parts before Pixel Data

    def top(self, start: int, size: int) -> Cut:
        """Cut from ``start`` to the end, which is at ``size`` if that lies behind Pixel Data."""
        buffer, stop, known = self.buffer, len(self.buffer), self.known.get
        heads = _explicit_head if self.explicit else _implicit_head
        elements: dict[int, bytes] = {}
        parts = self.parts
        kept, position, lowest = [], start, FIRST_GROUP << 16
        while position < stop:
            head = buffer[position : position + HEAD_BYTES]
            run = known(head)
            if run and run.first >= lowest and buffer.startswith(run.encoded, position):
                parts.append(run)
                elements.update(run.elements)
                self.found += run.sequences
                lowest, position = run.last + 1, position + len(run.encoded)
                continue
            # Most elements have the same heads in all headers; others go by their own functions.
            tag, length = heads(head)
            end = position + length
            if not length or end > stop:
                tag, end = self.element(position, size, 0)
            if tag < lowest or (end > stop and not (tag in PIXELS and end == size)):
                raise NotPlainError
            if tag in PIXELS:
                self.gap = len(parts) if self.gap is None else self.gap
                kept.append(buffer[start:position])
                start = end
            else:
                elements[tag] = buffer[position:end]
                parts.append(tag)
            lowest, position = tag + 1, end
        if lowest > HIGHEST or position != size:
            raise NotPlainError
        encoded = b"".join([*kept, buffer[start:stop]])
        return Cut(self.explicit, elements, encoded, tuple(self.found))

    def _explicit(self, position: int, stop: int, depth: int) -> tuple[int, int]:
        group, number, vr, length = EXPLICIT(self.buffer, position)
        tag, end = group << 16 | number, position + 8 + length
        if vr not in SHORT_VRS:
            if vr not in LONG_VRS:
                raise NotPlainError
            (length,) = LONG(self.buffer, position + 8)
            end = position + 12 + length
            if vr == b"SQ":
                end = self._sequence(tag, position + 12, stop, length, depth)
            elif length == UNDEFINED:
                end = self._frames(tag, position + 12, stop, depth)
        if end > stop or group == DELIMITERS:
            raise NotPlainError
        return tag, end

    def _implicit(self, position: int, stop: int, depth: int) -> tuple[int, int]:
        group, number, length = IMPLICIT(self.buffer, position)
        tag, end = group << 16 | number, position + 8 + length
        if tag in self.sequences:
            end = self._sequence(tag, position + 8, stop, length, depth)
        if end > stop or group == DELIMITERS:
            raise NotPlainError
        return tag, end

    def _sequence(self, tag: int, position: int, stop: int, length: int, depth: int) -> int:
        """Return the offset behind a sequence whose items begin at ``position``."""
        if not depth:
            self.found.append(tag)
        if depth >= MAX_DEPTH:
            raise NotPlainError
        if length != UNDEFINED:
            end = position + length
            while position < end:
                position = self._item(position, end, depth + 1)
            return position if position == end <= stop else UNDEFINED
        while self.buffer[position : position + 8] != SEQUENCE_ENDS:
            position = self._item(position, stop, depth + 1)
        return position + 8

    def _item(self, position: int, stop: int, depth: int) -> int:
        if self.buffer[position : position + 4] != ITEM_BYTES:
            raise NotPlainError
        (length,) = LONG(self.buffer, position + 4)
        position += 8
        if length == UNDEFINED:
            return self._run(position, stop, depth, ITEM_ENDS) + 8
        if position + length > stop:
            raise NotPlainError
        return self._run(position, position + length, depth, None)

    def _run(self, position: int, stop: int, depth: int, ends: bytes | None) -> int:
        """Return the offset behind nested elements, which stand before ``ends`` or ``stop``."""
        lowest = 0
        while position < stop:
            if ends and self.buffer[position : position + 8] == ends:
                return position
            tag, position = self.element(position, stop, depth)
            if tag < lowest:
                raise NotPlainError
            lowest = tag + 1
        if ends:
            raise NotPlainError
        return position

    def _frames(self, tag: int, position: int, stop: int, depth: int) -> int:
        """Return the offset behind encapsulated Pixel Data (PS3.5 A.4)."""
        if tag not in PIXELS or depth:
            raise NotPlainError
        while self.buffer[position : position + 8] != SEQUENCE_ENDS:
            if self.buffer[position : position + 4] != ITEM_BYTES:
                raise NotPlainError
            position += 8 + LONG(self.buffer, position + 4)[0]
            if position > stop:
                raise NotPlainError
        return position + 8
