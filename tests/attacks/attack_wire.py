"""DICOM's upper layer by hand, so that a peer can also say what no library would let it say.

PS3.8 section 9.3 (PDUs), PS3.7 section 9.3 (C-STORE, C-ECHO) and annex E (commands).
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from struct import pack, unpack, unpack_from
from typing import Self

HOME, ELSEWHERE = "127.0.0.1", "127.0.0.2"  # two hosts, both on the loopback network
CALLING, CALLED = "SENDER", "WORKBENCH"
VERIFICATION, CT = b"1.2.840.10008.1.1", b"1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, DEFLATED = b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.1.99"
ACCEPTED, REJECTED, DATA, ABORTED = 2, 3, 4, 7  # types of PDU
ECHO, STORE, FIRST_CONTEXT = 0x0030, 0x0001, 1
PIECE = 2**16


class GoneError(Exception):
    """The receiver does not listen, or has closed the connection, or does not answer in time."""


class AbortedError(GoneError):
    """The receiver has said A-ABORT."""


def associate(
    contexts: tuple[tuple[bytes, bytes], ...], calling: str = CALLING, called: str = CALLED
) -> bytes:
    """Return an A-ASSOCIATE-RQ for pairs of SOP class and transfer syntax (9.3.2)."""
    items = _item(0x10, b"1.2.840.10008.3.1.1.1")
    for index, (sop_class, syntax) in enumerate(contexts):
        names = _item(0x30, sop_class) + _item(0x40, syntax)
        items += _item(0x20, bytes([FIRST_CONTEXT + 2 * index, 0, 0, 0]) + names)
    items += _item(0x50, _item(0x51, pack(">I", 16_384)) + _item(0x52, b"2.25.1"))
    titles = called.encode().ljust(16) + calling.encode().ljust(16)
    return pdu(1, pack(">HH", 1, 0) + titles + bytes(32) + items)


def pdu(kind: int, body: bytes) -> bytes:
    """Return a PDU (9.3.1)."""
    return head(kind, len(body)) + body


def head(kind: int, length: int) -> bytes:
    """Return the head of a PDU that claims a length."""
    return pack(">BBI", kind, 0, length)


def fragment(body: bytes, *, command: bool, last: bool, context: int = FIRST_CONTEXT) -> bytes:
    """Return a P-DATA-TF of one fragment (9.3.5 and annex E)."""
    return pdu(DATA, pack(">IBB", len(body) + 2, context, command + 2 * last) + body)


def message(command: int, sop_class: bytes, sop_instance: bytes | None = None) -> bytes:
    """Return the command set of a request, C-STORE or C-ECHO (PS3.7 tables 9.3-1, 9.3-12)."""
    elements = [
        (0x0002, sop_class),
        (0x0100, pack("<H", command)),
        (0x0110, pack("<H", 1)),
        (0x0800, pack("<H", 0x0101 if sop_instance is None else 0x0001)),
    ]
    if sop_instance is not None:
        elements += [(0x0700, pack("<H", 0)), (0x1000, sop_instance)]
    body = b"".join(_command(number, value) for number, value in sorted(elements))
    return _command(0, pack("<I", len(body))) + body


def _item(kind: int, body: bytes) -> bytes:
    return pack(">BBH", kind, 0, len(body)) + body


def _command(number: int, value: bytes) -> bytes:
    value += bytes(len(value) % 2)
    return pack("<HHI", 0, number, len(value)) + value


@dataclass
class Wire:
    """A connection to the receiver, as bytes; a context manager."""

    port: int
    source: str = HOME
    seconds: float = 30.0

    def __post_init__(self) -> None:
        try:
            self.socket = socket.create_connection(
                (HOME, self.port), self.seconds, (self.source, 0)
            )
        except OSError as error:
            raise GoneError from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> int:
        """Send bytes and return how many; raises ``GoneError``."""
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise GoneError from error
        return len(data)

    def flood(self, size: int) -> int:
        """Send zeros until so many are sent or the receiver has had enough; return how many."""
        sent, piece = 0, bytes(PIECE)
        with suppress(GoneError):
            while sent < size:
                sent += self.send(piece)
        return sent

    def answer(self) -> tuple[int, bytes]:
        """Return type and body of the next PDU; raises ``GoneError``."""
        kind, length = unpack(">BxI", self._read(6))
        return int(kind), self._read(length)

    def open(self, *contexts: tuple[bytes, bytes], calling: str = CALLING) -> int:
        """Ask for an association and return the type of the answer."""
        self.send(associate(contexts, calling))
        return self.answer()[0]

    def status(self) -> int:
        """Return the Status of the next message; raises ``GoneError`` where none comes."""
        kind, body = self.answer()
        if kind == ABORTED:
            raise AbortedError
        if kind != DATA:
            raise GoneError(f"a PDU of type {kind}")
        at = 6  # behind the head of the fragment
        while at + 10 <= len(body):
            _, number, length = unpack_from("<HHI", body, at)
            if number == 0x0900:
                return int(unpack_from("<H", body, at + 8)[0])
            at += 8 + length
        raise GoneError("a message without Status")

    def store(self, sop_instance: bytes, encoded: bytes) -> int:
        """Send a CT image over the first context and return the Status."""
        request = message(STORE, CT, sop_instance)
        pieces = [encoded[at : at + PIECE] for at in range(0, len(encoded), PIECE)] or [b""]
        self.send(
            fragment(request, command=True, last=True)
            + b"".join(fragment(piece, command=False, last=False) for piece in pieces[:-1])
            + fragment(pieces[-1], command=False, last=True)
        )
        return self.status()

    def echo(self) -> int:
        """Send a C-ECHO over the first context and return the Status."""
        self.send(fragment(message(ECHO, VERIFICATION), command=True, last=True))
        return self.status()

    def release(self) -> None:
        """End the association as one should."""
        self.send(pdu(5, bytes(4)))
        self.answer()

    def closed(self) -> bool:
        """Wait until the receiver closes; say whether it did so in time."""
        try:
            while self.socket.recv(PIECE):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                piece = self.socket.recv(size - len(data))
            except OSError as error:
                raise GoneError from error
            if not piece:
                raise GoneError
            data += piece
        return data


def echo_once(port: int, source: str = HOME, seconds: float = 30.0) -> None:
    """Associate, C-ECHO and release; raises ``GoneError`` unless all of it is answered well."""
    with Wire(port, source, seconds) as wire:
        if wire.open((VERIFICATION, EXPLICIT)) != ACCEPTED or wire.echo() != 0:
            raise GoneError
        wire.release()
