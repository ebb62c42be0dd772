"""Workbench as a process that can be stopped, frozen and killed; everything else is outside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.faults.fault_sender import CALLED, CALLING, Association, NoAnswerError

PATIENCE = 60.0  # seconds; only a hang lasts longer


def until(
    true: Callable[[], bool], what: str, log: Path | None = None, seconds: float = PATIENCE
) -> None:
    """Wait until something is so, or fail with its name and the end of a log."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            told = log.read_text()[-2000:] if log is not None and log.exists() else ""
            raise TimeoutError(f"waited in vain for {what}\n{told}")
        time.sleep(0.01)


class Program:
    """One run of a Workbench verb in a process group of its own."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workbench.cli", *map(str, arguments)],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip
        self.pid = self.process.pid

    def kill(self) -> int:
        """Kill -9 the process alone; return how many of its children outlived it by 5 s."""
        self.process.kill()
        self.process.wait()
        try:
            until(lambda: not self._group(), "the children of a killed process", seconds=5.0)
        except TimeoutError:
            left = len(self._group())
            os.killpg(self.pid, signal.SIGKILL)
            return left
        return 0

    def stop(self, seconds: float = PATIENCE) -> int:
        """End it as Ctrl-C does; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and its children, if it still runs."""
        if self.process.poll() is None:
            os.killpg(self.pid, number)

    def ends(self, seconds: float) -> bool:
        """Wait for the end; say whether it came."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self._group():
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def _group(self) -> list[int]:
        """Return the processes of the group that still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.pid and fields[0] != "Z":
                found.append(int(folder.name))
        return found


def run(arguments: Sequence[str | Path], log: Path) -> None:
    """Run a verb to its end; it must succeed."""
    program = Program(arguments, log)
    code = program.process.wait(10 * PATIENCE)
    if code != 0:
        told = log.read_text()[-2000:]
        raise RuntimeError(f"workbench {arguments[0]} ended with {code}\n{told}")


def start_receiver(
    workspace: Path, port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Program:
    """Start ``workbench receive``; it may not listen yet."""
    verb = ["receive", "-w", workspace, "--aet", CALLED, "--port", str(port), "--allow", CALLING]
    return Program(verb, log, environment)


def listens(port: int, sop_class: str) -> bool:
    """Say whether the receiver accepts associations."""
    try:
        with Association(port, [sop_class]):
            return True
    except NoAnswerError:
        return False
