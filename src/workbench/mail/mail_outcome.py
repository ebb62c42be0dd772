"""What came of a letter: who has it, whom the server refused, whether to try again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from workbench.errors import NetworkError
from workbench.language import Words, n, t
from workbench.mail.letter import bare

MAILBOX_FULL = 552  # RFC 5321 4.5.3.1.10: for a recipient it is to be taken as 452


class MailState(StrEnum):
    """Who has a letter: everyone, some, nobody."""

    SENT = "sent"
    PARTLY = "partly"
    FAILED = "failed"


@dataclass(frozen=True)
class RefusedRecipient:
    """Somebody whom the server did not take; never by the address.

    Attributes
    ----------
    number
        The place among the recipients, from 1; who is named twice has the first place.
    code
        The server's reply (RFC 5321 4.2), such as 550.
    detail
        Its enhanced code (RFC 3463), such as 5.1.1; may be empty.
    """

    number: int
    code: int
    detail: str = ""

    @property
    def permanent(self) -> bool:
        """Whether trying again does not help while nobody changes anything."""
        return self.code >= 500 and self.code != MAILBOX_FULL

    def __str__(self) -> str:
        return f"{self.number} ({' '.join(filter(None, (str(self.code), self.detail)))})"


@dataclass(frozen=True)
class MailOutcome:
    """What came of a letter, with this try and those before.

    Attributes
    ----------
    total
        How many recipients the letter has.
    sent
        To how many of them the server took it with this try.
    told
        ``recipient_id`` of everyone who has it: give it to the next try, which leaves them out.
    refused
        Whom the server refused with this try.
    error
        What went wrong, with the remedy; ``None`` where everyone has it.
    retry
        Whether another try may help though nobody changes anything.
    """

    total: int
    sent: int
    told: tuple[str, ...]
    refused: tuple[RefusedRecipient, ...] = ()
    error: NetworkError | None = None
    retry: bool = False

    @property
    def state(self) -> MailState:
        """Who has it."""
        if len(self.told) >= self.total:
            return MailState.SENT
        return MailState.PARTLY if self.told else MailState.FAILED

    @property
    def problem(self) -> str:
        """What went wrong in English, for logs and the command line; empty where nothing did."""
        return str(self.error) if self.error else ""

    def words(self) -> Words:
        """Say what came of it, in the language that is spoken."""
        if self.error:
            return self.error.words()
        return n("Sent to one recipient.", "Sent to {count} recipients.", self.total)

    def as_json(self) -> dict[str, object]:
        """Return it for a table or a program; no address is in it."""
        return {
            "state": str(self.state), "total": self.total, "sent": self.sent,
            "told": list(self.told), "refused": [each.number for each in self.refused],
            "retry": self.retry, "problem": self.problem,
        }  # fmt: skip


def recipient_id(address: str) -> str:
    """Return by what a recipient is noted as told: the address itself stands nowhere."""
    return sha256(bare(address).casefold().encode()).hexdigest()[:16]


def state_words(state: MailState) -> Words:
    """Return a state for people."""
    return {
        MailState.SENT: t("sent"), MailState.PARTLY: t("sent to some only"),
        MailState.FAILED: t("not sent"),
    }[state]  # fmt: skip
