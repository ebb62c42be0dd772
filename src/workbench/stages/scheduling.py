"""Reports on a schedule: look which plans are due, make their reports, note what became of each.

Any number of programs may look, on any number of machines that share a catalogue: each slot has
one run.  Whoever missed times runs for the last one of them.  ``look`` looks once; ``report
watch`` of the command line, cron or a timer of the system call it again and again.
"""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Saying
from workbench.plans.report_plan import ReportPlan, ReportPlans, read_plans
from workbench.report.shared_kernel import SharedKernel
from workbench.settings_file import read_settings
from workbench.stages.dosing import estimate_doses
from workbench.stages.mapping import map_survey
from workbench.stages.planned_run import Clock, MakeReport, ReportMaker
from workbench.stages.reporting import make_report
from workbench.store.report_runs import (
    FAILED,
    RETRY,
    RUNNING,
    SUPERSEDED,
    PlanNote,
    PlanRun,
    RunEnd,
)
from workbench.survey import Survey

LOGGER = logging.getLogger(__name__)
STAGES: Mapping[str, Callable[[Survey], object]] = {"map": map_survey, "dose": estimate_doses}
Tell = Callable[[ReportPlan, PlanRun], None]


@dataclass(frozen=True)
class DueReport:
    """A plan that is due.

    Attributes
    ----------
    plan, slot
        Which, and for what time.
    skipped
        Times before it that nobody ran for.
    run
        The run that is tried again, or whose program is gone; ``None`` for a new one.
    superseded
        Runs of earlier slots that nobody will finish any more.
    """

    plan: ReportPlan
    slot: datetime
    skipped: int = 0
    run: PlanRun | None = None
    superseded: tuple[PlanRun, ...] = ()


@dataclass(frozen=True)
class ReportLook:
    """What came of a look: the tries that ended, and plans that cannot be read."""

    runs: list[PlanRun] = field(default_factory=list)
    mistakes: Mapping[str, SettingsError] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanState:
    """A plan and how it stands; ``due`` is when it is due next, UTC."""

    plan: ReportPlan
    due: datetime | None
    last: PlanRun | None
    paused_by: str


def utc_now() -> datetime:
    """Return what time it is."""
    return datetime.now(UTC)


def nobody_told(plan: ReportPlan, run: PlanRun) -> None:
    """Tell nobody."""


def never() -> bool:
    """Say no."""
    return False


class ReportSchedule:
    """The plans of a workspace.

    ``tell`` is called after each run that is done, or has failed for good, and is wanted by mail;
    and again with each look until its mail is not wanted any more.
    """

    def __init__(
        self, survey: Survey, clock: Clock = utc_now, make: MakeReport = make_report,
        tell: Tell = nobody_told,
    ) -> None:  # fmt: skip
        self._survey = survey
        self._clock = clock
        self._tell = tell
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._prepared: set[str] = set()
        self._make = make
        self._runs = survey.store.report_runs

    def plans(self) -> ReportPlans:
        """Return the plans as the file has them now; raises ``SettingsError``."""
        self._survey.settings = read_settings(self._survey.folder)
        return read_plans(self._survey.settings)

    def look(self, stop: Callable[[], bool] = never) -> ReportLook:
        """Make the reports that are due; ``stop`` is asked between two of them.

        Raises ``SettingsError`` where the settings cannot be read at all.
        """
        plans, mistakes = self.plans()
        notes = self._runs.see(_timings(plans), self._clock())
        self._prepared.clear()
        ended = []
        with SharedKernel() as kernel:
            maker = ReportMaker(self._survey, self._clock, self._make, kernel, self._prepare)
            for due in self._due(plans, notes):
                if stop():
                    break
                run = self._carry_out(due, maker)
                if run is not None:
                    ended.append(run)
        self._tell_rest(plans, stop)
        return ReportLook([self._runs.run(run.number) for run in ended], mistakes)

    def see(self) -> None:
        """Note plans that are new as seen now: what is due from now on is caught up."""
        plans, _ = self.plans()
        self._runs.see(_timings(plans), self._clock())

    def due(self) -> list[DueReport]:
        """Return what a look would do now; nothing is written."""
        plans, _ = self.plans()
        return list(self._due(plans, self._runs.known(_timings(plans), self._clock())))

    def states(self) -> list[PlanState]:
        """Return how each plan stands, by name; nothing is written."""
        plans, _ = self.plans()
        now = self._clock()
        notes = self._runs.known(_timings(plans), now)
        last = self._runs.latest()
        return [
            PlanState(
                plan, plan.times.next_due(now), last.get(name),
                notes[name].paused_by if name in notes else "",
            )
            for name, plan in sorted(plans.items())
        ]  # fmt: skip

    def pause(self, name: str, by: str) -> None:
        """Let a plan rest; raises ``SettingsError`` where there is none of that name."""
        self._runs.see(_timings(self._planned(name)), self._clock())
        self._runs.pause(name, by)

    def resume(self, name: str) -> bool:
        """Let a plan go on, with nothing to catch up; ``False`` where it did not rest."""
        self._planned(name)
        return self._runs.resume(name, self._clock())

    def _planned(self, name: str) -> dict[str, ReportPlan]:
        plans, mistakes = self.plans()
        if name in mistakes:
            raise mistakes[name]
        if name not in plans:
            raise SettingsError(
                "there is no plan '{plan}'.", "There is: {known}.",
                plan=name, known=", ".join(plans) or "none",
            )  # fmt: skip
        return plans

    def _due(
        self, plans: Mapping[str, ReportPlan], notes: Mapping[str, PlanNote]
    ) -> Iterator[DueReport]:
        now = self._clock()
        slots, unfinished = self._runs.last_slots(now), dict[str, list[PlanRun]]()
        for run in self._runs.open_runs():
            unfinished.setdefault(run.name, []).append(run)
        for name, plan in plans.items():
            note, runs = notes.get(name), unfinished.get(name, [])
            if note is None or note.paused_by or any(run.is_held(now) for run in runs):
                continue
            since = max(note.first_seen_at, slots.get(name, note.first_seen_at))
            due = plan.times.last_due(since, now, plan.catch_up)
            if due is not None:
                yield DueReport(plan, due.slot, due.skipped, None, tuple(runs))
            elif runs and _is_due_again(runs[-1], plan, now):
                yield DueReport(plan, runs[-1].slot, 0, runs[-1], tuple(runs[:-1]))

    def _carry_out(self, due: DueReport, maker: ReportMaker) -> PlanRun | None:
        """Make one report; ``None`` where another program is quicker."""
        now = self._clock()
        for old in due.superseded:
            message = Saying("its next time had come before it was made.")
            self._runs.give_up(old, RunEnd(
                state=FAILED, ended_at=now, error_kind=SUPERSEDED, message=message,
            ))  # fmt: skip
        if due.run is None:
            named = (due.plan.name, due.plan.report)
            run = self._runs.claim(named, due.slot, due.skipped, self._owner, now)
        elif due.run.state == RUNNING and due.run.attempt >= due.plan.tries:
            return self._abandon(due.plan, due.run, maker)
        else:
            run = self._runs.take_over(due.run, self._owner, now)
        if run is None:
            return None
        ended = maker.carry_out(due.plan, run)
        return ended and self._told(due.plan, ended)

    def _abandon(self, plan: ReportPlan, run: PlanRun, maker: ReportMaker) -> PlanRun | None:
        if not self._runs.give_up(run, maker.abandoned(plan, run)):
            return None
        return self._told(plan, self._runs.run(run.number))

    def _told(self, plan: ReportPlan, run: PlanRun) -> PlanRun:
        if plan.to and run.state != RETRY:
            try:
                self._tell(plan, run)
            except WorkbenchError as error:  # the run says that its mail is still wanted
                LOGGER.warning("Nobody was told of the report %s: %s", plan.name, error)
        return run

    def _tell_rest(self, plans: Mapping[str, ReportPlan], stop: Callable[[], bool]) -> None:
        """Tell of runs of which somebody is still to be told: by now it may work."""
        for run in self._runs.unmailed():
            if stop():
                break
            if run.name in plans:
                self._told(plans[run.name], run)

    def _prepare(self, plan: ReportPlan) -> None:
        """Do the stages before a report, each of them once a look."""
        for name in plan.before:
            if name not in self._prepared:
                STAGES[name](self._survey)
                self._prepared.add(name)


def _timings(plans: Mapping[str, ReportPlan]) -> dict[str, str]:
    return {name: str(plan.times) for name, plan in plans.items()}


def _is_due_again(run: PlanRun, plan: ReportPlan, now: datetime) -> bool:
    """Say whether a run that nobody has in hand is due for another try.

    A wait that is longer than any of the plan's was written by a clock that was wrong.
    """
    if run.state == RUNNING or run.retry_at is None:
        return True
    longest = plan.wait_after(plan.tries) + timedelta(minutes=1)
    return run.retry_at <= now or run.retry_at > now + longest
