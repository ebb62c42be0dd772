"""A receiver under attack: how much memory it takes, and how long a good peer waits meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.attacks.attack_wire import CALLED, CALLING, HOME, GoneError, echo_once
from tests.faults.fault_program import Program, until
from workbench.settings import Settings
from workbench.simulate.peers import free_port
from workbench.survey import create_survey

MB = 10**6
BETWEEN_ECHOES = 0.1
GIVE_UP = 30.0  # seconds; an echo that takes longer counts as one that failed


class Receiver:
    """``workbench receive`` on a workspace of its own; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.log = folder / "workspace", folder / "log.txt"
        self.port = free_port()

    def __enter__(self) -> Self:
        create_survey(self.workspace, Settings()).close()
        self.program = Program(
            ["receive", "-w", self.workspace, "--aet", CALLED, "--port", str(self.port),
             "--allow", CALLING],
            self.log,
        )  # fmt: skip
        try:
            until(self._answers, "the receiver to listen", self.log)
        except BaseException:
            self.program.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.program.end()

    def _answers(self) -> bool:
        try:
            echo_once(self.port)
        except GoneError:
            return False
        return True

    @property
    def running(self) -> bool:
        """Whether it still lives."""
        return self.program.process.poll() is None

    def memory(self, which: str = "VmRSS") -> float:
        """Return resident memory in MB, now (VmRSS) or at its highest (VmHWM): proc(5)."""
        for line in Path(f"/proc/{self.program.pid}/status").read_text().splitlines():
            if line.startswith(which):
                return int(line.split()[1]) * 1024 / MB
        raise ProcessLookupError("the receiver is gone")

    def forget_peak(self) -> None:
        """Let VmHWM begin anew: proc(5), clear_refs."""
        Path(f"/proc/{self.program.pid}/clear_refs").write_text("5")


@dataclass
class Seen:
    """What was seen during an attack: memory in MB, waiting times of echoes in seconds."""

    before_mb: float = 0.0
    peak_mb: float = 0.0
    echoes: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def slowest(self) -> float:
        """Longest wait for an echo."""
        return max(self.echoes, default=0.0)


@contextmanager
def watched(receiver: Receiver, source: str = HOME) -> Iterator[Seen]:
    """Send a good C-ECHO over a fresh association again and again while the block runs."""
    seen, over = Seen(receiver.memory()), threading.Event()
    receiver.forget_peak()

    def ask() -> None:
        while True:
            began = time.monotonic()
            try:
                echo_once(receiver.port, source, GIVE_UP)
            except GoneError:
                seen.failed += 1
            seen.echoes.append(time.monotonic() - began)
            if over.wait(BETWEEN_ECHOES):
                return

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        seen.peak_mb = receiver.memory("VmHWM")
