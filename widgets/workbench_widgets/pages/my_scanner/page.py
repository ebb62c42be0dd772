"""My scanner: the doses of one CT scanner, for who works at it.

``my_scanner()`` shows it in a notebook; the workspace is that of ``WORKBENCH_WORKSPACE``.  All
it shows is summed up, compared and escaped by ``workbench.report``; here are the choices and the
order.  Dates are shifted for each patient, so it sorts by age group and never by calendar.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import altair as alt
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
from workbench.store.database_wait import PAGE_LIMIT_S
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.scanner_frames import ENOUGH, Scanner, ScannerChoice

STYLE = (Path(__file__).with_name("my_scanner.css")).read_text(encoding="utf-8")
ALL = ""
ROUND = [part * 10.0**power for power in range(-3, 6) for part in (1, 2, 5)]
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
        charts.svg(_strip_chart(frames.no_lanes(), frames.no_dots(), "x"), "", "")
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
    """Choices above, what they lead to below.

    Raises ``WorkbenchError`` when the folder holds no workspace.
    """

    def __init__(self, workspace: str) -> None:
        self._workspace = workspace
        self._events = pl.DataFrame()
        self._levels = reference_levels()
        self._filling = False
        self.scanner = _dropdown("Scanner")
        self.scanner.add_class("wb-long")
        self.region = _dropdown("Region")
        self.protocol = _dropdown("Protocol")
        self.country = _dropdown("Reference levels")
        self.again = widgets.Button(description="Read again", tooltip="Read the tables again")
        self.again.add_class("wb-again")
        self.page = widgets.HTML()
        choices = widgets.Box([self.scanner, self.region, self.protocol, self.country, self.again])
        choices.add_class("wb-choices")
        super().__init__([widgets.HTML(f"<style>{STYLE}</style>"), choices, self.page])
        self.add_class("wb")
        self._fill(self.country, frames.level_sets(self._levels))
        self.read()
        for dropdown, act in (
            (self.scanner, self._new_scanner), (self.region, self._new_region),
            (self.protocol, self.show), (self.country, self.show),
        ):  # fmt: skip
            dropdown.observe(partial(self._changed, act), "value")
        self.again.on_click(partial(self._changed, self.read))

    def read(self) -> None:
        """Read the workspace's events; the choice stays where it is still there."""
        survey = open_survey(self._workspace, wait_s=PAGE_LIMIT_S)
        try:
            self._events = survey.events(preferred=True)
        finally:
            survey.close()
        named = [
            (f"{scanner} ({exams} {'exam' if exams == 1 else 'exams'})", scanner)
            for scanner, exams in frames.scanners(self._events)
        ]
        self._fill(self.scanner, named)
        self._new_scanner()

    def show(self) -> None:
        """Draw the page of the choice."""
        self.page.value = str(page(self._events, self._levels, self.choice))

    @property
    def choice(self) -> ScannerChoice:
        """What is chosen now."""
        country, year = self.country.value
        return ScannerChoice(
            scanner=self.scanner.value, region=self.region.value or None,
            protocol=self.protocol.value or None, country=country, year=year,
        )  # fmt: skip

    def _new_scanner(self) -> None:
        regions = frames.regions(self._events, self.scanner.value)
        named = [(region.replace("_", " "), region) for region in regions]
        self._fill(self.region, [("all regions", ALL), *named])
        self._new_region()

    def _new_region(self) -> None:
        protocols = frames.protocols(self._events, self.scanner.value, self.region.value or None)
        self._fill(self.protocol, [("all protocols", ALL), *((name, name) for name in protocols)])
        self.show()

    def _fill(self, dropdown: widgets.Dropdown, options: Sequence[tuple[str, object]]) -> None:
        """Set what can be chosen; keep what is chosen, else choose the first."""
        values = [value for _, value in options]
        place = values.index(dropdown.value) if dropdown.value in values else 0
        self._filling = True  # nothing is drawn until all choices fit each other
        try:
            dropdown.options = options
            dropdown.index = place if options else None
        finally:
            self._filling = False

    def _changed(self, act: Callable[[], None], _: object) -> None:
        if self._filling:
            return
        try:
            act()
        except (WorkbenchError, OSError, pl.exceptions.PolarsError) as error:
            self.page.value = str(_said(error))


def page(events: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice) -> Html:
    """Return the whole page of a choice as escaped HTML.

    ``events`` are rows of ``schema.IRRADIATION_EVENT``, ``levels`` those of
    ``workbench.dose.reference_levels``.
    """
    if choice.scanner is None:
        return paragraph(NO_DATA, "empty")
    chosen = frames.chosen_events(events, choice)
    compared = chosen_levels(levels, choice.country, choice.year)
    parts = [_tiles(chosen), _too_few(chosen)]
    if chosen.height:
        parts += [_charts(chosen, compared, choice), _numbers(chosen, choice), _lacking(chosen)]
    parts += [_comparison(events, compared, choice), _apart(events, choice.scanner), _notes()]
    return Html("".join(parts))


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
    drawn = _strip_chart(lanes, dots, f"{name} ({unit})")
    return charts.svg(drawn, f"{name} by age group", text)


def _strip_chart(lanes: pl.DataFrame, dots: pl.DataFrame, axis: str) -> alt.LayerChart:
    """Return strips: dots over a bar of the middle half, with median and reference level."""
    x = _axis(dots, axis)
    lane = alt.Y(
        "label:N", sort=None, title=None,
        axis=alt.Axis(
            grid=False, ticks=False, domain=False, labelExpr="split(datum.label, '\\n')",
        ),
    )  # fmt: skip
    rows = alt.Chart(alt.InlineData(values=lanes.to_dicts()), width=330, height=alt.Step(46))
    base = rows.encode(y=lane)
    half = base.mark_bar(color=charts.RANGE, height=18).encode(x=x("p25"), x2="p75:Q")
    middle = base.mark_tick(color=charts.TEXT, thickness=2.5, height=24, opacity=1).encode(
        x=x("median")
    )
    level = (
        base.transform_filter("isValid(datum.reference)")
        .mark_tick(color=charts.LIMIT, thickness=3.5, height=36, opacity=1)
        .encode(x=x("reference"))
    )
    size = alt.Size("count:Q", legend=None, scale=alt.Scale(domain=[1, 20], range=[40, 300]))
    points = (
        alt.Chart(alt.InlineData(values=dots.to_dicts()))
        .mark_circle(color=charts.MARK, opacity=0.85)
        .encode(y=lane, x=x("value"), size=size)
    )
    return alt.LayerChart(layer=[half, points, middle, level])


def _axis(dots: pl.DataFrame, title: str) -> Callable[[str], alt.X]:
    """Return what makes the horizontal axis of a column; the same for every layer."""
    wide = frames.wide(dots)
    scale = alt.Scale(type="log" if wide else "linear", zero=not wide)
    ticks = alt.Axis(format=",.6~g", **({"values": ROUND} if wide else {"tickCount": 5}))
    return lambda column: alt.X(f"{column}:Q", title=title, scale=scale, axis=ticks)


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


def _apart(events: pl.DataFrame, scanner: Scanner) -> Html:
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


def _dropdown(name: str) -> widgets.Dropdown:
    dropdown = widgets.Dropdown(description=name)
    dropdown.add_class("wb-choice")
    return dropdown


def _alone(content: Html) -> widgets.Widget:
    box = widgets.VBox([widgets.HTML(f"<style>{STYLE}</style>"), widgets.HTML(str(content))])
    box.add_class("wb")
    return box


def _said(error: Exception) -> Html:
    """One sentence: our own errors hold no header's words, others might."""
    return paragraph(str(error) if isinstance(error, WorkbenchError) else UNREADABLE, "empty")
