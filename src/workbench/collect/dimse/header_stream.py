"""Take an object off the network piece by piece and keep its header only, in bounded memory.

``inflow`` writes what our receiver is sent into a ``Sink``.  Where we ask to be sent objects over
an association of our own, pynetdicom collects a data set in ``DIMSEMessage.data_set``, a
``BytesIO`` without bounds; ``cut_headers`` gives each message a ``Sink`` in its place
(tests/collect/dimse/test_get.py notices when pynetdicom changes).
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian
from pynetdicom.association import Association
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.pdu_primitives import P_DATA

from workbench.dicom.mended_elements import no_element
from workbench.dicom.walk import (
    ITEM,
    LONG_VRS,
    PIXELS,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    Encoding,
    element_at,
    element_end,
    looks_explicit,
)
from workbench.errors import DamagedObject

MAX_HEADER_BYTES = 16 * 2**20  # bytes; a multi-frame CT of 2,000 frames has about half of it
MAX_WHOLE_BYTES = 2**29  # bytes of an object that is kept with its pixels
BUDGET = 64 * 2**20  # bytes of headers on their way at one time, of all peers together
GROWTH = 1.25  # a sequence of unknown end is looked at again when so much more has come
# PS3.5 section 7.1, little endian.
EXPLICIT_HEAD, IMPLICIT_HEAD = struct.Struct("<HH2sH"), struct.Struct("<HHI")
LONG_LENGTH = struct.Struct("<I")
PIXEL_GROUP, ITEM_GROUP = 0x7FE0, 0xFFFE


class Budget:
    """Bytes that all objects on their way may take together; shared between threads."""

    def __init__(self, size: int = BUDGET) -> None:
        self._left = size
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Reserve bytes; return whether there were so many."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._left += size


class Sink(BytesIO):
    """Keeps what is written to it, but for top-level Pixel Data, which is only counted.

    Attributes
    ----------
    size
        Bytes of the data set as it was sent.
    cut
        Whether Pixel Data was left out.
    overflow
        Whether the header is larger than allowed; what came after that is not kept.
    """

    def __init__(self, syntax: Callable[[], str], budget: Budget) -> None:
        super().__init__()
        self.size = 0
        self.cut = self.overflow = False
        self._syntax = syntax
        self._budget, self._held = budget, 0
        self._encoding: Encoding | None = None
        self._position = self._wanted = 0
        self._scanning = True
        self._skip = self._cuts = 0
        self._in_items = self._ended = False
        self._head = b""

    def __del__(self) -> None:
        self._budget.give(self._held)  # also when the association broke off

    @property
    def whole(self) -> bool:
        """Whether the Pixel Data left out was as long as it said."""
        return not self._skip and not self._in_items

    def write(self, data: Any, /) -> int:
        """Take a fragment; return its length."""
        rest = memoryview(data)
        length = len(rest)
        self.size += length
        while rest and not self.overflow:
            if self._ended:
                break
            if self._skip:
                dropped = min(self._skip, len(rest))
                self._skip -= dropped
                rest = rest[dropped:]
            elif self._in_items:
                rest = self._item(rest)
            else:
                rest = memoryview(self._kept(rest))
        return length

    def _kept(self, data: memoryview) -> bytes:
        """Keep header bytes; return what follows the head of Pixel Data, if that has come."""
        if self._held + len(data) > MAX_HEADER_BYTES or not self._budget.take(len(data)):
            self.overflow = True
            return b""
        self._held += len(data)
        super().write(data)
        if not self._scanning or self._held < self._wanted:
            return b""
        buffer = self.getvalue()
        while True:
            try:
                rest = self._step(buffer)
            except DamagedObject as error:
                if self.cut and self._surplus(buffer):
                    return b""
                # Not damaged, perhaps, but not all there yet; the reader judges the whole.
                self._scanning = error.code == "truncated"
                return b""
            if rest is not None:
                return rest

    def _surplus(self, buffer: bytes) -> bool:
        """Leave out what stands behind Pixel Data and is more of it than it declared."""
        encoding, begin = self._encoding, self._position
        if encoding is None or not encoding.little or len(buffer) - begin < IMPLICIT_HEAD.size:
            return False
        self._ended = no_element(memoryview(buffer), begin, len(buffer), encoding.explicit)
        if self._ended:
            self.seek(begin)
            self.truncate()
            self._give_back(len(buffer) - begin)
        return self._ended

    def _step(self, buffer: bytes) -> bytes | None:
        """Walk over one element; return the bytes behind its head when it is Pixel Data."""
        if self._encoding is None:
            self._encoding = self._found_encoding(buffer)
        if self._encoding.little:
            self._position = plain_end(buffer, self._position, self._encoding.explicit)
        if self._position >= len(buffer):
            self._wanted = len(buffer) + 1
            return b""
        self._wanted = len(buffer) + 1
        tag, length, value = element_at(buffer, self._position, self._encoding)
        if tag in PIXELS and self._cuts < len(PIXELS):  # more of them are judged by the reader
            return self._drop(buffer, length, value)
        if length == UNDEFINED:
            self._wanted = int(len(buffer) * GROWTH)
        else:
            self._wanted = max(value + length, self._wanted)
        self._position = element_end(buffer, self._position, self._encoding)
        return None

    def _found_encoding(self, buffer: bytes) -> Encoding:
        syntax = self._syntax()
        if syntax == DeflatedExplicitVRLittleEndian:
            raise DamagedObject("deflated", "a deflated data set cannot be cut")
        if syntax == ExplicitVRBigEndian:
            return Encoding(True, little=False)
        if len(buffer) < 8:
            raise DamagedObject("truncated", "not even one element has come")
        return Encoding(looks_explicit(buffer, 0))

    def _drop(self, buffer: bytes, length: int, value: int) -> bytes:
        self.cut = True
        self._cuts += 1
        self._wanted = 0
        self.seek(self._position)
        self.truncate()
        self._give_back(len(buffer) - self._position)
        if length == UNDEFINED:
            self._in_items = True
        else:
            self._skip = length
        return buffer[value:]

    def _give_back(self, size: int) -> None:
        self._held -= size
        self._budget.give(size)

    def _item(self, data: memoryview) -> memoryview:
        """Skip one fragment of encapsulated Pixel Data (PS3.5 section A.4)."""
        wanted = 8 - len(self._head)
        self._head += bytes(data[:wanted])
        if len(self._head) < 8:
            return data[:0]
        head, self._head = self._head, b""
        tag = int.from_bytes(head[:2], "little") << 16 | int.from_bytes(head[2:4], "little")
        if tag == SEQUENCE_END:
            self._in_items = False
            self._wanted = 0
        elif tag == ITEM:
            self._skip = int.from_bytes(head[4:], "little")
        else:  # no fragment: the object never becomes whole
            return data[:0]
        return data[wanted:]


class WholeSink(BytesIO):
    """Keeps a whole object, up to a bound; has the attributes of ``Sink``."""

    cut = False
    whole = True

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self.size = 0
        self.overflow = False
        self._budget, self._held = budget, 0

    def __del__(self) -> None:
        self._budget.give(self._held)

    def write(self, data: Any, /) -> int:
        """Take a fragment; return its length."""
        length = len(data)
        self.size += length
        if self.overflow or self.size > MAX_WHOLE_BYTES or not self._budget.take(length):
            self.overflow = True
            return length
        self._held += length
        return super().write(data)


def plain_end(buffer: bytes, position: int, explicit: bool) -> int:
    """Return the offset behind those elements, one after another, that need no second look.

    They are there as a whole, of known length, and no Pixel Data; little endian.
    """
    size = len(buffer) - LONG_LENGTH.size - IMPLICIT_HEAD.size
    while position <= size:
        value = position + IMPLICIT_HEAD.size
        if explicit:
            group, _, vr, length = EXPLICIT_HEAD.unpack_from(buffer, position)
            if vr in LONG_VRS:
                (length,) = LONG_LENGTH.unpack_from(buffer, value)
                value += LONG_LENGTH.size
            elif vr not in SHORT_VRS:
                break
        else:
            group, _, length = IMPLICIT_HEAD.unpack_from(buffer, position)
        if length == UNDEFINED or group in (PIXEL_GROUP, ITEM_GROUP):
            break
        if value + length > len(buffer):
            break
        position = value + length
    return position


def cut_headers(association: Association, budget: Budget) -> None:
    """Have an association of our own asking keep headers only."""
    dimse = association.dimse
    receive = dimse.receive_primitive

    def receive_primitive(primitive: P_DATA) -> None:
        if dimse.message is None:
            message = DIMSEMessage()
            message.data_set = Sink(syntax_of(message), budget)
            dimse.message = message
        receive(primitive)

    def syntax_of(message: DIMSEMessage) -> Callable[[], str]:
        return lambda: str(association._accepted_cx[message.context_id or 0].transfer_syntax[0])

    vars(dimse).update(receive_primitive=receive_primitive)
