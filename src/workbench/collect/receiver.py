"""Take what peers send: a Storage SCP that hands encoded data sets on, unparsed."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self, cast

from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from workbench.collect.network import ANNOUNCED_PDU, begin_object, configure, echo, guard
from workbench.errors import NetworkError, SettingsError, StoreError
from workbench.model import ApplicationEntity

LOGGER = logging.getLogger(__name__)

# Statuses of the Storage Service Class, PS3.4 table B.2-1.
STORED = 0x0000
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000

UID = re.compile(r"[0-9.]{1,64}\Z")  # PS3.5 section 9.1; leading zeros are wrong, but common
# What may pass the door: a sloppy UID is judged by the reader, a path or a command is not.
HARMLESS = re.compile(r"[0-9A-Za-z.]{1,64}\Z")
MAXIMUM_ASSOCIATIONS = 100
ASSOCIATION_SECONDS = 5.0  # for a peer that connects and stays silent
IDLE_SECONDS = 60.0


@dataclass(frozen=True)
class ReceivedObject:
    """One object as a peer sent it; only its number may be shown.

    Attributes
    ----------
    number
        Count of objects since the receiver started, from 1.
    encoded
        The data set as it came, without preamble and file meta information.
    transfer_syntax
        UID of the transfer syntax agreed on; some peers send another one.
    sop_class, sop_instance
        UIDs as announced in the C-STORE request: letters, digits and dots only, but perhaps no
        proper UIDs; the data set may say otherwise.
    calling
        AE title of the sender.
    """

    number: int
    encoded: bytes = field(repr=False)
    transfer_syntax: str = field(repr=False)
    sop_class: str = field(repr=False)
    sop_instance: str = field(repr=False)
    calling: str = field(repr=False)


Take = Callable[[ReceivedObject], int]


class Receiver:
    """A Storage SCP for peers that are known by their AE title; a context manager.

    Parameters
    ----------
    entity
        Our AE title, the address to listen at (loopback unless told otherwise) and the port;
        port 0 takes a free one, see ``entity`` afterwards.
    take
        Is given one object at a time and returns a DICOM status: 0x0000 means that its fate is
        decided and durable, also when it was put aside, because some PACS stop a whole study at
        the first refusal.  When it raises, the peer is answered 0xA700 (``StoreError``,
        ``OSError``, ``MemoryError``: it may try again) or 0xC000.
    allowed
        Calling AE titles; every other peer is refused.
    """

    def __init__(self, entity: ApplicationEntity, take: Take, allowed: frozenset[str]) -> None:
        if not allowed:
            raise SettingsError(
                "the receiver knows no peer.", "Name the AE titles that may send to it."
            )
        self.entity = entity
        self._take = take
        self._turn = threading.Lock()
        self._open = False
        self._count = self._refused = 0
        self._node = _node(entity.title, allowed)

    @property
    def count(self) -> int:
        """How many objects have been handed on."""
        return self._count

    @property
    def refused(self) -> int:
        """How many objects were refused because their UIDs are malformed."""
        return self._refused

    def __enter__(self) -> Self:
        """Start to listen; raises ``NetworkError`` when the port is taken."""
        configure()
        handlers: list[evt.EventHandlerType] = [
            (evt.EVT_CONN_OPEN, guard),
            (evt.EVT_C_ECHO, echo),
            (evt.EVT_C_STORE, self._store),
        ]
        self.entity = listen(self._node, self.entity, handlers)
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        """Let a running ``take`` end, then stop listening and close all connections."""
        with self._turn:
            self._open = False
        self._node.shutdown()

    def _store(self, event: Event) -> int:
        begin_object(event)
        request = cast("C_STORE", event.request)
        sop_class = str(request.AffectedSOPClassUID)
        sop_instance = str(request.AffectedSOPInstanceUID)
        if not (HARMLESS.match(sop_class) and HARMLESS.match(sop_instance)):
            self._refused += 1
            LOGGER.warning("an object was refused because its UIDs are malformed")
            return CANNOT_UNDERSTAND
        encoded = event.encoded_dataset(include_meta=False)
        calling = event.assoc.requestor.ae_title.strip()
        with self._turn:
            if not self._open:
                return OUT_OF_RESOURCES
            self._count += 1
            return self._taken(
                ReceivedObject(
                    self._count,
                    encoded,
                    str(event.context.transfer_syntax),
                    sop_class,
                    sop_instance,
                    calling,
                )
            )

    def _taken(self, received: ReceivedObject) -> int:
        try:
            return self._take(received)
        except Exception as error:  # noqa: BLE001 (whatever it is, the peer needs an answer)
            kind = type(error).__name__
            # Not LOGGER.exception: a traceback may quote what the header says.
            LOGGER.error("object %d could not be taken: %s", received.number, kind)  # noqa: TRY400
            later = isinstance(error, StoreError | OSError | MemoryError)
            return OUT_OF_RESOURCES if later else CANNOT_UNDERSTAND


def is_uid(value: str) -> bool:
    """Whether ``value`` is made as a UID is, of 64 digits and dots at most."""
    return bool(UID.match(value))


def listen(
    node: AE, entity: ApplicationEntity, handlers: list[evt.EventHandlerType]
) -> ApplicationEntity:
    """Start the node's server and return its entity with the port it really has.

    Raises ``NetworkError`` when the address or port cannot be had.
    """
    try:
        server = node.start_server((entity.host, entity.port), block=False, evt_handlers=handlers)
    except OSError as error:
        raise NetworkError(
            f"{entity.title} cannot listen at port {entity.port}.",
            "Another program may use it: choose another port.",
        ) from error
    assert server is not None
    return replace(entity, port=server.server_address[1])


def _node(title: str, allowed: frozenset[str]) -> AE:
    node = AE(ae_title=title)
    node.add_supported_context(Verification)
    node.require_calling_aet = sorted(allowed)
    node.maximum_associations = MAXIMUM_ASSOCIATIONS
    node.maximum_pdu_size = ANNOUNCED_PDU
    node.acse_timeout = ASSOCIATION_SECONDS
    node.network_timeout = IDLE_SECONDS
    return node
