"""``workbench up`` as a real process, and a look at everything it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from workbench.collect.queue.hospital_file import HospitalFile
from workbench.services.kept_service import BY_NAME
from workbench.services.service_board import (
    Asker,
    ServiceBoard,
    ServiceReport,
    ServiceState,
    WantedState,
)

SOON_S = 120.0  # a bound, not a measure: eight programs may share two processors


def until(condition: Callable[[], bool], seconds: float = SOON_S) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


@dataclass
class Up:
    """The parent, and all that was ever seen below it."""

    workspace: Path
    log: Path
    process: subprocess.Popen[bytes]
    seen: dict[int, psutil.Process] = field(default_factory=dict)

    def reports(self) -> dict[str, ServiceReport]:
        with closing(HospitalFile(self.workspace)) as hospital:
            return ServiceBoard(hospital).reports()

    def wants(self, name: str, wanted: WantedState) -> None:
        with closing(HospitalFile(self.workspace)) as hospital:
            ServiceBoard(hospital).ask(BY_NAME[name], wanted, Asker.PAGE)

    def reaches(self, name: str, state: ServiceState) -> ServiceReport:
        """Wait until a service stands so; return its report."""
        until(lambda: name in self.reports() and self.reports()[name].state is state)
        self.below()
        return self.reports()[name]

    def says(self, text: str) -> None:
        until(lambda: text in self.log.read_text())

    def below(self) -> list[psutil.Process]:
        """Return the processes below the parent now."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        self.seen |= {process.pid: process for process in found}
        return found

    def left(self) -> list[str]:
        """Return what is left of all that was ever there."""
        return [
            " ".join(process.cmdline())
            for process in self.seen.values()
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]

    def ends(self, *signals: signal.Signals) -> int:
        self.below()
        for each in signals:
            self.process.send_signal(each)
        return self.process.wait(SOON_S)


@contextmanager
def up(workspace: Path, *words: str) -> Iterator[Up]:
    """Start it; whatever the test does, nothing of it outlives the test."""
    log = workspace.parent / "up.log"
    with log.open("ab") as opened:
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench.cli", "up", "-w", str(workspace), "--port", "0",
             *words],
            env={**os.environ, "PYTHONWARNINGS": "ignore"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=opened, start_new_session=True,
        )  # fmt: skip
    started = Up(workspace, log, process)
    try:
        yield started
    finally:
        if process.poll() is None:
            started.below()
            process.kill()
            process.wait()
        for each in started.seen.values():
            if each.is_running():
                each.kill()
