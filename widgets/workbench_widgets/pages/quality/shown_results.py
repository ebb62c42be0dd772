"""Results and measurements as pieces of a page, every value escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from workbench.qa.judging import State
from workbench.report.html_tables import PRINTED_UNITS
from workbench_widgets.parts.panel.panel import (
    GOOD,
    NOTHING,
    PROBLEM,
    WARNING,
    facts,
    join,
    said,
    table,
)

# A state is told by sign and word, never by colour alone.
SIGNS = {
    State.OK: ("✓", GOOD), State.WARNING: ("!", WARNING), State.ALARM: ("✕", PROBLEM),
    State.NOT_MEASURED: ("–", PROBLEM), State.NOT_JUDGED: ("·", "soft"),
}  # fmt: skip
WORDS = {"overdue": ("!", PROBLEM), "never done": ("·", WARNING)}
UNITS = {**PRINTED_UNITS, "[hnsf'U]": "HU", "{count}": "", "deg": "°"}
VALUE_HEADS = ("Value", "#Measured", "#Reference", "#Warning", "#Alarm", "State", "Remark")
LINE_HEADS = ("", "What", "Wanted", "Found", "Remark")


def state_mark(state: str) -> Markup:
    """Return a state as sign and word."""
    known = {str(each): how for each, how in SIGNS.items()} | WORDS
    sign, kind = known.get(state, ("·", "soft"))
    return Markup(
        '<span class="wbc-mark wbc-mark-{}"><i aria-hidden="true">{}</i> {}</span>'
    ).format(kind, sign, state)


def number(value: float | None, unit: str = "") -> str:
    """Return a value with its unit, to four digits."""
    if value is None:
        return "–"
    printed = UNITS.get(unit, unit)
    return f"{value:.4g} {printed}".strip()


def limits(low: float | None, high: float | None) -> str:
    """Return two limits as text."""
    if low is None and high is None:
        return "–"
    if low is None:
        return f"≤ {high:.4g}"
    return f"≥ {low:.4g}" if high is None else f"{low:.4g} to {high:.4g}"


def values_table(values: Sequence[Mapping[str, Any]]) -> Markup:
    """Return measured values with their limits and states."""
    rows = (
        (
            row["label"] or row["name"], number(row["value"], row["unit"]),
            number(row["reference"]), limits(row["warning_low"], row["warning_high"]),
            limits(row["alarm_low"], row["alarm_high"]), state_mark(row["state"]),
            row["reason"],
        )
        for row in values
    )  # fmt: skip
    return table(VALUE_HEADS, rows, "Measured values", "Nothing was measured.")


def lines_table(lines: Iterable[Mapping[str, Any]]) -> Markup:
    """Return what was verified; what differs comes first."""
    order = {"error": 0, "warning": 1}
    signs = {"error": ("✕", PROBLEM), "warning": ("!", WARNING)}
    rows = [
        (
            Markup('<span class="wbc-mark wbc-mark-{}">{}</span>').format(
                signs.get(line["severity"], ("✓", GOOD))[1],
                signs.get(line["severity"], ("✓", GOOD))[0],
            ),
            line["check"], line["wanted"], line["found"], line["words"],
        )
        for line in sorted(lines, key=lambda line: order.get(line["severity"], 2))
    ]  # fmt: skip
    return table(LINE_HEADS, rows, "Verification", "Nothing was verified.")


def made_with(content: Mapping[str, Any], profile: str, version: int, scanner: str) -> Markup:
    """Return what a result was made with; ``scanner`` is the name of its machine."""
    status = content["phantom"]["status"]
    checked = (
        "" if status == "verified" else " (geometry not verified against the maker's document)"
    )
    return facts({
        "Test profile": f"{profile}, version {version}",
        "Test": f"{content['test']['name']} {content['test']['version']}",
        "Phantom": f"{content['phantom']['name']}{checked}",
        "Scanner": scanner,
        "Station": content["station"],
        "Workbench": content["workbench"],
    })  # fmt: skip


def verdict(state: str, refused: bool) -> Markup:
    """Return the outcome in one line."""
    if refused:
        sign, kind, text = "✕", PROBLEM, "Not measured: the images do not fit the test profile."
    else:
        sign, kind = {str(each): how for each, how in SIGNS.items()}[state]
        text = {
            "ok": "All values are within their limits.",
            "warning": "A value is outside its warning limits.",
            "alarm": "A value is outside its alarm limits.",
            "not measured": "A value could not be measured.",
        }.get(state, "No value has limits yet.")
    return Markup('<div class="wbc-state wbc-{}"><span aria-hidden="true">{}</span>'
                  "<strong>{}</strong></div>").format(kind, sign, text)  # fmt: skip


def details(title: str, *parts: Markup, is_open: bool = False) -> Markup:
    """Return pieces behind a heading that opens."""
    return Markup("<details{}><summary>{}</summary>{}</details>").format(
        Markup(" open") if is_open else NOTHING, title, join(parts)
    )


def nothing_yet(text: str) -> Markup:
    """Return what is said where there is nothing, and what to do."""
    return said(text, "empty")
