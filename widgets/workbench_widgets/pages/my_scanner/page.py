"""My scanner: the doses of one CT scanner, for who works at it.

``my_scanner()`` shows it in a notebook; the workspace is that of ``WORKBENCH_WORKSPACE``.  All
it shows is summed up, compared and escaped by ``workbench.report``; here are the choices and the
order.  Dates are shifted for each patient, so it sorts by age group and never by calendar.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import polars as pl
from markupsafe import Markup

from workbench import open_survey, rights
from workbench.dose import reference_levels
from workbench.errors import WorkbenchError
from workbench.language import current_language, data, mark, n, settle_language, t
from workbench.report import charts
from workbench.report.dose_by_protocol import counted_events, preferred_ct
from workbench.report.exam_table import EXAM
from workbench.report.follow_up import with_weeks
from workbench.report.html_tables import Html, paragraph
from workbench.scanners.scanner_file import read_scanners
from workbench.store.database_wait import PAGE_LIMIT_S
from workbench_widgets.pages.my_scanner import choice_address
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.choice_address import CHARTS, EXAMS, VIEWS
from workbench_widgets.pages.my_scanner.choice_form import asked_choice, choice_form
from workbench_widgets.pages.my_scanner.contents import OTHER_SIDE, exams_note, page
from workbench_widgets.pages.my_scanner.scanner_frames import ScannerChoice
from workbench_widgets.pages.my_scanner.strip_chart import strip_chart
from workbench_widgets.parts.event_trail import EventTrail
from workbench_widgets.parts.help.help import help_on
from workbench_widgets.parts.live.live import Ask, Live, Reply
from workbench_widgets.parts.panel.panel import Button, buttons
from workbench_widgets.parts.table import FrameTable

STYLE = (Path(__file__).with_name("my_scanner.css")).read_text(encoding="utf-8")
UNREAD = "unread"  # no digest: what could not be read is read again at the next look
PREHEATED = "VOILA_PREHEAT"
UNREADABLE = mark("The tables of this workspace could not be read. Run workbench check -w W.")
NO_WORKSPACE = mark("No workspace is chosen. Start with: workbench serve -w W.")
NO_EXAMS = mark("No exam of a patient fits this choice. Choose another region or period.")
HOME = mark("My scanner")
TABS = {CHARTS: mark("Charts"), EXAMS: mark("Exams")}
# What of a scan's series says whether its dose is known.
OF_SERIES = ("StudyInstanceUID", "role", "state", "irradiation_event_uids")


def visitor() -> None:
    """Go on when a visitor is there: a kernel started ahead must not show old numbers.

    Everything slow that needs no data is done before: the imports above and a first drawing.
    """
    if os.environ.get(PREHEATED) == "True":
        nothing = data("")
        charts.svg(strip_chart(frames.no_lanes(), frames.no_dots(), "x"), nothing, nothing)
    rights.visitor()


def my_scanner() -> widgets.Widget:
    """Return the dashboard of the workspace, or one sentence why there is none."""
    try:
        rights.rights_here().need(rights.Right.LOOK)
        return MyScanner(os.environ["WORKBENCH_WORKSPACE"])
    except KeyError:
        return _alone(paragraph(t(NO_WORKSPACE), "empty"))
    except (WorkbenchError, OSError, pl.exceptions.PolarsError) as error:
        return _alone(_said(error))


class MyScanner(widgets.VBox):  # type: ignore[misc]
    """Choices above, what they lead to below; both are written by one function, at once.

    Raises ``WorkbenchError`` when the folder holds no workspace.

    Attributes
    ----------
    live
        The page; what is chosen there comes as a message.
    choice
        What the page shows; its scanner is ``None`` while there is none.
    view
        ``charts`` or ``exams``.
    trail
        Where a point or an exam leads; while it is open the rest is not shown.
    """

    def __init__(self, workspace: str) -> None:
        self._workspace = Path(workspace)
        self._events, self._counted = pl.DataFrame(), pl.DataFrame()
        self._series: pl.DataFrame | None = None
        self._levels = reference_levels()
        self._sets = dict(frames.level_sets(self._levels))
        country, year = next(iter(self._sets.values()))
        self.choice = ScannerChoice(
            scanner=None, region=None, protocol=None, country=country, year=year
        )
        self._names, self.view, self._focus = "", CHARTS, 0
        self._content, self._form, self._read_at = Html(""), Markup(""), ""
        self._language = current_language()
        self.exams = self._exam_table()
        self.trail = EventTrail(self._workspace, (HOME, self._returned), self._counted)
        self.read()
        self._first = self.choice
        self.live = Live(self.answer)
        self._style = widgets.HTML(f"<style>{STYLE}</style>")
        super().__init__([self._style, self.live, self.exams, self.trail])
        self._place()

    def _exam_table(self) -> FrameTable:
        table = FrameTable(EXAM.empty(), EXAM, t("Exams"), NO_EXAMS)
        table.on_open(self._open_exam)
        return table

    def _speak(self) -> None:
        """Say what is said outside of answers in the visitor's language, which is known by now."""
        settle_language(current_language())
        self.exams.close()
        self.exams = self._exam_table()
        self.children = [self._style, self.live, self.exams, self.trail]
        self._place()

    def read(self) -> None:
        """Read the workspace's events; the choice stays where it is still there."""
        self._names = read_scanners(self._workspace).digest
        survey = open_survey(self._workspace, wait_s=PAGE_LIMIT_S)
        try:
            self._events = with_weeks(survey.events(preferred=True))
        finally:
            survey.close()
        self._series = None  # read when exams are looked at
        self._counted = self.trail.counted = counted_events(self._events)
        self._read_at = f"{datetime.now(UTC):%H:%M:%S}"
        self.choose(self.choice)

    def choose(self, wanted: ScannerChoice) -> None:
        """Show a choice; of what is not there the first, or all, is taken."""
        if self._language != current_language():
            self._speak()
        known = [name for name, _ in frames.scanners(self._events)]
        scanner = wanted.scanner if wanted.scanner in known else next(iter(known), None)
        beside = wanted.beside if wanted.beside in known else None
        wanted = replace(wanted, scanner=scanner, beside=beside)
        if wanted.region not in frames.regions(self._events, scanner):
            wanted = replace(wanted, region=None)
        if wanted.protocol not in frames.protocols(self._events, scanner, wanted.region):
            wanted = replace(wanted, protocol=None)
        if self.view == EXAMS:
            self.exams.show(frames.chosen_exams(self._events, self._read_series(), wanted))
            content = exams_note(wanted)
        else:
            content = page(self._events, self._levels, wanted)
        self.choice, self._content, self._language = wanted, content, current_language()
        self._form = choice_form(wanted, self._events, self._sets)

    def answer(self, ask: Ask) -> Reply:
        """Do what the page asks, and return all of it as it is then."""
        try:
            rights.rights_here().need(rights.Right.LOOK)
            self._do(ask)
            # Scanners may have been named or merged on another page.
            if ask.name == "read" or read_scanners(self._workspace).digest != self._names:
                self.read()
        except (WorkbenchError, OSError, pl.exceptions.PolarsError) as error:
            self._content, self._names = _said(error), UNREAD
        address = choice_address.written(self.choice, self.view, self._first)
        return Reply(str(self.html()), address=address if ask.name != "look" else None)

    def html(self) -> Html:
        """Return the choices and what they lead to; nothing while the trail is open."""
        if self.trail.step:
            return Html("")
        again = buttons(Button(t("Read again"), "read", label=t("Read the tables again")))
        said = t("Read at {time} UTC.", time=data(self._read_at))
        read = Markup('<p class="note">{}</p>').format(said)
        helped = help_on("my_scanner", t("My scanner"))
        choices = Markup(
            '<div class="wbc-helped">{}</div><div class="wb-choices">{}<div>{}{}</div></div>'
        ).format(helped, self._form, again, read)
        follows = ('<div class="wbc-follows">', self._tabs(), self._content, "</div>")
        return Html("".join(('<div class="wb">', choices, *follows, "</div>")))

    def _do(self, ask: Ask) -> None:
        if ask.name == "choice":
            self.choose(asked_choice(ask, self.choice, self._events, self._sets))
        elif ask.name == "view" and ask.text("value") in VIEWS:
            self.view = ask.text("value")
            self.choose(self.choice)
            self._place()
        elif ask.name == "show" and ask.address:
            wanted, self.view = choice_address.read(
                ask.address, self._first, self._events, self._sets
            )
            self.choose(wanted)
            self._place()
        elif ask.name == "point":
            self._open_point(ask.values.get("value", ""))
        elif self._language != current_language():
            self.choose(self.choice)

    def _open_point(self, point: str) -> None:
        """Show the events of a dot; a page may send any text, and one of no dot shows nothing."""
        side = self.choice.other if point.startswith(OTHER_SIDE) else self.choice
        if side is None:
            return
        events = frames.chosen_events(self._counted, side)
        found = frames.point_events(events, point.removeprefix(OTHER_SIDE))
        if found.height:
            count = n("{count} event of this point", "{count} events of this point", found.height)
            self.trail.open_events(found, count)
            self._place()

    def _open_exam(self, row: Mapping[str, Any]) -> None:
        """Show all events of an exam, its topograms too."""
        study = pl.col("StudyInstanceUID").eq_missing(row["StudyInstanceUID"])
        events = preferred_ct(self._events.filter(study))
        if events.is_empty() or not rights.rights_here().allow(rights.Right.LOOK):
            return
        title = n("{count} event of this exam", "{count} events of this exam", events.height)
        self.trail.open_events(events, title)
        self._returned()

    def _returned(self) -> None:
        """Show what belongs to where somebody is now, without having been asked."""
        self._focus += 1
        self._place()
        self.live.show(str(self.html()))

    def _place(self) -> None:
        exams = self.view == EXAMS and not self.trail.step and self.choice.scanner is not None
        self.exams.layout.display = None if exams else "none"

    def _read_series(self) -> pl.DataFrame:
        if self._series is None:
            survey = open_survey(self._workspace, wait_s=PAGE_LIMIT_S)
            try:
                self._series = survey.series().select(OF_SERIES)
            finally:
                survey.close()
        return self._series

    def _tabs(self) -> Markup:
        """Return the two ways to look at a choice; the keyboard comes back to the one shown."""
        tabs = (
            Markup(
                '<button type="button" role="tab" data-ask="view" value="{}" aria-selected="{}" '
                'tabindex="{}"{}>{}</button>'
            ).format(
                view, "true" if view == self.view else "false", 0 if view == self.view else -1,
                Markup(' data-focus="{}"').format(self._focus)
                if self._focus and view == self.view else "",
                t(words),
            )
            for view, words in TABS.items()
        )  # fmt: skip
        return Markup('<div role="tablist" class="wbc-tabs" aria-label="{}">{}</div>').format(
            t("Ways to look at it"), Markup("").join(tabs)
        )


def _alone(content: Html) -> widgets.Widget:
    box = widgets.VBox([widgets.HTML(f"<style>{STYLE}</style>"), widgets.HTML(str(content))])
    box.add_class("wb")
    return box


def _said(error: Exception) -> Html:
    """One sentence: our own errors hold no header's words, others might."""
    return paragraph(error.words() if isinstance(error, WorkbenchError) else t(UNREADABLE), "empty")
