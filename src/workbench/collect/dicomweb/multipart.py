"""Cut a multipart answer (RFC 2046 section 5.1) into its parts while it arrives.

At most one part is held in memory, and never one larger than allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from workbench.collect.dicomweb.http import BrokenOff
from workbench.language import mark

MAX_HEADER_LINE_BYTES = 2**16  # bytes of a line before a part
BOUNDARY = re.compile(r'boundary="?([^";,]{1,200})', re.IGNORECASE)


def boundary_of(content_type: str) -> bytes:
    """Return the boundary a Content-Type names; empty when it is not multipart."""
    match = BOUNDARY.search(content_type)
    if match is None or not content_type.lower().lstrip().startswith("multipart/"):
        return b""
    return match.group(1).strip().encode("latin-1", "replace")


def parts(chunks: Iterable[bytes], boundary: bytes, largest: int) -> Iterator[bytes]:
    """Yield the content of each part; lines may end in CR LF or in LF alone.

    Raises ``BrokenOff`` when the answer ends early, or a part has more than ``largest`` bytes.
    """
    arriving = _Arriving(chunks)
    border = b"--" + boundary
    arriving.until(border, MAX_HEADER_LINE_BYTES)  # a preamble means nothing
    while not arriving.follows(b"--"):
        arriving.until(b"\n", MAX_HEADER_LINE_BYTES)  # the rest of the boundary's line
        while arriving.until(b"\n", MAX_HEADER_LINE_BYTES).strip():
            pass
        yield arriving.until(b"\n" + border, largest).removesuffix(b"\r")


class _Arriving:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = bytearray()

    def follows(self, wanted: bytes) -> bool:
        """Whether ``wanted`` comes next; it is not dropped."""
        while len(self._held) < len(wanted):
            self._more()
        return self._held.startswith(wanted)

    def until(self, wanted: bytes, largest: int) -> bytes:
        """Return what comes before ``wanted``, and drop it."""
        start = 0
        while (place := self._held.find(wanted, start)) < 0:
            start = max(len(self._held) - len(wanted) + 1, 0)
            if start > largest:
                raise BrokenOff(mark("an answer is larger than allowed"))
            self._more()
        before = bytes(self._held[:place])
        del self._held[: place + len(wanted)]
        return before

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise BrokenOff(mark("an answer ended early"))
        self._held += chunk
