"""My scanner: the doses of one CT scanner, for who works at it.

``my_scanner()`` shows it in a notebook; the workspace is that of ``WORKBENCH_WORKSPACE``.  All
it shows is summed up, compared and escaped by ``workbench.report``; here are the choices and the
order.  Dates are shifted for each patient, so it sorts by age group and never by calendar.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import ipywidgets as widgets
import polars as pl
from markupsafe import Markup

from workbench import open_survey, rights
from workbench.dose import reference_levels
from workbench.errors import WorkbenchError
from workbench.language import Words, current_language, data, listed, mark, n, sentences, t
from workbench.report import charts
from workbench.report.code_words import code_words
from workbench.report.dose_page import (
    NO_DATA,
    PHANTOM_HEAD,
    QUANTITIES,
    REGION_HEAD,
    quartile_column,
)
from workbench.report.html_tables import Html, Shown, html_table, paragraph
from workbench.report.reference import chosen_levels, event_levels
from workbench.scanners.scanner_file import read_scanners
from workbench.store.database_wait import PAGE_LIMIT_S
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.comparison import comparison
from workbench_widgets.pages.my_scanner.scanner_frames import ENOUGH, ScannerChoice
from workbench_widgets.pages.my_scanner.strip_chart import strip_chart
from workbench_widgets.parts.live.live import Ask, Live, Reply
from workbench_widgets.parts.panel.panel import Button, Field, Form, buttons

STYLE = (Path(__file__).with_name("my_scanner.css")).read_text(encoding="utf-8")
ALL = ""
UNREAD = "unread"  # no digest: what could not be read is read again at the next look
PREHEATED = "VOILA_PREHEAT"
UNREADABLE = mark("The tables of this workspace could not be read. Run workbench check -w W.")
NO_WORKSPACE = mark("No workspace is chosen. Start with: workbench serve -w W.")
NOTES = mark(
    "Dates are shifted for each patient: nothing here is sorted by calendar. Adults are "
    "patients of 18 years or more. Doses in the 16 cm and in the 32 cm CTDI phantom are "
    "different quantities and are never summed up together. A reference level is meant for "
    "the median of a group, not for one patient."
)


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
    """

    def __init__(self, workspace: str) -> None:
        self._workspace = Path(workspace)
        self._events = pl.DataFrame()
        self._levels = reference_levels()
        self._sets = dict(frames.level_sets(self._levels))
        country, year = next(iter(self._sets.values()))
        self.choice = ScannerChoice(
            scanner=None, region=None, protocol=None, country=country, year=year
        )
        self._names = ""
        self._content, self._form, self._read_at = Html(""), Markup(""), ""
        self._language = current_language()
        self.read()
        self.live = Live(self.answer)
        super().__init__([widgets.HTML(f"<style>{STYLE}</style>"), self.live])

    def read(self) -> None:
        """Read the workspace's events; the choice stays where it is still there."""
        self._names = read_scanners(self._workspace).digest
        survey = open_survey(self._workspace, wait_s=PAGE_LIMIT_S)
        try:
            self._events = survey.events(preferred=True)
        finally:
            survey.close()
        self._read_at = f"{datetime.now(UTC):%H:%M:%S}"
        self.choose(self.choice)

    def choose(self, wanted: ScannerChoice) -> None:
        """Show a choice; of what is not there the first, or all, is taken."""
        known = [name for name, _ in frames.scanners(self._events)]
        scanner = wanted.scanner if wanted.scanner in known else next(iter(known), None)
        wanted = replace(wanted, scanner=scanner)
        if wanted.region not in frames.regions(self._events, scanner):
            wanted = replace(wanted, region=None)
        if wanted.protocol not in frames.protocols(self._events, scanner, wanted.region):
            wanted = replace(wanted, protocol=None)
        content = page(self._events, self._levels, wanted)
        self.choice, self._content, self._language = wanted, content, current_language()
        self._form = Form("choice", tuple(self._fields()), live=True).__html__()

    def answer(self, ask: Ask) -> Reply:
        """Do what the page asks, and return all of it as it is then."""
        try:
            rights.rights_here().need(rights.Right.LOOK)
            if ask.name == "choice":
                self.choose(self._asked(ask))
            elif self._language != current_language():
                self.choose(self.choice)
            # Scanners may have been named or merged on another page.
            if ask.name == "read" or read_scanners(self._workspace).digest != self._names:
                self.read()
        except (WorkbenchError, OSError, pl.exceptions.PolarsError) as error:
            self._content, self._names = _said(error), UNREAD
        return Reply(str(self.html()))

    def html(self) -> Html:
        """Return the choices and what they lead to."""
        again = buttons(Button(t("Read again"), "read", label=t("Read the tables again")))
        said = t("Read at {time} UTC.", time=data(self._read_at))
        read = Markup('<p class="note">{}</p>').format(said)
        choices = Markup('<div class="wb-choices">{}<div>{}{}</div></div>').format(
            self._form, again, read
        )
        follows = ('<div class="wbc-follows">', self._content, "</div>")
        return Html("".join(('<div class="wb">', choices, *follows, "</div>")))

    def _fields(self) -> Iterator[Field]:
        shown, events = self.choice, self._events
        scanners = [
            (
                name,
                n(
                    "{scanner} ({count} exam)",
                    "{scanner} ({count} exams)",
                    exams,
                    scanner=data(name),
                ),
            )
            for name, exams in frames.scanners(events)
        ]
        regions = [(name, code_words(name)) for name in frames.regions(events, shown.scanner)]
        protocols = frames.protocols(events, shown.scanner, shown.region)
        alike = [(name, data(name)) for name in protocols]
        levels = [(name, data(name)) for name in self._sets]
        for name, label, value, options in (
            ("scanner", t("Scanner"), shown.scanner, scanners or [(ALL, t("no scanner"))]),
            ("region", t("Region"), shown.region, [(ALL, t("all regions")), *regions]),
            ("protocol", t("Protocol"), shown.protocol, [(ALL, t("all protocols")), *alike]),
            ("levels", t("Reference levels"), f"{shown.country} {shown.year}", levels),
        ):
            yield Field(name, label, value or ALL, options=options)

    def _asked(self, ask: Ask) -> ScannerChoice:
        """Return what a page has chosen; a browser may give a line's end back as another."""
        country, year = self._sets.get(
            ask.values.get("levels", ""), (self.choice.country, self.choice.year)
        )
        scanner, region, wanted = (
            ask.values.get(name) or None for name in ("scanner", "region", "protocol")
        )
        protocols = frames.protocols(self._events, scanner, region)
        protocol = next((name for name in protocols if _alike(name, wanted)), None)
        return ScannerChoice(
            scanner=scanner, region=region, protocol=protocol, country=country, year=year
        )


def page(events: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice) -> Html:
    """Return the whole page of a choice as escaped HTML.

    ``events`` are rows of ``schema.IRRADIATION_EVENT``, ``levels`` those of
    ``workbench.dose.reference_levels``.
    """
    if choice.scanner is None:
        return paragraph(t(NO_DATA), "empty")
    chosen = frames.chosen_events(events, choice)
    compared = chosen_levels(levels, choice.country, choice.year)
    parts = [_shown(choice), _tiles(chosen), _too_few(chosen)]
    if chosen.height:
        parts += [_charts(chosen, compared, choice), _numbers(chosen, choice), _lacking(chosen)]
    parts += [
        _section(*comparison(events, compared, choice)),
        _apart(events, choice.scanner),
        _notes(),
    ]
    return Html("".join(parts))


def _alike(name: str, other: str | None) -> bool:
    return other is not None and name.splitlines() == other.splitlines()


def _shown(choice: ScannerChoice) -> Html:
    """Say what the numbers below are of: they and their name are one piece."""
    narrower = (
        code_words(choice.region) if choice.region else t("all regions"),
        data(choice.protocol) if choice.protocol else t("all protocols"),
    )
    return Html(Markup('<h2 class="wb-shown">{}<span>{}</span></h2>').format(
        data(choice.scanner), listed(narrower, " · ")
    ))  # fmt: skip


def _tiles(chosen: pl.DataFrame) -> Html:
    counts = (
        (chosen["StudyInstanceUID"].n_unique(), t("exams")),
        (chosen["patient"].n_unique(), t("patients")),
        (chosen.height, t("irradiation events")),
    )
    item = Markup("<li><b>{}</b><span>{}</span></li>")
    items = Markup("").join(item.format(*count) for count in counts)
    return Html(Markup('<ul class="tiles">{}</ul>').format(items))


def _too_few(chosen: pl.DataFrame) -> Html:
    exams = chosen["StudyInstanceUID"].n_unique()
    if not exams:
        none = t("No exam of a patient fits this choice. Choose another region.")
        return paragraph(none, "empty")
    if exams >= ENOUGH:
        return Html("")
    return paragraph(t(
        "With fewer than {enough} exams a median says little: a comparison with a reference "
        "level is not meaningful yet. (France asked for so many patients an examination: decree of "
        "24 October 2011, replaced in 2019.)", enough=ENOUGH,
    ), "empty")  # fmt: skip


def _charts(chosen: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice) -> Html:
    figures = [
        _chart(chosen, event_levels(levels, quantity), quantity, choice) for quantity in QUANTITIES
    ]
    grid = Markup('<div class="charts">{}</div>').format(Markup("".join(figures)))
    return _section(t("Dose of single irradiation events"), grid)


def _chart(
    chosen: pl.DataFrame, levels: pl.DataFrame, quantity: str, choice: ScannerChoice
) -> Html:
    column, name, unit = QUANTITIES[quantity]
    lanes, dots = frames.strip(chosen, column, levels, with_region=choice.region is None)
    if lanes.is_empty():
        none = t("No event of this choice has a {quantity}.", quantity=data(name))
        return paragraph(none, "note")
    said = [
        t(
            "{quantity} by age group and CTDI phantom. Dots: events, larger where several agree. "
            "Bar: 25th to 75th percentile, with the median.",
            quantity=data(name),
        )
    ]
    if lanes["reference"].null_count() < lanes.height:
        said.append(t(
            "Upright line: reference level of {country} {year} for one event.",
            country=data(choice.country), year=choice.year,
        ))  # fmt: skip
    if frames.wide(dots):
        said.append(t("The axis is logarithmic."))
    if more := frames.summed_up(chosen, column).height - lanes.height:
        said.append(n(
            "{count} more groups stand in the table.", "{count} more groups stand in the table.",
            more,
        ))  # fmt: skip
    drawn = strip_chart(lanes, dots, data(f"{name} ({unit})"))
    return charts.svg(drawn, t("{quantity} by age group", quantity=data(name)), sentences(*said))


def _numbers(chosen: pl.DataFrame, choice: ScannerChoice) -> Html:
    several = choice.region is None
    columns = (
        *([REGION_HEAD] if several else []),
        Shown("age_group", t("Age group"), words=code_words), PHANTOM_HEAD,
        Shown("studies", t("Exams")), Shown("patients", t("Patients")),
        Shown("events", t("Events")),
        *(quartile_column(column, *names) for column, *names in QUANTITIES.values()),
    )  # fmt: skip
    return html_table(frames.numbers(chosen), columns, t("The numbers of the charts"))


def _lacking(chosen: pl.DataFrame) -> Html:
    lacking = frames.lacking(chosen)
    if not lacking:
        return Html("")
    whats = listed(
        n("{count} without {what}", "{count} without {what}", count, what=t(what))
        for what, count in lacking.items()
    )
    text = n(
        "Of {count} events: {lacking}.", "Of {count} events: {lacking}.", chosen.height,
        lacking=whats,
    )  # fmt: skip
    return paragraph(text, "note")


def _apart(events: pl.DataFrame, scanner: str) -> Html:
    columns = (
        Shown("kind", t("Kind"), words=lambda kind: t(frames.KINDS[kind])),
        Shown("events", t("Events")), Shown("exams", t("Exams")),
        Shown("ctdi_vol_mgy", t("CTDIvol median"), "mGy", 2),
        Shown("dlp_mgy_cm", t("DLP median"), "mGy.cm", 1),
    )  # fmt: skip
    table = html_table(
        frames.apart(events, scanner), columns, t("Not in the numbers above"),
        t("There are no topograms and no scans of phantoms."),
    )  # fmt: skip
    return _section(t("Topograms and scans of phantoms"), table)


def _notes() -> Html:
    return _section(t("How to read this"), paragraph(t(NOTES), "note"))


def _section(head: Words, *parts: str) -> Html:
    """Return escaped parts under a heading."""
    return Html(Markup("<h2>{}</h2>").format(head) + Markup("".join(parts)))


def _alone(content: Html) -> widgets.Widget:
    box = widgets.VBox([widgets.HTML(f"<style>{STYLE}</style>"), widgets.HTML(str(content))])
    box.add_class("wb")
    return box


def _said(error: Exception) -> Html:
    """One sentence: our own errors hold no header's words, others might."""
    return paragraph(error.words() if isinstance(error, WorkbenchError) else t(UNREADABLE), "empty")
