"""``workbench up``: the one parent of a workspace's services, in one thread and little memory."""

from __future__ import annotations

import select
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.errors import SettingsError
from workbench.services.control_file import board_of, make_control
from workbench.services.kept_service import SERVE, SERVICES, KeptService
from workbench.services.log_lines import SharedLog
from workbench.services.running_process import Process
from workbench.services.service_board import ServiceReport, now_utc
from workbench.services.service_process import ServiceProcess
from workbench.services.service_run import ServiceRun
from workbench.services.up_lock import alone
from workbench.settings_file import read_tables

TICK_S, LOOK_S, BEAT_S = 0.25, 1.0, 5.0
HURRY_S = 5.0  # after the second Ctrl-C; a collector gives its patient back meanwhile
# A hospital's file that is written anew (a deletion) is locked for a while; who has stopped a
# service wants it stopped when this starts.
FIRST_LOOK_S = 30.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Keeps the services of a workspace running until it is asked to end.

    Attributes
    ----------
    runs
        Each service, in the order of the table.
    """

    def __init__(
        self,
        workspace: Path,
        port: int,
        log: SharedLog,
        services: Sequence[KeptService] = SERVICES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._port, self._log, self._clock = workspace.absolute(), port, log, clock
        self.runs = [
            ServiceRun(service, self._starter(service), self._setter(service), log.write)
            for service in services
        ]
        self._process, self._since = str(Process.this()), now_utc()
        self._asked = 0
        self._heard = 0  # how often what was asked has been done
        self._looked, self._beaten = -LOOK_S, -BEAT_S
        self._first_look = False
        self._shown: dict[str, ServiceReport] = {}
        self._blind = False

    def run(self) -> None:
        """Start all services and watch them; returns when it was asked to end and all have ended.

        Raises ``SettingsError`` while another one works on this workspace, with a file of settings
        that cannot be read, or when none of the services could start.
        """
        read_tables(self._folder)
        with alone(self._folder), self._signals():
            self._try(lambda: make_control(self._folder))
            try:
                self._watch()
            finally:
                for run in self.runs:
                    if run.process is not None:
                        run.process.kill()
                self._try(self._gone)

    def ask_to_end(self, *_: Any) -> None:
        """End all services; asked again, without waiting for a patient in hand."""
        self._asked += 1

    def states(self) -> dict[str, str]:
        """Return how each service stands."""
        return {run.service.name: str(run.report.state) for run in self.runs}

    # --- the loop ------------------------------------------------------------------------------

    def _watch(self) -> None:
        began = self._clock()
        while True:
            now = self._clock()
            self._end(now)
            if now - self._looked >= LOOK_S and not self._asked:
                self._looked = now
                self._try(self._look)
            if self._first_look or now - began >= FIRST_LOOK_S:
                for run in self.runs:
                    run.look(now, ending=bool(self._asked))
            if self._asked and not any(run.process for run in self.runs):
                return
            if all(run.idle for run in self.runs):
                raise SettingsError(
                    "none of the services could start.", "The reason of each stands above."
                )
            self._publish(now)
            self._listen()

    def _end(self, now: float) -> None:
        if self._heard == self._asked:
            return
        self._heard = self._asked
        if self._asked == 1:
            patient = any(run.process and run.service.ending_s is None for run in self.runs)
            waits = " after the patient in hand; once more ends all at once" if patient else ""
            self._log.write("up", f"ending{waits}.")
        for run in self.runs:
            if self._asked == 1:
                run.end(now)
            else:
                run.hurry(now + HURRY_S if self._asked == 2 else now)

    def _look(self) -> None:
        now = self._clock()
        with board_of(self._folder) as board:
            wishes = board.wishes([run.service for run in self.runs])
        self._first_look = True
        for run in self.runs:
            run.want(wishes[run.service.name], now)

    def _publish(self, now: float) -> None:
        reports = {run.service.name: run.report for run in self.runs}
        if reports == self._shown and now - self._beaten < BEAT_S:
            return
        self._beaten = now

        def beat() -> None:
            with board_of(self._folder) as board:
                board.beat(self._process, self._since, reports)
            self._shown = reports

        self._try(beat)

    def _gone(self) -> None:
        with board_of(self._folder) as board:
            board.gone()

    def _listen(self) -> None:
        """Pass on what the services say; returns after a moment at the latest."""
        speaking = {run.process.output: run for run in self.runs if run.process is not None}
        ready, _, _ = select.select(list(speaking), [], [], TICK_S)
        heard = [speaking[output].listen() for output in ready]  # all of them
        if ready and not any(heard):
            time.sleep(TICK_S)  # one has closed its stream, and goes on: that is always ready

    def _try(self, work: Callable[[], None]) -> None:
        """Do something with the hospital's file; it may be locked, full, damaged or deleted."""
        try:
            work()
        except (sqlite3.Error, OSError, ValueError, KeyError) as error:
            if not self._blind:
                self._blind = True
                self._log.write("up", f"the hospital's file cannot be used ({_kind(error)}): pages "
                                      "do not see how it stands. It is tried again.")  # fmt: skip
        else:
            self._blind = False

    # --- the services --------------------------------------------------------------------------

    def _starter(self, service: KeptService) -> Callable[[], ServiceProcess]:
        port = ("--port", str(self._port)) if service.name == SERVE else ()
        return lambda: ServiceProcess([*service.words, "-w", str(self._folder), *port])

    def _setter(self, service: KeptService) -> Callable[[], bool]:
        def set_up() -> bool:
            try:
                return not service.table or service.table in read_tables(self._folder)
            except SettingsError:
                return True  # what is wrong, the service itself says best

        return set_up

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {each: signal.getsignal(each) for each in SIGNALS}
        for each, handler in before.items():
            if handler is not signal.SIG_IGN or each is not signal.SIGHUP:  # nohup stays nohup
                signal.signal(each, self.ask_to_end)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _kind(error: BaseException) -> str:
    return getattr(error, "sqlite_errorname", type(error).__name__)
