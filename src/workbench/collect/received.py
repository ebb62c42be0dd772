"""One object as a peer or a web server handed it over, and what it may be answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.model import Finding

# Statuses of the Storage Service Class, PS3.4 table B.2-1.
STORED = 0x0000
LEFT_OUT = 0xB006  # elements discarded: it is sound, and not wanted
SET_ASIDE = 0xB007  # data set does not match SOP class: it is not kept, and a person may look
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000

UID = re.compile(r"[0-9.]{1,64}\Z")  # PS3.5 section 9.1; leading zeros are wrong, but common
# What may pass the door: a sloppy UID is judged by the reader, a path or a command is not.
HARMLESS = re.compile(r"[0-9A-Za-z][0-9A-Za-z.]{0,63}\Z")


@dataclass(frozen=True)
class ReceivedObject:
    """One object as a peer sent it; only its number may be shown.

    Attributes
    ----------
    number
        Count of objects since the receiver started, from 1.
    encoded
        The data set as it came, without preamble and file meta information, and without Pixel
        Data where ``cut``.
    transfer_syntax
        UID of the transfer syntax agreed on; some peers send another one.
    sop_class, sop_instance
        UIDs as announced in the C-STORE request: letters, digits and dots only, but perhaps no
        proper UIDs; the data set may say otherwise.
    calling
        AE title of the sender.
    cut
        Whether Pixel Data was left out on the way in.
    size
        Bytes of the data set as it was sent.
    findings
        What a person should know of how it came.
    """

    number: int
    encoded: bytes = field(repr=False)
    transfer_syntax: str = field(repr=False)
    sop_class: str = field(repr=False)
    sop_instance: str = field(repr=False)
    calling: str = field(repr=False)
    cut: bool = field(default=False, repr=False)
    size: int = field(default=0, repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)


Take = Callable[[ReceivedObject], int]


def is_uid(value: str) -> bool:
    """Whether ``value`` is made as a UID is, of 64 digits and dots at most."""
    return bool(UID.match(value))
