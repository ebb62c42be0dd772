"""Reports that are asked for on a page: made by ``report watch``, or by the page's own kernel.

Both take the same wishes over, one of them each: a wish is a run of the catalogue.  A page that is
closed leaves its run to whoever looks when its lease has ended.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from workbench.errors import WorkbenchError
from workbench.hospital_calendar import read_calendar
from workbench.plans.due_times import DueTimes
from workbench.plans.report_plan import ReportPlan
from workbench.report.notebooks import checked_parameters, default_parameters, read_notebook
from workbench.report.runner import LANGUAGE
from workbench.report.shared_kernel import SharedKernel
from workbench.settings_file import read_settings
from workbench.stages.planned_run import Clock, MakeReport, ReportMaker
from workbench.stages.reporting import TEMPLATES, make_report
from workbench.stages.scheduling import never, utc_now
from workbench.store.report_runs import RETRY, RUNNING, PlanRun
from workbench.survey import Survey

KEPT = 200  # copies a report; what is signed is kept besides
TRIES = 3  # of a wish whose program ended before it could say anything
LOOK_S = 1.0  # between two looks whether a report was cancelled


class PageReports:
    """The reports that people ask for; ``carry_out`` makes those that wait."""

    def __init__(
        self, survey: Survey, clock: Clock = utc_now, make: MakeReport = make_report
    ) -> None:
        self._survey = survey
        self._clock = clock
        self._make = make
        self._runs = survey.store.report_runs
        self._asked = survey.store.asked_reports
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    def ask(self, report: str, parameters: Mapping[str, object], language: str = "") -> PlanRun:
        """Ask for a report; raises ``SettingsError`` for what it cannot be made with."""
        notebook = read_notebook(report, self._survey.folder / TEMPLATES)
        given = checked_parameters(default_parameters(notebook), parameters)
        if language:
            given[LANGUAGE] = language
        return self._asked.ask(report, given, self._clock())

    def now(self) -> datetime:
        """Return what time it is, UTC."""
        return self._clock()

    def cancel(self, number: int) -> bool:
        """End a wish, waiting or at work; ``False`` where it has ended before."""
        return self._asked.cancel(number, self._clock())

    def carry_out(self, stop: Callable[[], bool] = never) -> list[PlanRun]:
        """Make the reports that wait; return how they ended, without those that were cancelled."""
        wishes, ended = self._asked.waiting(self._clock()), list[PlanRun]()
        if not wishes:
            return ended
        with SharedKernel() as kernel:
            for wish in wishes:
                if stop():
                    break
                run = self._carry_out(wish, kernel)
                if run is not None:
                    ended.append(run)
        return ended

    def _carry_out(self, wish: PlanRun, kernel: SharedKernel) -> PlanRun | None:
        maker = ReportMaker(self._survey, self._clock, self._make, kernel, lambda _: None)
        plan = self._plan(wish)
        if wish.state == RUNNING and wish.attempt >= TRIES:
            self._runs.give_up(wish, maker.abandoned(plan, wish))
            return None
        run = self._runs.take_over(wish, self._owner, self._clock())
        if run is None:
            return None
        with self._ended_when_cancelled(run, kernel):
            return maker.carry_out(plan, run)

    def _plan(self, wish: PlanRun) -> ReportPlan:
        """Return a wish as the plan of one run: a try that fails is told and not repeated."""
        parameters = dict(wish.parameters)
        language = str(parameters.pop(LANGUAGE, ""))
        calendar = read_calendar(read_settings(self._survey.folder).schedule)
        return ReportPlan(
            name=wish.name, report=wish.report, times=DueTimes("0 0 * * *", calendar),
            parameters=parameters, before=(), to=(), attach="none", attach_rows=False,
            tries=1, retry_minutes=0, catch_up=timedelta(), keep=KEPT, language=language,
        )  # fmt: skip

    @contextmanager
    def _ended_when_cancelled(self, run: PlanRun, kernel: SharedKernel) -> Iterator[None]:
        """End the kernel of a report that somebody cancels: nobody waits for it."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_S):
                with suppress(WorkbenchError):  # the catalogue is away; the next time, perhaps
                    if self._runs.run(run.number).state not in (RUNNING, RETRY):
                        kernel.kill()

        watcher = threading.Thread(target=look, daemon=True, name="report-cancel")
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
