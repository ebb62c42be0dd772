"""Take C-STORE requests off an association without detours and in bounded memory.

pynetdicom looks for work once a millisecond in two threads, copies each fragment five times,
collects commands without bounds, and takes requests in faster than it answers them.  ``Inflow``
takes the place of a few of its methods on one association: its threads sleep until there is
something to do, and a C-STORE request goes from the socket into its sink and is answered by the
thread that read it, so that a peer cannot send ahead of the answers.  Negotiation, release, abort
and all other requests stay pynetdicom's (tests/collect/dimse/test_c_store.py notices when it
changes).
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Queue
from typing import Any, cast

from pynetdicom.association import Association
from pynetdicom.pdu_primitives import P_DATA

from workbench.collect.dimse.association import (
    MAX_OBJECT_BYTES,
    MAX_PDU_BYTES,
    PDU_TIMEOUT_S,
    QUICK_ACK,
)
from workbench.collect.dimse.command_set import CommandSet, read_command, uid_text
from workbench.collect.dimse.header_stream import Sink, WholeSink

# PS3.8 table 9-22 and section 9.3.5.1; states of section 9.2.
PDU_HEAD, ITEM_HEAD = struct.Struct(">BxI"), struct.Struct(">IBB")
P_DATA_TF, IS_COMMAND, IS_LAST = 0x04, 0x01, 0x02
ASSOCIATE_RQ, GREETING_BYTES = 0x01, 42  # PS3.8 table 9-11, up to the calling AE title
DATA_TRANSFER, AWAITING_CLOSE = "Sta6", "Sta13"
CONNECTION_CLOSED, INVALID_PDU = "Evt17", "Evt19"
TLS_HANDSHAKE = b"\x16"  # RFC 8446 section 5.1: type of the record that a connection begins with
MAX_COMMAND_BYTES = 2**16  # bytes; a C-STORE request has about 150
MAX_OTHER_BYTES = 2**20  # bytes of the data set of another request
MAX_WAITING = 16  # requests of other kinds that wait for their answers
READ_BYTES = 2**17  # bytes; what DCMTK's senders put into a PDU at most
THROWN_AT_ONCE = 64  # pieces, before a look whether time is up
POLL_INTERVAL_S = 0.25  # timers and ends of threads are looked at that often


@dataclass(frozen=True)
class StoreRequest:
    """A C-STORE request whose data set has come; UIDs as they were sent, perhaps no UIDs at all."""

    sop_class: str = field(repr=False)
    sop_instance: str = field(repr=False)
    transfer_syntax: str = field(repr=False)
    sink: Sink | WholeSink = field(repr=False)


Serve = Callable[[StoreRequest], int]
MakeSink = Callable[[str], Sink | WholeSink]


class _ProtocolError(Exception):
    """The peer says what it must not say; the association is aborted."""


class _Bell(threading.Event):
    """Stands in for the event that lets pynetdicom's reactor go on: when there is work for it."""

    def __init__(self, *queues: Queue[Any]) -> None:
        super().__init__()
        self._queues = queues
        for queue in queues:
            vars(queue).update(put=_ringing(queue.put, self))

    def wait(self, timeout: float | None = None) -> bool:
        if all(queue.empty() for queue in self._queues):
            super().wait(POLL_INTERVAL_S if timeout is None else timeout)
        self.clear()
        return True


@dataclass
class _Message:
    """The request that is being read."""

    context: int
    command: CommandSet
    request: StoreRequest


class Inflow:
    """What comes in over one association; made before its threads are started.

    Parameters
    ----------
    association
        Of which we are the acceptor, connected.
    make_sink
        Returns what takes the data set of the next object, given its transfer syntax.
    serve
        Is given each request with its sink and returns the status; must not raise.
    """

    def __init__(self, association: Association, make_sink: MakeSink, serve: Serve) -> None:
        self._association, self._dul = association, association.dul
        self._make_sink, self._serve = make_sink, serve
        wrapper = cast("Any", self._dul.socket)
        self._connection = cast("socket.socket", wrapper.socket)
        self._scratch = memoryview(bytearray(READ_BYTES))
        self._unread = b""
        self._greeting = b""
        self._deadline = 0.0
        self._command = bytearray()
        self._message: _Message | None = None
        self._allowance = 0  # bytes that the data set of another request may still have
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._pynetdicom_reads = self._dul._read_pdu_data
        self._pynetdicom_sends = self._dul.send_pdu
        self._pynetdicom_ends = self._dul.kill_dul
        self._connection.settimeout(PDU_TIMEOUT_S)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._dul._run_loop_delay = 0.0
        vars(self._dul).update(
            _is_transport_event=self._look, send_pdu=self._send, kill_dul=self._end
        )
        vars(wrapper).update(recv=self._recv)
        queues = (association.dimse.msg_queue, self._dul.to_user_queue)
        association._reactor_checkpoint = _Bell(*queues)

    @property
    def greeted(self) -> bool:
        """Whether the peer has said anything."""
        return bool(self._greeting)

    @property
    def encrypts(self) -> bool:
        """Whether a plain connection began as one of TLS does."""
        return self._greeting[:1] == TLS_HANDSHAKE

    @property
    def titles(self) -> tuple[str, str]:
        """Called and calling AE title of the peer's first words, if they ask for an association.

        As they were sent: PS3.8 section 9.3.2 forbids blank ones, and pynetdicom ends a connection
        over them before anybody sees them.
        """
        if len(self._greeting) < GREETING_BYTES or self._greeting[0] != ASSOCIATE_RQ:
            return "", ""
        called, calling = self._greeting[10:26], self._greeting[26:42]
        return called.decode("ascii", "replace").strip(), calling.decode("ascii", "replace").strip()

    @property
    def arriving(self) -> int:
        """Bytes that have come of the object that is on its way; 0 between two."""
        message = self._message
        return 0 if message is None else message.request.sink.size

    def close(self) -> None:
        """Give back what the system lent; call it when the association has ended."""
        self._woken.close()
        self._waker.close()
        self._message = None

    # --- sleeping and waking -------------------------------------------------------------------

    def _send(self, primitive: Any) -> None:
        self._pynetdicom_sends(primitive)
        with contextlib.suppress(OSError):  # it is awake, or has ended
            self._waker.send(b"!")

    def _end(self) -> None:
        self._pynetdicom_ends()
        if self._association.requestor.primitive is None:
            vars(self._dul.to_user_queue)["put"](None)  # nobody is left to wait for

    def _look(self) -> bool:
        """Wait for something to do and do it; whether anything came (``_is_transport_event``)."""
        state = self._dul.state_machine.current_state
        wrapper = cast("Any", self._dul.socket)
        if wrapper.socket is None:
            time.sleep(0.001)
            return False
        if state == AWAITING_CLOSE:
            self._throw_away()
            return True
        if not self._readable():
            return False
        if state != DATA_TRANSFER:
            self._begin()
            self._pynetdicom_reads()
            return True
        self._read()
        while self._has_time() and self._readable():
            self._read()
        return True

    def _throw_away(self) -> None:
        """Close the connection, all being said, as soon as nothing more comes."""
        with contextlib.suppress(OSError, ValueError):
            self._connection.settimeout(POLL_INTERVAL_S)
            for _ in range(THROWN_AT_ONCE):
                ready, _, _ = select.select([self._connection], [], [], 0.0)
                if not (ready and self._connection.recv_into(self._scratch)):
                    break
            else:
                return
        cast("Any", self._dul.socket).close()

    def _has_time(self) -> bool:
        """Whether to read on; pynetdicom's loop sleeps each time, and be it for nothing."""
        self._dul._idle_timer.restart()
        return (
            self._dul.event_queue.empty()
            and self._dul.to_provider_queue.empty()
            and not self._dul._kill_thread
        )

    def _readable(self) -> bool:
        if isinstance(self._connection, ssl.SSLSocket) and self._connection.pending():
            return True
        if self._association.dimse.msg_queue.qsize() > MAX_WAITING:
            time.sleep(0.001)
            return False
        try:
            patience = POLL_INTERVAL_S if self._dul.event_queue.empty() else 0.0
            ready, _, _ = select.select([self._connection, self._woken], [], [], patience)
            if self._woken in ready:
                self._woken.recv(64)
        except (OSError, ValueError):
            self._dul.event_queue.put(CONNECTION_CLOSED)
            return False
        return self._connection in ready

    # --- reading -------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._deadline = time.monotonic() + PDU_TIMEOUT_S

    def _recv(self, size: int) -> bytearray:
        """Return bytes for pynetdicom (``AssociationSocket.recv``); raises ``OSError``."""
        unread, self._unread = self._unread[:size], self._unread[size:]
        if size > MAX_PDU_BYTES:
            raise OSError("the peer sends more than it may")
        data = bytearray(size)
        data[: len(unread)] = unread
        self._fill(memoryview(data)[len(unread) :])
        if len(self._greeting) < GREETING_BYTES:
            self._greeting += bytes(data[:GREETING_BYTES])
        return data

    def _fill(self, view: memoryview) -> None:
        """Read until the view is full; raises ``OSError`` at the end, or when it takes too long."""
        while len(view):
            view = view[self._some(view) :]

    def _some(self, view: memoryview) -> int:
        read = self._connection.recv_into(view)
        if not read:
            raise ConnectionError("the peer has closed the connection")
        if read < len(view) and time.monotonic() > self._deadline:
            raise TimeoutError("the peer sends too slowly")
        return read

    def _read(self) -> None:
        """Read one PDU while data may be sent; what is no data is left to pynetdicom."""
        self._begin()
        try:
            head = self._scratch[: PDU_HEAD.size]
            self._fill(head)
            kind, length = PDU_HEAD.unpack(head)
            if kind != P_DATA_TF:
                self._unread = bytes(head)
                self._pynetdicom_reads()
                return
            if length > MAX_PDU_BYTES:
                raise OSError("the peer sends more than it may")
            self._read_items(length)
            if QUICK_ACK is not None:
                self._connection.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
        except OSError:
            self._dul.event_queue.put(CONNECTION_CLOSED)
        except _ProtocolError:
            self._dul.event_queue.put(INVALID_PDU)

    def _read_items(self, left: int) -> None:
        while left:
            head = self._scratch[: ITEM_HEAD.size]
            if left < len(head):
                raise _ProtocolError
            self._fill(head)
            size, context, control = ITEM_HEAD.unpack(head)
            left -= size + 4
            if size < 2 or left < 0:
                raise _ProtocolError
            if control & IS_COMMAND:
                self._command_fragment(context, size - 2, bool(control & IS_LAST))
            else:
                self._data_fragment(context, size - 2, bool(control & IS_LAST))

    def _command_fragment(self, context: int, size: int, last: bool) -> None:
        if self._message or self._allowance or len(self._command) + size > MAX_COMMAND_BYTES:
            raise _ProtocolError
        self._fill(self._scratch[:size])
        self._command += self._scratch[:size]
        if last:
            command, self._command = bytes(self._command), bytearray()
            self._commanded(context, command)

    def _data_fragment(self, context: int, size: int, last: bool) -> None:
        message = self._message
        if message is None:
            self._other_fragment(context, size, last)
            return
        sink = message.request.sink
        if context != message.context or sink.size + size > MAX_OBJECT_BYTES:
            raise _ProtocolError
        while size:
            read = self._some(self._scratch[: min(size, READ_BYTES)])
            sink.write(self._scratch[:read])
            size -= read
        if last:
            self._message = None
            self._answer(message)

    # --- requests ------------------------------------------------------------------------------

    def _commanded(self, context: int, encoded: bytes) -> None:
        try:
            command = read_command(encoded)
        except ValueError as error:
            raise _ProtocolError from error
        if not command.store:
            self._allowance = MAX_OTHER_BYTES if command.has_data else 0
            self._hand_over(context, IS_COMMAND | IS_LAST, encoded)
            return
        accepted = self._association._accepted_cx.get(context)
        if accepted is None or not command.has_data or len(command.message_id) != 2:
            raise _ProtocolError
        syntax = str(accepted.transfer_syntax[0])
        uids = uid_text(command.sop_class), uid_text(command.sop_instance)
        request = StoreRequest(*uids, syntax, self._make_sink(syntax))
        self._message = _Message(context, command, request)

    def _other_fragment(self, context: int, size: int, last: bool) -> None:
        """Leave the data set of another request to pynetdicom."""
        if size >= self._allowance:
            raise _ProtocolError
        self._allowance = 0 if last else self._allowance - size
        data = bytearray(size)
        self._fill(memoryview(data))
        self._hand_over(context, IS_LAST if last else 0, bytes(data))

    def _hand_over(self, context: int, control: int, data: bytes) -> None:
        primitive = P_DATA()
        primitive.presentation_data_value_list.append((context, bytes([control]) + data))
        try:
            self._association.dimse.receive_primitive(primitive)
        except Exception as error:  # whatever it stumbled over, the peer said it
            raise _ProtocolError from error

    def _answer(self, message: _Message) -> None:
        self._dul._idle_timer.stop()  # it is we who are slow
        status = self._serve(message.request)
        self._dul._idle_timer.restart()
        whole = message.command.response(status)
        most = (self._association.requestor.maximum_length or 0) - ITEM_HEAD.size
        step = most if most > 0 else len(whole)
        for start in range(0, len(whole), step):
            piece = whole[start : start + step]
            control = IS_COMMAND | (IS_LAST if start + step >= len(whole) else 0)
            item = ITEM_HEAD.pack(len(piece) + 2, message.context, control) + piece
            cast("Any", self._dul.socket).send(PDU_HEAD.pack(P_DATA_TF, len(item)) + item)


def _ringing(put: Callable[..., None], bell: threading.Event) -> Callable[..., None]:
    def put_and_ring(*words: Any, **named: Any) -> None:
        put(*words, **named)
        bell.set()

    return put_and_ring
