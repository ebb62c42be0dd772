"""The parts of the reports on image quality, in the order a physicist reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from markupsafe import Markup

from workbench.report import charts
from workbench.report import control_chart as pictures
from workbench.report.html_tables import (
    PRINTED_UNITS,
    Html,
    Shown,
    heading,
    html_table,
    paragraph,
)
from workbench.spc.chart import ControlChart

UNITS = {**PRINTED_UNITS, "[hnsf'U]": "HU"}
VALUES = (
    Shown("label", "Value"), Shown("value", "Measured", missing="not measured", right=True),
    Shown("unit", "Unit"), Shown("reference", "Reference", missing="–", right=True),
    Shown("limits", "Limits"), Shown("state", "State"), Shown("reason", "Remark", missing=""),
)  # fmt: skip
LINES = (Shown("check", "Checked"), Shown("wanted", "Wanted"), Shown("found", "Found"),
         Shown("severity", "Outcome"))  # fmt: skip
UNVERIFIED = (
    "The phantom's geometry file was not verified against the maker's document; limits are those "
    "of the test profile. This is no statement of conformity with a standard."
)


def opening(title: str, sentence: str, *, good: bool) -> Html:
    """Return the heading, and the outcome in a sentence."""
    return Html(heading(title) + paragraph(sentence, "lead" if good else "empty"))


def values(rows: Sequence[Mapping[str, Any]]) -> Html:
    """Return the measured values of one result with limits and states."""
    frame = pl.DataFrame(
        [
            {
                "label": row["label"] or row["name"], "value": number(row["value"]),
                "unit": UNITS.get(row["unit"], row["unit"]),
                "reference": number(row["reference"]),
                "limits": _limits(row["alarm_low"], row["alarm_high"]), "state": row["state"],
                "reason": row["reason"] or None,
            }
            for row in rows
        ],
        schema=dict.fromkeys([shown.column for shown in VALUES], pl.String),
    )  # fmt: skip
    return html_table(frame, VALUES, "Measured values", "nothing was measured")


def number(value: float | None) -> str | None:
    """Return a value to four digits."""
    return None if value is None else f"{value:.4g}"


def _limits(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "–"
    ends = ["–" if end is None else f"{end:.4g}" for end in (low, high)]
    return " to ".join(ends)


def made_with(facts: Mapping[str, str]) -> Html:
    """Return names and values as a table of two columns."""
    frame = pl.DataFrame({"what": list(facts), "value": list(facts.values())})
    return html_table(frame, (Shown("what", "What"), Shown("value", "Value")))


def verified(lines: Iterable[Mapping[str, Any]]) -> Html:
    """Return what was verified before anything was measured."""
    columns = [shown.column for shown in LINES]
    frame = pl.DataFrame([{name: line[name] for name in columns} for line in lines],
                         schema=dict.fromkeys(columns, pl.String))  # fmt: skip
    return html_table(frame, LINES, "Verified before measuring", "nothing was verified")


def chart(control_chart: ControlChart, look: pictures.Look, title: str) -> Html:
    """Return a control chart with what must be known to read it."""
    if not control_chart.points:
        return paragraph(f"{title}: there is no value.", "note")
    description = " ".join([f"{title}.", *control_chart.warnings])
    return charts.svg(pictures.individuals(control_chart, look), title, description)


def picture(png: bytes, words: str) -> Html:
    """Return a PNG with a line of text."""
    from base64 import b64encode

    return Html(
        Markup('<figure><img alt="{}" src="data:image/png;base64,{}"><figcaption>{}</figcaption>'
               "</figure>").format(words, b64encode(png).decode(), words)
    )  # fmt: skip


def signature(signed_by: str, now: datetime | None = None) -> Html:
    """Return who signs and when; lines to be signed on paper where nobody is named."""
    if signed_by.strip():
        at = now or datetime.now(UTC)
        return paragraph(
            f"Signed by {signed_by.strip()} on {at:%Y-%m-%d} at {at:%H:%M} UTC.", "lead"
        )
    line = Markup('<tr><th scope="row">{}</th><td style="height:3.2em;min-width:18rem"></td></tr>')
    rows = Markup("").join(line.format(words) for words in ("Name", "Place and date", "Signature"))
    return Html(Markup('<div class="wide"><table><tbody>{}</tbody></table></div>').format(rows))
