"""One conversation with a mail server (RFC 5321), with an end to each step and to all of it.

smtplib speaks the protocol; what is ours: the order of the steps, so that whatever goes wrong can
be told by the step, recipients refused one by one, and a limit to the whole, as a server that says
a letter now and then would never run into the limit of a step.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

STEPS_IN_ALL = 15  # the whole may take so many times what one step may
GREETING_OK, OK, WILL_FORWARD, READY = 220, 250, 251, 220  # RFC 5321 4.2.3, RFC 3207
CLOSING = 421  # RFC 5321 4.2.3: the server ends the conversation


class SmtpStep(StrEnum):
    """What is being done."""

    CONNECT = "connect"
    TLS = "tls"
    LOG_IN = "log in"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    CONTENT = "content"


@dataclass(frozen=True)
class MailServerPlace:
    """A mail server, and how it is spoken to.

    Attributes
    ----------
    host, port
        Where it listens.
    security
        ``tls``, ``starttls`` or ``none``.
    context
        What its certificate must be; ``None`` where nothing is encrypted.
    timeout_s
        Seconds to wait for each answer.
    """

    host: str
    port: int
    security: str
    context: ssl.SSLContext | None
    timeout_s: float


class SmtpSession:
    """A conversation that has begun; use ``opened``.

    Attributes
    ----------
    step
        What is being done, or was when it broke off.
    overdue
        Whether it was ended because all of it took too long.
    """

    def __init__(self, place: MailServerPlace) -> None:
        self._place = place
        self.step = SmtpStep.CONNECT
        self.overdue = False
        self._smtp = smtplib.SMTP(timeout=place.timeout_s)
        self._wire: socket.socket | None = None
        self._clock = threading.Timer(place.timeout_s * STEPS_IN_ALL, self._end)
        self._clock.daemon = True

    @classmethod
    @contextmanager
    def opened(cls, place: MailServerPlace) -> Iterator[Self]:
        """Hold a conversation; it ends whatever happens.

        ``OSError`` and ``smtplib.SMTPException`` come out of everything here.
        """
        session = cls(place)
        try:
            yield session
        finally:
            session._close()

    def greet(self) -> None:
        """Connect, encrypt as the settings say, and say who we are."""
        place = self._place
        plain = socket.create_connection((place.host, place.port), place.timeout_s)
        self._wire = plain.dup()  # the same connection, whatever is wrapped around it later
        self._clock.start()
        self._smtp.sock = plain
        if place.security == "tls":
            self._encrypt()
        code, reply = self._smtp.getreply()
        if code != GREETING_OK:
            raise smtplib.SMTPConnectError(code, reply)
        self._smtp.ehlo_or_helo_if_needed()
        if place.security == "starttls":
            self._start_tls()
        self.step = SmtpStep.LOG_IN

    def _start_tls(self) -> None:
        self.step = SmtpStep.TLS
        if not self._smtp.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError
        code, reply = self._smtp.docmd("STARTTLS")
        if code != READY:
            raise smtplib.SMTPResponseException(code, reply)
        self._encrypt()
        # RFC 3207 4.2: what was said before counts for nothing, whoever may have said it.
        self._smtp.file = None
        self._smtp.esmtp_features = {}
        self._smtp.does_esmtp = False
        self._smtp.ehlo_resp = self._smtp.helo_resp = None
        self._smtp.ehlo_or_helo_if_needed()

    def _encrypt(self) -> None:
        self.step = SmtpStep.TLS
        if self._smtp.sock is None or self._place.context is None:
            raise smtplib.SMTPServerDisconnected
        self._smtp.sock = self._place.context.wrap_socket(
            self._smtp.sock, server_hostname=self._place.host
        )

    def log_in(self, user: str, password: str) -> None:
        """Log in; both in ASCII."""
        self._smtp.login(user, password)

    @property
    def max_bytes(self) -> int:
        """How large a message the server takes, as it says (RFC 1870); 0 where it does not say."""
        said = self._smtp.esmtp_features.get("size", "")
        return int(said) if said.isdecimal() else 0

    def hand_over(
        self, sender: str, recipients: Sequence[str], content: bytes
    ) -> list[tuple[int, bytes]]:
        """Hand a message over; return the server's reply to each recipient.

        Where it takes none of them nothing is handed over, and where it ends the conversation
        meanwhile that is an ``SMTPResponseException``.
        """
        self.step = SmtpStep.SENDER
        options = [f"size={len(content)}"] if self._smtp.has_extn("size") else []
        code, reply = self._smtp.mail(sender, options)
        if code != OK:
            raise smtplib.SMTPSenderRefused(code, reply, sender)
        self.step = SmtpStep.RECIPIENTS
        replies = []
        for recipient in recipients:
            code, reply = self._smtp.rcpt(recipient)
            if code == CLOSING:
                raise smtplib.SMTPResponseException(code, reply)
            replies.append((code, reply))
        if any(is_taken(code) for code, _ in replies):
            self.step = SmtpStep.CONTENT
            code, reply = self._smtp.data(content)
            if code != OK:
                raise smtplib.SMTPDataError(code, reply)
        return replies

    def _end(self) -> None:
        self.overdue = True
        with suppress(OSError):
            if self._wire is not None:
                self._wire.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        # What was taken stays taken, whatever the server says to our good-bye.
        with suppress(smtplib.SMTPException, OSError):
            if self._smtp.sock is not None:
                self._smtp.quit()
        self._clock.cancel()
        self._smtp.close()
        if self._wire is not None:
            self._wire.close()


def is_taken(code: int) -> bool:
    """Whether a reply to a recipient means that he will have the message."""
    return code in (OK, WILL_FORWARD)
