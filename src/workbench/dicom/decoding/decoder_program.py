"""What runs in the process that decodes: requests come in, frames go out, nothing else is kept.

A request is one message, the answer is one a frame and a last one that says how it ended.  The
program is given a transfer syntax, the Image Pixel module and the value of Pixel Data: never a
name.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from workbench.dicom.decoding.codestream import CodestreamError, check_frame
from workbench.dicom.decoding.compressed_syntaxes import COMPRESSED_SYNTAXES, DECODERS, OWN
from workbench.dicom.decoding.decoder_messages import receive, send
from workbench.dicom.decoding.frame_decoders import LABEL, OutOfMemory
from workbench.dicom.decoding.image_pixel import ImagePixel

OffsetTables = tuple[bytes, bytes] | None
# libjpeg's and GDCM's words for an image whose samples they have made up; ITU-T T.81 has none.
MADE_UP = (b"Corrupt JPEG data", b"Premature end of JPEG", b"Inconsistent progression")
WORDS_BYTES = 1 << 16  # of what a decoder says; as many as a pipe holds


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    said = _listened()
    _warm()
    _give_up_rights()
    send(answers, {"ready": True})
    while (request := receive(requests)) is not None:
        about, value = request
        _limit(about)
        try:
            outcome = _decode(about, value, answers, said)
        finally:
            _limit({})
        send(answers, outcome)


def _decode(about: Mapping[str, Any], value: bytes, answers: BinaryIO, said: int) -> dict[str, Any]:
    """Send the frames; return how it ended, and whether a decoder met what it cannot stand."""
    try:
        described = ImagePixel(**about["pixel"])
        value, tables = _parted(value, about["offsets"])
        _check(value, tables, described, about["syntax"])
    except CodestreamError as error:
        return {"error": "pixels_damaged", "why": error.why, "unharmed": True}
    except Exception:  # noqa: BLE001  as below
        return {"error": "pixels_damaged", "unharmed": True}
    _said(said)  # what was said before is of no concern
    unharmed = COMPRESSED_SYNTAXES[UID(about["syntax"])].library.memory_safe
    try:
        for array, photometric in _frames(value, tables, described, about):
            if _made_up(_said(said)):
                return {"error": "pixels_damaged", "why": "made_up"}
            shape = {"shape": array.shape, "type": array.dtype.str, "photometric": photometric}
            send(answers, shape, array.reshape(-1).view(np.uint8).data)
            del array
    except (OutOfMemory, MemoryError):
        return {"error": "decoder_memory"}
    except OSError:
        raise  # the parent is gone
    except Exception:  # noqa: BLE001  decoders raise dozens of kinds, and quote what they saw
        return {"error": "pixels_damaged", "unharmed": unharmed}
    return {"done": True}


def _parted(value: bytes, offsets: list[int]) -> tuple[bytes, OffsetTables]:
    """Return Pixel Data, and the extended offset tables that follow it where there are any."""
    if not offsets:
        return value, None
    start, second = len(value) - sum(offsets), len(value) - offsets[-1]
    return value[:start], (value[start:second], value[second:])


def _check(value: bytes, tables: OffsetTables, described: ImagePixel, syntax: str) -> None:
    """Raise ``CodestreamError`` unless every frame is what the header says."""
    number = 0
    for frame in generate_frames(
        value, number_of_frames=described.frames, extended_offsets=tables
    ):  # fmt: skip
        check_frame(frame, syntax, described)
        number += 1
    if number != described.frames:
        raise CodestreamError("frames")


def _frames(
    value: bytes, tables: OffsetTables, described: ImagePixel, about: Mapping[str, Any]
) -> Iterator[tuple[NDArray[Any], str]]:
    """Yield each frame, (row, column) or (row, column, colour), and its interpretation.

    Raises ``OutOfMemory``, and whatever pydicom and the decoders do.
    """
    options = described.options() | ({"extended_offsets": tables} if tables else {})
    for array, properties in _decoder(about["syntax"]).iter_array(
        value, raw=about["raw"], decoding_plugin=LABEL, **options
    ):
        yield np.ascontiguousarray(array), str(properties["photometric_interpretation"])


def _decoder(syntax: str) -> Any:
    decoder = get_decoder(UID(syntax))
    with suppress(ValueError):  # it has the plug-in from the request before
        decoder.add_plugin(LABEL, (DECODERS, OWN))
    return decoder


def _warm() -> None:
    """Import what decoding needs, before memory and files are limited."""
    for syntax, known in COMPRESSED_SYNTAXES.items():
        if known.library.installed:
            _decoder(syntax)
            with suppress(ImportError):
                __import__(known.library.package)


def _listened() -> int:
    """Let what decoders say come to us and nobody else: it may quote the image."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)  # a decoder that talks without end waits for nobody
    os.dup2(writing, 2)
    os.dup2(writing, 1)  # some decoders talk to standard output
    os.close(writing)
    return reading


def _said(pipe: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(pipe, WORDS_BYTES)
    return b""


def _made_up(words: bytes) -> bool:
    """Say whether a decoder has gone on after an error; very many words say nothing else."""
    return len(words) > WORDS_BYTES // 2 or any(word in words for word in MADE_UP)


def _give_up_rights() -> None:
    """Give up what decoding does not need: files to write, cores, processes, Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent's
    if sys.platform == "win32":
        return
    import resource

    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _limit(about: Mapping[str, Any]) -> None:
    """Let the system end us when a request takes too much; without one, take the limits away.

    The parent has the same deadline; this one holds when the parent is gone too.
    """
    if sys.platform == "win32":
        return
    import resource

    seconds, memory = about.get("seconds", 0), about.get("memory_bytes", 0)
    used = resource.getrusage(resource.RUSAGE_SELF)
    processor = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _soft(resource.RLIMIT_CPU, processor if seconds else resource.RLIM_INFINITY)
    held = _address_space()
    _soft(resource.RLIMIT_AS, held + memory if held and memory else resource.RLIM_INFINITY)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1 if seconds else 0)


def _soft(kind: int, value: int) -> None:
    """Set a limit, or the highest that the site allows: the system refuses a higher one."""
    import resource

    hard = resource.getrlimit(kind)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (_lower(value, hard, resource.RLIM_INFINITY), hard))


def _lower(value: int, hard: int, endless: int) -> int:
    """Return the lower of two limits; the number that stands for none is no size."""
    return min((limit for limit in (value, hard) if limit != endless), default=endless)


def _address_space() -> int:
    """Return the bytes of memory addressed so far; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123  it is no file to write
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    main()
