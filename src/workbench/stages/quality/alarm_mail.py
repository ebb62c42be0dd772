"""Tell people of a value outside its limits by e-mail."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path

from workbench.collect.handshake import refusal
from workbench.credentials import MAIL_PASSWORD, check_address
from workbench.errors import NetworkError, SettingsError
from workbench.plaintext import printable
from workbench.settings import QualitySettings, Settings

TIMEOUT = 20.0  # seconds for each step of talking to the server
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")  # of RFC 5321 what every server wants at least
LONGEST = 200  # characters of a subject


@dataclass(frozen=True)
class Letter:
    """What is told: a subject, and lines of plain text; nothing of a header stands in it."""

    subject: str
    lines: Sequence[str]


class Post:
    """Sends letters as ``[quality]`` says; ``folder`` is the workspace."""

    def __init__(self, settings: QualitySettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    @property
    def ready(self) -> bool:
        """Say whether a mail server is set."""
        return bool(self._settings.mail_server)

    def check(self, recipients: Sequence[str]) -> None:
        """Raise ``SettingsError`` for what would be refused when a letter is sent; none is."""
        everyone = self._everyone(recipients)
        self._message(Letter("", ()), everyone)
        self._place()
        self._password()

    def send(self, letter: Letter, recipients: Sequence[str]) -> int:
        """Send a letter to these and to ``mail_to``; return to how many.

        Raises ``NetworkError`` or ``SettingsError`` with the remedy; no address stands in it.
        """
        everyone = self._everyone(recipients)
        message = self._message(letter, everyone)
        try:
            with self._server() as server:
                server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise self._refusal(error) from None
        return len(everyone)

    def _everyone(self, recipients: Sequence[str]) -> list[str]:
        everyone = sorted({*recipients, *self._settings.mail_to})
        if not everyone:
            raise SettingsError(
                "nobody is named to be told of alarms.",
                "Set [quality] mail_to, or recipients in the test profile.",
            )
        return everyone

    def _refusal(self, error: Exception) -> NetworkError:
        """Return what is told; the words of a server may quote addresses."""
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return NetworkError(
                "the mail server offers no STARTTLS, or no log-in.",
                'Nothing was sent. Set [quality] mail_security = "tls" and its port (often 465), '
                "or ask its administrator.",
            )
        host = self._settings.mail_server.rpartition(":")[0]
        said = refusal(error, host) if isinstance(error, ssl.SSLError) else None
        if said:
            return NetworkError(
                "the mail server {reason}.",
                "Write [quality] mail_server as its certificate names it; its authority must be "
                "one that this computer knows (or the file named in SSL_CERT_FILE holds).",
                reason=said[0],
            )
        return NetworkError(
            "the mail server did not take the message ({kind}).",
            "Check [quality] mail_server, mail_security, mail_user.",
            kind=type(error).__name__,
        )

    def _message(self, letter: Letter, recipients: Sequence[str]) -> EmailMessage:
        message = EmailMessage()
        sender = self._settings.mail_from or "workbench@localhost"
        if not all(ADDRESS.fullmatch(parseaddr(each)[1]) for each in (sender, *recipients)):
            raise SettingsError(
                "an e-mail address is wrong.",
                "Check [quality] mail_from and mail_to, and recipients of test profiles.",
            )
        try:
            message["From"] = sender
            message["To"] = ", ".join(recipients)
        except ValueError as error:  # a line break in an address
            raise SettingsError(
                "an e-mail address is wrong.", "Check [quality] mail_to."
            ) from error
        message["Subject"] = " ".join(printable(letter.subject).split())[:LONGEST]
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain="workbench.invalid")
        message.set_content("\n".join(printable(line) for line in letter.lines) + "\n")
        return message

    def _place(self) -> tuple[str, int]:
        host, _, port = self._settings.mail_server.rpartition(":")
        if not host.strip() or not port.isdecimal() or not 0 < int(port) < 65536:
            raise SettingsError('[quality] mail_server is written "host:port".')
        return host, int(port)

    def _server(self) -> smtplib.SMTP:
        host, port = self._place()
        password = self._password()
        context = ssl.create_default_context()
        if self._settings.mail_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT)
        try:
            if self._settings.mail_security == "starttls":
                server.starttls(context=context)
            if self._settings.mail_user:
                self._check_address()
                server.login(self._settings.mail_user, password)
        except BaseException:
            server.close()
            raise
        return server

    def _check_address(self) -> None:
        """Raise ``SettingsError`` where the password was given for another server."""
        check_address(self._folder, Settings(quality=self._settings), MAIL_PASSWORD)

    def _password(self) -> str:
        if not self._settings.mail_user:
            return ""
        try:
            return (self._folder / self._settings.mail_password_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                "the file with the mail server's password cannot be read.",
                "Check [quality] mail_password_file.",
            ) from error
