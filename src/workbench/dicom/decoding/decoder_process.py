"""The process that decodes: started when it is needed, kept warm, replaced when it dies.

It is no worker of ``multiprocessing``: those import the caller's script anew, may not be started
by workers of another pool, and their ``fork`` is not safe beside threads.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.dicom.decoding.decoder_limits import DecoderLimits, refusal
from workbench.dicom.decoding.decoder_messages import HEAD
from workbench.dicom.decoding.image_pixel import ImagePixel
from workbench.errors import MissingTool

START_S = 60.0  # on a busy machine, from a network drive
RETRY_S = 1.0  # a crash that came later is not looked into
PIPE_BYTES = 1 << 20  # the most Linux lets anybody have
IDLE_S = 300.0  # after which the process is let go
KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT", "TMPDIR")
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from workbench.dicom.decoding.decoder_program import main; main()"
)
# Decoded samples are whole numbers of at most 32 bits.
TYPES = frozenset(f"{order}{kind}{size}" for order in "<|" for kind in "iu" for size in (1, 2, 4))
MAX_TEXT = 1 << 12  # bytes of JSON in an answer


@dataclass(frozen=True)
class DecodingRequest:
    """One object to decode.

    Attributes
    ----------
    syntax
        Its transfer syntax.
    described
        Its Image Pixel module.
    value
        The value of Pixel Data, encapsulated (PS3.5 A.4).
    offsets
        The extended offset table and that of lengths, or nothing.
    raw
        Whether colours stay as they are stored.
    """

    syntax: str
    described: ImagePixel
    value: bytes
    offsets: tuple[bytes, ...] = ()
    raw: bool = False

    def message(self, limits: DecoderLimits) -> dict[str, Any]:
        """Return what the process is told of it."""
        return {
            "syntax": self.syntax, "pixel": self.described.as_json(), "raw": self.raw,
            "offsets": [len(table) for table in self.offsets],
            # Later than ours: by its own clock it ends only where there is no parent any more.
            "seconds": limits.seconds(self.described) + 2 * limits.grace_s,
            "memory_bytes": limits.memory(self.described, len(self.value)),
        }  # fmt: skip


class DecoderEndedError(Exception):
    """The process ended, or said what it never says; ``late`` when we ended it."""

    def __init__(self, late: bool) -> None:
        super().__init__()
        self.late = late


class DecoderProcess:
    """A process that decodes; callers of several threads take turns."""

    def __init__(self, limits: DecoderLimits | None = None) -> None:
        self.limits = limits or DecoderLimits()
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process, while there is one."""
        return self._process.pid if self._process else None

    def decode(self, request: DecodingRequest) -> tuple[NDArray[Any], str]:
        """Return all frames, (frame, row, column[, colour]), and how their colours are meant.

        Raises ``DamagedObject`` when it cannot be done within the limits, and ``MissingTool``
        when no process can be started.
        """
        with self._turn:
            self._stop_idle_timer()
            try:
                return self._decoded_at_last(request)
            except DecoderEndedError as ended:
                raise refusal("decoder_timeout" if ended.late else "decoder_crashed") from None
            finally:
                self._start_idle_timer()

    def _decoded_at_last(self, request: DecodingRequest) -> tuple[NDArray[Any], str]:
        """Decode, and after a crash once more where the crash may be an earlier image's.

        Only a process that has seen nothing else tells whose it is.  What took long is not tried
        again: it would take as long.
        """
        if self._process is not None:
            begin = time.monotonic()
            try:
                return self._decoded(request)
            except DecoderEndedError as ended:
                if ended.late or time.monotonic() - begin > RETRY_S:
                    raise
        self._process = self._started()
        return self._decoded(request)

    def close(self) -> None:
        """End the process; the next request starts another one."""
        with self._turn:
            self._stop_idle_timer()
            self._end()

    def forget(self) -> None:
        """Let go of a process that is our parent's: we are its fork."""
        process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.returncode = 0  # it is not ours to wait for

    # --- one request ---------------------------------------------------------------------------

    def _decoded(self, request: DecodingRequest) -> tuple[NDArray[Any], str]:
        try:
            seconds = self.limits.seconds(request.described) + self.limits.grace_s
            with self._deadline(seconds):
                self._ask(request)
                frames, last = self._frames(request.described)
        except BaseException:
            self._end()  # what it may still have to say belongs to no request
            raise
        if "error" in last:
            if not last.get("unharmed"):
                self._end()  # a decoder that met a damaged image may have written anywhere
            raise refusal(str(last["error"]), str(last.get("why", "")))
        if frames is None:
            raise refusal("pixels_damaged", "frames")
        return frames

    def _ask(self, request: DecodingRequest) -> None:
        message = json.dumps(request.message(self.limits)).encode()
        values = (request.value, *request.offsets)
        self._write(HEAD.pack(len(message), sum(map(len, values))) + message)
        for value in values:
            self._write(value)

    def _frames(
        self, described: ImagePixel
    ) -> tuple[tuple[NDArray[Any], str] | None, Mapping[str, Any]]:
        """Return the frames, ``None`` where there are none, and what was said last."""
        frames: NDArray[Any] | None = None
        photometric, number = "", 0
        while True:
            with self._deadline(self.limits.frame_s):
                about, size = self._answer()
                if "shape" not in about:
                    break
                if frames is None:
                    frames = _room(described, about)
                photometric = str(about.get("photometric"))[:MAX_TEXT]
                if number == len(frames) or size != frames[number].nbytes:
                    raise DecoderEndedError(late=False)
                self._read_into(memoryview(frames[number].reshape(-1)).cast("B"))
                number += 1
        whole = frames is not None and number == len(frames)
        return ((frames, photometric) if whole and frames is not None else None), about

    # --- the pipes -----------------------------------------------------------------------------

    def _answer(self) -> tuple[dict[str, Any], int]:
        head = bytearray(HEAD.size)
        self._read_into(memoryview(head))
        length, size = HEAD.unpack(head)
        if length > MAX_TEXT:
            raise DecoderEndedError(late=False)
        text = bytearray(length)
        self._read_into(memoryview(text))
        try:
            return dict(json.loads(text)), size
        except (ValueError, TypeError):
            raise DecoderEndedError(late=False) from None

    def _read_into(self, place: memoryview) -> None:
        pipe = self._process.stdout if self._process else None
        assert pipe is not None
        done = 0
        while done < len(place):
            read = pipe.readinto(place[done:])  # type: ignore[attr-defined]
            if not read:
                raise DecoderEndedError(late=False)
            done += read

    def _write(self, value: bytes) -> None:
        pipe = self._process.stdin if self._process else None
        assert pipe is not None
        rest = memoryview(value)
        while rest:
            try:
                rest = rest[pipe.write(rest) :]
            except OSError:
                raise DecoderEndedError(late=False) from None

    # --- beginning and ending ------------------------------------------------------------------

    def _started(self) -> subprocess.Popen[bytes]:
        """Start a process and wait until it is warm; raises ``MissingTool``."""
        self._end()
        with suppress(OSError, DecoderEndedError):
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-B", "-c", START, json.dumps(_paths())],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                bufsize=0, cwd=os.path.abspath(os.sep), env=_environment(),  # noqa: PTH100
                start_new_session=True,
            )  # fmt: skip
            _widen(self._process)
            with self._deadline(START_S):
                self._answer()
            return self._process
        self._end()
        raise MissingTool(
            "the process that decodes images could not be started",
            "Look whether memory or the number of processes is short.",
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process after some seconds, which ends whatever waits for it."""
        late = threading.Event()
        process = self._process
        assert process is not None

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except DecoderEndedError as ended:
            raise DecoderEndedError(late=ended.late or late.is_set()) from None
        finally:
            timer.cancel()

    def _start_idle_timer(self) -> None:
        if self._process is None:
            return
        self._idle = threading.Timer(IDLE_S, self._let_go, (self._process,))
        self._idle.daemon = True
        self._idle.start()

    def _stop_idle_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _let_go(self, process: subprocess.Popen[bytes]) -> None:
        if self._turn.acquire(blocking=False):  # else it is wanted again
            try:
                if self._process is process:
                    self._end()
            finally:
                self._turn.release()


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Let the pipes hold an image or more where they can: fewer turns on a busy machine."""
    if sys.platform != "linux":
        return
    import fcntl

    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # the system may allow less
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _room(described: ImagePixel, about: Mapping[str, Any]) -> NDArray[Any]:
    """Return room for all frames, as the first one is; it takes memory only as it is filled."""
    shape, kind = tuple(about["shape"]), about.get("type")
    plain = (described.rows, described.columns)
    if shape not in (plain, (*plain, described.samples)) or kind not in TYPES:
        raise DecoderEndedError(late=False)
    return np.empty((described.frames, *shape), kind)


def _paths() -> Sequence[str]:
    """Return where this process finds its modules; the other one stands elsewhere."""
    return [os.path.abspath(path) for path in sys.path]  # noqa: PTH100  an empty one is here


def _environment() -> dict[str, str]:
    """Return no more than starting needs: the rest may hold passwords."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | dict.fromkeys(ONE_THREAD, "1") | {"MALLOC_ARENA_MAX": "1"}


@cache
def decoder_process() -> DecoderProcess:
    """Return the one of this process."""
    process = DecoderProcess()
    atexit.register(process.close)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: _forked(process))
    return process


def _forked(process: DecoderProcess) -> None:
    process.forget()
    decoder_process.cache_clear()
