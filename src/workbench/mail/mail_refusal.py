"""Why a letter was not sent, with what to do.

The words of a server are never repeated: they quote addresses.  Its codes are: RFC 5321 4.2,
RFC 3463.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Sequence

from workbench.errors import NetworkError
from workbench.handshake import EXPIRED, NOT_YET_VALID, refusal
from workbench.language import Saying
from workbench.mail.mail_outcome import RefusedRecipient
from workbench.mail.smtp_session import STEPS_IN_ALL, MailServerPlace, SmtpSession, SmtpStep

ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
TOO_LARGE = 552  # RFC 1870 6.1, to MAIL and to the message itself
MB = 1_000_000  # bytes
# Of a step: what a server that answers with an error refuses there, and what to do.
REFUSED = {
    SmtpStep.CONNECT: (
        "the mail server does not talk to us ({code}).",
        "Have its administrator allow this computer to send, or check [mail] server.",
    ),
    SmtpStep.TLS: (
        "the mail server refuses to encrypt ({code}).",
        "Nothing was sent. Ask its administrator.",
    ),
    SmtpStep.LOG_IN: (
        "the mail server does not accept user and password ({code}).",
        "Check [mail] user, and the file of password_file.",
    ),
    SmtpStep.SENDER: (
        "the mail server does not take mail from this sender ({code}).",
        "Check [mail] sender, security and user: encryption, a log-in or another sender is wanted.",
    ),
    SmtpStep.RECIPIENTS: (
        "the mail server ended the conversation ({code}).", "Try again later.",
    ),
    SmtpStep.CONTENT: (
        "the mail server did not take the message ({code}).",
        "Ask its administrator: a filter may refuse it.",
    ),
}  # fmt: skip
MAY_HAVE_IT = (
    "It may have taken the message all the same; another try bears the same Message-ID, so that "
    "mail programs show one."
)


class MessageTooLargeError(NetworkError):
    """A mail server does not take a message for its size."""


def why_not(
    error: Exception, session: SmtpSession, place: MailServerPlace, size: int
) -> tuple[NetworkError, bool]:
    """Return what is told, and whether another try may help though nobody changes anything.

    ``size`` is that of the message in bytes.
    """
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _not_offered(session.step), False
    if session.step is SmtpStep.TLS and not isinstance(error, smtplib.SMTPException):
        encrypted = _handshake(error, place.host)
        if encrypted:
            return encrypted
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return _answered(error, session, size)
    return _broken_off(error, session, place), True


def too_large(size: int, limit: int = 0, code: str = "") -> MessageTooLargeError:
    """Return what is told of a message that a server does not take for its size, in bytes."""
    remedy = "Leave files out that go with it, or have the server's limit raised."
    if limit:
        return MessageTooLargeError(
            "the message has {size} MB, and the mail server takes {limit} MB at most.", remedy,
            size=_mb(size), limit=_mb(limit),
        )  # fmt: skip
    return MessageTooLargeError(
        "the message of {size} MB is too large for the mail server ({code}).", remedy,
        size=_mb(size), code=code,
    )  # fmt: skip


def refused_recipients(
    refused: Sequence[RefusedRecipient], total: int, sent: int
) -> NetworkError:  # fmt: skip
    """Return what is told of recipients whom a server did not take."""
    which = ", ".join(str(each) for each in refused)
    remedy = (
        "Check those addresses; the first recipient is number 1. Whoever was refused is tried "
        "again, nobody else."
    )
    if sent:
        return NetworkError(
            "the mail server took the message for {sent} of {total} recipients and refused "
            "number {which}.",
            remedy, sent=sent, total=total, which=which,
        )  # fmt: skip
    return NetworkError(
        "the mail server refused every recipient: number {which}.", remedy, which=which
    )


def detail_of(reply: bytes | str) -> str:
    """Return the enhanced code that a reply begins with; nothing else of it."""
    begin = reply.encode("ascii", "replace") if isinstance(reply, str) else reply
    match = ENHANCED.match(begin)
    return match[1].decode() if match else ""


def _answered(
    error: smtplib.SMTPResponseException, session: SmtpSession, size: int
) -> tuple[NetworkError, bool]:
    code = int(error.smtp_code)
    said = " ".join(filter(None, (str(code), detail_of(error.smtp_error))))
    again = 400 <= code < 500
    if code == TOO_LARGE and session.step in (SmtpStep.SENDER, SmtpStep.CONTENT):
        return too_large(size, code=said), False
    message, remedy = REFUSED[session.step]
    return NetworkError(message, remedy, code=said), again


def _not_offered(step: SmtpStep) -> NetworkError:
    if step is SmtpStep.LOG_IN:
        return NetworkError(
            "the mail server offers no log-in that we know.",
            "Nothing was sent. Take out [mail] user where it needs none, or ask its administrator.",
        )
    return NetworkError(
        "the mail server offers no STARTTLS.",
        'Nothing was sent. Set [mail] security = "tls" and its port (often 465), or ask its '
        "administrator.",
    )


def _handshake(error: Exception, host: str) -> tuple[NetworkError, bool] | None:
    said = refusal(error, host) if isinstance(error, ssl.SSLError) else None
    if not said:
        return None
    remedy = (
        "Write [mail] server as its certificate names it; its authority must be one that this "
        "computer knows, or stand in the file of [mail] ca_file."
    )
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in (EXPIRED, NOT_YET_VALID):
            remedy = said[1]
    else:
        remedy = (
            "Nothing was sent. Check [mail] server and security: port and encryption belong "
            "together."
        )
    return NetworkError("the mail server {reason}.", remedy, reason=said[0]), False


def _broken_off(error: Exception, session: SmtpSession, place: MailServerPlace) -> NetworkError:
    remedy: str | Saying = "Check [mail] server, and that it is running."
    if session.step is SmtpStep.CONTENT:
        remedy = MAY_HAVE_IT
    if session.overdue:
        return NetworkError(
            "the mail server did not come to an end within {seconds} seconds.", remedy,
            seconds=round(place.timeout_s * STEPS_IN_ALL),
        )  # fmt: skip
    if _timed_out(error):
        return NetworkError(
            "the mail server did not answer within {seconds} seconds.", remedy,
            seconds=f"{place.timeout_s:g}",
        )  # fmt: skip
    if isinstance(error, socket.gaierror):
        return NetworkError("no computer has the name in [mail] server.", "Mend it.")
    if session.step is SmtpStep.CONNECT and not isinstance(error, smtplib.SMTPException):
        return NetworkError("nobody answers at the mail server's address and port.", remedy)
    return NetworkError("the mail server broke off the conversation.", remedy)


def _timed_out(error: BaseException | None) -> bool:
    """Whether a time-out lies below what smtplib made of it."""
    while error is not None:
        if isinstance(error, TimeoutError):
            return True
        error = error.__context__
    return False


def _mb(size: int) -> float:
    return round(size / MB, 1)
