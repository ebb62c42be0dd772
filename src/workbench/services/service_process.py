"""One service as a process: it ends with its parent, whatever ends that one.

On Linux the kernel kills it when its parent is gone (``PR_SET_PDEATHSIG``, prctl(2)).  Elsewhere it
holds the end of a pipe whose other end only the parent has: ``ends_with_parent`` waits in a thread
for the end of that pipe.  A service that has kernels of its own ends them so too: a kernel of
Jupyter looks every second whether its parent is there.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from workbench.services.kept_service import PIPE

PDEATHSIG = 1  # PR_SET_PDEATHSIG of linux/prctl.h
LINUX = sys.platform == "linux"
PIECE_BYTES = 65_536
COULD_NOT_START = 2  # exit code of every verb


class ServiceProcess:
    """A verb of the command line in a process and session of its own.

    Its standard output and error are one stream, ``output``, which does not block.  Raises
    ``OSError`` when the system cannot start it.
    """

    def __init__(self, words: Sequence[str], by_kernel: bool = LINUX) -> None:
        reading, writing = (-1, -1) if by_kernel else os.pipe()
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        environment.pop(PIPE, None)
        if not by_kernel:
            environment[PIPE] = str(reading)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbench.cli", *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the parent's to pass on
                pass_fds=() if by_kernel else (reading,),
                preexec_fn=dies_with(os.getpid()) if by_kernel else None,  # noqa: PLW1509  one thread
            )
        except BaseException:
            self._close(writing)
            raise
        finally:
            self._close(reading)
        self._writing = writing
        assert self._process.stdout is not None
        self.output = self._process.stdout
        os.set_blocking(self.output.fileno(), False)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; ``None`` while it runs."""
        return self._process.poll()

    def read(self) -> bytes:
        """Return what it has said since; empty where it is silent or has ended."""
        try:
            return os.read(self.output.fileno(), PIECE_BYTES)
        except BlockingIOError:
            return b""

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it and what it started in its session."""
        if self._process.poll() is None:  # else its number may be another's already
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close the pipes, once it has ended."""
        self.output.close()
        self._close(self._writing)
        self._writing = -1

    @staticmethod
    def _close(descriptor: int) -> None:
        if descriptor >= 0:
            os.close(descriptor)


def dies_with(parent: int) -> Callable[[], None]:
    """Return what a child does between fork and exec, so that it ends with its parent (Linux).

    For children of a main thread: the kernel ends them with the thread that began them.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare() -> None:
        prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it was gone before
            os._exit(COULD_NOT_START)

    return prepare


def ends_with_parent() -> None:
    """End this process, with what it started, when the parent that gave it a pipe is gone."""
    text = os.environ.pop(PIPE, "")
    if not text.isdecimal():
        return
    descriptor = int(text)
    with suppress(OSError):
        os.set_inheritable(descriptor, False)
    threading.Thread(target=_wait, args=(descriptor,), name="parent", daemon=True).start()


def _wait(descriptor: int) -> None:
    with suppress(OSError):
        os.read(descriptor, 1)  # nobody writes: it returns at the end of the pipe
    os.killpg(os.getpgrp(), signal.SIGKILL)
