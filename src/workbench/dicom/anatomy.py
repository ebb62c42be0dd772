"""The anatomy of a file that was put aside: its elements by tag and length, never a value.

So a person may look at a damaged or hostile file without opening it: nothing of it is decoded,
and nothing in it can run.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.datadict import dictionary_description
from pydicom.uid import UID

from workbench.dicom.read import PREAMBLE, HeaderLimits, encoding_of, file_meta, inflated
from workbench.dicom.walk import (
    ITEM,
    ITEM_END,
    MAX_ELEMENTS,
    SEQUENCE_END,
    UNDEFINED,
    Element,
    Encoding,
    Walker,
    looks_explicit,
)
from workbench.errors import DamagedObject

MAX_LINES = 2_000
DELIMITERS = {ITEM: "item", ITEM_END: "end of an item", SEQUENCE_END: "end of a sequence"}


@dataclass(frozen=True)
class AnatomyLine:
    """One element: offset, depth of sequences around it, length (``None``: undefined)."""

    offset: int
    depth: int
    tag: int
    vr: str
    length: int | None

    @property
    def name(self) -> str:
        """What the standard calls it."""
        if self.tag in DELIMITERS:
            return DELIMITERS[self.tag]
        if self.tag >> 16 & 1:
            return "private"
        try:
            return dictionary_description(self.tag)
        except KeyError:
            return "not in the standard"


@dataclass(frozen=True)
class Anatomy:
    """What there is to see.

    Attributes
    ----------
    size
        Bytes of the file.
    syntax
        Name of its transfer syntax, or what is known of it.
    lines
        Its elements in order, at most ``MAX_LINES``.
    ends
        Why the reading ended there, or empty when it came to the end.
    code
        The reason's short word, or empty.
    """

    size: int
    syntax: str
    lines: tuple[AnatomyLine, ...]
    ends: str
    code: str


def anatomy(content: bytes, limits: HeaderLimits | None = None) -> Anatomy:
    """Return the anatomy of a file's bytes, as far as it can be read; never raises for them."""
    limits = limits or HeaderLimits()
    view, start, syntax = memoryview(content), 0, "no file meta information"
    walker: _Watcher | None = None
    ends = code = ""
    try:
        encoding = Encoding(looks_explicit(view, 0) if len(view) > 8 else True)
        if bytes(view[PREAMBLE : PREAMBLE + 4]) == b"DICM":
            meta, start = file_meta(view)
            uid = UID(str(meta.get("TransferSyntaxUID", "")))
            syntax = uid.name if uid.is_transfer_syntax else "not one of the standard's"
            if uid.is_transfer_syntax and uid.is_deflated:
                view, start = memoryview(inflated(view[start:], limits.header)), 0
            encoding = encoding_of(view, start, str(uid))
        walker = _Watcher(view, encoding, limits.depth)
        walker.data_set(start, len(view), 0)
    except DamagedObject as error:
        ends, code = error.message, error.code
    except Exception as error:  # noqa: BLE001 - a page about a hostile file must come out
        ends, code = f"it cannot be read any further ({type(error).__name__})", "unreadable"
    lines = tuple(walker.lines) if walker else ()
    return Anatomy(len(content), syntax, lines, ends, code)


class _Watcher(Walker):
    """A walker that writes down what it comes by."""

    def __init__(
        self, buffer: memoryview, encoding: Encoding, max_depth: int, most: int = MAX_ELEMENTS
    ) -> None:
        super().__init__(buffer, encoding, max_depth, most)
        self.lines: list[AnatomyLine] = []
        self._depth = 0

    def data_set(self, position: int, stop: int, depth: int) -> int:
        before, self._depth = self._depth, depth
        end = super().data_set(position, stop, depth)
        self._depth = before
        return end

    def element(self, position: int, stop: int) -> Element:
        element = super().element(position, stop)
        if len(self.lines) < MAX_LINES:
            length = None if element.length == UNDEFINED else element.length
            vr = element.vr.decode("latin-1") if element.tag not in DELIMITERS else ""
            self.lines.append(AnatomyLine(element.start, self._depth, element.tag, vr, length))
        return element

    def implicit(self) -> Walker:
        inner = _Watcher(self.buffer, Encoding(explicit=False), self.max_depth, self.left)
        inner.found, inner.lines, inner._depth = self.found, self.lines, self._depth
        return inner
