"""Which process it is, told apart from another that gets the same number later."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def boot() -> str:
    """Return a name of this start of the machine, which ``collect.clock.steady`` counts from."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:  # no such file on this system: leases then end with the process
        return uuid.uuid4().hex


@dataclass(frozen=True)
class Process:
    """A process, told apart from another that gets the same number later."""

    pid: int
    started: float
    boot: str

    @classmethod
    def this(cls) -> Process:
        """Return the process this runs in."""
        return cls(os.getpid(), psutil.Process().create_time(), boot())

    @classmethod
    def named(cls, name: str) -> Process | None:
        """Return the process whose name a collector's begins with; ``None`` when it is none."""
        try:
            pid, started, start = name.split(":")[:3]
            return cls(int(pid), float(started), start)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}:{self.boot}"

    @property
    def lives(self) -> bool:
        """Whether it is still there."""
        if self.boot != boot():
            return False
        try:
            # creation times are told to a hundredth of a second
            return bool(abs(psutil.Process(self.pid).create_time() - self.started) < 1.0)
        except psutil.Error:
            return False
