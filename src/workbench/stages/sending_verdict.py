"""Why nothing came of what an archive was asked to send: the cause, and what to do.

An archive's status alone says little: an unknown title is 0xA801 by the standard (PS3.4 table
C.4-2), and 0xC000, 0xA702 or even success in the field.  So what was seen at our own port counts
first: who called and was refused, and how.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass

from workbench.collect.dimse.admission import (
    CALLS_NOBODY,
    NO_AGREEMENT,
    NO_TITLE,
    NOT_DICOM,
    NOT_TRUSTED,
    SPEAKS_NO_TLS,
    SPEAKS_TLS,
)
from workbench.collect.retrieval import UNKNOWN_DESTINATION, RetrieveOutcome
from workbench.errors import NetworkError
from workbench.language import Saying, Words, mark
from workbench.settings import EntitySettings

WILDCARDS = frozenset({"", "0.0.0.0", "::"})
# The service is not there, or not for us: PS3.7 annex C.5.
NOT_FOR_US = frozenset({0x0122, 0x0124, 0x0211})
SUCCESS = 0x0000
UNABLE = mark("unable to process")
MEANINGS = {
    SUCCESS: mark("success"),
    0xA701: mark("out of resources"), 0xA702: mark("unable to send"),
    UNKNOWN_DESTINATION: mark("title unknown"),
    0xA900: mark("identifiers not understood"), 0xB000: mark("some or all could not be sent"),
    0xFE00: mark("cancelled"), 0x0122: mark("service not offered"), 0x0124: mark("not authorised"),
    0x0211: mark("operation not known"),
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What was seen while an object was waited for.

    Attributes
    ----------
    local
        Our title, address and port.
    pacs
        Title of who was told to send.
    outcome
        What it said last.
    seconds
        How long was waited.
    refused
        Who called us meanwhile and was refused.
    others
        How many other objects came.
    from_address
        The address from which this computer calls the archive; empty where that is not known.
    """

    local: EntitySettings
    pacs: str
    outcome: RetrieveOutcome
    seconds: float
    refused: tuple[str, ...] = ()
    others: int = 0
    from_address: str = ""

    @property
    def address(self) -> str:
        """Our address as the archive must know it."""
        return self.from_address if self.local.host in WILDCARDS else self.local.host


def place(local: EntitySettings) -> Words:
    """Return where we wait, for a person."""
    return _place(local).words()


def _place(local: EntitySettings) -> Saying:
    if local.host in WILDCARDS:
        return Saying(
            "{own} at port {port} of this computer (any of its addresses)",
            own=local.title, port=local.port,
        )  # fmt: skip
    return Saying("{own} at {host}, port {port}", own=local.title, host=local.host, port=local.port)


def came_as_phantom(local: EntitySettings) -> NetworkError:
    """Return what is wrong where the object came to the phantom title."""
    return NetworkError(
        "the object came to {phantom}, the title for phantom images, where patients' "
        "would be kept with every name in them. It was dropped",
        "Have the PACS send to {own}: its administrator must register this title with our "
        "address and port, beside the other.",
        phantom=local.phantom_title,
        own=local.title,
    )


def nothing_came(evidence: Evidence) -> NetworkError:
    """Return the cause and the remedy."""
    judged = next(answer for judge in JUDGES if (answer := judge(evidence)))
    return NetworkError(
        "nothing came to {place} in {seconds} s. {said} {cause}",
        "{remedy}",
        place=_place(evidence.local),
        seconds=round(evidence.seconds),
        said=_said(evidence),
        cause=judged[0],
        remedy=judged[1],
    )


def _said(evidence: Evidence) -> Saying:
    outcome, pacs = evidence.outcome, evidence.pacs
    if outcome.status is None:
        return Saying("{pacs} gave no final answer.", pacs=pacs)
    meaning = Saying(MEANINGS.get(outcome.status, UNABLE))
    said, sent, failed = outcome.said, outcome.completed, outcome.failed
    if sent is not None and failed is not None:
        return Saying(
            "{pacs} said {said} ({meaning}, {sent} sent and {failed} failed).",
            pacs=pacs, said=said, meaning=meaning, sent=sent, failed=failed,
        )  # fmt: skip
    if sent is not None:
        return Saying(
            "{pacs} said {said} ({meaning}, {sent} sent).",
            pacs=pacs, said=said, meaning=meaning, sent=sent,
        )  # fmt: skip
    if failed is not None:
        return Saying(
            "{pacs} said {said} ({meaning}, {failed} failed).",
            pacs=pacs, said=said, meaning=meaning, failed=failed,
        )  # fmt: skip
    return Saying("{pacs} said {said} ({meaning}).", pacs=pacs, said=said, meaning=meaning)


Judged = tuple[Saying, Saying] | None


def _encryption(evidence: Evidence) -> Judged:
    for kind, (what, remedy) in WITHOUT_TLS.items():
        callers = [who for who in evidence.refused if who.startswith(kind)]
        if callers:
            address = callers[-1].removeprefix(kind).removeprefix(" at ")
            return Saying(what, address=address), Saying(remedy, tls="TLS 1.2")
    return None


def _without_title(evidence: Evidence) -> Judged:
    callers = [who.rpartition(" at ") for who in evidence.refused]
    for title, _, address in reversed(callers):
        if title.strip() in ("", NO_TITLE):
            return (
                Saying(
                    "But a peer at {address} called without any title, and was refused.",
                    address=address,
                ),
                Saying("Have the administrator of the PACS set the title under which it sends."),
            )
        if title.endswith(CALLS_NOBODY):
            return (
                Saying(
                    "But {title} at {address} called, without the title that it calls.",
                    title=title.removesuffix(CALLS_NOBODY),
                    address=address,
                ),
                Saying(
                    "Have the administrator of the PACS register this destination with the AE "
                    "title {own}.",
                    own=evidence.local.title,
                ),
            )
    return None


def _another_title(evidence: Evidence) -> Judged:
    callers = [who for who in evidence.refused if not who.startswith(NOT_DICOM)]
    if not callers:
        return None
    title, _, address = callers[-1].rpartition(" at ")
    named = [peer for peer in evidence.local.allow if peer.partition("@")[0].strip() == title]
    kept = [peer for peer in evidence.local.allow if peer not in named]
    allowed = json.dumps([*kept, title], ensure_ascii=False)
    if named:
        return (
            Saying(
                "But {title} at {address} called, and was refused: allow of [local] says another "
                "address.",
                title=title,
                address=address,
            ),
            Saying(
                "If that is the PACS, write allow = {allowed} in [local] of workbench.toml.",
                allowed=allowed,
            ),
        )
    return (
        Saying(
            "But {title} at {address} called, and was refused: nobody here knows this title.",
            title=title,
            address=address,
        ),
        Saying(
            "If that is the PACS, which then sends under another title than it answers to, write "
            "allow = {allowed} in [local] of workbench.toml.",
            allowed=allowed,
        ),
    )


def _other_objects(evidence: Evidence) -> Judged:
    if not evidence.others:
        return None
    return (
        Saying.counted(
            "But {count} other objects came; they were not taken.",
            "But {count} other objects came; they were not taken.",
            evidence.others,
        ),
        Saying(
            "If nobody else was sending: the PACS sends other objects than it is asked for, or "
            "with other UIDs. Ask its administrator."
        ),
    )


def _silent(evidence: Evidence) -> Judged:
    if evidence.outcome.status is not None:
        return None
    return (
        Saying("It took the order, and neither sent nor ended it."),
        Saying.joined(
            Saying("Its queue of orders may stand still: ask its administrator."),
            _registration(evidence),
        ),
    )


def _not_for_us(evidence: Evidence) -> Judged:
    if evidence.outcome.status not in NOT_FOR_US:
        return None
    return (
        Saying("It does not let us retrieve."),
        Saying(
            "Ask its administrator to let {own} retrieve by C-MOVE, or try "
            'retrieve = "get" in [pacs].',
            own=evidence.local.title,
        ),
    )


def _unknown(evidence: Evidence) -> Judged:
    if evidence.outcome.status != UNKNOWN_DESTINATION:
        return None
    own = evidence.local.title
    return Saying("It does not know {own}, or does not reach it.", own=own), _registration(evidence)


def _elsewhere(evidence: Evidence) -> Judged:
    if evidence.outcome.status != SUCCESS or not evidence.outcome.completed:
        return None
    return (
        Saying(
            "So it sent to another place: it has another address or port for {own}.",
            own=evidence.local.title,
        ),
        Saying.joined(
            _registration(evidence),
            Saying("If it sends later by plan, test again in its hours."),
        ),
    )


def _nothing_sent(evidence: Evidence) -> Judged:
    if evidence.outcome.status != SUCCESS:
        return None
    return (
        Saying(
            "It sent nothing: it may not know {own}, or send later by plan.",
            own=evidence.local.title,
        ),
        _registration(evidence),
    )


def _not_sent(evidence: Evidence) -> Judged:
    return (
        Saying(
            "Most often that means that it does not know {own}, or knows another address or port "
            "of it, or is stopped by a firewall.",
            own=evidence.local.title,
        ),
        _registration(evidence),
    )


def _registration(evidence: Evidence) -> Saying:
    local, address = evidence.local, evidence.address
    if address:
        remedy = Saying(
            "Ask its administrator to register the AE title {own} with address {address}, port "
            "{port}, and open that port in the firewall of this computer.",
            own=local.title, address=address, port=local.port,
        )  # fmt: skip
    else:
        remedy = Saying(
            "Ask its administrator to register the AE title {own} with port {port}, and open that "
            "port in the firewall of this computer.",
            own=local.title, port=local.port,
        )  # fmt: skip
    if not evidence.from_address or evidence.from_address == address:
        return remedy
    return Saying.joined(
        remedy,
        Saying(
            "This computer calls it from {calling}, but listens at {address} only: if the PACS is "
            'to send there, write host = "{calling}" in [local].',
            calling=evidence.from_address, address=address,
        ),
    )  # fmt: skip


WITHOUT_TLS = {
    SPEAKS_TLS: (
        mark("But a peer that encrypts at {address} called, and our receiver does not encrypt."),
        mark(
            "Set tls = true in [local] with a [tls] table, or have the PACS send to us unencrypted."
        ),
    ),
    SPEAKS_NO_TLS: (
        mark(
            "But a peer that does not encrypt at {address} called, and tls = true stands in "
            "[local]."
        ),
        mark("Have the PACS send to us encrypted, or take tls out of [local]."),
    ),
    NOT_TRUSTED: (
        mark(
            "But a peer whose certificate we do not accept at {address} called, and showed none, "
            "or one of an authority that we do not know."
        ),
        mark(
            "Add the certificate of its authority to the file of authorities in [tls]; have its "
            "administrator let it show its own when it sends."
        ),
    ),
    NO_AGREEMENT: (
        mark("But a peer that did not agree with us on TLS at {address} called, and broke off."),
        mark("Have its administrator accept the authority of our certificate, and {tls} or newer."),
    ),
}
JUDGES: tuple[Callable[[Evidence], Judged], ...] = (
    _encryption, _without_title, _another_title, _other_objects, _silent, _not_for_us, _unknown,
    _elsewhere, _nothing_sent, _not_sent,
)  # fmt: skip


def address_towards(host: str, port: int) -> str:
    """Return the address from which this computer calls a peer; empty where it cannot be known.

    No packet is sent: the system only says which way it would take.
    """
    try:
        kind, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.connect(where)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
