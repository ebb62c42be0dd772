"""The page of reports: make one, read, download and sign it, put it on a schedule.

``reports_page()`` shows it in a notebook or in Voila; the workspace is that of
``WORKBENCH_WORKSPACE``.  ``?report=NAME`` in its address chooses a report.
"""

from __future__ import annotations

import os
import sqlite3

import ipywidgets
import polars as pl

from workbench import open_survey
from workbench.errors import WorkbenchError
from workbench.language import mark
from workbench.rights import Right
from workbench.stages.report_signatures import signers
from workbench.store.database_wait import PAGE_LIMIT_S
from workbench_widgets.pages.reports.history_section import HistoryPanel
from workbench_widgets.pages.reports.make_section import MakePanel
from workbench_widgets.pages.reports.plans_section import PlansPanel
from workbench_widgets.pages.reports.report_desk import ReportDesk
from workbench_widgets.parts.download.download import Downloads
from workbench_widgets.parts.live.live import Ask, Reply
from workbench_widgets.parts.person.person import Person
from workbench_widgets.parts.report_link.report_link import IN_ADDRESS
from workbench_widgets.parts.tabs.tabs import TabbedPage, opened

EXPECTED = (WorkbenchError, OSError, sqlite3.Error, pl.exceptions.PolarsError)


def reports_page(workspace: str | None = None) -> ipywidgets.Widget:
    """Return the page of a workspace, or one sentence why there is none."""
    folder = workspace or os.environ.get("WORKBENCH_WORKSPACE", "")
    return opened(folder, ReportsPage, EXPECTED, Right.LOOK)


class ReportsPage(TabbedPage):
    """Making, history and schedule, with who sits here below them.

    Raises ``WorkbenchError`` when the folder holds no workspace.
    """

    def __init__(self, workspace: str) -> None:
        self.survey = open_survey(workspace, wait_s=PAGE_LIMIT_S)
        self.downloads = Downloads(self.survey.folder)
        self.person = Person(lambda: signers(self.survey.folder))
        self.desk = ReportDesk(self.survey, self.downloads, lambda: self.person.who)
        panels = (MakePanel(self.desk), HistoryPanel(self.desk), PlansPanel(self.desk))
        super().__init__(mark("Reports"), panels, downloads=self.downloads, above=[self.person])

    def answer(self, ask: Ask) -> Reply:
        """Choose what the address says, then answer as every page does."""
        if ask.name == "show":
            self.desk.choose(getattr(ask, "address", {}).get(IN_ADDRESS, ""))
        return super().answer(ask)
