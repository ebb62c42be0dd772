"""Read one header: bytes in, a checked header out, or a reason why not.

The order is: recognise (PS3.10 section 7), check the structure (``walk``), cut Pixel Data out,
then let pydicom interpret the rest.  A data set in which nothing is unusual is checked by ``cut``
instead, and by pydicom only when its elements are asked for.
"""

from __future__ import annotations

import mmap
import os
import re
import zlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from workbench.dicom.fast.split import (
    MAX_DEPTH,
    Cut,
    NotPlainError,
    cut,
    plain_meta,
    plainly_explicit,
)
from workbench.dicom.fast.stretches import Runs
from workbench.dicom.parse import parse
from workbench.dicom.walk import MAX_ELEMENTS, DatasetStructure, Encoding, looks_explicit, walk
from workbench.errors import DamagedObject, NotDicom
from workbench.model import Finding

PREAMBLE = 128
HEAD = 1 << 15  # bytes of a file that are read first; a header seldom is longer
PIECE_BYTES, INFLATED_PIECE_BYTES = 1 << 16, 1 << 20  # of what is inflated, before and after
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"  # PS3.4 annex I: a DICOMDIR, not an object
KNOWN_UID = re.compile(r"[0-9.]{1,64}\Z")  # PS3.5 section 9.1
IDENTIFIERS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
NOTES = {
    "unsorted": "elements are not in the order of their tags",
    "padding": "zero bytes follow the last element",
    "odd_vr": "an element has no proper value representation",
    "un_explicit": "a sequence of unknown representation tells the representations of its elements",
    "surplus_pixels": "more bytes of Pixel Data follow than it declares; they are left out",
    "unknown_charset": "the character set is not known; letters beyond ASCII may be wrong",
    "wrong_syntax": "the data set is not encoded as the transfer syntax says",
}


@dataclass(frozen=True)
class HeaderLimits:
    """Bounds that a hostile object must not pass; ``header`` in bytes."""

    depth: int = 64
    header: int = 64 * 2**20
    elements: int = MAX_ELEMENTS


@dataclass(frozen=True)
class Header:
    """A checked header without Pixel Data.

    Attributes
    ----------
    encoded
        The data set as it came, without file meta information and Pixel Data.
    encoding
        How ``encoded`` is written.
    transfer_syntax
        Transfer Syntax UID of the object as it came.
    encoded_meta
        File meta information (group 0002) as it came; empty for a received object.
    findings
        Oddities that did no harm.
    cut
        Its top-level elements, where nothing was unusual (``cut``); such a header is checked, but
        pydicom has not seen it yet.
    not_plain
        Why it could not be cut; empty where it was.
    """

    encoded: bytes
    encoding: Encoding
    transfer_syntax: str
    encoded_meta: bytes = b""
    findings: tuple[Finding, ...] = ()
    cut: Cut | None = None
    not_plain: str = ""

    @cached_property
    def meta(self) -> Dataset:
        """File meta information, read on first use; empty for a received object."""
        return parse(self.encoded_meta, Encoding())

    @cached_property
    def dataset(self) -> Dataset:
        """The elements, read on first use; raises ``DamagedObject``."""
        dataset = parse(self.encoded, self.encoding)
        for keyword in ("SOPClassUID", "SOPInstanceUID"):
            named = _text(self.meta, f"MediaStorage{keyword}")
            if named and not _text(dataset, keyword):
                setattr(dataset, keyword, named)
        return dataset


@dataclass(frozen=True)
class Memory:
    """What neighbours share, by how they are written; see ``stretches``."""

    explicit: Runs = field(default_factory=Runs)
    implicit: Runs = field(default_factory=Runs)

    def of(self, explicit: bool) -> Runs:
        """Return the runs of headers that are written one way."""
        return self.explicit if explicit else self.implicit


def read_header(
    source: Path | bytes, limits: HeaderLimits | None = None, memory: Memory | None = None
) -> Header:
    """Read the header of a Part 10 file, given as a path or as its bytes.

    ``memory`` is of headers read before (``reader``): neighbours in a series are read faster.

    Raises
    ------
    NotDicom
        The bytes are not DICOM, or a DICOMDIR (an index, not an object).
    DamagedObject
        They are DICOM but truncated, ambiguous or beyond ``limits``.
    """
    limits = limits or HeaderLimits()
    if isinstance(source, bytes):
        try:
            return _plain_file(source, len(source), limits, memory)
        except NotPlainError as error:
            return _read_part10(memoryview(source), limits, error.reason)
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise NotDicom("empty", "the file is empty")
        try:
            return _plain_file(file.read(HEAD), size, limits, memory)
        except NotPlainError as error:
            reason = error.reason
        # Not closed by hand: an exception's traceback may still hold views of the mapping.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return _read_part10(memoryview(mapped), limits, reason)


def read_received(
    encoded: bytes,
    transfer_syntax: str,
    limits: HeaderLimits | None = None,
    memory: Memory | None = None,
) -> Header:
    """Read the header of a data set received over the network (no preamble, no file meta)."""
    limits = limits or HeaderLimits()
    try:
        cut_header = _cut(encoded, 0, transfer_syntax, None, memory)
        return _plain(cut_header, transfer_syntax, b"", limits)
    except NotPlainError as error:
        return _checked(memoryview(encoded), 0, transfer_syntax, b"", limits, error.reason)


def _read_part10(view: memoryview, limits: HeaderLimits, reason: str) -> Header:
    if bytes(view[PREAMBLE : PREAMBLE + 4]) != b"DICM":
        raise _without_preamble(view)
    meta, start = file_meta(view)
    if _text(meta, "MediaStorageSOPClassUID") == MEDIA_DIRECTORY:
        raise NotDicom(
            "dicomdir", "a DICOMDIR is an index", "The files it lists are read on their own."
        )
    if start >= len(view):
        raise DamagedObject("truncated", "nothing follows the file meta information")
    syntax = _text(meta, "TransferSyntaxUID")
    return _checked(view, start, syntax, bytes(view[PREAMBLE + 4 : start]), limits, reason)


def _without_preamble(view: memoryview) -> NotDicom | DamagedObject:
    # A data set without preamble starts with a low group and holds walkable elements.
    group = int.from_bytes(bytes(view[:2]), "little")
    big = int.from_bytes(bytes(view[:2]), "big")
    for encoding in (Encoding(looks_explicit(view, 0)), Encoding(True, little=False)):
        if (group if encoding.little else big) not in (0x0002, 0x0008):
            continue
        try:
            walk(view, 0, encoding)
        except DamagedObject:
            if len(view) < PREAMBLE:
                continue
        return DamagedObject(
            "no_preamble",
            "it looks like a DICOM data set without preamble and file meta information",
            "Have it sent again, or write it as a Part 10 file.",
        )
    return NotDicom("not_dicom", "it is not a DICOM file")


def file_meta(view: memoryview) -> tuple[Dataset, int]:
    """Read group 0002 by its own lengths; the group length element is often wrong."""
    start = position = PREAMBLE + 4
    while position + 8 <= len(view) and bytes(view[position : position + 2]) == b"\x02\x00":
        vr = bytes(view[position + 4 : position + 6])
        if vr in (b"OB", b"UN", b"OW", b"UT"):
            position += 12 + int.from_bytes(bytes(view[position + 8 : position + 12]), "little")
        else:
            position += 8 + int.from_bytes(bytes(view[position + 6 : position + 8]), "little")
    if position > len(view):
        raise DamagedObject("truncated", "the file meta information ends early")
    meta = parse(bytes(view[start:position]), Encoding())
    return meta, position


def read_directory(content: bytes, limits: HeaderLimits | None = None) -> Dataset:
    """Read a DICOMDIR; raises ``DamagedObject`` when it is damaged."""
    view = memoryview(content)
    meta, start = file_meta(view)
    syntax = _text(meta, "TransferSyntaxUID")
    return _header(view, start, syntax, b"", limits or HeaderLimits()).dataset


def _checked(
    view: memoryview, start: int, syntax: str, meta: bytes, limits: HeaderLimits, reason: str
) -> Header:
    """Return a header read with every check, which was not plain for a reason."""
    header = _header(view, start, syntax, meta, limits, reason)
    _check_identifiers(header.dataset)
    return header


def _plain_file(head: bytes, size: int, limits: HeaderLimits, memory: Memory | None) -> Header:
    """Return the header of a file of ``size`` bytes that begins with ``head``."""
    start = PREAMBLE + 4
    if head[PREAMBLE:start] != b"DICM":
        raise NotPlainError("no_preamble")
    meta = plain_meta(head, start)
    if meta.storage == MEDIA_DIRECTORY:
        raise NotPlainError("dicomdir")
    cut_header = _cut(head, meta.end, meta.syntax, size, memory)
    return _plain(cut_header, meta.syntax, head[start : meta.end], limits)


def _cut(buffer: bytes, start: int, syntax: str, size: int | None, memory: Memory | None) -> Cut:
    runs = memory.of(plainly_explicit(buffer, start, syntax)) if memory else None
    return cut(buffer, start, syntax, size, runs)


def _plain(cut_header: Cut, syntax: str, meta: bytes, limits: HeaderLimits) -> Header:
    """Return a header in which nothing is unusual, for a tenth of the time."""
    if limits.depth < MAX_DEPTH or len(cut_header.encoded) > limits.header:
        raise NotPlainError("limits")
    return Header(cut_header.encoded, Encoding(cut_header.explicit), syntax, meta, (), cut_header)


def _header(
    view: memoryview, start: int, syntax: str, meta: bytes, limits: HeaderLimits, reason: str = ""
) -> Header:
    notes: set[str] = set()
    if syntax == DeflatedExplicitVRLittleEndian:
        view, start = memoryview(inflated(view[start:], limits.header)), 0
    encoding = encoding_of(view, start, syntax, notes)
    structure = walk(view, start, encoding, limits.depth, limits.elements)
    encoded = _without_pixels(view, start, structure)
    if len(encoded) > limits.header:
        raise DamagedObject("too_large", "the header alone is larger than the limit")
    notes |= structure.notes
    header = Header(encoded, encoding, syntax, meta, not_plain=reason)
    if not _known_character_sets(header.dataset):
        notes.add("unknown_charset")
    findings = tuple(Finding("import", note, NOTES[note], "note") for note in sorted(notes))
    checked = replace(header, findings=findings)
    checked.__dict__["dataset"] = header.dataset  # read once
    return checked


def encoding_of(
    view: memoryview, start: int, syntax: str, notes: set[str] | None = None
) -> Encoding:
    """Return how a data set is written; ``notes`` is told where its syntax says otherwise."""
    if syntax == ExplicitVRBigEndian:
        return Encoding(True, little=False)
    explicit = looks_explicit(view, start)
    otherwise = bool(syntax) and explicit == (syntax == ImplicitVRLittleEndian)
    if otherwise and notes is not None:
        notes.add("wrong_syntax")
    return Encoding(explicit)


def inflated(data: memoryview, limit: int) -> bytes:
    """Return a deflated data set (PS3.5 A.5); raises ``DamagedObject`` beyond ``limit`` bytes.

    In pieces, so that what is refused takes no more memory than the limit.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    left, place, waiting, more = limit, 0, b"", False
    try:
        while not inflater.eof and (waiting or more or place < len(data)):
            if not waiting and not more:
                waiting = bytes(data[place : place + PIECE_BYTES])
                place += PIECE_BYTES
            most = min(left + 1, INFLATED_PIECE_BYTES)
            piece = inflater.decompress(waiting, most)
            waiting, more = inflater.unconsumed_tail, len(piece) == most
            left -= len(piece)
            if left < 0:
                raise DamagedObject(
                    "too_large", "the data set inflates beyond {size} MiB", size=limit >> 20
                )
            pieces.append(piece)
    except zlib.error as error:
        raise DamagedObject("deflate", "the deflated data set cannot be inflated") from error
    if not inflater.eof:
        raise DamagedObject("deflate", "the deflated data set ends early")
    return b"".join(pieces)


def _without_pixels(view: memoryview, start: int, structure: DatasetStructure) -> bytes:
    parts = []
    for begin, end in structure.pixels:
        parts.append(_patched(view, start, begin, structure))
        start = end
    parts.append(_patched(view, start, structure.end, structure))
    return b"".join(parts)


def _patched(view: memoryview, start: int, end: int, structure: DatasetStructure) -> bytes:
    """Return bytes of a data set with the heads that the walk saw otherwise than they stand."""
    inside = {place: head for place, head in structure.patches.items() if start <= place < end}
    if not inside:
        return bytes(view[start:end])
    part = bytearray(view[start:end])
    for place, head in inside.items():
        part[place - start : place - start + len(head)] = head
    return bytes(part)


def _check_identifiers(dataset: Dataset) -> None:
    uids = {keyword: _text(dataset, keyword) for keyword in IDENTIFIERS}
    for keyword, value in uids.items():
        if value and not KNOWN_UID.match(value):
            raise DamagedObject("invalid_uid", "{keyword} is not a UID", keyword=keyword)
    if not uids["SOPInstanceUID"]:
        raise DamagedObject("no_uid", "SOPInstanceUID is missing or empty")


def _known_character_sets(dataset: Dataset) -> bool:
    value = dataset.get("SpecificCharacterSet") or ""
    terms = [value] if isinstance(value, str) else list(value)
    return all(str(term).strip() in python_encoding for term in terms)


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "")
    except Exception as error:
        raise DamagedObject("invalid_uid", "{keyword} cannot be read", keyword=keyword) from error
