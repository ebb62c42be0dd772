"""Check the structure of an encoded data set before anything interprets it.

A lenient reader accepts a file that ends early, a tag that stands twice or sequences nested
a thousand deep; each of these can hide a damaged transfer or crash a program further on.  The
walker reads only tags, value representations and lengths (PS3.5 section 7), never a value,
and finds where Pixel Data stands so that it need not be copied.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from workbench.dicom.mended_elements import (
    ITEM_END,
    LONG_VRS,
    SEQUENCE_END,
    SHORT_VRS,
    mended,
    no_element,
)
from workbench.errors import DamagedObject
from workbench.language import Figures, Saying

__all__ = ["ITEM", "ITEM_END", "LONG_VRS", "SEQUENCE_END", "SHORT_VRS", "UNDEFINED"]
ITEM = 0xFFFEE000
UNDEFINED = 0xFFFFFFFF
# Elements and items of a header: twice as many as the largest dose report met had.
MAX_ELEMENTS = 600_000
PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})


@dataclass(frozen=True)
class Encoding:
    """Transfer syntax facts that decide how bytes are cut: PS3.5 section 10."""

    explicit: bool = True
    little: bool = True

    @property
    def order(self) -> str:
        """Byte order character of the struct module."""
        return "<" if self.little else ">"


@dataclass
class DatasetStructure:
    """What the walk found.

    Attributes
    ----------
    end
        Offset behind the last top-level element.
    pixels
        Offsets (start, end) of the top-level Pixel Data elements, in order.
    notes
        Codes of oddities that do no harm: ``read.NOTES``.
    patches
        Offsets and bytes of heads that must be written otherwise for every reader to see what
        the walk saw.
    """

    end: int = 0
    pixels: list[tuple[int, int]] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    patches: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Element:
    """Head of an element: offsets of its tag and of its value."""

    tag: int
    vr: bytes
    length: int
    start: int
    value: int


def looks_explicit(buffer: bytes | memoryview, start: int) -> bool:
    """Say whether the first element at ``start`` carries a value representation."""
    vr = bytes(buffer[start + 4 : start + 6])
    return vr in LONG_VRS or vr in SHORT_VRS


def walk(
    buffer: bytes | memoryview,
    start: int,
    encoding: Encoding,
    max_depth: int = 64,
    most: int = MAX_ELEMENTS,
) -> DatasetStructure:
    """Walk all top-level elements from ``start`` to the end of ``buffer``.

    Raises ``DamagedObject`` when a declared length exceeds the bytes left, a tag stands twice,
    a value representation is unknown, sequences nest deeper than ``max_depth``, or there are
    more than ``most`` elements and items.
    """
    walker = Walker(memoryview(buffer), encoding, max_depth, most)
    try:
        walker.data_set(start, len(buffer), 0)
    except DamagedObject as error:
        raise walker.placed(error) from error
    return walker.found


def element_at(buffer: bytes, position: int, encoding: Encoding) -> tuple[int, int, int]:
    """Return tag, length and value offset of the element at ``position``.

    Raises ``DamagedObject`` with code ``truncated`` when its head is not there as a whole.
    """
    element = Walker(memoryview(buffer), encoding, 0).element(position, len(buffer))
    return element.tag, element.length, element.value


def element_end(buffer: bytes, position: int, encoding: Encoding, max_depth: int = 64) -> int:
    """Return the offset behind the top-level element at ``position``, nested ones walked.

    Raises ``DamagedObject``, with code ``truncated`` when the element is not there as a whole.
    """
    walker = Walker(memoryview(buffer), encoding, max_depth)
    return walker._after(walker.element(position, len(buffer)), len(buffer), 0)


class Walker:
    """One walk; recursion is bounded by ``max_depth``."""

    def __init__(
        self, buffer: memoryview, encoding: Encoding, max_depth: int, most: int = MAX_ELEMENTS
    ) -> None:
        self.buffer = buffer
        self.encoding = encoding
        self.max_depth = max_depth
        self.left = most
        self.found = DatasetStructure()
        self.last: Element | None = None  # the one read last
        self._tag = struct.Struct(encoding.order + "HH").unpack_from
        self._u32 = struct.Struct(encoding.order + "I").unpack_from
        self._u16 = struct.Struct(encoding.order + "H").unpack_from

    def placed(self, error: DamagedObject) -> DamagedObject:
        """Return an error that says where the reading ended."""
        if self.last is None:
            return error
        return DamagedObject(
            error.code, "{reason}; reading ended with {tag} at byte {byte}", error.remedy,
            reason=error.said(), tag=_named(self.last.tag),
            byte=Figures(f"{self.last.start:,}"),
        )  # fmt: skip

    def data_set(self, position: int, stop: int, depth: int) -> int:
        """Walk elements up to ``stop`` or an item delimiter; return the offset behind it."""
        if depth > self.max_depth:
            raise DamagedObject(
                "too_deep",
                "sequences nest deeper than {number} levels",
                number=self.max_depth,
            )
        seen: set[int] = set()
        last = -1
        while position < stop:
            if self._only_padding(position, stop, depth) or self._surplus(position, stop, depth):
                break
            element = self.element(position, stop)
            if element.tag == ITEM_END:
                return element.value
            self._check_order(element.tag, last, seen)
            last = element.tag
            position = self._after(element, stop, depth)
            if depth == 0 and element.tag in PIXELS:
                self.found.pixels.append((element.start, position))
        if depth == 0:
            self.found.end = position
        return position

    def _only_padding(self, position: int, stop: int, depth: int) -> bool:
        if depth or any(self.buffer[position : position + 4]):
            return False
        if any(bytes(self.buffer[position:stop])):
            return False
        self.found.notes.add("padding")
        return True

    def _surplus(self, position: int, stop: int, depth: int) -> bool:
        """Whether bytes behind Pixel Data are more of it than it declares."""
        if depth or not self.found.pixels or not self.encoding.little:
            return False
        if not no_element(self.buffer, position, stop, self.encoding.explicit):
            return False
        self.found.notes.add("surplus_pixels")
        return True

    def _check_order(self, tag: int, last: int, seen: set[int]) -> None:
        if tag in seen:
            raise DamagedObject("duplicate_tag", "{tag} stands twice", tag=_named(tag))
        seen.add(tag)
        if tag < last:
            self.found.notes.add("unsorted")

    def element(self, position: int, stop: int) -> Element:
        """Return the head of the element at ``position``; raises ``DamagedObject``."""
        self.last = element = self._head(position, stop)
        self.left -= 1
        if self.left < 0:
            raise DamagedObject("too_many", "there are more elements than any real header has")
        return element

    def _head(self, position: int, stop: int) -> Element:
        if stop - position < 8:
            raise _truncated()
        group, number = self._tag(self.buffer, position)
        tag = group << 16 | number
        if group == 0xFFFE or not self.encoding.explicit:
            (length,) = self._u32(self.buffer, position + 4)
            return Element(tag, _implicit_vr(tag), length, position, position + 8)
        vr = bytes(self.buffer[position + 4 : position + 6])
        if vr.islower():
            self.found.notes.add("odd_vr")
            vr = vr.upper()
        if vr in SHORT_VRS:
            (length,) = self._u16(self.buffer, position + 6)
            return Element(tag, vr, length, position, position + 8)
        if vr not in LONG_VRS:
            return self._mended(tag, position, stop)
        if stop - position < 12:
            raise _truncated()
        (length,) = self._u32(self.buffer, position + 8)
        return Element(tag, vr, length, position, position + 12)

    def _mended(self, tag: int, position: int, stop: int) -> Element:
        """Return an element without a known VR, where it can be read in one way only."""
        found = mended(self.buffer, position, stop, tag) if self.encoding.little else None
        if found is None:
            raise DamagedObject("unknown_vr", "{tag} has an unknown VR", tag=_named(tag))
        self.found.notes.add("odd_vr")
        self.found.patches[position + 4] = found.head
        return Element(tag, found.vr, found.length, position, found.value)

    def _after(self, element: Element, stop: int, depth: int) -> int:
        """Return the offset behind the element's value."""
        if element.length == UNDEFINED:
            if element.tag in PIXELS:
                return self._items(element.value, stop, depth, lambda _begin, end, _depth: end)
            if element.vr == b"UN":
                return self._unknown(element, stop, depth)
            return self._items(element.value, stop, depth, delimited=True)
        end = element.value + element.length
        if end > stop:
            raise _truncated()
        if element.vr == b"SQ" and element.length:
            self._items(element.value, end, depth)
        return end

    def _unknown(self, element: Element, stop: int, depth: int) -> int:
        """Return the offset behind a UN of undefined length.

        Some writers put elements with value representations into it: it then is a sequence.
        """
        walker = self.implicit()
        try:
            return walker._items(element.value, stop, depth, delimited=True)
        except DamagedObject:
            if not self.encoding.explicit or not looks_explicit(self.buffer, element.value + 8):
                raise
        finally:
            self.left = walker.left
        end = self._items(element.value, stop, depth, delimited=True)
        self.found.notes.add("un_explicit")
        self.found.patches[element.start + 4] = b"SQ"
        return end

    def implicit(self) -> Walker:
        """Return a walker of the same bytes for a UN of undefined length."""
        # PS3.5 6.2.2: a UN of undefined length holds a sequence in Implicit VR Little Endian.
        inner = Walker(self.buffer, Encoding(explicit=False), self.max_depth, self.left)
        inner.found.notes, inner.found.patches = self.found.notes, self.found.patches
        return inner

    def _items(
        self,
        position: int,
        stop: int,
        depth: int,
        content: Callable[[int, int, int], int] | None = None,
        *,
        delimited: bool = False,
    ) -> int:
        """Walk items up to a sequence delimiter or, unless it must be there, to ``stop``.

        Returns the offset behind it.
        """
        content = content or self.data_set
        while position < stop:
            item = self.element(position, stop)
            if item.tag == SEQUENCE_END:
                return item.value
            if item.tag != ITEM:
                raise DamagedObject("not_an_item", "a sequence holds something else than items")
            if item.length == UNDEFINED:
                position = self.data_set(item.value, stop, depth + 1)
                continue
            end = item.value + item.length
            if end > stop:
                raise _truncated()
            content(item.value, end, depth + 1)
            position = end
        if delimited:
            raise _truncated()
        return position


def _named(tag: int) -> Saying:
    """Return an element for a message: only tags of the standard, for others may be text."""
    known = dictionary_has_tag(tag)
    if not known:
        return Saying("an element")
    return Saying("element {tag}", tag=f"({tag >> 16:04X},{tag & 0xFFFF:04X})")


def _truncated() -> DamagedObject:
    return DamagedObject("truncated", "an element is longer than the bytes that are left")


@cache
def _implicit_vr(tag: int) -> bytes:
    try:
        return dictionary_VR(tag).encode("ascii")[:2]
    except KeyError:
        return b"UN"
