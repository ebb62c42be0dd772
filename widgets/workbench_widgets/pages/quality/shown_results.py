"""Results and measurements as pieces of a page, every value escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import floor, isfinite, log10
from statistics import stdev
from typing import Any

from markupsafe import Markup

from workbench.language import Words, data, listed, mark, significant, t
from workbench.language import number as decimal
from workbench.qa.judging import State
from workbench.report.html_tables import PRINTED_UNITS
from workbench.report.quality_page import found_words, kept_words, label_words
from workbench.stages.quality.due import NEVER_DONE, OVERDUE, standing_words
from workbench.store.quality_records import ACCEPTED, REJECTED, WAITING
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
STANDINGS = {OVERDUE: ("!", PROBLEM), NEVER_DONE: ("·", WARNING)}
DECISIONS = {
    WAITING: mark("waiting"), ACCEPTED: mark("accepted"), REJECTED: mark("rejected"),
}  # fmt: skip
VERDICTS = {
    State.OK: mark("All values are within their limits."),
    State.WARNING: mark("A value is outside its warning limits."),
    State.ALARM: mark("A value is outside its alarm limits."),
    State.NOT_MEASURED: mark("A value could not be measured."),
    State.NOT_JUDGED: mark("No value has limits yet."),
}
UNITS = {**PRINTED_UNITS, "[hnsf'U]": "HU", "{count}": "", "deg": "°"}
MOST_DECIMALS = 8


def state_mark(state: str) -> Markup:
    """Return a state, or how a test profile stands, as sign and word."""
    known = {str(each): how for each, how in SIGNS.items()} | STANDINGS
    sign, kind = known.get(state, ("·", "soft"))
    return Markup(
        '<span class="wbc-mark wbc-mark-{}"><i aria-hidden="true">{}</i> {}</span>'
    ).format(kind, sign, standing_words(state))


def decision_words(decision: str) -> Words:
    """Return the word for what was decided."""
    return t(DECISIONS[decision]) if decision in DECISIONS else data(decision)


def of_numbers(head: Words) -> Words:
    """Return the head of a column of numbers (``table``)."""
    return Words(f"#{head}")


def number(value: float | None, unit: str = "") -> Words:
    """Return a value with its unit, to four digits."""
    if value is None:
        return Words("–")
    printed = UNITS.get(unit, unit)
    shown = significant(value)
    return listed((shown, data(printed)), " ") if printed else shown


def decimals_of(values: Sequence[float]) -> int | None:
    """Return the decimals that mean something for values that scatter; ``None`` where none do.

    Two standard deviations are told to two significant digits, and values to the same decimal
    (GUM, JCGM 100:2008, 7.2.6).
    """
    spread = 2 * stdev(values) if len(values) > 1 else 0.0
    if not spread or not isfinite(spread):
        return None
    return min(max(1 - floor(log10(spread)), 0), MOST_DECIMALS)


def rounded(value: float | None, decimals: int | None) -> Words:
    """Return a value to so many decimals; to four digits where there are none."""
    if value is None or decimals is None:
        return number(value)
    return decimal(round(value, decimals) + 0.0, decimals)  # no minus before a zero


def with_unit(words: Words, unit: str) -> Words:
    """Return a head with its unit."""
    printed = UNITS.get(unit, unit)
    return listed((words, data(f"({printed})")), " ") if printed else words


def limits(low: float | None, high: float | None) -> Words:
    """Return two limits as text."""
    if low is not None and high is not None:
        return t("{low} to {high}", low=significant(low), high=significant(high))
    if low is not None:
        return Words(f"≥ {significant(low)}")
    return Words("–") if high is None else Words(f"≤ {significant(high)}")


def values_table(values: Sequence[Mapping[str, Any]]) -> Markup:
    """Return measured values with their limits and states."""
    rows = (
        (
            label_words(row), number(row["value"], row["unit"]),
            number(row["reference"]), limits(row["warning_low"], row["warning_high"]),
            limits(row["alarm_low"], row["alarm_high"]), state_mark(row["state"]),
            kept_words(row, "reason"),
        )
        for row in values
    )  # fmt: skip
    heads = (
        t("Value"), *map(of_numbers, (t("Measured"), t("Reference"), t("Warning"), t("Alarm"))),
        t("State"), t("Remark"),
    )  # fmt: skip
    return table(heads, rows, t("Measured values"), t("Nothing was measured."))


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
            *(found_words(line, name) for name in ("check", "wanted", "found")),
            kept_words(line, "words"),
        )
        for line in sorted(lines, key=lambda line: order.get(line["severity"], 2))
    ]  # fmt: skip
    heads = (Words(""), t("What"), t("Wanted"), t("Found"), t("Remark"))
    return table(heads, rows, t("Verification"), t("Nothing was verified."))


def made_with(content: Mapping[str, Any], profile: str, version: int, scanner: str) -> Markup:
    """Return what a result was made with; ``scanner`` is the name of its machine."""
    phantom = data(content["phantom"]["name"])
    verified = content["phantom"]["status"] == "verified"
    return facts({
        t("Test profile"): t("{name}, version {version}", name=data(profile), version=version),
        t("Test"): data(f"{content['test']['name']} {content['test']['version']}"),
        t("Phantom"): phantom if verified else t(
            "{name} (geometry not verified against the maker's document)", name=phantom
        ),
        t("Scanner"): data(scanner),
        t("Station"): data(content["station"]),
        t("Workbench"): data(content["workbench"]),
    })  # fmt: skip


def verdict(state: str, refused: bool) -> Markup:
    """Return the outcome in one line."""
    if refused:
        sign, kind = "✕", PROBLEM
        text = t("Not measured: the images do not fit the test profile.")
    else:
        sign, kind = SIGNS[State(state)]
        text = t(VERDICTS[State(state)])
    return Markup('<div class="wbc-state wbc-{}"><span aria-hidden="true">{}</span>'
                  "<strong>{}</strong></div>").format(kind, sign, text)  # fmt: skip


def details(title: Words, *parts: Markup, is_open: bool = False) -> Markup:
    """Return pieces behind a heading that opens."""
    return Markup("<details{}><summary>{}</summary>{}</details>").format(
        Markup(" open") if is_open else NOTHING, title, join(parts)
    )


def nothing_yet(text: Words) -> Markup:
    """Return what is said where there is nothing, and what to do."""
    return said(text, "empty")
