"""Stretches (runs) of elements that stand in a header just as they stood in the one before.

Neighbours in a series differ in a dozen of 150 elements; what lies between those is compared as
a whole instead of being cut again.  An element at the top of a data set is what it is by its own
bytes alone (PS3.5 section 7.1), so bytes that were elements once are the same elements again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

HEAD_BYTES = 8  # tag, value representation and length, or tag and length: enough to tell a run
MAX_KEPT_BYTES = 4_096  # bytes of an element; larger ones are seldom the same twice
MAX_BYTES = 1 << 20  # remembered of elements and of runs; then all is forgotten
OVERHEAD = 300  # bytes that remembering an element takes beside its own


class Run:
    """Elements that follow each other, immutable.

    Attributes
    ----------
    encoded
        Their bytes.
    elements
        Bytes of each, by tag.
    sequences
        Tags of those that hold items.
    first, last
        The lowest tag and the highest.
    """

    __slots__ = ("elements", "encoded", "first", "last", "sequences")

    def __init__(self, elements: dict[int, bytes], sequences: tuple[int, ...]) -> None:
        self.encoded = b"".join(elements.values())
        self.elements = elements
        self.sequences = sequences
        self.first, self.last = next(iter(elements)), next(reversed(elements))


class Runs:
    """The runs of the headers read last, bounded; written one way, explicit or implicit.

    They hold bytes of headers, in memory only, and are gone with whoever reads the headers.
    Several threads may use one: they then only remember less.

    Attributes
    ----------
    at
        Runs by the head of their first element.
    """

    def __init__(self) -> None:
        self.at: dict[bytes, Run] = {}
        self._last: dict[bytes, bytes] = {}
        self._bytes = 0

    def learn(
        self, parts: Sequence[Run | int], elements: dict[int, bytes], nested: Collection[int]
    ) -> None:
        """Remember the elements of a header, and join those that were the same before.

        ``parts`` are the runs and single elements it was cut into, without any gap between them;
        ``nested`` are the tags of those that hold items.
        """
        last, alike = self._last, dict[int, bytes]()
        for part in parts:
            if type(part) is int:
                element = elements[part]
                head = element[:HEAD_BYTES]
                if last.get(head) == element:
                    alike[part] = element
                    continue
                if len(element) <= MAX_KEPT_BYTES:
                    self._count(len(element))
                    last[head] = element
            if len(alike) > 1:
                self._join(alike, nested)
            alike = {}
        if len(alike) > 1:
            self._join(alike, nested)

    def _join(self, elements: dict[int, bytes], nested: Collection[int]) -> None:
        run = Run(elements, tuple(tag for tag in nested if tag in elements))
        self._count(2 * len(run.encoded))
        self.at[run.encoded[:HEAD_BYTES]] = run

    def _count(self, size: int) -> None:
        self._bytes += size + OVERHEAD
        if self._bytes > MAX_BYTES:
            self.at.clear()
            self._last.clear()
            self._bytes = 0
