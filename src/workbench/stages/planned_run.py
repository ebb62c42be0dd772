"""One run of a plan: stages before it, the report, its dated copy, and how it ended."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Saying
from workbench.plans.report_plan import ReportPlan
from workbench.report.atomic_file import written_atomically
from workbench.report.execution import Execute
from workbench.report.runner import LANGUAGE, ReportRun
from workbench.stages.dated_copies import HISTORY, REPORTS, dated_copy, signature_file
from workbench.stages.plan_check import planned_parameters
from workbench.store.report_runs import (
    DONE,
    FAILED,
    LEASE,
    MAIL_NONE,
    MAIL_WANTED,
    RETRY,
    PlanRun,
    ReportRuns,
    RunEnd,
)
from workbench.survey import Survey

STOPPED, ABANDONED = "Stopped", "ProgramEnded"  # kinds of errors that are none of the report
COPY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{4}(?:[0-9]{2})?Z\.html")
DRAFT = re.compile(r"\.run-([0-9]{1,15})-[0-9]{1,15}\.html")
PERMANENT = SettingsError.__name__  # the same the next time, until a person mends it
Clock = Callable[[], datetime]


class _Stop(NamedTuple):
    """Why a try failed; ``over``: it is not tried again."""

    kind: str
    message: Saying
    cell: int | None = None
    parameters: Mapping[str, object] = {}
    over: bool = False


class MakeReport(Protocol):
    """What makes a report; ``stages.reporting.make_report`` does."""

    def __call__(
        self, survey: Survey, name: str, out: Path, parameters: Mapping[str, object],
        execute: Execute,
    ) -> ReportRun:  # fmt: skip
        """Make the report ``name`` and write it to ``out``."""


@dataclass(frozen=True)
class ReportMaker:
    """What it takes to make the reports of plans.

    Attributes
    ----------
    survey
        Whose.
    clock
        What time it is, UTC.
    make, execute
        What makes a report, and what runs its notebook.
    prepare
        Does the stages that a plan asks for before its report.
    """

    survey: Survey
    clock: Clock
    make: MakeReport
    execute: Execute
    prepare: Callable[[ReportPlan], None]

    @property
    def runs(self) -> ReportRuns:
        """The runs in the catalogue."""
        return self.survey.store.report_runs

    def carry_out(self, plan: ReportPlan, run: PlanRun) -> PlanRun | None:
        """Make the report of a run that is in our hand, and note how it ended.

        Returns the run as it is then; ``None`` where another program has taken it over.  The
        last good file stays where it was unless there is a newer good one.
        """
        draft = self._draft(run)
        try:
            with _held(self.runs, run, self.clock):
                end = self._try(plan, run, draft)
            kept = self._noted(plan, run, end, draft)
        except KeyboardInterrupt:
            self.runs.finish(run, self._handed_back(plan))
            raise
        finally:
            _remove_drafts(draft, run)
        if not kept:
            return None
        self._let_files_go(plan)
        return self.runs.run(run.number)

    def abandoned(self, plan: ReportPlan, run: PlanRun) -> RunEnd:
        """Return the end of a run whose program ended each time before it could say anything."""
        message = Saying.counted(
            "the program that made it ended before it could say why.",
            "the program that made it ended {count} times before it could say why.", run.attempt,
        )  # fmt: skip
        return self._failure(plan, run, _Stop(ABANDONED, message, over=True))

    def _parameters(self, plan: ReportPlan, slot: datetime) -> dict[str, object]:
        given = planned_parameters(plan, slot, self.survey.folder)
        return {**given, LANGUAGE: plan.language} if plan.language else given

    def _try(self, plan: ReportPlan, run: PlanRun, draft: Path) -> RunEnd:
        """Make the report; whatever goes wrong is an end that can be told."""
        parameters: Mapping[str, object] = plan.parameters
        try:
            parameters = self._parameters(plan, run.slot)
            self.prepare(plan)
            made = self.make(self.survey, plan.report, draft, parameters, self.execute)
        except WorkbenchError as error:
            stop = _Stop(type(error).__name__, error.saying())
        except OSError as error:
            stop = _of_the_system(error)
        except Exception as error:  # noqa: BLE001  the other reports of this night go on
            kind = type(error).__name__
            stop = _Stop(kind, Saying("a fault of the program ({kind}).", kind=kind))
        else:
            if not made.failed:
                return self._success(plan, run, made, parameters)
            stop = _Stop(made.error_kind, made.message, made.cell)
        return self._failure(plan, run, stop._replace(parameters=parameters))

    def _success(
        self, plan: ReportPlan, run: PlanRun, made: ReportRun, parameters: Mapping[str, object]
    ) -> RunEnd:
        return RunEnd(
            state=DONE, ended_at=self.clock(), fingerprint=made.fingerprint, sha256=made.sha256,
            parameters=parameters, file=str(self._copy(run).relative_to(self.survey.folder)),
            mail_state=MAIL_WANTED if plan.to else MAIL_NONE,
        )  # fmt: skip

    def _failure(self, plan: ReportPlan, run: PlanRun, stop: _Stop) -> RunEnd:
        over = stop.over or stop.kind == PERMANENT or run.attempt >= plan.tries
        now = self.clock()
        return RunEnd(
            state=FAILED if over else RETRY, ended_at=now,
            retry_at=None if over else now + plan.wait_after(run.attempt),
            cell=stop.cell, error_kind=stop.kind, message=stop.message,
            parameters=stop.parameters, mail_state=MAIL_WANTED if over and plan.to else MAIL_NONE,
        )  # fmt: skip

    def _handed_back(self, plan: ReportPlan) -> RunEnd:
        """Return the end of a try that a person stopped: whoever looks next tries again."""
        now = self.clock()
        return RunEnd(
            state=RETRY, ended_at=now, retry_at=now, error_kind=STOPPED,
            message=Saying("it was stopped."), parameters=plan.parameters,
        )  # fmt: skip

    # --- files ---------------------------------------------------------------------------------

    def _noted(self, plan: ReportPlan, run: PlanRun, end: RunEnd, draft: Path) -> bool:
        """Note an end; the files of a good one take their places in the same transaction."""
        if end.state != DONE:
            return self.runs.finish(run, end)
        try:
            return self.runs.finish(run, end, lambda: self._publish(run, draft))
        except OSError as error:
            return self.runs.finish(run, self._failure(plan, run, _of_the_system(error)))

    def _publish(self, run: PlanRun, draft: Path) -> None:
        copy = self._copy(run)
        if draft.exists():  # else the transaction is done once more
            draft.replace(copy)
        if self.runs.is_newest_done(run):
            with written_atomically(self._file(run.name)) as newest:
                shutil.copyfile(copy, newest)

    def _file(self, name: str) -> Path:
        return self.survey.folder / REPORTS / f"{name}.html"

    def _folder(self, name: str) -> Path:
        return self.survey.folder / REPORTS / HISTORY / name

    def _copy(self, run: PlanRun) -> Path:
        return dated_copy(self.survey.folder, run)

    def _draft(self, run: PlanRun) -> Path:
        return self._folder(run.name) / f".run-{run.number}-{run.attempt}.html"

    def _let_files_go(self, plan: ReportPlan) -> None:
        """Remove copies that are no longer kept, and what programs that were killed have left."""
        folder = self._folder(plan.name)

        def remove(kept: frozenset[str], unfinished: frozenset[int]) -> None:
            for file in folder.glob("*.html"):
                draft = DRAFT.fullmatch(file.name)
                ours = int(draft[1]) not in unfinished if draft else COPY.fullmatch(file.name)
                if signature_file(file).exists():
                    continue  # what somebody signed is not ours to remove
                if ours and str(file.relative_to(self.survey.folder)) not in kept:
                    with suppress(OSError):
                        file.unlink(missing_ok=True)

        self.runs.let_files_go(plan.name, plan.keep, remove)


def _remove_drafts(draft: Path, run: PlanRun) -> None:
    """Remove what this try and those before it have left."""
    for attempt in range(1, run.attempt + 1):
        with suppress(OSError):
            draft.with_name(f".run-{run.number}-{attempt}.html").unlink(missing_ok=True)


def _of_the_system(error: OSError) -> _Stop:
    """Return the system's words, without the path: it may name a person."""
    reason = os.strerror(error.errno).lower() if error.errno else "the system refused"
    message = Saying(
        "the report could not be written: {reason}. Check disk space and rights.", reason=reason
    )
    return _Stop(type(error).__name__, message)


@contextmanager
def _held(runs: ReportRuns, run: PlanRun, clock: Clock) -> Iterator[None]:
    """Renew the lease of a run while it is worked on."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(LEASE.total_seconds() / 3):
            with suppress(WorkbenchError):  # the catalogue is away; the next time, perhaps
                runs.renew(run, clock())

    thread = threading.Thread(target=renew, daemon=True, name="report-lease")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
