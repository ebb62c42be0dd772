"""What a page and its kernel may say to each other: messages of widgets, and nothing else.

Jupyter's protocol lets a page run code, make objects of any registered widget class, and end the
kernel.  A dashboard needs none of it: it asks which widgets there are, asks for their state, and
sends them messages; what those may do is decided in the kernel, by the rights it was given.

A message must be whole, too, in every part that Jupyter or the kernel will read: on what is
missing both of them fail, and say in the log what they met.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, Literal, NoReturn

COMM = frozenset({"comm_msg", "comm_open", "comm_close"})
ALLOWED = frozenset({"comm_info_request", "kernel_info_request"}) | COMM
STATES = "jupyter.widget.control"  # the one channel that a page may open: the states of all widgets
METHODS = frozenset({"update", "request_state", "request_states", "custom"})  # of ipywidgets 8
CHANNEL = "shell"
# How a page asks by itself, every two seconds, how things stand (live.js).  What somebody types
# cannot look like it: its quotes are escaped.
LOOK = b'"ask":"look"'
V1 = "v1.kernel.websocket.jupyter.org"
PARTS = ("header", "parent_header", "metadata", "content")  # in this order in that protocol
V1_HEADER, V1_CONTENT = 1, 4  # places among the parts of that protocol, after the channel
MAX_NAME = 256  # letters of an identifier: Jupyter's have 36 to 75
MAX_PARTS = 1000  # channel, four parts, its end; then binary values, as of files
Told = Mapping[str, Any]


def may_pass(message: str | bytes, protocol: str | None) -> bool:
    """Say whether a message of a page may go to its kernel; one that cannot be read may not."""
    try:
        told = read_message(message, protocol)
        return told["channel"] == CHANNEL and _whole(told) and _of_widgets(told)
    except Exception:  # noqa: BLE001  whatever a stranger sends
        return False


def is_look(message: str | bytes) -> bool:
    """Say whether a page asks by itself; everything else is somebody's doing."""
    return LOOK in (message.encode() if isinstance(message, str) else message)


def read_message(message: str | bytes, protocol: str | None) -> Told:
    """Return the channel and the four parts of a message.

    Raises ``ValueError``, ``KeyError``, ``TypeError`` or ``RecursionError`` for what is none.
    """
    if protocol == V1:
        if not isinstance(message, bytes):
            raise ValueError("a text")
        channel, *parts = _parts(message, 8, "little")[: 1 + len(PARTS)]
        texts = [_json(part.decode()) for part in parts]
        told: Told = dict(zip(PARTS, texts, strict=True)) | {"channel": channel.decode()}
    elif isinstance(message, bytes):
        told = _json(_parts(message, 4, "big")[0].decode())
    else:
        told = _json(message)
        if told.get("buffers"):  # bytes cannot stand in a text
            raise ValueError("no bytes")
    _packed(told)
    return told


def for_page(message: object, protocol: str | None) -> bool:
    """Say whether a page is told what its kernel says: not errors, whose words may quote a header.

    Widgets answer in messages of their own; nothing on a page shows these.
    """
    if protocol == V1 and isinstance(message, bytes):
        kind = _json_part(message, V1_HEADER)["msg_type"]
        content = partial(_json_part, message, V1_CONTENT)
    elif isinstance(message, str):
        told = json.loads(message)
        kind, content = told["header"]["msg_type"], partial(told.get, "content")
    else:  # with binary values: of widgets
        return True
    return kind != "error" and not (kind == "stream" and content()["name"] == "stderr")


def _json_part(message: bytes, number: int) -> Any:
    """Return one part of a message of a kernel of ours, and copy no other."""
    at = 8 * (number + 1)
    start, end = (int.from_bytes(message[at + 8 * n : at + 8 * n + 8], "little") for n in (0, 1))
    return json.loads(message[start:end])


def _parts(message: bytes, size: int, order: Literal["little", "big"]) -> list[bytes]:
    """Return what a message holds one after the other.

    The number of places stands first, in ``size`` bytes, and the places follow.  Each must lie
    behind the one before: parts that overlap would be copied again and again, and fill the memory.
    The last place of the newer protocol is an end; in the older one the last part ends with all.
    """
    number = int.from_bytes(message[:size], order)
    if not 1 <= number <= MAX_PARTS or size * (number + 1) > len(message):
        raise ValueError("no such number of parts")
    starts = range(size, size * (number + 1), size)
    places = [int.from_bytes(message[start : start + size], order) for start in starts]
    if order == "big":
        places.append(len(message))
    if places != sorted(places) or places[0] < size * (number + 1) or places[-1] > len(message):
        raise ValueError("parts that overlap")
    return [message[start:end] for start, end in pairwise(places)]


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number)


def _no_number(_: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads and JSON does not know."""
    raise ValueError("no JSON")


def _packed(told: Told) -> bytes:
    """Write a message as it or its answer will be written; half a character cannot be."""
    return json.dumps(told, ensure_ascii=False, allow_nan=False).encode()


def _whole(told: Told) -> bool:
    """Say whether all four parts are there, and what names a message is a name."""
    header = told["header"]
    return (
        all(isinstance(told[part], Mapping) for part in PARTS)
        and _name(header["msg_id"])
        and all(value is None or isinstance(value, str) for value in header.values())
    )


def _of_widgets(told: Told) -> bool:
    """Say whether it is a message that widgets send."""
    kind, content = told["header"]["msg_type"], told["content"]
    if kind not in ALLOWED:
        return False
    return (kind not in COMM or _name(content["comm_id"])) and CONTENTS[kind](content)


def _name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def _message(content: Told) -> bool:
    data = content["data"]
    return data["method"] in METHODS and isinstance(data.get("state", {}), Mapping)


CONTENTS: Mapping[str, Callable[[Told], bool]] = {
    "comm_msg": _message,
    "comm_open": lambda content: content["target_name"] == STATES,
    "comm_close": lambda _: True,
    "comm_info_request": lambda content: isinstance(content.get("target_name", ""), str),
    "kernel_info_request": lambda _: True,
}
