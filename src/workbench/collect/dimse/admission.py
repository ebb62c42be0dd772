"""Who may connect to our receiver, from where, and how often at one time."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import ssl
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import (
    AddressInformation,
    AssociationSocket,
    ThreadedAssociationServer,
)

from workbench.collect.dimse.c_store import Inflow

LOGGER = logging.getLogger(__name__)

MAX_ASSOCIATIONS = 100
FROM_ONE_ADDRESS = 75  # connections: a host that opens more must not lock the others out
HANDSHAKE_TIMEOUT_S = 5.0
REMEMBERED = 20  # refusals kept for the page
MAX_NAME = 64  # characters of what a refused peer calls itself
# OpenSSL's words for a peer that speaks no TLS; a DICOM PDU is "wrong version number" to it.
NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER", "PACKET_LENGTH")
UNPRINTABLE = re.compile(r"[^ -~]")
# Who was kept out without having said a title; longer than a title can be, so none is taken for it.
SPEAKS_TLS = "a peer that encrypts"
SPEAKS_NO_TLS = "a peer that does not encrypt"
NOT_TRUSTED = "a peer whose certificate we do not accept"
NO_AGREEMENT = "a peer that did not agree with us on TLS"
NO_TITLE, NOT_DICOM = "(no calling AE title)", "(no DICOM request)"
CALLS_NOBODY = " (calls nobody)"  # behind the title of one that calls no title
# A-ASSOCIATE-RJ: permanent, by the service user, calling AE title not recognised (PS3.8 9.3.4)
CALLING_UNKNOWN = (0x01, 0x01, 0x03)


@dataclass(frozen=True)
class AllowedPeer:
    """A peer by its AE title, and by its address: IP, network (CIDR) or host name; empty: any."""

    title: str
    address: str = ""

    def admits(self, title: str, address: str) -> bool:
        """Whether a peer of this title at this IP address is meant."""
        return title == self.title and (not self.address or _within(address, self.address))


def _within(address: str, allowed: str) -> bool:
    at = ipaddress.ip_address(address)
    if isinstance(at, ipaddress.IPv6Address) and at.ipv4_mapped:
        at = at.ipv4_mapped  # an IPv4 peer of a socket that speaks both (RFC 4291 section 2.5.5.2)
    try:
        return at in ipaddress.ip_network(allowed, strict=False)
    except ValueError:  # a host name; looked up each time, because addresses change
        try:
            resolved = socket.getaddrinfo(allowed, None)
        except OSError:
            return False
        return any(ipaddress.ip_address(str(entry[4][0])) == at for entry in resolved)


class Admission:
    """Decides on connections and associations, and remembers whom it refused."""

    def __init__(self, titles: frozenset[str], peers: tuple[AllowedPeer, ...]) -> None:
        self.titles = titles
        self.peers = peers
        self.refused = 0
        self.lately: deque[str] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """Connections open now."""
        with self._lock:
            return self._open.total()

    def enters(self, address: str) -> bool:
        """Count a connection in, if there is room for one more from this address."""
        with self._lock:
            if self._open[address] >= FROM_ONE_ADDRESS:
                return False
            self._open[address] += 1
            return True

    def leaves(self, address: str) -> None:
        """Count a connection out."""
        with self._lock:
            self._open[address] -= 1
            if self._open[address] <= 0:
                del self._open[address]

    def requested(self, event: Event) -> None:
        """Refuse an association whose titles or address are not allowed (``EVT_REQUESTED``)."""
        association = event.assoc
        request = cast("A_ASSOCIATE", association.requestor.primitive)
        called = str(request.called_ae_title).strip()
        calling = str(request.calling_ae_title).strip()
        address = _address(association)
        if not any(peer.admits(calling, address) for peer in self.peers):
            self._refuse(association.acse, CALLING_UNKNOWN, calling, address)
        elif called in self.titles:
            # Many peers call by any title; only one of ours changes what becomes of the objects.
            association.acceptor.ae_title = called

    def unreadable(self, titles: tuple[str, str], address: str) -> None:
        """Note a peer whose request for an association was none: pynetdicom has hung up on it."""
        called, calling = titles
        if called and not calling:
            self.kept_out("", address)
        elif calling and not called:
            self.kept_out(f"{calling}{CALLS_NOBODY}", address)
        else:
            self.kept_out(NOT_DICOM, address)

    def kept_out(self, who: str, address: str) -> None:
        """Remember one that was refused, by the title it calls itself or by what it is."""
        name = who.strip()[:MAX_NAME] or NO_TITLE
        peer = UNPRINTABLE.sub("?", f"{name} at {address}")
        LOGGER.warning("an association was refused: %s", peer)
        with self._lock:
            self.refused += 1
            self.lately.append(peer)

    def _refuse(self, acse: ACSE, answer: tuple[int, int, int], calling: str, address: str) -> None:
        self.kept_out(calling[:16], address)
        acse.send_reject(*answer)
        acse.assoc.kill()


def server_class(
    admission: Admission, tls: ssl.SSLContext | None
) -> type[ThreadedAssociationServer]:
    """Return a server that counts connections and speaks TLS without waiting for anybody.

    pynetdicom's own makes the TLS handshake in the thread that accepts connections, where one
    silent peer keeps all others out; here each connection's own thread makes it, with a time-out.
    """

    class Doorkeeper(ThreadedAssociationServer):
        # a full backlog makes a peer try again after a second
        request_queue_size = 128

        def verify_request(self, _: Any, client_address: Any) -> bool:
            return admission.enters(client_address[0])

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            wrapped = request
            try:
                if tls is not None:
                    request.settimeout(HANDSHAKE_TIMEOUT_S)
                    wrapped = tls.wrap_socket(request, server_side=True)
                    wrapped.settimeout(self.ae.network_timeout)
            except OSError as error:
                LOGGER.warning("a TLS handshake failed: %s", type(error).__name__)
                if isinstance(error, ssl.SSLError):
                    admission.kept_out(_without_tls(error), client_address[0])
                admission.leaves(client_address[0])
                self.shutdown_request(request)
                return
            super().process_request_thread(wrapped, client_address)

        def handle_error(self, _: Any, client_address: Any) -> None:
            admission.leaves(client_address[0])  # its association was not begun
            LOGGER.warning("a connection broke off before its association")

    return Doorkeeper


def _without_tls(error: ssl.SSLError) -> str:
    """Return who it was with which no encrypted connection came about, by OpenSSL's reason."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NOT_TRUSTED
    words = str(error).upper()
    return SPEAKS_NO_TLS if any(word in words for word in NOT_TLS) else NO_AGREEMENT


def _address(association: Association) -> str:
    return str(cast("AddressInformation", association.requestor.address_info).address)


def watched(
    admission: Admission, begin: Callable[[Association], Inflow]
) -> Callable[[Event], None]:
    """Return a handler of ``EVT_CONN_OPEN``: begins the inflow, counts a connection out at its end.

    The end is that of the association's own thread, which comes whoever closes the connection.
    """

    def opened(event: Event) -> None:
        association, address = event.assoc, _address(event.assoc)
        wrapper = cast("AssociationSocket", association.dul.socket)
        run, inflows = association.run, list[Inflow]()

        def counted() -> None:
            try:
                run()
            finally:
                admission.leaves(address)
                for inflow in inflows:
                    if inflow.encrypts:
                        admission.kept_out(SPEAKS_TLS, address)
                    elif inflow.greeted and association.requestor.primitive is None:
                        admission.unreadable(inflow.titles, address)
                    inflow.close()
                if wrapper.socket is not None:  # the peer left first: nobody has closed our end
                    wrapper._shutdown_socket()

        vars(association).update(run=counted)
        try:
            inflows.append(begin(association))
        except OSError as error:  # not to go on without bounds
            LOGGER.warning("a connection was closed: %s", type(error).__name__)
            wrapper.close()

    return opened
