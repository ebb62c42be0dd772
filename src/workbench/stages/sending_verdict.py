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
from workbench.settings import EntitySettings

WILDCARDS = frozenset({"", "0.0.0.0", "::"})
# The service is not there, or not for us: PS3.7 annex C.5.
NOT_FOR_US = frozenset({0x0122, 0x0124, 0x0211})
SUCCESS = 0x0000
MEANINGS = {
    0xA701: "out of resources", 0xA702: "unable to send", UNKNOWN_DESTINATION: "title unknown",
    0xA900: "identifiers not understood", 0xB000: "some or all could not be sent",
    0xFE00: "cancelled", 0x0122: "service not offered", 0x0124: "not authorised",
    0x0211: "operation not known",
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


def place(local: EntitySettings) -> str:
    """Return where we wait, for a person."""
    if local.host in WILDCARDS:
        return f"{local.title} at port {local.port} of this computer (any of its addresses)"
    return f"{local.title} at {local.host}, port {local.port}"


def came_as_phantom(local: EntitySettings) -> NetworkError:
    """Return what is wrong where the object came to the phantom title."""
    return NetworkError(
        f"the object came to {local.phantom_title}, the title for phantom images, where patients' "
        "would be kept with every name in them. It was dropped",
        f"Have the PACS send to {local.title}: its administrator must register this title with our "
        "address and port, beside the other.",
    )


def nothing_came(evidence: Evidence) -> NetworkError:
    """Return the cause and the remedy."""
    local = evidence.local
    head = f"nothing came to {place(local)} in {evidence.seconds:.0f} s. {_said(evidence)}"
    judged = next(answer for judge in JUDGES if (answer := judge(evidence)))
    return NetworkError(f"{head} {judged[0]}", judged[1])


def _said(evidence: Evidence) -> str:
    outcome = evidence.outcome
    if outcome.status is None:
        return f"{evidence.pacs} gave no final answer."
    meaning = MEANINGS.get(outcome.status, "unable to process")
    if outcome.status == SUCCESS:
        meaning = "success"
    counted = [
        f"{number} {word}"
        for number, word in ((outcome.completed, "sent"), (outcome.failed, "failed"))
        if number is not None
    ]
    counts = f", {' and '.join(counted)}" if counted else ""
    return f"{evidence.pacs} said {outcome.said} ({meaning}{counts})."


Judged = tuple[str, str] | None


def _encryption(evidence: Evidence) -> Judged:
    for kind, (what, remedy) in WITHOUT_TLS.items():
        callers = [who for who in evidence.refused if who.startswith(kind)]
        if callers:
            return f"But {callers[-1]} called, {what}", remedy
    return None


def _without_title(evidence: Evidence) -> Judged:
    callers = [who.rpartition(" at ") for who in evidence.refused]
    for title, _, address in reversed(callers):
        if title.strip() in ("", NO_TITLE):
            return (
                f"But a peer at {address} called without any title, and was refused.",
                "Have the administrator of the PACS set the title under which it sends.",
            )
        if title.endswith(CALLS_NOBODY):
            return (
                (
                    f"But {title.removesuffix(CALLS_NOBODY)} at {address} called, without the "
                    "title that it calls."
                ),
                (
                    "Have the administrator of the PACS register this destination with the AE "
                    f"title {evidence.local.title}."
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
            (
                f"But {title} at {address} called, and was refused: allow of [local] says another "
                "address."
            ),
            f"If that is the PACS, write allow = {allowed} in [local] of workbench.toml.",
        )
    return (
        f"But {title} at {address} called, and was refused: nobody here knows this title.",
        (
            f"If that is the PACS, which then sends under another title than it answers to, write "
            f"allow = {allowed} in [local] of workbench.toml."
        ),
    )


def _other_objects(evidence: Evidence) -> Judged:
    if not evidence.others:
        return None
    return (
        f"But {evidence.others} other objects came; they were not taken.",
        (
            "If nobody else was sending: the PACS sends other objects than it is asked for, or "
            "with other UIDs. Ask its administrator."
        ),
    )


def _silent(evidence: Evidence) -> Judged:
    if evidence.outcome.status is not None:
        return None
    return (
        "It took the order, and neither sent nor ended it.",
        "Its queue of orders may stand still: ask its administrator. " + _registration(evidence),
    )


def _not_for_us(evidence: Evidence) -> Judged:
    if evidence.outcome.status not in NOT_FOR_US:
        return None
    return (
        "It does not let us retrieve.",
        (
            f"Ask its administrator to let {evidence.local.title} retrieve by C-MOVE, or try "
            'retrieve = "get" in [pacs].'
        ),
    )


def _unknown(evidence: Evidence) -> Judged:
    if evidence.outcome.status != UNKNOWN_DESTINATION:
        return None
    return (
        f"It does not know {evidence.local.title}, or does not reach it.",
        _registration(evidence),
    )


def _elsewhere(evidence: Evidence) -> Judged:
    if evidence.outcome.status != SUCCESS or not evidence.outcome.completed:
        return None
    return (
        f"So it sent to another place: it has another address or port for {evidence.local.title}.",
        f"{_registration(evidence)} If it sends later by plan, test again in its hours.",
    )


def _nothing_sent(evidence: Evidence) -> Judged:
    if evidence.outcome.status != SUCCESS:
        return None
    return (
        f"It sent nothing: it may not know {evidence.local.title}, or send later by plan.",
        _registration(evidence),
    )


def _not_sent(evidence: Evidence) -> Judged:
    return (
        (
            f"Most often that means that it does not know {evidence.local.title}, or knows another "
            "address or port of it, or is stopped by a firewall."
        ),
        _registration(evidence),
    )


def _registration(evidence: Evidence) -> str:
    local, address = evidence.local, evidence.address
    at = f"address {address}, " if address else ""
    remedy = (
        f"Ask its administrator to register the AE title {local.title} with {at}port {local.port}, "
        "and open that port in the firewall of this computer."
    )
    differs = evidence.from_address and evidence.from_address != address
    if not differs:
        return remedy
    return (
        f"{remedy} This computer calls it from {evidence.from_address}, but listens at {address} "
        f'only: if the PACS is to send there, write host = "{evidence.from_address}" in [local].'
    )


WITHOUT_TLS = {
    SPEAKS_TLS: (
        "and our receiver does not encrypt.",
        "Set tls = true in [local] with a [tls] table, or have the PACS send to us unencrypted.",
    ),
    SPEAKS_NO_TLS: (
        "and tls = true stands in [local].",
        "Have the PACS send to us encrypted, or take tls out of [local].",
    ),
    NOT_TRUSTED: (
        "and showed none, or one of an authority that we do not know.",
        (
            "Add the certificate of its authority to the file of authorities in [tls]; have its "
            "administrator let it show its own when it sends."
        ),
    ),
    NO_AGREEMENT: (
        "and broke off.",
        "Have its administrator accept the authority of our certificate, and TLS 1.2 or newer.",
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
