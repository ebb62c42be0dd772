"""What must hold for any bytes that are taken for a compressed image.

Every change ends as images or as a ``ReadError``, in time, in a process whose memory stays small.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field

import psutil

from tests.dicom.decoding.compressed_images import all_files
from workbench.dicom.image_object import read_image_object
from workbench.dicom.pixels import images_of
from workbench.errors import ReadError

HANG_S = 10.0
DECODED = "decoded"
# Bytes that mean something in a compressed image or in what the header says of it.
WORDS = (
    b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xc0", b"\xff\xc1", b"\xff\xc3", b"\xff\xc4",
    b"\xff\xdb", b"\xff\xdd", b"\xff\xf7", b"\xff\xf8", b"\xff\x4f\xff\x51", b"\xff\x52",
    b"\xff\x5c", b"\xff\x90", b"\xff\x93", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff",
    b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"\0\1", b"\x28\0\x10\0US\2\0", b"\x28\0\2\0US\2\0",
)  # fmt: skip
PIXEL_DATA = b"\xe0\x7f\x10\0"
FIRST_BYTES = 12 + 8 + 8  # of Pixel Data: its own head, an offset table and the head of a fragment
IN_HEADER, IN_ITEMS = 0.1, 0.1  # share of changes there


@dataclass
class Outcomes:
    """What became of many changed images."""

    codes: dict[str, Counter[str]] = field(default_factory=dict)
    slowest_s: float = 0.0
    hangs: int = 0
    most_bytes: int = 0
    tried: int = 0

    def table(self) -> str:
        """Return a line a kind of image: how often it ended how."""
        names = sorted({code for counts in self.codes.values() for code in counts})
        lines = ["| image | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
        lines += [
            f"| {kind} | " + " | ".join(str(counts[name]) for name in names) + " |"
            for kind, counts in self.codes.items()
        ]
        total: Counter[str] = sum(self.codes.values(), Counter())
        lines.append("| all | " + " | ".join(str(total[name]) for name in names) + " |")
        return "\n".join(lines)

    def total(self, code: str) -> int:
        """Return how often a code was the outcome."""
        return sum(counts[code] for counts in self.codes.values())


def tried(number: int, seed: int) -> Outcomes:
    """Change each kind of image in turn, ``number`` changes in all; return what became of them.

    An exception that is no ``ReadError`` is a failure of ours and goes its way.
    """
    chance, outcomes, us = random.Random(seed), Outcomes(), psutil.Process()
    files = list(all_files())
    for turn in range(number):
        kind, content = files[turn % len(files)]
        changed_content = changed(content, chance)
        begin = time.monotonic()
        outcome = fate(changed_content)
        took = time.monotonic() - begin
        outcomes.codes.setdefault(str(kind), Counter())[outcome] += 1
        outcomes.slowest_s = max(outcomes.slowest_s, took)
        outcomes.hangs += took > HANG_S
        outcomes.most_bytes = max(outcomes.most_bytes, us.memory_info().rss)
        outcomes.tried += 1
    return outcomes


def fate(content: bytes) -> str:
    """Return how an image ended: the code of its reason, or ``decoded``."""
    try:
        images = images_of(read_image_object(content))
    except ReadError as error:
        assert error.message
        return error.code
    assert all(image.stored.size for image in images)
    return DECODED


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return a file with a few changes, most of them in the compressed image itself."""
    new = bytearray(content)
    pixels = content.rfind(PIXEL_DATA)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        start = 132 if pixels < 0 or chance.random() < IN_HEADER else pixels
        start += FIRST_BYTES if start == pixels and chance.random() > IN_ITEMS else 0
        # The beginning of a compressed image holds its sizes and tables.
        stop = min(start + chance.choice((64, 300, len(new))), len(new))
        _change(new, chance.randrange(start, stop) if start < stop else len(new) - 1, chance)
    return bytes(new)


def _change(new: bytearray, place: int, chance: random.Random) -> None:
    kind = chance.choice((0, 0, 0, 1, 1, 2, 2, 3, 4, 5))
    stop = place + chance.randrange(1, 60)
    if kind == 0:
        new[place : place + 1] = bytes((chance.randrange(256),))
    elif kind == 1:
        word = chance.choice(WORDS)
        new[place : place + len(word)] = word
    elif kind == 2:
        new[place : place + 1] = bytes((new[place] ^ (1 << chance.randrange(8)),))
    elif kind == 3:
        new[place:stop] = bytes(len(new[place:stop]))
    elif kind == 4:
        new[place:stop] = b""
    else:
        new[place:place] = new[place:stop]
