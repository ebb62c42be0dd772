"""Hand letters to the mail server of ``[mail]``, each recipient once."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Collection, Sequence
from pathlib import Path

from workbench.credentials import MAIL_PASSWORD, check_address
from workbench.errors import NetworkError, SettingsError
from workbench.mail.letter import SENDER, Letter, bare, check_addresses, message_of
from workbench.mail.mail_outcome import MailOutcome, RefusedRecipient, recipient_id
from workbench.mail.mail_refusal import detail_of, refused_recipients, too_large, why_not
from workbench.mail.smtp_session import MailServerPlace, SmtpSession, is_taken
from workbench.settings import MailSettings, Settings


class Post:
    """Sends letters as ``[mail]`` of a workspace's settings says; ``folder`` is the workspace."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._mail = settings.mail
        self._folder = folder

    @property
    def ready(self) -> bool:
        """Say whether a mail server is set."""
        return bool(self._mail.server)

    def check(self, recipients: Sequence[str]) -> None:
        """Raise ``SettingsError`` for what would be refused when a letter is sent; none is."""
        self._message(Letter("", ()), once(recipients))
        self._place()
        self._password()

    def try_server(self) -> None:
        """Go as far as the log-in and send nothing; raises ``NetworkError``, ``SettingsError``."""
        place, password = self._place(), self._password()
        with SmtpSession.opened(place) as session:
            try:
                self._begin(session, password)
            except (smtplib.SMTPException, OSError) as error:
                raise why_not(error, session, place, 0)[0] from None

    def send(
        self, letter: Letter, recipients: Sequence[str], told: Collection[str] = ()
    ) -> MailOutcome:
        """Send a letter to whom of the recipients does not have it yet.

        ``told`` is ``MailOutcome.told`` of the try before.  Whatever a server does is an outcome;
        raises ``SettingsError`` for what is wrong before it is called.  No address stands in
        either.
        """
        everyone = once(recipients)
        content = self._message(letter, everyone)
        place, password = self._place(), self._password()
        before = [recipient_id(each) for each in everyone if recipient_id(each) in told]
        left = [each for each in everyone if recipient_id(each) not in told]
        if not left:
            return MailOutcome(len(everyone), 0, tuple(before))
        with SmtpSession.opened(place) as session:
            try:
                self._begin(session, password)
                if 0 < session.max_bytes < len(content):
                    error = too_large(len(content), session.max_bytes)
                    return _not_sent(everyone, before, error, retry=False)
                sender = bare(self._sender)
                replies = session.hand_over(sender, [bare(each) for each in left], content)
            except (smtplib.SMTPException, OSError) as error:
                said, retry = why_not(error, session, place, len(content))
                return _not_sent(everyone, before, said, retry=retry)
        return _outcome(everyone, before, left, replies)

    def _begin(self, session: SmtpSession, password: str) -> None:
        session.greet()
        if self._mail.user:
            self._check_address()
            session.log_in(self._mail.user, password)

    @property
    def _sender(self) -> str:
        return self._mail.sender or SENDER

    def _message(self, letter: Letter, everyone: Sequence[str]) -> bytes:
        if not everyone:
            raise SettingsError("the mail is for nobody.", "Name one recipient at least.")
        check_addresses(self._sender, everyone)
        return message_of(letter, self._sender, everyone, self._workspace()).as_bytes()

    def _workspace(self) -> str:
        """Return what tells this workspace from others, the same on all its machines."""
        survey, store = self._settings.survey, self._settings.store
        place = store.catalogue or self._folder.resolve()
        return f"{survey.name}\n{survey.site}\n{place}\n{store.schema}"

    def _place(self) -> MailServerPlace:
        mail = self._mail
        host, port = host_and_port(mail.server)
        return MailServerPlace(host, port, mail.security, self._context(), mail.timeout_s)

    def _context(self) -> ssl.SSLContext | None:
        if not self._mail.ca_file:
            return ssl.create_default_context() if self._mail.security != "none" else None
        try:
            return ssl.create_default_context(cafile=str(self._folder / self._mail.ca_file))
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SettingsError(
                "the file of ca_file of [mail] holds no certificate that can be read.",
                "It is in PEM: it begins with -----BEGIN CERTIFICATE-----.",
            ) from error

    def _check_address(self) -> None:
        """Raise ``SettingsError`` where the password was given for another server."""
        check_address(self._folder, self._settings, MAIL_PASSWORD)

    def _password(self) -> str:
        if not self._mail.user:
            return ""
        try:
            password = (self._folder / self._mail.password_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                "the file with the mail server's password cannot be read.",
                "Check password_file of [mail].",
            ) from error
        if not password or not (password + self._mail.user).isascii():
            raise SettingsError(
                "user and password of the mail server must be of ASCII characters, and not empty.",
                "Check user of [mail] and the file of password_file.",
            )
        return password


def host_and_port(server: str) -> tuple[str, int]:
    """Return what ``server`` of ``[mail]`` means; raises ``SettingsError``."""
    host, _, port = server.rpartition(":")
    host = host.strip().removeprefix("[").removesuffix("]")  # of an address of IPv6
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError('server of [mail] is written "host:port".')
    return host, int(port)


def check_mail(mail: MailSettings) -> None:
    """Raise ``SettingsError`` for an address in ``[mail]`` that is none; no file is read."""
    if mail.server:
        host_and_port(mail.server)
    if mail.sender:
        check_addresses(mail.sender, ())


def once(recipients: Sequence[str]) -> list[str]:
    """Return recipients in their order, each once."""
    kept: dict[str, str] = {}
    for each in recipients:
        kept.setdefault(recipient_id(each), each)
    return list(kept.values())


def _not_sent(
    everyone: Sequence[str], before: Sequence[str], error: NetworkError, *, retry: bool
) -> MailOutcome:
    return MailOutcome(len(everyone), 0, tuple(before), error=error, retry=retry)


def _outcome(
    everyone: Sequence[str], before: Sequence[str], left: Sequence[str],
    replies: Sequence[tuple[int, bytes]],
) -> MailOutcome:  # fmt: skip
    taken = [each for each, (code, _) in zip(left, replies, strict=True) if is_taken(code)]
    refused = tuple(
        RefusedRecipient(everyone.index(each) + 1, code, detail_of(reply))
        for each, (code, reply) in zip(left, replies, strict=True) if not is_taken(code)
    )  # fmt: skip
    told = (*before, *(recipient_id(each) for each in taken))
    if not refused:
        return MailOutcome(len(everyone), len(taken), told)
    error = refused_recipients(refused, len(everyone), len(told))
    retry = not all(each.permanent for each in refused)
    return MailOutcome(len(everyone), len(taken), told, refused, error, retry)
