"""Rows of headers as they are, put together from what was made of their neighbours' elements.

For headers that need no de-identification: ``InternedRows.row`` gives what ``dicom_json`` and
``instance_row`` give, in a series for a fraction of the time.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from pydicom.charset import default_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from workbench.dicom.fast.fragment import Fragment, fragment, fragment_in, plain_fragment
from workbench.dicom.fast.single import LARGEST_KEPT, Remembered, raw_element, small_dataset
from workbench.dicom.fast.split import CHARACTER_SET, Cut, head_length
from workbench.dicom.fast.stretches import Run
from workbench.dicom.jsonmodel import Item
from workbench.dicom.quiet import quiet
from workbench.dicom.read import Header
from workbench.dicom.record import (
    COPIED,
    dicom_json,
    instance_row,
    lines,
    lines_between,
    put_start,
)
from workbench.dicom.values import start_of
from workbench.model import Finding

Row = dict[str, object]
MOST_MANNERS = 8  # ways of writing remembered
MOST_STRETCHES = 256  # runs of which the rows are remembered; a header has a dozen
MOST_VRS = 5_000
PIXEL_REPRESENTATION = 0x00280103  # signed or not: decides the VR "US or SS" (PS3.5 annex A.1)
PRIVATE = 0x10000  # odd groups


class _UnusualError(Exception):
    """A header with elements that depend on others in ways not known here."""


class InternedRows:
    """Makes rows of headers, remembering the elements of the last few; not thread-safe."""

    def __init__(self) -> None:
        self._manners: OrderedDict[tuple[bool, bytes, bytes], _Manner] = OrderedDict()

    def row(self, header: Header) -> tuple[Row, list[Finding]]:
        """Return the copied columns, those of its start, ``header``, and all findings."""
        if header.cut is not None:
            try:
                with quiet():
                    return self._joined(header.cut)
            except _UnusualError:
                pass
        as_json, unreadable = dicom_json(header.dataset)
        row, untyped = instance_row(as_json)
        return row, [*unreadable, *untyped]

    def _joined(self, header: Cut) -> tuple[Row, list[Finding]]:
        manner = self._manner(header)
        found, remembered = manner.remembered.young, manner.fragment
        row, texts, odd = manner.empty_row.copy(), [], False
        moments: Item = {}
        for part in header.parts:
            if isinstance(part, int):
                element = header.elements[part]
                piece = found.get(element) or remembered(part, element, header)
                texts.append(piece.text)
                odd = odd or piece.odd
                if piece.column:
                    value = piece.value
                    row[piece.column] = value.copy() if type(value) is list else value
                if piece.moment is not None:
                    moments.update(piece.moment)
            else:
                stretch = manner.stretch(part, header)
                texts.append(stretch.text)
                odd = odd or stretch.odd
                row.update(stretch.columns)
                for name, one in stretch.lists:
                    row[name] = one.copy()
                moments.update(stretch.moments)
        unknown = put_start(row, start_of(moments))
        row["header"] = lines(texts)
        return row, [*(_findings(manner, header) if odd else ()), *unknown]

    def _manner(self, header: Cut) -> _Manner:
        letters = header.elements.get(CHARACTER_SET, b"")
        signed = header.elements.get(PIXEL_REPRESENTATION, b"")
        key = header.explicit, letters, signed
        if key not in self._manners:
            self._manners[key] = _Manner(header.explicit, letters, signed)
            if len(self._manners) > MOST_MANNERS:
                self._manners.popitem(last=False)
        self._manners.move_to_end(key)
        return self._manners[key]


def _findings(manner: _Manner, header: Cut) -> list[Finding]:
    pieces = [manner.fragment(tag, element, header) for tag, element in header.elements.items()]
    unreadable = [bad for piece in pieces for bad in piece.unreadable]
    untyped = sorted((bad for piece in pieces for bad in piece.untyped), key=itemgetter(0))
    return [*unreadable, *(bad for _, bad in untyped)]


class _Stretch(NamedTuple):
    """What a run of elements contributes to a row.

    ``lists`` are those columns whose values are lists, ``beside`` elements on which it depends.
    """

    text: str
    columns: Row
    lists: tuple[tuple[str, list[object]], ...]
    moments: Item
    odd: bool
    beside: tuple[tuple[int, bytes], ...]


def _moved(stretch: _Stretch, header: Cut) -> bool:
    """Tell whether what a stretch depends on is another thing in this header."""
    return any(header.elements.get(tag, b"") != one for tag, one in stretch.beside)


class _Manner:
    """How headers are written, and what was made of elements written so."""

    def __init__(self, explicit: bool, letters: bytes, signed: bytes) -> None:
        self._explicit = explicit
        self._beside = (letters, signed)
        dataset = small_dataset(explicit, self._beside)
        self._letters = dataset.original_character_set or default_encoding
        self.empty_row: Row = {column.name: None for column in COPIED}
        self.remembered: Remembered[Fragment] = Remembered()
        # Value representations that pydicom gave, by tag, as written and the block's reservation.
        self._vrs: dict[tuple[int, str, bytes], str] = {}
        self._stretches: dict[Run, _Stretch] = {}

    def stretch(self, run: Run, header: Cut) -> _Stretch:
        """Return what a run contributes, made once."""
        found = self._stretches.get(run)
        if found is None or (found.beside and _moved(found, header)):
            if len(self._stretches) >= MOST_STRETCHES:
                self._stretches.clear()
            found = self._stretches[run] = self._stretch(run, header)
        return found

    def _stretch(self, run: Run, header: Cut) -> _Stretch:
        pieces = [self.fragment(tag, one, header) for tag, one in run.elements.items()]
        moments: Item = {}
        for piece in pieces:
            moments.update(piece.moment or {})
        columns = {piece.column: piece.value for piece in pieces if piece.column}
        blocks = {_reserving(tag) for tag in run.elements if tag & PRIVATE}
        return _Stretch(
            text=lines_between(piece.text for piece in pieces),
            columns=columns,
            lists=tuple((name, one) for name, one in columns.items() if type(one) is list),
            moments=moments,
            odd=any(piece.odd for piece in pieces),
            beside=tuple(
                (tag, header.elements.get(tag, b""))
                for tag in sorted(blocks.difference(run.elements))
            ),
        )

    def fragment(self, tag: int, element: bytes, header: Cut) -> Fragment:
        """Return the fragment of an element, made once."""
        alone, reserved = True, b""
        vr = element[4:6].decode("ascii") if self._explicit else _implicit_vr(tag)
        if tag & PRIVATE and vr == "UN":
            reserved = header.elements.get(_reserving(tag), b"")
            alone = False
        elif vr in ("UN", "SQ") or " or " in vr:
            alone = False
        key = reserved + element
        found = self.remembered.found(key)
        if found is None:
            if alone:
                found = self._alone(tag, element, vr)
            else:
                found = self._with(tag, element, vr, reserved)
            self.remembered.keep(key, found, len(found.text))
        return found

    def _alone(self, tag: int, element: bytes, vr: str) -> Fragment:
        found = plain_fragment(tag, vr, element[head_length(element, self._explicit) :])
        if found is not None:
            return found
        raw = raw_element(tag, element, self._explicit)
        if raw is None:
            raise _UnusualError
        letters = default_encoding if tag == CHARACTER_SET else self._letters
        return fragment(raw._replace(VR=vr), letters)

    def _with(self, tag: int, element: bytes, vr: str, reserved: bytes) -> Fragment:
        if vr not in ("UN", "SQ", "US or SS"):
            raise _UnusualError
        # How long an element is can decide what pydicom makes of UN, so only for short ones.
        short = len(element) + len(reserved) <= LARGEST_KEPT
        known = self._vrs.get((tag, vr, reserved)) if short else None
        if known == "UN":
            return self._alone(tag, element, known)
        value = element[head_length(element, self._explicit) :]
        found = plain_fragment(tag, known, value) if known else None
        if found is not None:
            return found
        data = small_dataset(self._explicit, (*self._beside, reserved, element))
        made, read = fragment_in(data, Tag(tag)), data.get_item(Tag(tag))
        if short and isinstance(read, DataElement):
            if len(self._vrs) >= MOST_VRS:
                self._vrs.clear()
            self._vrs[tag, vr, reserved] = str(read.VR)
        return made


def _reserving(tag: int) -> int:
    """Return the element that reserves the block of a private element (PS3.5 7.8.1)."""
    return tag & 0xFFFF0000 | tag >> 8 & 0xFF


@lru_cache(maxsize=4_096)
def _implicit_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"
