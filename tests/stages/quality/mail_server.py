"""A server of RFC 5321 for tests of alarms, with STARTTLS of RFC 3207 where it is asked for."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEFORE_TLS = ("EHLO", "HELO", "STARTTLS", "NOOP", "QUIT")  # RFC 3207 section 4


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


def certificate(folder: Path, address: str = "127.0.0.1") -> Certificate:
    """Make a certificate for an address, valid today."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{address}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    return Certificate(file)


class MailServer:
    """A server of RFC 5321 that keeps what it takes; ``refuse`` answers a command with 550.

    With a certificate it offers STARTTLS and takes nothing before.  ``plain`` is every line that
    came unencrypted, ``said`` every command.
    """

    def __init__(self, refuse: str = "", shown: Certificate | None = None) -> None:
        self.taken: list[str] = []
        self.recipients: list[str] = []
        self.plain: list[str] = []
        self.said: list[str] = []
        self._refuse, self._shown = refuse, shown
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, suppress(OSError):
            with connection.makefile("rwb") as stream:
                self._say(stream, "220 ready")
                upgraded = self._converse(stream, self.plain)
            if upgraded and self._shown is not None:
                with (
                    self._shown.context.wrap_socket(connection, server_side=True) as secure,
                    secure.makefile("rwb") as stream,
                ):
                    self._converse(stream, None)

    def _converse(self, stream: Any, heard: list[str] | None) -> bool:
        """Answer commands; tell whether TLS is to begin.  ``heard`` is given where none is."""
        for line in iter(stream.readline, b""):
            verb, _, rest = line.decode().strip().partition(" ")
            word = f"{verb.upper()} {rest}".strip()
            self.said.append(word)
            if heard is not None:
                heard.append(word)
            if heard is not None and self._shown and verb.upper() not in BEFORE_TLS:
                self._say(stream, "530 Must issue a STARTTLS command first")
            elif word == "STARTTLS" and heard is not None and self._shown:
                self._say(stream, "220 go ahead")
                return True
            elif self._answer(stream, word, offers=heard is not None):
                return False
        return False

    def _answer(self, stream: Any, word: str, offers: bool) -> bool:
        """Answer one command; tell whether it was the last."""
        if self._refuse and word.startswith(self._refuse):
            self._say(stream, "550 no <secret@example.org>")
        elif word.startswith("EHLO"):
            self._say(stream, "250-hello")
            if offers and self._shown:
                self._say(stream, "250-STARTTLS")
            self._say(stream, "250 AUTH PLAIN")
        elif word.startswith("AUTH"):
            self._say(stream, "235 welcome")
        elif word == "STARTTLS":
            self._say(stream, "502 not implemented")
        elif word == "DATA":
            self._say(stream, "354 go on")
            self.taken.append(b"".join(iter(stream.readline, b".\r\n")).decode())
            self._say(stream, "250 taken")
        elif word == "QUIT":
            self._say(stream, "221 bye")
            return True
        else:
            if word.startswith("RCPT"):
                self.recipients.append(word.partition("<")[2].partition(">")[0])
            self._say(stream, "250 ok")
        return False

    def _say(self, stream: Any, text: str) -> None:
        stream.write(f"{text}\r\n".encode())
        stream.flush()

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)


@contextmanager
def mail_server(refuse: str = "", shown: Certificate | None = None) -> Iterator[MailServer]:
    server = MailServer(refuse, shown)
    try:
        yield server
    finally:
        server.close()
