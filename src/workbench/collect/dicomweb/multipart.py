"""Cut a multipart answer (RFC 2046 section 5.1) into its parts while it arrives.

At most one part is held in memory, and never one larger than allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from workbench.collect.dicomweb.http import BrokenOff

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
    mark = b"--" + boundary
    arriving.until(mark, MAX_HEADER_LINE_BYTES)  # a preamble means nothing
    while not arriving.follows(b"--"):
        arriving.until(b"\n", MAX_HEADER_LINE_BYTES)  # the rest of the boundary's line
        while arriving.until(b"\n", MAX_HEADER_LINE_BYTES).strip():
            pass
        yield arriving.until(b"\n" + mark, largest).removesuffix(b"\r")


class _Arriving:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = bytearray()

    def follows(self, mark: bytes) -> bool:
        """Whether ``mark`` comes next; it is not dropped."""
        while len(self._held) < len(mark):
            self._more()
        return self._held.startswith(mark)

    def until(self, mark: bytes, largest: int) -> bytes:
        """Return what comes before ``mark``, and drop the mark."""
        start = 0
        while (place := self._held.find(mark, start)) < 0:
            start = max(len(self._held) - len(mark) + 1, 0)
            if start > largest:
                raise BrokenOff("an answer is larger than allowed")
            self._more()
        before = bytes(self._held[:place])
        del self._held[: place + len(mark)]
        return before

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise BrokenOff("an answer ended early")
        self._held += chunk
