"""What every DICOM connection of ours has in common: bounds, time-outs and a quiet log."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from pydicom import config
from pynetdicom import AE, _config, build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import AssociationSocket

from workbench.collect.dimse.tls import TlsFiles, client_context
from workbench.collect.retrieval import Timeouts
from workbench.collect.time_limits import KEEP_ALIVE, Interruption, TimeLimit, Watchdog
from workbench.errors import NetworkError, PeerBusy
from workbench.handshake import CheckedContext, expected_name, refusal
from workbench.model import ApplicationEntity

ANNOUNCED_PDU_BYTES = 2**18  # bytes; larger PDUs bring nothing more, and 0 would mean "no bound"
MAX_PDU_BYTES = 2**20  # bytes; what a peer may send all the same before it is cut off
MAX_OBJECT_BYTES = 2**31  # bytes between two messages of one association
PDU_TIMEOUT_S = 20.0  # a PDU that takes longer is a drip, not a transfer
READ_BYTES = 2**16
SOP_CLASS_NOT_SUPPORTED = 0x0122  # PS3.7 annex C.5.6
# Source and reason of a rejection, PS3.8 table 9-21: called AE title not recognised; temporary
# congestion, local limit exceeded.
CALLED_UNKNOWN = (1, 7)
BUSY = frozenset({(3, 1), (3, 2)})
# Linux: acknowledge at once, or a peer with Nagle's algorithm waits 40 ms an object.
QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


@dataclass(frozen=True)
class Peer:
    """Who asks whom: our AE title, the PACS, our patience, and how it is made sure who it is.

    ``tls_name`` is the name in the PACS's certificate, where it is not its host;
    ``handshake.NOT_COMPARED`` takes any.  ``interruption`` says when a person wants an end.
    """

    local_title: str
    pacs: ApplicationEntity
    timeouts: Timeouts = field(default_factory=Timeouts)
    tls: TlsFiles | None = None
    tls_name: str = ""
    interruption: Interruption = field(default_factory=Interruption)


def configure() -> None:
    """Set pynetdicom's process-wide options; called when a connection is first needed.

    Identifiers (patients' names and numbers) stay out of the log, pynetdicom's own log is silent
    unless someone has set its level, because it quotes UIDs, and a Storage SCP takes every
    storage class, private and unknown ones too, in the transfer syntax the peer names first.
    pydicom is kept from quoting malformed values in warnings, because connections have threads
    of their own.
    """
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.LOG_HANDLER_LEVEL = "none"
    _config.UNRESTRICTED_STORAGE_SERVICE = True
    config.settings.reading_validation_mode = config.IGNORE
    logger = logging.getLogger("pynetdicom")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)


class BoundedReader:
    """Reads PDUs from one socket, with a bound on their size, their time and their sum.

    Takes the place of ``AssociationSocket.recv``, which has none of the three (and reads 4 kB
    at a time); pynetdicom closes the connection when ``OSError`` is raised.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self.received = 0

    def recv(self, nr_bytes: int) -> bytearray:
        """Return ``nr_bytes`` bytes, fewer when the peer has closed; raises ``OSError``."""
        self.received += nr_bytes
        if nr_bytes > MAX_PDU_BYTES or self.received > MAX_OBJECT_BYTES:
            raise OSError("the peer sends more than it may")
        waiting = self._socket.gettimeout()
        try:
            data = self._read(nr_bytes, time.monotonic() + PDU_TIMEOUT_S)
        finally:
            self._socket.settimeout(waiting)
        if QUICK_ACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
        return data

    def _read(self, size: int, deadline: float) -> bytearray:
        data = bytearray()
        while len(data) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the peer sends too slowly")
            self._socket.settimeout(left)
            piece = self._socket.recv(min(size - len(data), READ_BYTES))
            if not piece:
                break
            data += piece
        return data


def guard(event: Event) -> None:
    """Put bounds on a new connection; bind it to ``evt.EVT_CONN_OPEN``."""
    wrapper = cast("AssociationSocket", event.assoc.dul.socket)
    connection = cast("socket.socket", wrapper.socket)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for level, option, value in KEEP_ALIVE:
        connection.setsockopt(level, option, value)
    reader = BoundedReader(connection)
    vars(wrapper).update(recv=reader.recv, reader=reader)


def echo(_: Event) -> int:
    """Answer a C-ECHO with success."""
    return 0x0000


def begin_object(event: Event) -> None:
    """Start counting bytes anew, because a whole object has arrived."""
    reader = vars(event.assoc.dul.socket).get("reader")
    if reader is not None:
        reader.received = 0


def bytes_read(association: Association) -> int:
    """Return what moves while a peer sends something over an association of ours."""
    reader = vars(association.dul.socket).get("reader") if association.dul.socket else None
    return 0 if reader is None else reader.received


def end(association: Association) -> None:
    """End an association while another thread waits for an answer over it."""
    if association.is_established:
        association.abort(block=False)
    association.dimse.msg_queue.put((None, None))  # who waits there need not wait for the peer


def asking(association: Association) -> Association:
    """Make an association that only asks: no answer is taken for a request; return it.

    pynetdicom's reactor thread looks for requests of the peer, and on a busy machine takes an
    answer out of the same queue and throws it away: a lost C-FIND answer is a lost study.  The
    reactor is the only one that does not block, so it finds nothing there any more.
    """
    wait_for_message = association.dimse.get_msg

    def get_msg(block: bool = False) -> tuple[int | None, Any]:
        return wait_for_message(block=True) if block else (None, None)

    vars(association.dimse).update(get_msg=get_msg)
    return association


@dataclass(frozen=True)
class Taking:
    """What is taken over an association of our own asking (C-GET).

    Attributes
    ----------
    contexts
        Storage class and transfer syntaxes of each presentation context.
    store
        Answers a C-STORE request, as a handler of ``evt.EVT_C_STORE``.
    """

    contexts: tuple[tuple[str, tuple[str, ...]], ...]
    store: Callable[[Event], int]

    def options(self, classes: tuple[str, ...]) -> dict[str, Any]:
        """Return what ``AE.associate`` needs to know of it, beside the classes asked for."""
        offered = dict.fromkeys(uid for uid, _ in self.contexts)
        return {
            "contexts": [build_context(uid) for uid in classes]
            + [build_context(uid, list(syntaxes)) for uid, syntaxes in self.contexts],
            "ext_neg": [build_role(uid, scp_role=True) for uid in offered],
            "evt_handlers": [(evt.EVT_CONN_OPEN, guard), (evt.EVT_C_STORE, self.store)],
            "max_pdu": ANNOUNCED_PDU_BYTES,
        }


class Rejection:
    """Hears whether a peer rejects an association.

    pynetdicom's requesting thread looks at the connection before it looks for an answer: one who
    rejects at once, and closes, is taken for nobody (1 in 40 of DCMTK's on loopback).
    """

    def __init__(self) -> None:
        self.answer: A_ASSOCIATE | None = None

    def hear(self, event: Event) -> None:
        """Take note of a rejection; bind it to ``evt.EVT_PDU_RECV``."""
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            self.answer = event.pdu.to_primitive()


ASKING_ONLY = Taking((), lambda _: SOP_CLASS_NOT_SUPPORTED)


@contextmanager
def associate(
    peer: Peer, classes: tuple[str, ...], answer: float, taking: Taking | None = None
) -> Iterator[Association]:
    """Hold an association with the PACS for ``classes``; ``answer`` is the time-out in seconds.

    ``taking`` offers to be sent objects over it.

    Raises
    ------
    NetworkError
        The PACS cannot be reached, is not who it should be, refuses us, or offers none of the
        classes.
    """
    configure()
    name = expected_name(peer.pacs.host, peer.tls_name)
    context = client_context(peer.tls, name) if peer.tls else None
    node = AE(ae_title=peer.local_title)
    node.connection_timeout = node.acse_timeout = peer.timeouts.connect
    node.dimse_timeout = node.network_timeout = answer
    rejection = Rejection()
    options = (taking or ASKING_ONLY).options(classes)
    options["evt_handlers"].append((evt.EVT_PDU_RECV, rejection.hear))
    try:
        association = node.associate(
            peer.pacs.host,
            peer.pacs.port,
            ae_title=peer.pacs.title,
            tls_args=(context, name) if context else None,
            **options,
        )
    except socket.gaierror as error:
        raise NetworkError(
            "{pacs} is not found: no computer has the name that stands in its host.",
            "Mend the name, or write its IP address there.",
            pacs=peer.pacs.title,
        ) from error
    if not association.is_established:
        raise _handshake(peer, context, name) or _refusal(peer, association, rejection)
    association.unbind(evt.EVT_PDU_RECV, rejection.hear)  # it need not hear each piece of an object
    limit = TimeLimit(peer.interruption, lambda: bytes_read(association))
    try:
        with Watchdog(limit.over, lambda: end(association)):
            yield asking(association)
    except KeyboardInterrupt:
        association.abort()  # a release would wait for an answer
        raise
    finally:
        if association.is_established:
            association.release()


def _handshake(peer: Peer, context: CheckedContext | None, name: str) -> NetworkError | None:
    said = refusal(context.failure, name) if context and context.failure else None
    if said is None:
        return None
    what, remedy = said
    return NetworkError(
        "{pacs} {what}.", "{remedy}", pacs=peer.pacs.title, what=what, remedy=remedy
    )


def _refusal(peer: Peer, association: Association, rejection: Rejection) -> NetworkError:
    name = peer.pacs.title
    if rejection.answer:
        return _rejection(peer, rejection.answer)
    if association.rejected_contexts:
        return NetworkError("{name} does not offer the service asked for.", name=name)
    return NetworkError(
        "{name} could not be reached.", "Check its address and port, and that it runs.", name=name
    )


def _rejection(peer: Peer, answer: A_ASSOCIATE) -> NetworkError:
    """Return what a rejection means, by its source and reason (PS3.8 table 9-21)."""
    said = (answer.result_source, answer.diagnostic)
    name = peer.pacs.title
    if said == CALLED_UNKNOWN:
        return NetworkError(
            "{name} refused the association, because it does not answer to this title.",
            "Mend title of [pacs] (capital letters count). Some also say so where they do not know "
            "who calls: ask its administrator to register the AE title {own}.",
            name=name,
            own=peer.local_title,
        )
    if said in BUSY:
        return PeerBusy(
            "{name} refused the association: it admits no more connections now.",
            "Try again in a minute; ask its administrator how many it admits.",
            name=name,
        )
    return NetworkError(
        "{name} refused the association.",
        "Ask its administrator to register the AE title {own}; or mend title of "
        "[local], if it is registered under another.",
        name=name,
        own=peer.local_title,
    )
