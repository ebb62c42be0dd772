"""A Storage SCU of our own: it writes down every answer, and can stop in the middle of a PDU.

The upper layer protocol of PS3.8 section 9.3 and the C-STORE messages of PS3.7 section 9.3.1, as
much of them as a sender needs; nothing is shared with the product or with its network library.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.faults.fault_objects import SimulatedObject, object_uid

STORED, OUT_OF_RESOURCES = 0x0000, 0xA700
EXPLICIT = b"1.2.840.10008.1.2.1"
APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
ASSOCIATE_RQ, ASSOCIATE_AC, DATA, RELEASE_RQ = 1, 2, 4, 5
CALLING, CALLED = "SENDER", "WORKBENCH"
FRAGMENT = 16_384


class NoAnswerError(Exception):
    """The receiver is not there, or went away before it answered."""


@dataclass
class Ledger:
    """What was answered, on disk before the next object is sent; no part of the workspace."""

    file: Path
    answers: dict[int, list[int | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, number: int) -> None:
        """Note that an object is about to be sent: from now on it may be in the store."""
        with self._lock:
            self.answers.setdefault(number, [])

    def note(self, number: int, status: int | None) -> None:
        """Write down the answer to one object; ``None`` when none came."""
        with self._lock, self.file.open("a") as file:
            told = "none" if status is None else f"{status:04X}"
            file.write(f"{object_uid(number)} {told}\n")
            file.flush()
            os.fsync(file.fileno())
            self.answers[number].append(status)

    @property
    def acknowledged(self) -> set[int]:
        """Objects that were answered with success at least once."""
        with self._lock:
            return {number for number, given in self.answers.items() if STORED in given}

    @property
    def open(self) -> list[int]:
        """Objects without a success, which a PACS would send again."""
        with self._lock:
            return [number for number, given in self.answers.items() if STORED not in given]

    @property
    def sent(self) -> list[int]:
        """Objects that may be in the store."""
        with self._lock:
            return [*self.answers]

    def statuses(self) -> Counter[str]:
        """Return how often each answer was given."""
        given = [one for answers in self.answers.values() for one in answers]
        return Counter("none" if one is None else f"0x{one:04X}" for one in given)


class Association:
    """One association with the receiver; a context manager."""

    def __init__(self, port: int, sop_classes: list[str], timeout: float = 60.0) -> None:
        self._contexts = {uid: 2 * index + 1 for index, uid in enumerate(sop_classes)}
        self._messages = 0
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        except OSError as error:
            raise NoAnswerError from error
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._transmit(_associate(self._contexts))
            kind, _ = self._pdu()
        except BaseException:
            self._socket.close()
            raise
        if kind != ASSOCIATE_AC:
            self._socket.close()
            raise NoAnswerError(f"PDU of type {kind}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            try:
                self._transmit(struct.pack(">BxL4x", RELEASE_RQ, 4))
                self._pdu()
            except NoAnswerError:
                pass
        self._socket.close()

    def store(self, one: SimulatedObject) -> int:
        """Send an object and return the status; raises ``NoAnswerError``."""
        self._transmit(self._message(one))
        kind, content = self._pdu()
        if kind != DATA:
            raise NoAnswerError(f"PDU of type {kind}")
        return _status(content[6:])

    def store_part(self, one: SimulatedObject, share: float) -> None:
        """Send the beginning of an object and cut the connection."""
        message = self._message(one)
        self._transmit(message[: int(share * len(message))])
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()  # without lingering: the peer sees a reset, as from a pulled cable

    def _message(self, one: SimulatedObject) -> bytes:
        self._messages += 1
        context = self._contexts[one.sop_class]
        pdus = [_data(context, True, True, _request(one, self._messages % 0xFFFF + 1))]
        for start in range(0, len(one.encoded), FRAGMENT):
            piece = one.encoded[start : start + FRAGMENT]
            pdus.append(_data(context, False, start + FRAGMENT >= len(one.encoded), piece))
        return b"".join(pdus)

    def _transmit(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise NoAnswerError from error

    def _pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxL", self._exactly(6))
        return kind, self._exactly(length)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                piece = self._socket.recv(size - len(data))
            except OSError as error:
                raise NoAnswerError from error
            if not piece:
                raise NoAnswerError
            data += piece
        return data


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(content)) + content


def _associate(contexts: dict[str, int]) -> bytes:
    """Return an A-ASSOCIATE-RQ (PS3.8 section 9.3.2)."""
    items = _item(0x10, APPLICATION_CONTEXT)
    for uid, number in contexts.items():
        names = _item(0x30, uid.encode()) + _item(0x40, EXPLICIT)
        items += _item(0x20, struct.pack("B3x", number) + names)
    limits = _item(0x51, struct.pack(">L", FRAGMENT)) + _item(0x52, b"2.25.1")
    items += _item(0x50, limits)
    titles = f"{CALLED:16}{CALLING:16}".encode()
    body = struct.pack(">H2x", 1) + titles + bytes(32) + items
    return struct.pack(">BxL", ASSOCIATE_RQ, len(body)) + body


def _data(context: int, command: bool, last: bool, content: bytes) -> bytes:
    """Return a P-DATA-TF of one fragment (PS3.8 section 9.3.5 and annex E)."""
    header = struct.pack(">LBB", len(content) + 2, context, command | last << 1)
    return struct.pack(">BxL", DATA, len(header) + len(content)) + header + content


def _element(number: int, content: bytes) -> bytes:
    return struct.pack("<HHL", 0, number, len(content)) + content


def _request(one: SimulatedObject, message: int) -> bytes:
    """Return a C-STORE-RQ (PS3.7 table 9.3-1)."""

    def text(uid: str) -> bytes:
        return uid.encode() + b"\0" * (len(uid) % 2)

    elements = (
        _element(0x0002, text(one.sop_class))
        + _element(0x0100, struct.pack("<H", 0x0001))
        + _element(0x0110, struct.pack("<H", message))
        + _element(0x0700, struct.pack("<H", 0))
        + _element(0x0800, struct.pack("<H", 1))
        + _element(0x1000, text(one.sop_instance))
    )
    return _element(0x0000, struct.pack("<L", len(elements))) + elements


def _status(command: bytes) -> int:
    """Return Status (0000,0900) of a C-STORE-RSP."""
    position = 0
    while position + 8 <= len(command):
        _, number, length = struct.unpack_from("<HHL", command, position)
        if number == 0x0900:
            return int(struct.unpack_from("<H", command, position + 8)[0])
        position += 8 + length
    raise NoAnswerError("an answer without a status")
