"""What the sections of the page share: the survey, what is chosen, and who makes what was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.stages.dated_copies import dated_copy
from workbench.stages.page_reports import PageReports
from workbench.stages.report_choices import report_titles
from workbench.store.report_runs import DONE, PlanRun
from workbench.survey import Survey, open_survey
from workbench_widgets.parts.download.download import Downloads

LEFT_TO_WATCH_S = 5.0  # a wish that nobody has taken by then is made by the page's own kernel


def make_waiting(folder: Path) -> None:
    """Make what waits in a workspace, with a connection of this thread's own."""
    survey = open_survey(folder)
    try:
        PageReports(survey).carry_out()
    finally:
        survey.close()


@dataclass
class ReportDesk:
    """What is looked at.

    Attributes
    ----------
    downloads
        Where files go to the browser.
    who
        Says name and role of who sits here.
    chosen
        The report that is chosen.
    typed
        What was typed for its parameters, by name.
    number
        Of the run that is open in the history.
    make
        Makes what waits; another one in tests.
    """

    survey: Survey
    downloads: Downloads
    who: Callable[[], tuple[str, str]]
    chosen: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    number: int | None = None
    make: Callable[[Path], None] = make_waiting
    wait_s: float = LEFT_TO_WATCH_S
    worker: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.reports = PageReports(self.survey)
        self._titles: Mapping[str, str] = {}

    @property
    def titles(self) -> Mapping[str, str]:
        """Title of each report by name."""
        if not self._titles:
            self._titles = report_titles(self.survey)
        return self._titles

    def choose(self, report: str) -> None:
        """Choose a report, with its own parameters; one that there is not is passed over."""
        if report in self.titles and report != self.chosen:
            self.chosen, self.typed = report, {}

    def runs(self) -> list[PlanRun]:
        """Return all runs, newest first."""
        runs = self.survey.store.report_runs.runs()
        return sorted(runs, key=lambda run: (run.slot, run.number), reverse=True)

    def copy(self, run: PlanRun) -> Path | None:
        """Return the file of a run; ``None`` where there is none, or it is no longer kept."""
        file = dated_copy(self.survey.folder, run)
        return file if run.state == DONE and file.is_file() else None

    def begin(self) -> None:
        """See to it that what was asked for is made: by ``report watch``, or else by us."""
        if self.worker is not None and self.worker.is_alive():
            return
        self.worker = threading.Thread(target=self._work, daemon=True, name="page-reports")
        self.worker.start()

    def _work(self) -> None:
        while self._waiting():
            threading.Event().wait(self.wait_s)
            with suppress(WorkbenchError, OSError):  # the row says what became of it
                self.make(self.survey.folder)

    def _waiting(self) -> bool:
        now = self.reports.now()
        try:
            return bool(self.survey.store.asked_reports.waiting(now))
        except WorkbenchError:
            return False
