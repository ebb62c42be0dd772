"""Whether a compressed frame is what the header says, and whole, by its first and last bytes.

Decoders believe the sizes in a compressed image, and some of them write where the header's sizes
end.  So both are compared before anything is decoded.  JPEG: ITU-T T.81 annex B; JPEG-LS: T.87
annex C; JPEG 2000: T.800 annex A.5.1, whose high-throughput form (T.814) has the same start.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from workbench.dicom.decoding.compressed_syntaxes import CodestreamKind, compressed_syntax
from workbench.dicom.decoding.image_pixel import ImagePixel

START, START_2000, END = b"\xff\xd8", b"\xff\x4f\xff\x51", b"\xff\xd9"
LAST_BYTES = 1024  # of a frame, among which its end is looked for: some writers pad
FIRST_BYTES = 4096  # of a frame, among which JPEG 2000 begins: some writers wrap it in a JP2 file
DCT, LOSSLESS, LS = frozenset((0xC0, 0xC1, 0xC2)), frozenset((0xC3,)), frozenset((0xF7,))
FRAME_MARKERS = DCT | LOSSLESS | LS | frozenset(range(0xC5, 0xD0)) - {0xC8, 0xCC}
SCAN = 0xDA
ALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length
# By which markers a JPEG image of a kind is known.
MARKERS = {CodestreamKind.DCT: DCT, CodestreamKind.LOSSLESS: LOSSLESS, CodestreamKind.LS: LS}
DCT_BITS = (8, 12)  # T.81 table B.2
MAX_BITS, MAX_BITS_2000 = 16, 38  # T.81 table B.2, T.87 annex C; T.800 table A.11


class CodestreamError(Exception):
    """A compressed frame that is not decoded; ``why`` is a short fixed word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class CodestreamSize:
    """What a compressed frame says of itself."""

    rows: int
    columns: int
    samples: int
    bits: int


def check_frame(frame: bytes, syntax: str, described: ImagePixel) -> None:
    """Raise ``CodestreamError`` for a frame that is cut, or not what the header says.

    So does every frame of a transfer syntax that is not known: nobody can say what it is.
    """
    known = compressed_syntax(syntax)
    if known is None:
        raise CodestreamError("syntax")
    if known.codestream is None:  # it does not say its size; its decoder is memory-safe
        return
    if known.codestream is CodestreamKind.JPEG_2000:
        size, most = _jpeg_2000(frame), MAX_BITS_2000
    else:
        size, most = _jpeg(frame, MARKERS[known.codestream]), MAX_BITS
    if (size.rows, size.columns, size.samples) != (
        described.rows, described.columns, described.samples,
    ):  # fmt: skip
        raise CodestreamError("size")
    if not 0 < size.bits <= min(described.allocated, most):
        raise CodestreamError("bits")
    if END not in frame[-LAST_BYTES:]:
        raise CodestreamError("cut")


def _jpeg(frame: bytes, kinds: frozenset[int]) -> CodestreamSize:
    if not frame.startswith(START):
        raise CodestreamError("start")
    place = len(START)
    while place + 4 <= len(frame):
        if frame[place] != 0xFF:
            raise CodestreamError("start")
        marker = frame[place + 1]
        if marker == 0xFF or marker in ALONE:  # fill bytes, T.81 B.1.1.2
            place += 1 if marker == 0xFF else 2
            continue
        if marker in FRAME_MARKERS:
            return _frame_header(frame, place, marker, kinds)
        if marker == SCAN:
            break
        place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    raise CodestreamError("start")


def _frame_header(frame: bytes, place: int, marker: int, kinds: frozenset[int]) -> CodestreamSize:
    if marker not in kinds or place + 10 > len(frame):
        raise CodestreamError("start")
    bits, rows, columns, samples = struct.unpack_from(">BHHB", frame, place + 4)
    if marker in DCT and bits not in DCT_BITS:
        raise CodestreamError("bits")
    return CodestreamSize(rows, columns, samples, bits)


def _jpeg_2000(frame: bytes) -> CodestreamSize:
    found = re.search(re.escape(START_2000), frame[:FIRST_BYTES])
    if found is None or found.start() + 43 > len(frame):
        raise CodestreamError("start")
    right, bottom, left, top = struct.unpack_from(">4I", frame, found.start() + 8)
    samples, depth = struct.unpack_from(">HB", frame, found.start() + 40)
    return CodestreamSize(bottom - top, right - left, samples, (depth & 0x7F) + 1)
