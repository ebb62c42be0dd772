"""The program that decodes, with a decoder that does what the first byte of a frame says."""

from __future__ import annotations

import ctypes
import os
import resource
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydicom.uid import RLELossless

from workbench.dicom.decoding import decoder_program
from workbench.dicom.decoding.compressed_syntaxes import (
    COMPRESSED_SYNTAXES,
    CompressedSyntax,
    DecoderLibrary,
)

SOUND, CRASH, SLEEP, SPIN, EAT, ABORT, FAIL = (bytes((number, 0)) for number in range(1, 8))
POISON, TALK, ENVIRONMENT, WRITE, LEAVE, PID, BABBLE, DOZE, HOLD, LIMITS = (
    bytes((number, 0)) for number in range(8, 18)
)
HOLD_BYTES = 700 << 20
HELD: list[Any] = []
POISONED: list[bool] = []


def bad_frame(frame: bytes, runner: Any) -> bytes:
    """Return a frame of one value, or misbehave."""
    whole = runner.rows * runner.columns * runner.bits_allocated // 8
    if POISONED:
        ctypes.string_at(0)
    act = ACTS.get(frame[:2])
    return (act() if act else b"\7" * whole)[:whole].ljust(whole, b"\0")


def _spin() -> bytes:
    while True:
        pass


def _eat() -> bytes:
    while True:
        HELD.append(bytearray(b"\1" * (16 << 20)))


def _sleep() -> bytes:
    time.sleep(60)
    return b""


def _doze() -> bytes:
    """Be slow, but not too slow for one frame."""
    time.sleep(0.6)
    return b"\7" * (1 << 16)


def _hold() -> bytes:
    """Take much memory for a moment."""
    size = len(bytes(HOLD_BYTES))
    return b"\7" * (1 << 16) if size else b""


def _limits() -> bytes:
    """Say which limits hold: of the processor and of memory, in this order."""
    held = (resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS))
    return b"".join(limit.to_bytes(8, "little", signed=True) for limit in held)


def _poison() -> bytes:
    POISONED.append(True)
    return b"\7" * (1 << 16)


def _talk() -> bytes:
    """Talk as libjpeg does when it has made up a part of an image."""
    os.write(2, b"Jane Doe, 1.1.1950\nCorrupt JPEG data: 7 extraneous bytes before marker 0xd9\n")
    return b"\7" * (1 << 16)


def _babble() -> bytes:
    """Talk without end, as C does: what does not fit into the pipe is lost."""
    for _ in range(20_000):
        with suppress(BlockingIOError):
            os.write(2, b"Jane Doe, 1.1.1950\n")
    return b"\7" * (1 << 16)


def _write() -> bytes:
    """Say whether pixels could be written to a file."""
    place = Path(os.environ.get("TMPDIR", "/tmp"), f"workbench-bad-decoder-{os.getpid()}")
    descriptor = os.open(place, os.O_CREAT | os.O_WRONLY, 0o600)
    place.unlink()
    try:
        os.write(descriptor, b"\7")
    except OSError:
        return b"refused"
    finally:
        os.close(descriptor)
    return b"written"


def _fail() -> bytes:
    raise ValueError("Jane Doe")


ACTS = {
    CRASH: lambda: ctypes.string_at(0), SLEEP: _sleep, SPIN: _spin, EAT: _eat, ABORT: os.abort,
    FAIL: _fail, POISON: _poison, TALK: _talk, WRITE: _write, BABBLE: _babble,
    DOZE: _doze, HOLD: _hold, LIMITS: _limits, LEAVE: lambda: os._exit(0),
    ENVIRONMENT: lambda: "\n".join(f"{key}={value}" for key, value in os.environ.items()).encode(),
    PID: lambda: os.getpid().to_bytes(8, "little"),
}  # fmt: skip


def main() -> None:
    """Serve requests with the bad decoder in the place of RLE's."""
    bad = DecoderLibrary("pydicom", "pydicom", __name__, "bad_frame")
    COMPRESSED_SYNTAXES[RLELossless] = CompressedSyntax(bad, None)
    decoder_program.main()
