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
from workbench.report import charts
from workbench.report.dose_page import NO_DATA, QUANTITIES
from workbench.report.html_tables import Html, Shown, html_table, paragraph
from workbench.report.reference import chosen_levels, compare, event_levels
from workbench.scanners.scanner_file import read_scanners
from workbench.store.database_wait import PAGE_LIMIT_S
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.scanner_frames import ENOUGH, ScannerChoice
from workbench_widgets.pages.my_scanner.strip_chart import strip_chart
from workbench_widgets.parts.live.live import Ask, Live, Reply
from workbench_widgets.parts.panel.panel import Button, Field, Form, buttons

STYLE = (Path(__file__).with_name("my_scanner.css")).read_text(encoding="utf-8")
ALL = ""
UNREAD = "unread"  # no digest: what could not be read is read again at the next look
PREHEATED = "VOILA_PREHEAT"
UNREADABLE = "The tables of this workspace could not be read. Run workbench check -w W."
# Shape and word beside the colour: who does not see the colour reads the same.
STATES = {
    "few": f"◇ fewer than {ENOUGH} patients",
    "above": "▲ above the level",
    "below": "● not above the level",
}
COMPARED = {
    "Region": "", "Quantity": "", "State": "", "Median": "number", "Level": "number",
    "Median / level": "number", "Patients": "number", "Phantom": "number", "Median over": "",
    "The level is for": "long", "Note": "long",
}  # fmt: skip


def visitor() -> None:
    """Go on when a visitor is there: a kernel started ahead must not show old numbers.

    Everything slow that needs no data is done before: the imports above and a first drawing.
    """
    if os.environ.get(PREHEATED) == "True":
        charts.svg(strip_chart(frames.no_lanes(), frames.no_dots(), "x"), "", "")
    rights.visitor()


def my_scanner() -> widgets.Widget:
    """Return the dashboard of the workspace, or one sentence why there is none."""
    try:
        rights.rights_here().need(rights.Right.LOOK)
        return MyScanner(os.environ["WORKBENCH_WORKSPACE"])
    except KeyError:
        return _alone(
            paragraph("No workspace is chosen. Start with: workbench serve -w W.", "empty")
        )
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
        self.choice, self._content = wanted, content
        self._form = Form("choice", tuple(self._fields()), live=True).__html__()

    def answer(self, ask: Ask) -> Reply:
        """Do what the page asks, and return all of it as it is then."""
        try:
            rights.rights_here().need(rights.Right.LOOK)
            if ask.name == "choice":
                self.choose(self._asked(ask))
            # Scanners may have been named or merged on another page.
            if ask.name == "read" or read_scanners(self._workspace).digest != self._names:
                self.read()
        except (WorkbenchError, OSError, pl.exceptions.PolarsError) as error:
            self._content, self._names = _said(error), UNREAD
        return Reply(str(self.html()))

    def html(self) -> Html:
        """Return the choices and what they lead to."""
        again = buttons(Button("Read again", "read", label="Read the tables again"))
        read = Markup('<p class="note">Read at {} UTC.</p>').format(self._read_at)
        choices = Markup('<div class="wb-choices">{}<div>{}{}</div></div>').format(
            self._form, again, read
        )
        follows = ('<div class="wbc-follows">', self._content, "</div>")
        return Html("".join(('<div class="wb">', choices, *follows, "</div>")))

    def _fields(self) -> Iterator[Field]:
        shown, events = self.choice, self._events
        scanners = [
            (name, f"{name} ({exams} {'exam' if exams == 1 else 'exams'})")
            for name, exams in frames.scanners(events)
        ]
        regions = [(name, name.replace("_", " ")) for name in frames.regions(events, shown.scanner)]
        protocols = frames.protocols(events, shown.scanner, shown.region)
        alike = [(name, name) for name in protocols]
        levels = [(name, name) for name in self._sets]
        for name, label, value, options in (
            ("scanner", "Scanner", shown.scanner, scanners or [(ALL, "none")]),
            ("region", "Region", shown.region, [(ALL, "all regions"), *regions]),
            ("protocol", "Protocol", shown.protocol, [(ALL, "all protocols"), *alike]),
            ("levels", "Reference levels", f"{shown.country} {shown.year}", levels),
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
        return paragraph(NO_DATA, "empty")
    chosen = frames.chosen_events(events, choice)
    compared = chosen_levels(levels, choice.country, choice.year)
    parts = [_shown(choice), _tiles(chosen), _too_few(chosen)]
    if chosen.height:
        parts += [_charts(chosen, compared, choice), _numbers(chosen, choice), _lacking(chosen)]
    parts += [_comparison(events, compared, choice), _apart(events, choice.scanner), _notes()]
    return Html("".join(parts))


def _alike(name: str, other: str | None) -> bool:
    return other is not None and name.splitlines() == other.splitlines()


def _shown(choice: ScannerChoice) -> Html:
    """Say what the numbers below are of: they and their name are one piece."""
    narrower = [
        (choice.region or "all regions").replace("_", " "), choice.protocol or "all protocols",
    ]  # fmt: skip
    return Html(Markup('<h2 class="wb-shown">{}<span>{}</span></h2>').format(
        choice.scanner, " · ".join(narrower)
    ))  # fmt: skip


def _tiles(chosen: pl.DataFrame) -> Html:
    counts = (
        (chosen["StudyInstanceUID"].n_unique(), "exams"),
        (chosen["patient"].n_unique(), "patients"),
        (chosen.height, "irradiation events"),
    )
    item = Markup("<li><b>{}</b><span>{}</span></li>")
    items = Markup("").join(item.format(*count) for count in counts)
    return Html(Markup('<ul class="tiles">{}</ul>').format(items))


def _too_few(chosen: pl.DataFrame) -> Html:
    exams = chosen["StudyInstanceUID"].n_unique()
    if not exams:
        return paragraph("No exam of a patient fits this choice. Choose another region.", "empty")
    if exams >= ENOUGH:
        return Html("")
    return paragraph(
        f"With fewer than {ENOUGH} exams a median says little: a comparison with a reference "
        "level is not meaningful yet. (France asks for so many patients an examination: decree of "
        "24 October 2011.)", "empty",
    )  # fmt: skip


def _charts(chosen: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice) -> Html:
    figures = [
        _chart(chosen, event_levels(levels, quantity), quantity, choice) for quantity in QUANTITIES
    ]
    grid = Markup('<div class="charts">{}</div>').format(Markup("".join(figures)))
    return _section("Dose of single irradiation events", grid)


def _chart(
    chosen: pl.DataFrame, levels: pl.DataFrame, quantity: str, choice: ScannerChoice
) -> Html:
    column, name, unit = QUANTITIES[quantity]
    lanes, dots = frames.strip(chosen, column, levels, with_region=choice.region is None)
    if lanes.is_empty():
        return paragraph(f"No event of this choice has a {name}.", "note")
    tick = ""
    if lanes["reference"].null_count() < lanes.height:
        tick = f" Upright line: reference level of {choice.country} {choice.year} for one event."
    more = frames.summed_up(chosen, column).height - lanes.height
    left = f" {more} more groups stand in the table." if more else ""
    log = " The axis is logarithmic." if frames.wide(dots) else ""
    text = (
        f"{name} by age group and CTDI phantom. Dots: events, larger where several agree. "
        f"Bar: 25th to 75th percentile, with the median.{tick}{log}{left}"
    )
    drawn = strip_chart(lanes, dots, f"{name} ({unit})")
    return charts.svg(drawn, f"{name} by age group", text)


def _numbers(chosen: pl.DataFrame, choice: ScannerChoice) -> Html:
    several = choice.region is None
    region = [Shown("body_region", "Region")] if several else []
    quartiles = [
        Shown(f"{column}_text", f"{name} median (P25 to P75)", unit, right=True)
        for column, name, unit in QUANTITIES.values()
    ]
    columns = (
        *region, Shown("age_group", "Age group"), Shown("ctdi_phantom_cm", "Phantom", "cm"),
        Shown("studies", "Exams"), Shown("patients", "Patients"), Shown("events", "Events"),
        *quartiles,
    )  # fmt: skip
    return html_table(frames.numbers(chosen), columns, "The numbers of the charts")


def _lacking(chosen: pl.DataFrame) -> Html:
    lacking = frames.lacking(chosen)
    text = ", ".join(f"{count} without {what}" for what, count in lacking.items())
    return paragraph(f"Of {chosen.height} events: {text}.", "note") if lacking else Html("")


def _comparison(events: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice) -> Html:
    head = f"Against the reference levels of {choice.country} {choice.year}"
    compared = frames.of_choice(compare(events, levels), choice)
    if compared.is_empty():
        return _section(head, paragraph("No adult exam could be compared.", "note"))
    rows = Markup("\n").join(_compared_row(row) for row in compared.iter_rows(named=True))
    heads = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(kind, name)
        for name, kind in COMPARED.items()
    )
    table = Markup(
        '<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(heads, rows)
    note = (
        "Adults, all protocols of a region. A level for one acquisition is compared with the "
        "median over events, a level for an examination with the median over sums of an exam."
    )
    return _section(head, table, paragraph(note, "note"))


def _compared_row(row: dict[str, object]) -> Markup:
    _, name, unit = QUANTITIES[str(row["quantity"])]
    state = frames.state(row)
    cells = (
        ("", str(row["body_region"]).replace("_", " ")),
        ("", name),
        (f"state {state}", STATES[state]),
        ("number", f"{row['median']:.1f} {unit}"),
        ("number", f"{row['level']:g} {unit}"),
        ("number", f"{row['ratio']:.2f}"),
        ("number", row["patients"]),
        ("number", f"{row['ctdi_phantom_cm']} cm"),
        ("", row["compared_with"]),
        ("", f"{row['exam']}, {row['scope']}"),
        ("", row["note"] or ""),
    )
    return Markup("<tr>{}</tr>").format(
        Markup("").join(Markup('<td class="{}">{}</td>').format(*cell) for cell in cells)
    )


def _apart(events: pl.DataFrame, scanner: str) -> Html:
    columns = (
        Shown("kind", "Kind"), Shown("events", "Events"), Shown("exams", "Exams"),
        Shown("ctdi_vol_mgy", "CTDIvol median", "mGy", 2),
        Shown("dlp_mgy_cm", "DLP median", "mGy.cm", 1),
    )  # fmt: skip
    table = html_table(
        frames.apart(events, scanner), columns, "Not in the numbers above",
        "There are no topograms and no scans of phantoms.",
    )  # fmt: skip
    return _section("Topograms and scans of phantoms", table)


def _notes() -> Html:
    note = (
        "Dates are shifted for each patient: nothing here is sorted by calendar. Adults are "
        "patients of 18 years or more. Doses in the 16 cm and in the 32 cm CTDI phantom are "
        "different quantities and are never summed up together. A reference level is meant for "
        "the median of a group, not for one patient."
    )
    return _section("How to read this", paragraph(note, "note"))


def _section(head: str, *parts: str) -> Html:
    """Return escaped parts under a heading."""
    return Html(Markup("<h2>{}</h2>").format(head) + Markup("".join(parts)))


def _alone(content: Html) -> widgets.Widget:
    box = widgets.VBox([widgets.HTML(f"<style>{STYLE}</style>"), widgets.HTML(str(content))])
    box.add_class("wb")
    return box


def _said(error: Exception) -> Html:
    """One sentence: our own errors hold no header's words, others might."""
    return paragraph(str(error) if isinstance(error, WorkbenchError) else UNREADABLE, "empty")
