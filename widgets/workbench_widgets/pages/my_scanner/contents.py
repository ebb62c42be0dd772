"""What My scanner shows of a choice: numbers, charts, comparisons, in the order they are read."""

from __future__ import annotations

import polars as pl
from markupsafe import Markup

from workbench.language import Words, data, listed, mark, n, sentences, t
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
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.comparison import comparison
from workbench_widgets.pages.my_scanner.scanner_frames import ENOUGH, ScannerChoice
from workbench_widgets.pages.my_scanner.side_by_side import choice_words, side_by_side
from workbench_widgets.pages.my_scanner.strip_chart import chart_points, strip_chart

OTHER_SIDE = "other "  # begins what a point of the other side asks for
NOTES = mark(
    "Dates are shifted for each patient: nothing here is sorted by calendar, and a period is one "
    "of weeks since each patient's first exam in this survey, on any scanner. Adults are "
    "patients of 18 years or more. Doses in the 16 cm and in the 32 cm CTDI phantom are "
    "different quantities and are never summed up together. A reference level is meant for "
    "the median of a group, not for one patient."
)


def page(events: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice) -> Html:
    """Return the whole page of a choice as escaped HTML.

    ``events`` are rows of ``schema.IRRADIATION_EVENT``, ``levels`` those of
    ``workbench.dose.reference_levels``.
    """
    if choice.scanner is None:
        return paragraph(t(NO_DATA), "empty")
    chosen, other = frames.chosen_events(events, choice), choice.other
    beside = frames.chosen_events(events, other) if other else None
    compared = chosen_levels(levels, choice.country, choice.year)
    parts = [_shown(choice), _tiles(chosen), _undated(events, choice), _too_few(chosen)]
    if other and beside is not None:
        parts.append(_section(*side_by_side(chosen, beside, choice)))
    if chosen.height:
        parts += [
            _charts(chosen, compared, choice, beside), _numbers(chosen, choice), _lacking(chosen),
        ]  # fmt: skip
    parts += [
        _section(*comparison(choice.weeks.of(events), compared, choice)),
        _apart(choice.weeks.of(events), choice.scanner),
        _notes(),
    ]
    return Html("".join(parts))


def exams_note(choice: ScannerChoice) -> Html:
    """Say what the table of exams is of, and how it is read."""
    if choice.scanner is None:
        return paragraph(t(NO_DATA), "empty")
    note = t(
        "One row an exam. The sum of its DLP stands there only where every scan of it has a DLP in "
        "one CTDI phantom; the column no_sum says why it does not. Open a row to see its events."
    )
    return Html("".join((_shown(choice), paragraph(note, "note"))))


def _shown(choice: ScannerChoice) -> Html:
    """Say what the numbers below are of: they and their name are one piece."""
    narrower = (
        code_words(choice.region) if choice.region else t("all regions"),
        data(choice.protocol) if choice.protocol else t("all protocols"),
        choice.weeks.words(),
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


def _undated(events: pl.DataFrame, choice: ScannerChoice) -> Html:
    """Say how many events no week is known of, where a period leaves them out."""
    if not choice.weeks.limited:
        return Html("")
    lost = frames.undated(events, choice)
    return Html("") if not lost else paragraph(n(
        "{count} event without a date is in no period.",
        "{count} events without a date are in no period.", lost,
    ), "note")  # fmt: skip


def _charts(
    chosen: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice,
    beside: pl.DataFrame | None,
) -> Html:  # fmt: skip
    """Return the charts of a choice, and of what stands beside it with the same axes."""
    several = choice.region is None
    figures: list[Html] = []
    for quantity, (column, _, _) in QUANTITIES.items():
        of_event = event_levels(levels, quantity)
        sides = [(choice, chosen)]
        if choice.other and beside is not None and beside.height:
            sides.append((choice.other, beside))
        strips = [frames.strip(rows, column, of_event, with_region=several) for _, rows in sides]
        figures += [
            _chart(quantity, strips, place, side, rows) for place, (side, rows) in enumerate(sides)
        ]
    grid = Markup('<div class="charts{}">{}</div>').format(
        " beside" if choice.other else "", Markup("".join(figures))
    )
    return _section(t("Dose of single irradiation events"), grid)


def _chart(
    quantity: str, strips: list[tuple[pl.DataFrame, pl.DataFrame]], place: int,
    choice: ScannerChoice, chosen: pl.DataFrame,
) -> Html:  # fmt: skip
    """Return the chart of a side: the first of ``strips``, or the one beside it."""
    column, name, unit = QUANTITIES[quantity]
    lanes, dots = strips[place]
    if lanes.is_empty():
        none = t("No event of this choice has a {quantity}.", quantity=data(name))
        return paragraph(none, "note")
    said = [
        t(
            "{quantity} by age group and CTDI phantom. Dots: events, larger where several agree. "
            "Bar: 25th to 75th percentile, with the median. n: events with a value.",
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
    others = [strip for number, strip in enumerate(strips) if number != place]
    drawn = strip_chart(lanes, dots, data(f"{name} ({unit})"), others)
    points = chart_points(dots, name, unit, OTHER_SIDE if place else "")
    head = t("{quantity} by age group", quantity=data(name))
    if len(strips) > 1:
        head = listed((head, choice_words(choice)), ": ")
        said.insert(0, t("{side}.", side=choice_words(choice)))
    return charts.svg(drawn, head, sentences(*said), points)


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
