"""Take what peers send: a Storage SCP that hands encoded data sets on, unparsed."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Self
from weakref import WeakSet

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer

from workbench.collect.dimse.admission import (
    MAX_ASSOCIATIONS,
    Admission,
    AllowedPeer,
    server_class,
    watched,
)
from workbench.collect.dimse.association import ANNOUNCED_PDU_BYTES, configure, echo
from workbench.collect.dimse.c_store import Inflow, StoreRequest
from workbench.collect.dimse.header_stream import MAX_WHOLE_BYTES, Budget, Sink, WholeSink
from workbench.collect.dimse.tls import TlsFiles, server_context
from workbench.collect.received import (
    CANNOT_UNDERSTAND,
    HARMLESS,
    OUT_OF_RESOURCES,
    ReceivedObject,
    Take,
)
from workbench.errors import NetworkError, SettingsError, StoreError
from workbench.model import ApplicationEntity

LOGGER = logging.getLogger(__name__)

ASSOCIATION_TIMEOUT_S = 5.0  # for a peer that connects and stays silent
IDLE_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.1  # how soon a server notices that it shall end


@dataclass(frozen=True)
class Reception:
    """What our receiver is, and who may send to it.

    Attributes
    ----------
    entity
        Our AE title, the address to listen at (loopback unless told otherwise) and the port;
        port 0 takes a free one, see ``Receiver.entity`` afterwards.
    peers
        Who may send; every other peer is refused.
    phantom_title
        A second AE title on the same port; what is sent to it is kept whole.
    tls
        Our certificate and the authorities of theirs; ``None`` for plain connections.
    """

    entity: ApplicationEntity
    peers: tuple[AllowedPeer, ...]
    phantom_title: str = ""
    tls: TlsFiles | None = None

    @property
    def titles(self) -> frozenset[str]:
        """The AE titles we answer to."""
        return frozenset({self.entity.title, self.phantom_title} - {""})


@dataclass(frozen=True)
class ReceiverStatus:
    """What a receiver has done since it was started.

    Attributes
    ----------
    associations
        Open now.
    refused_associations, refused_lately
        Associations refused, and whom lately (AE title and address).
    objects, bytes
        Objects handed on, and their bytes as sent.
    refused_objects
        Objects not even handed on: malformed UIDs, too large, or cut off.
    last_object_at
        When the last object was handed on, ISO 8601 in UTC; empty before.
    """

    associations: int
    refused_associations: int
    refused_lately: tuple[str, ...]
    objects: int
    bytes: int
    refused_objects: int
    last_object_at: str = ""


class Receiver:
    """A Storage SCP for peers that are known; a context manager.

    Parameters
    ----------
    reception
        What it is and whom it admits.
    take
        Is given one header at a time and returns a DICOM status: 0x0000 means that the object is
        kept and durable.  When it raises, the peer is answered 0xA700 (``StoreError``,
        ``OSError``, ``MemoryError``: it may try again) or 0xC000.  It may be called from several
        threads at once.
    keep
        Is given whole objects that were sent to the phantom title, one at a time.
    """

    def __init__(self, reception: Reception, take: Take, keep: Take | None = None) -> None:
        if not reception.peers:
            raise SettingsError(
                "the receiver knows no peer.", "Name the AE titles that may send to it."
            )
        if reception.phantom_title and keep is None:
            raise SettingsError("phantom images have no place to go.")
        self.entity = reception.entity
        self._reception = reception
        self._take, self._keep = take, keep
        self._turn = threading.Condition()
        self._open, self._busy = False, 0
        self._inflows: WeakSet[Inflow] = WeakSet()
        self._count = self._bytes = self._refused = 0
        self._last: datetime | None = None
        self._keeping = threading.Lock()
        self._admission = Admission(reception.titles, reception.peers)
        self._headers, self._wholes = Budget(), Budget(MAX_WHOLE_BYTES)
        self._node = _node(reception.entity.title)

    @property
    def count(self) -> int:
        """How many objects have been handed on."""
        return self._count

    @property
    def arrived(self) -> int:
        """How many bytes have come, those of objects that are still on their way included."""
        inflows = tuple(self._inflows)
        return self._bytes + sum(inflow.arriving for inflow in inflows)

    @property
    def refused(self) -> int:
        """How many objects were refused before they were handed on."""
        return self._refused

    def status(self) -> ReceiverStatus:
        """Return what it has done so far."""
        admission = self._admission
        return ReceiverStatus(
            admission.open, admission.refused, tuple(admission.lately), self._count, self._bytes,
            self._refused, self._last.isoformat(timespec="seconds") if self._last else "",
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Start to listen; raises ``NetworkError`` when the port is taken."""
        configure()
        handlers: list[evt.EventHandlerType] = [
            (evt.EVT_CONN_OPEN, watched(self._admission, self._begin)),
            (evt.EVT_REQUESTED, self._admission.requested),
            (evt.EVT_C_ECHO, echo),
        ]
        files = self._reception.tls
        kind = server_class(self._admission, server_context(files) if files else None)
        self.entity = listen(self._node, self.entity, handlers, kind)
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        """Let a running ``take`` end, then stop listening and close all connections."""
        with self._turn:
            self._open = False
            self._turn.wait_for(lambda: self._busy == 0)
        # The servers first: pynetdicom would end the associations before them, and a peer that
        # comes back at once would slip in between, stay, and keep the program from ending.
        for server in self._node._servers[:]:
            server.shutdown()
        self._node.shutdown()

    def _begin(self, association: Association) -> Inflow:
        phantom = self._reception.phantom_title

        def sink(syntax: str) -> Sink | WholeSink:
            if phantom and association.acceptor.ae_title == phantom:
                return WholeSink(self._wholes)
            return Sink(lambda: syntax, self._headers)

        inflow = Inflow(association, sink, partial(self._store, association))
        self._inflows.add(inflow)
        return inflow

    def _store(self, association: Association, request: StoreRequest) -> int:
        sink, problem = request.sink, ""
        if not (HARMLESS.match(request.sop_class) and HARMLESS.match(request.sop_instance)):
            problem = "its UIDs are malformed"
        elif sink.overflow:
            problem = "it is larger than allowed"
        elif not sink.whole:
            problem = "its Pixel Data ends early"
        if problem:
            self._refused += 1
            LOGGER.warning("an object was refused because %s", problem)
            return CANNOT_UNDERSTAND
        with self._turn:
            if not self._open:
                return OUT_OF_RESOURCES
            self._busy += 1
            self._count += 1
            self._bytes += sink.size
            number, self._last = self._count, datetime.now(UTC)
        try:
            received = ReceivedObject(
                number, sink.getvalue(), request.transfer_syntax, request.sop_class,
                request.sop_instance, association.requestor.ae_title.strip(), sink.cut, sink.size,
            )  # fmt: skip
            return self._taken(received, whole=isinstance(sink, WholeSink))
        finally:
            with self._turn:
                self._busy -= 1
                self._turn.notify_all()

    def _taken(self, received: ReceivedObject, *, whole: bool) -> int:
        try:
            if whole and self._keep is not None:
                with self._keeping:
                    return self._keep(received)
            return self._take(received)
        except Exception as error:  # noqa: BLE001 (whatever it is, the peer needs an answer)
            kind = type(error).__name__
            # Not LOGGER.exception: a traceback may quote what the header says.
            LOGGER.error("object %d could not be taken: %s", received.number, kind)  # noqa: TRY400
            later = isinstance(error, StoreError | OSError | MemoryError)
            return OUT_OF_RESOURCES if later else CANNOT_UNDERSTAND


def listen(
    node: AE,
    entity: ApplicationEntity,
    handlers: list[evt.EventHandlerType],
    kind: type[ThreadedAssociationServer] = ThreadedAssociationServer,
) -> ApplicationEntity:
    """Start the node's server and return its entity with the port it really has.

    Raises ``NetworkError`` when the address or port cannot be had.
    """
    try:
        server = node.make_server(
            (entity.host, entity.port), evt_handlers=handlers, server_class=kind
        )
    except OSError as error:
        raise _not_listening(entity, error) from error
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_INTERVAL_S,), name=f"{entity.title} listens",
        daemon=True,
    )  # fmt: skip
    thread.start()
    node._servers.append(server)
    return replace(entity, port=server.server_address[1])


def check_place(entity: ApplicationEntity) -> None:
    """Raise ``NetworkError`` where we could not listen there, but not where somebody does.

    Nobody can connect meanwhile: the port is bound, and not listened at.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(
            entity.host or None, entity.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise _not_listening(entity, error) from error


def _not_listening(entity: ApplicationEntity, error: OSError) -> NetworkError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return NetworkError(
            "{title} cannot listen at {host}: this computer has no such address.",
            'Write an address of its own in host of [local], or "0.0.0.0" for all it has.',
            title=entity.title,
            host=entity.host,
        )
    if error.errno == errno.EACCES:
        return NetworkError(
            "{title} cannot listen at port {port}: it is kept for the system.",
            "Choose a port from 1024 up, such as 11112, and have the PACS know it.",
            title=entity.title,
            port=entity.port,
        )
    return NetworkError(
        "{title} cannot listen at port {port}.",
        "Another program may use it: choose another port.",
        title=entity.title,
        port=entity.port,
    )


def _node(title: str) -> AE:
    node = AE(ae_title=title)
    node.add_supported_context(Verification)
    node.maximum_associations = MAX_ASSOCIATIONS
    node.maximum_pdu_size = ANNOUNCED_PDU_BYTES
    node.acse_timeout = ASSOCIATION_TIMEOUT_S
    node.network_timeout = IDLE_TIMEOUT_S
    return node
