"""A letter, and the message of RFC 5322 that it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, localtime, make_msgid, parseaddr
from hashlib import sha256

from workbench.errors import SettingsError
from workbench.plaintext import printable

ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")  # of RFC 5321 what every server wants at least: ASCII
FILE_NAME = re.compile(r"[^\W_][\w. -]{0,99}")  # no folder in it, nothing that commands
MAX_SUBJECT = 200  # characters
SENDER = "workbench@localhost"  # where the settings name none
NO_DOMAIN = "workbench.invalid"  # RFC 2606: nobody's
# Seven bits (RFC 5321 2.3.1): every server takes them, also one without 8BITMIME.
SEVEN_BIT = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a letter.

    Attributes
    ----------
    name
        Of the file, ours: letters, digits, dots, blanks and hyphens; never from a header.
    content
        Its bytes; a text is in UTF-8.
    kind
        Its media type, such as ``application/pdf``.
    """

    name: str
    content: bytes
    kind: str

    def __post_init__(self) -> None:
        if not FILE_NAME.fullmatch(self.name) or not re.fullmatch(r"[\w.+-]+/[\w.+-]+", self.kind):
            raise ValueError("an attachment has a name without folders, and a media type")


@dataclass(frozen=True)
class Letter:
    """What is sent: a subject, lines of plain text, files; no patient's attribute in any of it.

    Attributes
    ----------
    subject, lines
        As people read them, in their language.
    identity
        What the letter is about, the same whenever it is sent again, such as a report and its
        slot: mail programs then show it once.  Without one each sending is another letter.
    attachments
        Files that go with it.
    """

    subject: str
    lines: Sequence[str]
    identity: str = ""
    attachments: tuple[Attachment, ...] = ()


def check_addresses(sender: str, recipients: Iterable[str]) -> None:
    """Raise ``SettingsError`` for what is no address; which one is told by its place."""
    if not is_address(sender):
        raise SettingsError("sender of [mail] is no e-mail address.", "Write name@host there.")
    for number, recipient in enumerate(recipients, 1):
        if not is_address(recipient):
            raise SettingsError(
                "recipient {number} is no e-mail address.",
                "Write name@host, in ASCII, where the recipients are named.",
                number=number,
            )


def bare(address: str) -> str:
    """Return an address without the name before it: what a server is told."""
    return parseaddr(address)[1]


def message_of(
    letter: Letter, sender: str, recipients: Sequence[str], workspace: str
) -> EmailMessage:
    """Return the message.

    Every recipient is named in it, whoever gets it with this try.  ``workspace`` tells apart what
    has one identity in two workspaces.
    """
    message = EmailMessage(policy=SEVEN_BIT)
    message["From"] = _named(sender)
    message["To"] = [_named(each) for each in recipients]
    message["Subject"] = " ".join(printable(letter.subject).split())[:MAX_SUBJECT]
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = _message_id(letter.identity, workspace, bare(sender))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a program
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    message.set_content("\n".join(printable(line) for line in letter.lines) + "\n")
    for file in letter.attachments:
        main, _, sub = file.kind.partition("/")
        charset = {"charset": "utf-8"} if main == "text" else None
        message.add_attachment(file.content, main, sub, filename=file.name, params=charset)
    return message


def _message_id(identity: str, workspace: str, sender: str) -> str:
    domain = sender.rpartition("@")[2]
    domain = domain if "." in domain else NO_DOMAIN
    if not identity:
        return make_msgid(domain=domain)
    digest = sha256(f"{workspace}\n{identity}".encode()).hexdigest()
    return f"<{digest[:32]}@{domain}>"


def _named(address: str) -> Address:
    name, bare_address = parseaddr(address)
    return Address(display_name=printable(name), addr_spec=bare_address)


def is_address(text: str) -> bool:
    """Whether a text is one address that every server takes, with a name before it or without."""
    if not text.isprintable() or len(getaddresses([text])) != 1:
        return False
    address = bare(text)  # which leaves out blanks that stand in it
    if not ADDRESS.fullmatch(address) or address not in text:
        return False
    try:
        _named(text)
    except (ValueError, IndexError, MessageError):  # what no header can hold
        return False
    return True
