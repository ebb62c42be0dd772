"""A server of RFC 5321 for tests of alarms."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MailServer:
    """A server of RFC 5321 that keeps what it takes; ``refuse`` answers a command with 550."""

    def __init__(self, refuse: str = "") -> None:
        self.taken: list[str] = []
        self.recipients: list[str] = []
        self._refuse = refuse
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rwb") as stream:
            self._say(stream, "220 ready")
            for line in iter(stream.readline, b""):
                verb, _, rest = line.decode().strip().partition(" ")
                word = f"{verb.upper()} {rest}".strip()
                if self._refuse and word.startswith(self._refuse):
                    self._say(stream, "550 no <secret@example.org>")
                elif word.startswith("EHLO"):
                    self._say(stream, "250 hello")
                elif word == "DATA":
                    self._say(stream, "354 go on")
                    text = b"".join(iter(stream.readline, b".\r\n"))
                    self.taken.append(text.decode())
                    self._say(stream, "250 taken")
                elif word == "QUIT":
                    self._say(stream, "221 bye")
                    return
                else:
                    if word.startswith("RCPT"):
                        self.recipients.append(word.split("<")[1].split(">")[0])
                    self._say(stream, "250 ok")

    def _say(self, stream: object, text: str) -> None:
        stream.write(f"{text}\r\n".encode())  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)


@contextmanager
def mail_server(refuse: str = "") -> Iterator[MailServer]:
    server = MailServer(refuse)
    try:
        yield server
    finally:
        server.close()
