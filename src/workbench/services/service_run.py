"""One service over time: started, watched, started again after a while, or left as it is.

Exit code 2 says that it could not start: somebody has to mend something first, and it is not
started again until somebody says so.  Any other end is followed by another start, later each time.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Protocol

from workbench.language import Saying
from workbench.services.kept_service import KeptService
from workbench.services.log_lines import LineSplitter
from workbench.services.service_board import ServiceReport, ServiceState, WantedState, Wish, now_utc
from workbench.services.service_process import COULD_NOT_START

RESTART_S, MAX_RESTART_S = 2.0, 60.0  # doubled with each end
# A service that has run so long has started: what ends it then is no reason to wait long, and
# exit code 2 (a full disk, a database that is away) is tried once more.
QUIET_S = 60.0
KILL_AGAIN_S = 5.0
MAX_PIECES = 16  # of what it says, at one look
PROGRAM = "workbench: "  # begins what a verb says of its own end

Write = Callable[[str, str], None]


class Running(Protocol):
    """What ``ServiceRun`` asks of a process."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def output(self) -> IO[bytes]:
        """The stream of what it says, to be waited for."""

    def poll(self) -> int | None:
        """Return its exit code; ``None`` while it runs."""

    def read(self) -> bytes:
        """Return what it has said since."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""

    def close(self) -> None:
        """Let go of it, once it has ended."""


class ServiceRun:
    """A service under its parent; all times are seconds of one clock that nobody sets.

    Attributes
    ----------
    process
        ``None`` while none runs.
    report
        How it stands.
    """

    def __init__(
        self,
        service: KeptService,
        start: Callable[[], Running],
        set_up: Callable[[], bool],
        write: Write,
    ) -> None:
        self.service = service
        self.process: Running | None = None
        self.report = ServiceReport(ServiceState.WAITING, now_utc())
        self._start, self._set_up, self._write = start, set_up, write
        self._wish = Wish()
        self._began = self._due = self._delay = 0.0
        self._kill_at: float | None = None
        self._splitter, self._last = LineSplitter(), ""

    @property
    def idle(self) -> bool:
        """Whether it will not run again by itself, nor because of what somebody wanted."""
        return self.report.state in (ServiceState.FAILED, ServiceState.NOT_SET_UP)

    def want(self, wish: Wish, now: float) -> None:
        """Do what somebody wants; the same wish once more changes nothing."""
        before, self._wish = self._wish, wish
        if wish.wanted is WantedState.STOPPED:
            self._stop(now)
        elif self.process is None and (
            wish.key != before.key or self.report.state is ServiceState.STOPPED
        ):
            self._delay, self._due = 0.0, now
            self._become(ServiceState.WAITING)

    def look(self, now: float, ending: bool = False) -> None:
        """Take note of an end, start what is due; nothing is started while all is ``ending``."""
        if self.process is None:
            if not ending and self.report.state is ServiceState.WAITING and now >= self._due:
                self._begin(now)
            return
        code = self.process.poll()
        self.listen()  # after that: of one that has ended, all of it
        if code is not None:
            self._ended(code, now, ending)
        elif self._kill_at is not None and now >= self._kill_at:
            self._tell("does not end in time: it is killed.")
            self._kill_at = now + KILL_AGAIN_S
            self.process.kill()

    def listen(self) -> bool:
        """Pass on what it has said; say whether it was anything."""
        for heard in range(MAX_PIECES):  # others have something to say, too
            piece = self.process.read() if self.process is not None else b""
            if not piece:
                return heard > 0
            for line in self._splitter.lines(piece):
                self._say(line)
        return True

    def end(self, now: float) -> None:
        """Ask it to end, because all is to end."""
        if self.process is not None:
            self._become(ServiceState.ENDING)
            self.process.terminate()
            if self.service.ending_s is not None:
                self._kill_at = now + self.service.ending_s

    def hurry(self, at: float) -> None:
        """Ask once more: a collector gives its patient back.  At ``at`` it is killed."""
        if self.process is not None:
            self.process.terminate()
            self._kill_at = at

    def _begin(self, now: float) -> None:
        if not self._set_up():
            if self.report.state is not ServiceState.NOT_SET_UP:
                self._become(ServiceState.NOT_SET_UP, Saying(
                    "[{table}] is not set in workbench.toml.", table=self.service.table
                ))  # fmt: skip
                self._tell(f"not started: {self.report.reason}")
            return
        self._splitter, self._last, self._kill_at = LineSplitter(), "", None
        self._began = now
        try:
            self.process = self._start()
        except OSError as error:
            said = Saying("The system cannot start it: {why}.", why=error.strerror or "")
            self._again(said, now)
            return
        self._become(ServiceState.RUNNING)
        self._tell(f"started, process {self.process.pid}.")

    def _stop(self, now: float) -> None:
        if self.process is None:
            if self.report.state is not ServiceState.STOPPED:
                self._become(ServiceState.STOPPED, Saying(""))
                self._tell("not started: somebody stopped it.")
        elif self.report.state is not ServiceState.ENDING:
            self._tell("somebody stops it.")
            self.end(now)

    def _ended(self, code: int, now: float, ending: bool) -> None:
        process, self.process = self.process, None
        if process is not None:
            for line in self._splitter.rest():
                self._say(line)
            with suppress(OSError):
                process.close()
        lived, why = now - self._began, self._reason(code)
        if ending or self._wish.wanted is WantedState.STOPPED:
            self._become(ServiceState.STOPPED, Saying(""))
            self._tell("ended.")
        elif self.report.state is ServiceState.ENDING:  # wanted again meanwhile
            self._due = now
            self._become(ServiceState.WAITING)
        elif code == COULD_NOT_START and lived < QUIET_S:
            self._become(ServiceState.FAILED, why)
            name = self.service.name
            self._tell(f"{why} It is not started again by itself: workbench up --start {name}")
        else:
            self._delay = 0.0 if lived >= QUIET_S else self._delay
            self._again(why, now)

    def _again(self, why: Saying, now: float) -> None:
        self._delay = min(max(2 * self._delay, RESTART_S), MAX_RESTART_S)
        self._due = now + self._delay
        self._become(ServiceState.WAITING, why, restarts=self.report.restarts + 1)
        self._tell(f"{why} Started again in {self._delay:.0f} s.")

    def _reason(self, code: int) -> Saying:
        if code == COULD_NOT_START and self._last:
            return Saying("Could not start: {why}", why=Saying.plain(self._last))
        if code == COULD_NOT_START:
            return Saying("Could not start.")
        if code < 0:
            return Saying("Ended by {signal}.", signal=_signal_name(-code))
        if self._last:
            return Saying(
                "Ended with exit code {code}: {why}", code=code, why=Saying.plain(self._last)
            )
        return Saying("Ended with exit code {code}.", code=code)

    def _become(
        self, state: ServiceState, reason: Saying | None = None, restarts: int | None = None
    ) -> None:
        since = self.report.since if state is self.report.state else now_utc()
        self.report = ServiceReport(
            state, since, self.process.pid if self.process else None,
            self.report.restarts if restarts is None else restarts,
            self.report.reason if reason is None else reason,
        )  # fmt: skip

    def _say(self, line: str) -> None:
        if line.startswith(PROGRAM):
            self._last = line.removeprefix(PROGRAM)
        self._write(self.service.name, line)

    def _tell(self, text: str) -> None:
        self._write("up", f"{self.service.name} {text}" if text[0].islower() else
                    f"{self.service.name}: {text}")  # fmt: skip


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
