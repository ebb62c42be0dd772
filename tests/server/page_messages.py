"""Messages as a page may send them to its kernel: in each way they can be written, and broken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from workbench.server.kernel_messages import PARTS, V1

Written = tuple[str | bytes, str | None]  # a message, and the protocol it is written in


def whole(kind: Any, content: Any, channel: Any = "shell") -> dict[str, Any]:
    """Return a message with all its parts."""
    return {
        "header": {"msg_type": kind, "msg_id": "1", "session": "s", "username": "",
                   "version": "5.3", "date": "2026-01-01T00:00:00Z"},
        "parent_header": {}, "metadata": {}, "content": content, "channel": channel,
    }  # fmt: skip


def written(
    kind: Any, content: Any, channel: Any, values: Sequence[bytes] = (b"x",)
) -> list[Written]:
    """Return a message in the three ways it may come in."""
    return in_every_way(whole(kind, content, channel), values)


def in_every_way(told: dict[str, Any], values: Sequence[bytes] = ()) -> list[Written]:
    """Return a message in the ways it can be written; not all can where something is missing."""
    ways: list[Written] = [(json.dumps(told), None)]
    ways.append((serialize_binary_message({**told, "buffers": list(values)}), None))
    if isinstance(told.get("channel"), str) and all(part in told for part in PARTS):
        parts = [json.dumps(told[part]).encode() for part in PARTS]
        ways.append((serialize_msg_to_ws_v1([*parts, *values], told["channel"]), V1))
    return ways


def _without(part: str) -> list[Written]:
    told = whole("comm_info_request", {})
    del told[part]
    return in_every_way(told)


def _with(**parts: Any) -> list[Written]:
    return in_every_way({**whole("comm_info_request", {}), **parts})


def _header(**values: Any) -> list[Written]:
    told = whole("comm_info_request", {})
    header = {**told["header"], **values}
    return in_every_way({**told, "header": {key: header[key] for key in header if header[key]}})


def _v1(*parts: bytes, channel: str = "shell") -> Written:
    return serialize_msg_to_ws_v1(list(parts), channel), V1


SOUND = [json.dumps(whole("comm_info_request", {})[part]).encode() for part in PARTS]
DEEP = "[" * 100_000 + "]" * 100_000
SAID = "MUELLER^ANNA"  # must never stand in a log
MALFORMED: dict[str, list[Written]] = {
    **{f"no {part}": _without(part) for part in (*PARTS, "channel")},
    **{f"{part} is {kind}": _with(**{part: value}) for part in PARTS
       for kind, value in (("nothing", None), ("a text", SAID), ("a list", [SAID]), ("7", 7))},
    "no kind": _header(msg_type=""),
    "no number": _header(msg_id=""),
    "a number that is a list": _header(msg_id=[SAID]),
    "a session that is none": _header(session={"x": SAID}),
    "a date that is none": _header(date=7.5),
    "another channel": _with(channel=SAID),
    "a channel that is a list": _with(channel=[SAID]),
    "half a character": _with(content={"x": "\ud800" + SAID}),
    "no number of mathematics": _with(content={"x": float("nan")}),
    "values in a text": [(json.dumps({**whole("comm_info_request", {}), "buffers": [SAID]}), None)],
    "no JSON": [(SAID, None), ("{", None), ("", None), ("null", None), ("[]", None), (DEEP, None)],
    "no JSON in parts": [
        _v1(*SOUND[:3], SAID.encode()), _v1(*SOUND[:3], DEEP.encode()), _v1(*SOUND[:3], b"\xff"),
        _v1(SAID.encode(), *SOUND[1:]), _v1(*SOUND[:3]), _v1(),
    ],
    "bytes that are none": [(b"", None), (b"", V1), (b"\xff" * 50, None), (b"\xff" * 50, V1),
                            (b"\0" * 50, None), (b"\0" * 50, V1), (SAID.encode(), V1)],
    "a text where bytes are agreed": [(json.dumps(whole("comm_info_request", {})), V1)],
    "cut": [(message[:-9], protocol) for message, protocol in _with()],
}  # fmt: skip
