"""Tasks that work, fail, linger and die, and what is left to see of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from workbench.errors import NotDicom
from workbench.executors import Workplace

NAME = "Grottenolm"  # of a patient, in paths


@dataclass(frozen=True)
class Square:
    number: int

    def run(self, workplace: Workplace) -> int:
        return self.number**2


@dataclass(frozen=True)
class Failing:
    path: str

    def run(self, workplace: Workplace) -> int:
        raise NotDicom("not_dicom", "it is none", "Look at it.")


@dataclass(frozen=True)
class Missing:
    """Both its ``repr`` and its error show the path, as a careless task's would."""

    path: str

    def run(self, workplace: Workplace) -> bytes:
        return Path(self.path).read_bytes()


@dataclass
class Tool:
    """Something costly to open, which leaves a mark when it is opened and when it is closed."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / f"opened-{time.time_ns()}").touch()

    def close(self) -> None:
        (self.folder / f"closed-{time.time_ns()}").touch()


@dataclass(frozen=True)
class Tooled:
    folder: Path

    def run(self, workplace: Workplace) -> int:
        workplace.kept("tool", lambda: Tool(self.folder))
        return 1


class Odd(Exception):  # noqa: N818
    """One that cannot be made again from its arguments."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


class Panic(BaseException):
    """As libraries below Python raise it."""


@dataclass(frozen=True)
class Raising:
    kind: str

    def run(self, workplace: Workplace) -> Any:
        if self.kind == "odd":
            raise Odd(NAME, NAME)
        if self.kind == "panic":
            raise Panic(NAME)
        if self.kind == "exit":
            raise SystemExit(0)
        return threading.Lock()  # a result that cannot travel


@dataclass(frozen=True)
class Dies:
    """Kill -9 of its own worker, the first time or every time."""

    folder: Path
    always: bool = False

    def run(self, workplace: Workplace) -> int:
        times = len(list(self.folder.iterdir()))
        if self.always or not times:
            (self.folder / f"death-{times}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return -1


@dataclass(frozen=True)
class Slow:
    folder: Path
    seconds: float = 60.0

    def run(self, workplace: Workplace) -> int:
        (self.folder / f"{os.getpid()}-{time.time_ns()}").touch()
        time.sleep(self.seconds)
        return 0


@dataclass(frozen=True)
class Heavy:
    """More than a pipe holds, there and back; the first to come dies while the next waits."""

    content: bytes
    folder: Path

    def run(self, workplace: Workplace) -> bytes:
        if not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.content


def begun(folder: Path, number: int = 1) -> list[int]:
    """Wait until so many ``Slow`` tasks are at work, and return their processes."""
    end = time.monotonic() + 30
    while len(marks := list(folder.iterdir())) < number:
        assert time.monotonic() < end, "tasks did not begin"
        time.sleep(0.02)
    return [int(mark.name.partition("-")[0]) for mark in marks]


def gone(processes: list[int]) -> bool:
    """Tell whether processes end within some seconds."""
    end = time.monotonic() + 10
    while any(map(psutil.pid_exists, processes)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(psutil.pid_exists, processes))


@dataclass(eq=False)
class Kept:
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@contextmanager
def local_cluster(**more: Any) -> Iterator[Any]:
    from distributed import LocalCluster

    where = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(threads_per_worker=1, **where, **{"n_workers": 2, **more}) as running:
        yield running
