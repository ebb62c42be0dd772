"""Talk to a web server of a hospital: bounded, patient, and never to another server.

Credentials are read from files when a connection is made and appear in no message; redirects are
followed on the same server only, so that they cannot leave it either.
"""

from __future__ import annotations

import logging
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Self

from workbench.collect.dicomweb.open_connections import OpenConnections
from workbench.collect.dicomweb.web_access import (
    WebAccess,
    credentials_of,
    origin_of,
    root_of,
    trust_of,
)
from workbench.collect.time_limits import LATE_S, GivenUp
from workbench.errors import NetworkError
from workbench.handshake import NOT_COMPARED, Refusal, expected_name, refusal
from workbench.language import Saying, mark

if TYPE_CHECKING:
    import httpx

REDIRECTS = frozenset({301, 302, 303, 307, 308})  # RFC 9110 section 15.4
BUSY = frozenset({429, 503})  # RFC 6585 section 4, RFC 9110 section 15.6.4
FORBIDDEN = frozenset({401, 403, 407})
MAX_REDIRECTS = 5  # of redirects
MAX_TRIES = 4  # of a request that a busy server refuses
MAX_REST_S = 60.0  # before the next try, whatever the server says
REST_STEP_S = 0.25  # how soon it is seen that a person wants an end
INFLATED_BYTES = 2**20  # bytes that are inflated in one go


class BrokenOff(OSError):  # noqa: N818 (what happened, as in OSError's own family)
    """An answer ended early, was larger than allowed, came too slowly, or was given up."""


@dataclass
class HttpAnswer:
    """One answer; its content is read while it arrives."""

    status: int
    kind: str
    """Content-Type."""
    warned: bool
    """Whether the server said that the answer is not all (PS3.18 section 8.3.4.4: code 299)."""
    _response: httpx.Response = field(repr=False)
    _moved: Callable[[int], None] = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces; raises ``BrokenOff``."""
        import httpx

        coding = self._response.headers.get("content-encoding", "identity").lower()
        if coding not in ("identity", "gzip"):
            raise BrokenOff(mark("an answer is encoded in a way that was not asked for"))
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding == "gzip" else None
        try:
            for chunk in self._response.iter_raw():
                self._moved(len(chunk))
                yield from [chunk] if inflater is None else _inflated(inflater, chunk)
        except (httpx.HTTPError, httpx.StreamError, zlib.error):
            raise BrokenOff(mark("an answer ended early")) from None
        if inflater is not None and not inflater.eof:
            raise BrokenOff(mark("an answer ended early"))

    def content(self, largest: int) -> bytes:
        """Return the whole content; raises ``BrokenOff`` when it is larger than allowed."""
        held = bytearray()
        for chunk in self.chunks():
            held += chunk
            if len(held) > largest:
                raise BrokenOff(mark("an answer is larger than allowed"))
        return bytes(held)


def _inflated(inflater: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    while chunk and not inflater.eof:
        yield inflater.decompress(chunk, INFLATED_BYTES)
        chunk = inflater.unconsumed_tail


class WebClient:
    """Connections to one server; a context manager.

    Raises ``SettingsError`` when the address, a certificate or a credential cannot be used.
    """

    def __init__(self, access: WebAccess) -> None:
        import httpx

        self.access = access
        for name in ("httpx", "httpcore"):  # they log addresses, which hold patients' IDs
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.root = root_of(access)
        patience = httpx.Timeout(access.timeouts.answer, connect=access.timeouts.connect)
        self._client = httpx.Client(
            headers=credentials_of(access, self.root),
            verify=trust_of(access) if self.root.scheme == "https" else True,
            timeout=patience,
            trust_env=False,
            proxy=access.proxy,
            follow_redirects=False,
        )
        self._name = expected_name(self.root.host, access.tls_name)
        given = access.tls_name and self._name != NOT_COMPARED
        self._connections = OpenConnections(access.interruption)
        named = {"sni_hostname": self._name} if given else {}
        self._extensions = {"trace": self._connections.opened, **named}

    @property
    def given_up(self) -> GivenUp | None:
        """Why we ended the last request; ``None`` where the server did."""
        return self._connections.given_up

    def __enter__(self) -> Self:
        """Connect when the first request is made."""
        self._connections.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._connections.__exit__(None, None, None)
        self._client.close()

    @contextmanager
    def get(
        self, path: str, accept: str, query: str = "", *, retrieving: bool = False
    ) -> Iterator[HttpAnswer]:
        """Hold the answer to a request for ``path`` below the root, or for a full address.

        ``query`` is percent-encoded already.  ``retrieving``: the server may take the time of a
        retrieve request.  Raises ``NetworkError`` when the server cannot be reached, wants other
        credentials, or points elsewhere, ``BrokenOff`` when we gave it up; every other answer is
        returned.
        """
        times = self.access.timeouts
        first = times.retrieve if retrieving else times.answer
        later = (times.between, times.whole) if retrieving else (first, 10 * first)
        with self._connections.request(first, *later):
            # A retrieve request that is late is given up by us, so that the next series comes.
            late = first + LATE_S if retrieving else first
            response = self._patiently(self._request(path, accept, query, late))
            try:
                if response.status_code in FORBIDDEN:
                    raise NetworkError(
                        "{pacs} did not let us in (HTTP {status}).",
                        "Check the token, the password or the certificate, and what its "
                        "administrator allows.",
                        pacs=self.access.title,
                        status=response.status_code,
                    )
                yield HttpAnswer(
                    response.status_code,
                    response.headers.get("content-type", ""),
                    "299" in response.headers.get("warning", ""),
                    response,
                    self._connections.moved,
                )
            finally:
                response.close()

    def _request(self, path: str, accept: str, query: str, seconds: float) -> httpx.Request:
        import httpx

        url = self._address(path)
        url = url.copy_with(query=query.encode("ascii")) if query else url
        # Compressed headers are worth it, compressed images are not.
        coding = "gzip" if "json" in accept else "identity"
        return self._client.build_request(
            "GET",
            url,
            headers={"Accept": accept, "Accept-Encoding": coding},
            timeout=httpx.Timeout(seconds, connect=self.access.timeouts.connect),
            extensions=self._extensions,
        )

    def ours(self, address: str) -> bool:
        """Whether a full or relative address is on the same server."""
        import httpx

        try:
            url = self.root.join(address)
        except (httpx.InvalidURL, ValueError):
            return False
        return origin_of(url) == origin_of(self.root)

    def absolute(self, address: str) -> str:
        """Return a relative address (of a BulkDataURI, PS3.18 F.2.2) in full."""
        return str(self.root.copy_with(path=self.root.path.rstrip("/") + "/").join(address))

    def _address(self, path: str) -> httpx.URL:
        if "://" in path:
            return self.root.join(path)
        return self.root.copy_with(path=self.root.path.rstrip("/") + path)

    def _patiently(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, after redirects and pauses that the server asked for."""
        chain = tries = 0
        while True:
            response = self._send(request)
            if response.status_code in REDIRECTS and "location" in response.headers:
                chain += 1
                request = self._redirected(request, response, chain)
            elif response.status_code in BUSY and tries + 1 < MAX_TRIES:
                tries += 1
                self._rest(_rest(response.headers.get("retry-after", ""), tries))
            else:
                return response
            response.close()

    def _rest(self, seconds: float) -> None:
        """Wait as the server asks, but not longer than a person wants; raises ``BrokenOff``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._connections.wanted_end:
                raise BrokenOff(mark("we were told to stop"))
            time.sleep(min(REST_STEP_S, max(end - time.monotonic(), 0.0)))
        self._connections.moved(1)  # the server is there, and said when

    def _send(self, request: httpx.Request) -> httpx.Response:
        import httpx

        try:
            return self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # The cause is not kept: it quotes the address, which may name a patient.
            reason = _reason(error, self._name)
        if self._connections.given_up:
            raise BrokenOff(str(self._connections.given_up))
        what, remedy = reason
        raise NetworkError(
            "{pacs} {what}.", "{remedy}", pacs=self.access.title, what=what, remedy=remedy
        )

    def _redirected(
        self, request: httpx.Request, response: httpx.Response, chain: int
    ) -> httpx.Request:
        location = response.headers["location"]
        response.close()
        target = request.url
        if self.ours(location):
            target = request.url.join(location)
        elsewhere = origin_of(target) != origin_of(self.root)
        if chain > MAX_REDIRECTS or elsewhere or target == request.url:
            raise NetworkError(
                "{pacs} points to another server, or in a circle.",
                "Set the address where it really is.",
                pacs=self.access.title,
            )
        return self._client.build_request(
            "GET", target, headers=request.headers, extensions=request.extensions
        )


def _rest(retry_after: str, tries: int) -> float:
    """Return the pause in seconds that Retry-After asks for (RFC 9110 section 10.2.3)."""
    if retry_after.strip().isdecimal():
        seconds = float(retry_after)
    else:
        try:
            seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            seconds = 2.0**tries
    return min(max(seconds, 0.0), MAX_REST_S)


def _reason(error: Exception, name: str) -> Refusal:
    import httpx

    tls = _tls_error(error)
    said = refusal(tls, name) if tls else None
    if said:
        return said

    if isinstance(error, httpx.TimeoutException):
        return Saying("did not answer in time"), Saying("Try again later, or raise the time-out.")
    return (
        Saying("could not be reached"),
        Saying("Check its address and port, and that it runs."),
    )


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """Return the error of a handshake that lies below one of the HTTP library."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error
