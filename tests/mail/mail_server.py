"""Mail servers for tests: aiosmtpd where the server behaves, sockets where it must not.

Every reply that refuses quotes an address, as real servers do.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

aiosmtpd = pytest.importorskip("aiosmtpd.smtp", reason="aiosmtpd is not installed")
HOST = "127.0.0.1"
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key in one PEM file; its own authority."""

    file: Path

    @property
    def context(self) -> ssl.SSLContext:
        """How a server shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


def certificate(
    folder: Path, address: str = HOST, ends: dt.timedelta = DAY, name: str = ""
) -> Certificate:
    """Make a certificate for an address that began two days ago and ends so long after now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - 2 * DAY, now + ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name or address}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    return Certificate(file)


@dataclass
class MailServer:
    """A server of aiosmtpd, and what it took.

    Attributes
    ----------
    implicit
        Whether it speaks TLS from the start.
    refuse
        Replies by command (``MAIL``, ``DATA``), or by the address of a recipient; may be changed
        while it runs.
    taken
        The messages as text, as they came.
    recipients
        For whom, in the order of the messages.
    said
        Commands, each with whether it came encrypted.
    """

    port: int
    refuse: dict[str, str]
    implicit: bool = False
    taken: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    said: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def plain(self) -> set[str]:
        """The commands that came without encryption."""
        return {command for command, encrypted in self.said if not encrypted}

    @property
    def commands(self) -> list[str]:
        return [command for command, _ in self.said]

    def message(self, number: int = -1) -> EmailMessage:
        """Return a message as a mail program reads it."""
        return message_from_bytes(self.taken[number].encode(), policy=default)

    # --- what aiosmtpd asks --------------------------------------------------------------------

    def _heard(self, command: str, session: Any) -> str:
        self.said.append((command, self.implicit or session.ssl is not None))
        return self.refuse.get(command, "")

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        self._heard("EHLO", session)
        session.host_name = hostname
        return responses

    def handle_STARTTLS(self, server, session, envelope):  # noqa: N802
        self.said.append(("STARTTLS", False))  # when the handshake was a success
        return True

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        refused = self._heard("MAIL", session)
        if refused:
            return refused
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        refused = self._heard("RCPT", session) or self.refuse.get(address, "")
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        refused = self._heard("DATA", session)
        if refused:
            return refused
        self.taken.append(envelope.content.decode("ascii"))  # seven bits, or the test ends here
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, auth_data):
        refused = self._heard("AUTH", session)
        return aiosmtpd.AuthResult(success=not refused, handled=False)


@contextmanager
def mail_server(
    refuse: Mapping[str, str] | None = None, shown: Certificate | None = None, *,
    implicit: bool = False, max_bytes: int = 33554432,
) -> Iterator[MailServer]:  # fmt: skip
    """Run a server; with a certificate it takes nothing before TLS (``implicit``: from the start).

    ``max_bytes`` is how large a message may be (RFC 1870).
    """
    listening = socket.create_server((HOST, 0))
    server = MailServer(listening.getsockname()[1], dict(refuse or {}), implicit)
    context = shown.context if shown else None
    options: dict[str, Any] = {
        "authenticator": server.authenticate, "auth_require_tls": bool(shown),
        "data_size_limit": max_bytes, "hostname": "mail.example",
    }  # fmt: skip
    if context and not implicit:
        options |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.new_event_loop()

    async def listen() -> asyncio.Server:
        def talk() -> Any:
            return aiosmtpd.SMTP(server, loop=loop, **options)

        return await loop.create_server(talk, sock=listening, ssl=context if implicit else None)

    running = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_ended(running), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(running: asyncio.Server) -> None:
    running.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


# --- servers that misbehave ----------------------------------------------------------------------

Answer = str | Callable[[socket.socket, threading.Event], None]
POLITE: Mapping[str, Answer] = {
    "": "220 ready", "EHLO": "250 hello", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on",
    ".": "250 taken", "QUIT": "221 bye",
}  # fmt: skip


def drop(connection: socket.socket, ending: threading.Event) -> None:
    """End the connection in place of an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def stall(connection: socket.socket, ending: threading.Event) -> None:
    """Give no answer."""
    ending.wait()


def trickle(connection: socket.socket, ending: threading.Event) -> None:
    """Send an answer that never ends, so that no single step is ever late."""
    while not ending.wait(0.05):
        connection.sendall(b"250-" + b"wait\r\n")


@dataclass
class ScriptedServer:
    """A server that answers as it was told; ``taken`` are the messages that it heard to the end."""

    port: int
    taken: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"


@contextmanager
def scripted_server(**answers: Answer) -> Iterator[ScriptedServer]:
    """Run a server that answers commands by these; ``greeting`` and ``end`` (of the data) too."""
    names = {"greeting": "", "end": "."}
    script = {**POLITE, **{names.get(name, name): answer for name, answer in answers.items()}}
    ending = threading.Event()
    with socket.create_server((HOST, 0)) as listening:
        listening.settimeout(0.05)
        server = ScriptedServer(listening.getsockname()[1])

        def serve() -> None:
            while not ending.is_set():
                with suppress(TimeoutError), listening.accept()[0] as connection:
                    connection.settimeout(20)
                    with suppress(OSError):
                        _converse(connection, script, server, ending)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            ending.set()
            thread.join()


def _converse(
    connection: socket.socket, script: Mapping[str, Answer], server: ScriptedServer,
    ending: threading.Event,
) -> None:  # fmt: skip
    _answer(connection, script[""], ending)
    with connection.makefile("rb") as heard:
        for line in heard:
            verb = line.decode().split()[0].upper()
            server.said.append(verb)
            _answer(connection, script.get(verb, "502 unknown"), ending)
            if verb == "DATA":
                lines = list(takewhile(lambda line: line not in (b".\r\n", b""), heard))
                if ending.is_set() or not lines:
                    return
                server.taken.append(b"".join(lines))
                _answer(connection, script["."], ending)


def _answer(connection: socket.socket, answer: Answer, ending: threading.Event) -> None:
    if callable(answer):
        answer(connection, ending)
    else:
        connection.sendall(f"{answer}\r\n".encode())
