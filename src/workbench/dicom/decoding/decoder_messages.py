"""How the process that asks and the one that decodes speak: JSON, and the bytes it goes with."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

HEAD = struct.Struct("<IQ")  # bytes of JSON, bytes that follow it


def send(pipe: BinaryIO, about: Mapping[str, Any], value: bytes | memoryview = b"") -> None:
    """Write a message."""
    text = json.dumps(about).encode()
    pipe.write(HEAD.pack(len(text), len(value)) + text)
    pipe.write(value)
    pipe.flush()


def receive(pipe: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Read a message; ``None`` at the end of the pipe."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    text, value = HEAD.unpack(head)
    return json.loads(pipe.read(text)), pipe.read(value)
