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
from workbench.collect.desk import Desk
from workbench.errors import SettingsError, WorkbenchError
from workbench.settings import read_settings
from workbench_widgets.collector.asked_panel import AskedPanel, LogPanel
from workbench_widgets.collector.lists_panel import ListsPanel
from workbench_widgets.collector.live import Ask, Live, Reply
from workbench_widgets.collector.now import Now
from workbench_widgets.collector.parts import Outcome, Panel, join, said
from workbench_widgets.collector.queue_panel import QueuePanel
from workbench_widgets.collector.schedule_panel import SchedulePanel
from workbench_widgets.collector.settings_panel import SettingsPanel

EXPECTED = (WorkbenchError, OSError, sqlite3.Error, pl.exceptions.PolarsError)
GONE = "Everything is deleted but the settings. Close this page."


def collector_page(workspace: str | None = None) -> ipywidgets.Widget:
    """Return the page of a workspace, or one sentence why there is none."""
    folder = workspace or os.environ.get("WORKBENCH_WORKSPACE", "")
    if not folder:
        return ipywidgets.HTML("No workspace is chosen. Start with: workbench serve -w W.")
    try:
        return CollectorPage(folder)
    except EXPECTED as error:
        return ipywidgets.HTML(str(Markup.escape(sentence(error))))


class CollectorPage(ipywidgets.VBox):  # type: ignore[misc]
    """Sections in tabs; one is shown, and only that is worked out.

    Attributes
    ----------
    live
        The part that is HTML.
    section
        Name of the section shown.

    Raises ``WorkbenchError`` when the folder holds no workspace.
    """

    def __init__(self, workspace: str) -> None:
        self.desk = Desk(open_survey(workspace))
        self._schedule = SchedulePanel(self.desk)
        self._lists = ListsPanel(self.desk, self.desk.survey.close)
        panels: tuple[Panel, ...] = (
            Now(self.desk), QueuePanel(self.desk), self._schedule,
            SettingsPanel(self.desk.survey), AskedPanel(self.desk), LogPanel(self.desk),
            self._lists,
        )  # fmt: skip
        self._panels = {panel.name: panel for panel in panels}
        self._said = Outcome("")
        self.section = "now"
        self.live = Live(self.answer)
        super().__init__([self.live, self._schedule.grids])
        self.add_class("wbc-page")
        self._place()

    def answer(self, ask: Ask) -> Reply:
        """Do what a page asks, and return the page as it is then."""
        reset: tuple[str, ...] = ()
        if ask.name not in ("look", "show") and not self._lists.gone:
            self._said = self._done(ask)
            reset = self._said.reset
        return Reply(str(self._html()), reset)

    def _done(self, ask: Ask) -> Outcome:
        if ask.name == "section":
            if ask.text("value") in self._panels:
                self.section = ask.text("value")
                self._place()
            return Outcome("")
        try:
            done = self._panels[self.section].act(ask)
        except Exception as error:  # noqa: BLE001  a page that says nothing helps nobody
            return Outcome(sentence(error), good=False)
        return done or Outcome("")

    def _place(self) -> None:
        """Show the grids with their section only."""
        self._schedule.grids.layout.display = "flex" if self.section == "schedule" else "none"

    def _html(self) -> Markup:
        if self._lists.gone:
            return said(GONE, "problem") + said(self._lists.gone)
        panel = self._panels[self.section]
        with suppress(SettingsError):  # the section says what is wrong with them
            self.desk.survey.settings = read_settings(self.desk.survey.folder)
        try:
            shown = panel.html()
        except Exception as error:  # noqa: BLE001  the tabs stay, and so does the way out
            shown = said(sentence(error), "problem")
        told = "" if not self._said.text else Markup('<p class="wbc-said {}">{}</p>').format(
            "" if self._said.good else "wbc-problem", self._said.text
        )  # fmt: skip
        return join((
            self._tabs(),
            Markup('<div role="status" class="wbc-told">{}</div>').format(told),
            Markup('<div role="tabpanel" class="wbc-panel" data-key="{}" aria-label="{}">{}</div>')
            .format(self.section, panel.title, shown),
        ))  # fmt: skip

    def _tabs(self) -> Markup:
        tabs = join(
            Markup(
                '<button type="button" role="tab" data-ask="section" value="{}" '
                'aria-selected="{}" tabindex="{}">{}</button>'
            ).format(
                name, "true" if name == self.section else "false",
                "0" if name == self.section else "-1", panel.title,
            )
            for name, panel in self._panels.items()
        )  # fmt: skip
        return Markup(
            '<div role="tablist" class="wbc-tabs" aria-label="Collector">{}</div>'
        ).format(tabs)


def sentence(error: BaseException) -> str:
    """Say in one sentence what went wrong; only our own errors are known to hold no name."""
    if isinstance(error, WorkbenchError):
        text = str(error)
        return f"{text[:1].upper()}{text[1:]}"
    if isinstance(error, OSError) and error.strerror:
        return f"A file could not be read or written: {error.strerror}."
    return f"That did not work ({type(error).__name__}). Run workbench check -w W."
