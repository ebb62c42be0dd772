"""Rows of headers as they are, put together from what was made of their neighbours' elements.

For headers that need no de-identification: ``InternedRows.row`` gives what ``dicom_json`` and
``instance_row`` give, in a series for a fraction of the time.
"""

from __future__ import annotations

from collections import OrderedDict
from operator import itemgetter

from pydicom.charset import default_encoding
from pydicom.datadict import dictionary_VR
from pydicom.tag import Tag

from workbench.dicom.cut import CHARACTER_SET, Cut
from workbench.dicom.fragment import Fragment, column_tags, fragment, fragment_in, moment_tags
from workbench.dicom.quiet import quiet
from workbench.dicom.read import Header
from workbench.dicom.record import COPIED, dicom_json, instance_row, lines, started_at
from workbench.dicom.single import Remembered, raw_element, small_dataset
from workbench.model import Finding

Row = dict[str, object]
MOST_MANNERS = 8  # ways of writing remembered
PIXEL_REPRESENTATION = 0x00280103  # signed or not: decides the VR "US or SS" (PS3.5 annex A.1)
PRIVATE = 0x10000  # odd groups


class _UnusualError(Exception):
    """A header with elements that depend on others in ways not known here."""


class InternedRows:
    """Makes rows of headers, remembering the elements of the last few; not thread-safe."""

    def __init__(self) -> None:
        self._manners: OrderedDict[tuple[bool, bytes, bytes], _Manner] = OrderedDict()

    def row(self, header: Header) -> tuple[Row, list[Finding]]:
        """Return the copied columns, ``started_at`` and ``header``, and all findings."""
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
        pieces = {
            tag: found.get(element) or remembered(tag, element, header)
            for tag, element in header.elements.items()
        }
        row = manner.empty_row.copy()
        for tag in column_tags():
            piece = pieces.get(tag)
            if piece is not None:
                value = piece.value
                row[piece.column] = value.copy() if type(value) is list else value
        row["started_at"] = started_at(
            {key: pieces[tag].moment for tag, key in moment_tags() if tag in pieces}
        )
        row["header"] = lines([piece.text for piece in pieces.values()])
        return row, [] if manner.odd.isdisjoint(pieces) else _findings(pieces)

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


def _findings(pieces: dict[int, Fragment]) -> list[Finding]:
    unreadable = [bad for piece in pieces.values() for bad in piece.unreadable]
    untyped = sorted((bad for piece in pieces.values() for bad in piece.untyped), key=itemgetter(0))
    return [*unreadable, *(bad for _, bad in untyped)]


class _Manner:
    """How headers are written, and what was made of elements written so."""

    def __init__(self, explicit: bool, letters: bytes, signed: bytes) -> None:
        self._explicit = explicit
        self._beside = (letters, signed)
        dataset = small_dataset(explicit, self._beside)
        self._letters = dataset.original_character_set or default_encoding
        self.odd: set[int] = set()  # tags of elements about which there was something to tell
        self.empty_row: Row = {column.name: None for column in COPIED}
        self.remembered: Remembered[Fragment] = Remembered()

    def fragment(self, tag: int, element: bytes, header: Cut) -> Fragment:
        """Return the fragment of an element, made once."""
        alone, reserved = True, b""
        vr = element[4:6].decode("ascii") if self._explicit else _implicit_vr(tag)
        if tag & PRIVATE and vr == "UN":
            reserved = header.elements.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF, b"")
            alone = False
        elif vr in ("UN", "SQ") or " or " in vr:
            alone = False
        key = reserved + element
        found = self.remembered.found(key)
        if found is None:
            found = self._alone(tag, element) if alone else self._with(tag, element, vr, reserved)
            self.remembered.keep(key, found, len(found.text))
        if found.odd:
            self.odd.add(tag)
        return found

    def _alone(self, tag: int, element: bytes) -> Fragment:
        raw = raw_element(tag, element, self._explicit)
        if raw is None:
            raise _UnusualError
        letters = default_encoding if tag == CHARACTER_SET else self._letters
        return fragment(raw if raw.VR else raw._replace(VR=_implicit_vr(tag)), letters)

    def _with(self, tag: int, element: bytes, vr: str, reserved: bytes) -> Fragment:
        if vr not in ("UN", "SQ", "US or SS"):
            raise _UnusualError
        data = small_dataset(self._explicit, (*self._beside, reserved, element))
        return fragment_in(data, Tag(tag))


def _implicit_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"
