"""My scanner's medians beside reference levels, as a table."""

from __future__ import annotations

from typing import Any

import polars as pl
from markupsafe import Markup

from workbench.language import Words, data, listed, mark, number, t
from workbench.report.code_words import code_words
from workbench.report.dose_page import QUANTITIES, exam_words
from workbench.report.html_tables import Html, paragraph
from workbench.report.reference import compare, reference_words
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.scanner_frames import ENOUGH, ScannerChoice

# Shape and word beside the colour: who does not see the colour reads the same.
STATES = {
    "few": mark("◇ fewer than {enough} patients"),
    "above": mark("▲ above the level"),
    "below": mark("● not above the level"),
}
COMPARED = {
    mark("Region"): "", mark("Quantity"): "", mark("State"): "", mark("Median"): "number",
    mark("Level"): "number", mark("Median / level"): "number", mark("Patients"): "number",
    mark("Phantom"): "number", mark("Median over"): "", mark("The level is for"): "long",
    mark("Note"): "long",
}  # fmt: skip


def comparison(
    events: pl.DataFrame, levels: pl.DataFrame, choice: ScannerChoice
) -> tuple[Words, Html]:
    """Return the heading, and a choice's medians beside the levels of its country and year."""
    head = t(
        "Against the reference levels of {country} {year}",
        country=data(choice.country), year=choice.year,
    )  # fmt: skip
    compared = frames.of_choice(compare(events, levels), choice)
    if compared.is_empty():
        return head, paragraph(t("No adult exam could be compared."), "note")
    rows = Markup("\n").join(_compared_row(row) for row in compared.iter_rows(named=True))
    heads = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(kind, t(name))
        for name, kind in COMPARED.items()
    )
    table = Markup(
        '<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(heads, rows)
    note = t(
        "Adults, all protocols of a region. A level for one acquisition is compared with the "
        "median over events, a level for an examination with the median over sums of an exam."
    )
    return head, Html("".join((table, paragraph(note, "note"))))


def _with_unit(value: Words, unit: str) -> Words:
    return listed((value, data(unit)), " ")


def _level(value: float) -> Words:
    return number(value, 0 if value.is_integer() else None)


def _compared_row(row: dict[str, Any]) -> Markup:
    _, name, unit = QUANTITIES[str(row["quantity"])]
    state = frames.state(row)
    cells = (
        ("", code_words(row["body_region"])),
        ("", data(name)),
        (f"state {state}", t(STATES[state], enough=ENOUGH)),
        ("number", _with_unit(number(row["median"], 1), unit)),
        (
            "number",
            _with_unit(
                number(float(f"{row['level']:g}"), 0 if row["level"].is_integer() else None), unit
            ),
        ),
        ("number", number(row["ratio"], 2)),
        ("number", row["patients"]),
        ("number", data(f"{row['ctdi_phantom_cm']} cm")),
        ("", reference_words(row["compared_with"])),
        ("", exam_words(row)),
        ("", reference_words(row["note"]) if row["note"] else ""),
    )
    return Markup("<tr>{}</tr>").format(
        Markup("").join(Markup('<td class="{}">{}</td>').format(*cell) for cell in cells)
    )
