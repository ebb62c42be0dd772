"""Command sets of C-STORE as bytes: read a request, write its response.

They are Implicit VR Little Endian always, and all elements are of group 0000 (PS3.7 section 6.3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEAD = struct.Struct("<HHI")
# Elements and their values: PS3.7 tables 9.3-1 and 9.3-2, and annex E.
SOP_CLASS, COMMAND, MESSAGE_ID, ANSWERS, DATA_SET = 0x0002, 0x0100, 0x0110, 0x0120, 0x0800
STATUS, SOP_INSTANCE = 0x0900, 0x1000
C_STORE_RQ, C_STORE_RSP, NO_DATA_SET = b"\x01\x00", b"\x01\x80", b"\x01\x01"
MAX_UID_LETTERS = 64  # characters, PS3.5 section 9.1


@dataclass(frozen=True)
class CommandSet:
    """What a request says; values as they were sent, empty where there is none.

    Attributes
    ----------
    store
        Whether it is a C-STORE request.
    has_data
        Whether a data set follows.
    message_id, sop_class, sop_instance
        The encoded values; UIDs perhaps are none.
    """

    store: bool
    has_data: bool
    message_id: bytes
    sop_class: bytes
    sop_instance: bytes

    def response(self, status: int) -> bytes:
        """Return the command set that answers a C-STORE request with a status."""
        answers = {
            SOP_CLASS: self.sop_class,
            COMMAND: C_STORE_RSP,
            ANSWERS: self.message_id,
            DATA_SET: NO_DATA_SET,
            STATUS: status.to_bytes(2, "little"),
            SOP_INSTANCE: self.sop_instance,
        }
        # Whatever else a peer sent in place of a UID is not sent back.
        body = b"".join(
            _element(number, value)
            for number, value in answers.items()
            if 0 < len(value) <= MAX_UID_LETTERS
        )
        return _element(0, len(body).to_bytes(4, "little")) + body


def read_command(encoded: bytes) -> CommandSet:
    """Read a command set; raises ``ValueError`` when it is none."""
    elements: dict[int, bytes] = {}
    position = 0
    while position + HEAD.size <= len(encoded):
        group, number, length = HEAD.unpack_from(encoded, position)
        position += HEAD.size
        if group or number in elements or position + length > len(encoded):
            raise ValueError("not a command set")
        elements[number] = encoded[position : position + length]
        position += length
    return CommandSet(
        elements.get(COMMAND) == C_STORE_RQ,
        elements.get(DATA_SET) != NO_DATA_SET,
        *(elements.get(number, b"") for number in (MESSAGE_ID, SOP_CLASS, SOP_INSTANCE)),
    )


def uid_text(value: bytes) -> str:
    """Return an encoded UID without its padding; what is not ASCII is replaced."""
    return value.rstrip(b"\0 ").decode("ascii", "replace")


def _element(number: int, value: bytes) -> bytes:
    value += bytes(len(value) % 2)
    return HEAD.pack(0, number, len(value)) + value
