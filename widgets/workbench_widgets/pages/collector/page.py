"""The collector's page: what was asked of the PACS, what came, what comes tonight; who steers.

``collector_page()`` shows it in a notebook; the workspace is that of ``WORKBENCH_WORKSPACE``.  The
collector is a process of its own: the page only reads the hospital's file and writes wishes into
it, so it works while no collector runs.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress

import ipywidgets
import polars as pl
from markupsafe import Markup

from workbench import open_survey
from workbench.collect.queue.overview import Desk
from workbench.errors import SettingsError, WorkbenchError
from workbench.language import mark, t
from workbench.rights import Right
from workbench.settings_file import read_settings
from workbench.store.database_wait import PAGE_LIMIT_S
from workbench_widgets.pages.collector.asked_panel import AskedPanel, LogPanel
from workbench_widgets.pages.collector.lists_panel import ListsPanel
from workbench_widgets.pages.collector.now import Now
from workbench_widgets.pages.collector.queue_panel import QueuePanel
from workbench_widgets.pages.collector.schedule_panel import SchedulePanel
from workbench_widgets.pages.collector.settings_panel import SettingsPanel
from workbench_widgets.parts.download.download import Downloads
from workbench_widgets.parts.panel.panel import NOTHING, said
from workbench_widgets.parts.tabs.tabs import TabbedPage, opened

EXPECTED = (WorkbenchError, OSError, sqlite3.Error, pl.exceptions.PolarsError)
GONE = mark("Everything is deleted but the settings. Close this page.")


def collector_page(workspace: str | None = None) -> ipywidgets.Widget:
    """Return the page of a workspace, or one sentence why there is none."""
    folder = workspace or os.environ.get("WORKBENCH_WORKSPACE", "")
    return opened(folder, CollectorPage, EXPECTED, Right.COLLECT)


class CollectorPage(TabbedPage):
    """The collector's sections.

    Raises ``WorkbenchError`` when the folder holds no workspace.
    """

    reports = {  # noqa: RUF012  never changed
        "now": "completeness", "queue": "completeness",
    }  # fmt: skip

    def __init__(self, workspace: str) -> None:
        self.desk = Desk(open_survey(workspace, wait_s=PAGE_LIMIT_S))
        self._schedule = SchedulePanel(self.desk)
        self.downloads = Downloads(self.desk.survey.folder)
        self._lists = ListsPanel(self.desk, self.desk.survey.close, self.downloads)
        panels = (
            Now(self.desk), QueuePanel(self.desk), self._schedule,
            SettingsPanel(self.desk.survey), AskedPanel(self.desk), LogPanel(self.desk),
            self._lists,
        )  # fmt: skip
        super().__init__(mark("Collector"), panels, [self._schedule.grids], self.downloads)

    def gone(self) -> Markup:
        """Say so when the workspace was deleted on this page."""
        return said(t(GONE), "problem") + said(self._lists.gone) if self._lists.gone else NOTHING

    def place(self) -> None:
        """Show the grids with their section only."""
        self._schedule.grids.layout.display = "flex" if self.section == "schedule" else "none"

    def before(self) -> None:
        """Read the settings anew; their section says what is wrong with them."""
        with suppress(SettingsError):
            self.desk.survey.settings = read_settings(self.desk.survey.folder)
