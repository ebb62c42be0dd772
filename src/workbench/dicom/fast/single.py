"""Single elements out of a header: read alone, and what was made of them remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar, cast

from pydicom.dataelem import RawDataElement, empty_value_for_VR
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from workbench.dicom.fast.split import head_length
from workbench.dicom.parse import parse
from workbench.dicom.walk import Encoding

MAX_KEPT_BYTES = 4_096  # bytes of an element; larger ones are seldom the same twice
MAX_BYTES = 1 << 18  # remembered in each of two generations
OVERHEAD = 600  # bytes that remembering an element takes beside its own
UNDEFINED_LENGTH = b"\xff\xff\xff\xff"
# An element that says nothing: without it a sequence could stand first, where a reader guesses
# by its length whether value representations are given.
GROUP_LENGTH = {
    True: b"\x08\0\0\0UL\x04\0\0\0\0\0",
    False: b"\x08\0\0\0\x04\0\0\0\0\0\0\0",
}
T = TypeVar("T")


def small_dataset(explicit: bool, elements: Sequence[bytes]) -> Dataset:
    """Let pydicom read a few elements; raises ``DamagedObject``."""
    return parse(b"".join((GROUP_LENGTH[explicit], *elements)), Encoding(explicit))


def raw_element(tag: int, element: bytes, explicit: bool) -> RawDataElement | None:
    """Return what pydicom reads before it looks at the value; ``None`` for undefined length."""
    head = head_length(element, explicit)
    if element[head - 4 : head] == UNDEFINED_LENGTH:
        return None
    vr = element[4:6].decode("ascii") if explicit else None
    value = element[head:] or cast("bytes | None", empty_value_for_VR(vr, raw=True))
    return RawDataElement(BaseTag(tag), vr, len(element) - head, value, 0, not explicit, True)


class Remembered(Generic[T]):
    """Values by bytes, bounded: when one generation is full, the one before it is forgotten.

    ``young`` is the newer generation, for a first look without a call.
    """

    def __init__(self) -> None:
        self.young: dict[bytes, T] = {}
        self._old: dict[bytes, T] = {}
        self._bytes = 0

    def found(self, element: bytes) -> T | None:
        """Return what is remembered under an element's bytes."""
        value = self.young.get(element)
        if value is None:
            value = self._old.get(element)
            if value is not None:
                self.keep(element, value, 0)
        return value

    def keep(self, element: bytes, value: T, size: int) -> None:
        """Remember a value that takes about ``size`` bytes, unless the element is large."""
        if len(element) > MAX_KEPT_BYTES:
            return
        if self._bytes > MAX_BYTES:
            self.young, self._old, self._bytes = {}, self.young, 0
        self.young[element] = value
        self._bytes += len(element) + size + OVERHEAD
