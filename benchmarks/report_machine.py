"""A machine that looks after the plans of a workspace: a process that looks when it is told to.

It is told the time, looks once, and answers; its reports are one line, so that a year is short.
``kill`` ends it as a power cut does.  ``BREAKS`` are faults put in on purpose, in this process
only: whoever judges a year has to see each of them.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.report.runner import ReportRun
from workbench.stages.scheduling import ReportSchedule
from workbench.store.report_runs import RUNNING, PlanRun, ReportRuns
from workbench.survey import Survey, open_survey

PATIENCE_S = 120.0  # a bound, not a measure
CONTEXT = get_context("forkserver")  # a new process is there at once, and knows nothing of ours
CONTEXT.set_forkserver_preload(["benchmarks.report_machine"])


@dataclass(frozen=True)
class Order:
    """What a machine is to do: look at this time; or linger in its first report until told."""

    at: datetime
    lingers: bool = False


class Machine:
    """A process that looks; another one when it was killed."""

    def __init__(self, workspace: Path, broken: str = "") -> None:
        self._words = (workspace, broken)
        self._start()

    def _start(self) -> None:
        self.line, theirs = CONTEXT.Pipe()
        self._process = CONTEXT.Process(target=work, args=(theirs, *self._words), daemon=True)
        self._process.start()
        theirs.close()
        self.heard()  # it is there

    def told(self, order: Order | None) -> None:
        """Tell it what to do; ``None``: go on with what it lingers in."""
        self.line.send(order)

    def heard(self) -> str:
        """Return what it answers; raises where it does not."""
        if not self.line.poll(PATIENCE_S):
            raise RuntimeError("a machine does not answer")
        said: str = self.line.recv()
        if said.startswith("fault"):
            raise RuntimeError(said)
        return said

    def kill(self) -> None:
        """End it with ``kill -9``, whatever it does, and start another one."""
        self.end()
        self._start()

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join()
        self.line.close()


class LineReports:
    """Makes reports of one line each, no two the same."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self.lingers = False

    def __call__(
        self, survey: Survey, name: str, out: Path, parameters: Mapping[str, object], execute: Any
    ) -> ReportRun:
        """Write a report; linger in it once, where that was asked for."""
        del survey, parameters, execute
        begun, content = datetime.now(UTC), f"{name} {uuid.uuid4().hex}".encode()
        if self.lingers:
            self.lingers = False
            self._line.send("lingers")
            self._line.recv()
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
        return ReportRun(
            name=name, outcome="done", out=out, started_at=begun, ended_at=datetime.now(UTC),
            fingerprint="f" * 16, sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip


def work(line: Connection, workspace: Path, broken: str) -> None:
    """Look whenever told, until killed."""
    if broken:
        BREAKS[broken]()
    survey, now = open_survey(workspace), datetime.now(UTC)
    hurry(survey)
    reports = LineReports(line)
    schedule = ReportSchedule(survey, lambda: now, reports)
    line.send("here")
    while True:
        try:
            order: Order = line.recv()
        except EOFError:  # who told it is gone
            os._exit(0)
        now, reports.lingers = order.at, order.lingers
        try:
            schedule.look()
        except WorkbenchError as error:
            line.send(f"fault: {error}")
        else:
            line.send("looked")


def hurry(survey: Survey) -> None:
    """Let nobody wait for the disk: programs are killed here, and no power is cut."""
    catalogue = survey.store._catalogue
    if survey.settings.store.catalogue:
        catalogue.write("SET synchronous_commit = off")
    else:
        catalogue.write("PRAGMA synchronous = OFF")


# --- faults put in on purpose --------------------------------------------------------------------


def _claims_what_another_has() -> None:
    """Claim without asking whether the slot was free."""
    claim = ReportRuns.claim

    def claims(
        self: ReportRuns, plan: tuple[str, str], slot: datetime, skipped: int, owner: str,
        now: datetime,
    ) -> PlanRun | None:  # fmt: skip
        if (mine := claim(self, plan, slot, skipped, owner, now)) is not None:
            return mine
        theirs = next(run for run in self.runs(plan[0]) if run.slot == slot)
        self._change(
            "UPDATE report_run SET state = ?, owner = ? WHERE number = ?",
            RUNNING, owner, theirs.number,
        )  # fmt: skip
        return self.run(theirs.number)

    ReportRuns.claim = claims  # type: ignore[method-assign]


def _ends_what_was_taken_over() -> None:
    """Publish what another program has taken over."""
    finish = ReportRuns.finish

    def finishes(self: ReportRuns, run: PlanRun, *words: Any) -> bool:
        now = self.run(run.number)
        self._change("UPDATE report_run SET state = ? WHERE number = ?", RUNNING, run.number)
        return finish(self, replace(run, attempt=now.attempt, owner=now.owner), *words)

    ReportRuns.finish = finishes  # type: ignore[assignment,method-assign]


def _forgets_what_was_missed() -> None:
    """Count times from now on, as schedulers do that keep no history."""

    def last(self: ReportRuns, now: datetime) -> dict[str, datetime]:
        before = now.replace(minute=0)
        return {run.name: before for run in self.runs()}

    ReportRuns.last_slots = last  # type: ignore[method-assign]


def _never_takes_over() -> None:
    """Leave what a killed program had in hand."""
    ReportRuns.take_over = lambda *_: None  # type: ignore[method-assign]
    ReportRuns.open_runs = lambda _: []  # type: ignore[assignment,method-assign]


BREAKS: Mapping[str, Callable[[], None]] = {
    "claim": _claims_what_another_has,
    "finish": _ends_what_was_taken_over,
    "history": _forgets_what_was_missed,
    "take-over": _never_takes_over,
}
