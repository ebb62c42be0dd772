"""The parts of the reports on image quality, in the order a physicist reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from markupsafe import Markup

from workbench.language import Words, clock, data, day, listed, mark, significant, t, words_of
from workbench.qa.judging import STATES
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
SEVERITIES = {"ok": mark("ok"), "warning": mark("warning"), "error": mark("error")}
UNVERIFIED = mark(
    "The phantom's geometry file was not verified against the maker's document; limits are those "
    "of the test profile. This is no statement of conformity with a standard."
)


def opening(title: Words, sentence: Words, *, good: bool) -> Html:
    """Return the heading, and the outcome in a sentence."""
    return Html(heading(title) + paragraph(sentence, "lead" if good else "empty"))


def values(rows: Sequence[Mapping[str, Any]]) -> Html:
    """Return the measured values of one result with limits and states."""
    columns = (
        Shown("label", t("Value")),
        Shown("value", t("Measured"), missing=t("not measured"), right=True),
        Shown("unit", t("Unit")), Shown("reference", t("Reference"), missing=data("–"), right=True),
        Shown("limits", t("Limits")), Shown("state", t("State")),
        Shown("reason", t("Remark"), missing=Words("")),
    )  # fmt: skip
    frame = pl.DataFrame(
        [
            {
                "label": label_words(row), "value": number(row["value"]),
                "unit": data(UNITS.get(row["unit"], row["unit"])),
                "reference": number(row["reference"]),
                "limits": limits_words(row["alarm_low"], row["alarm_high"]),
                "state": state_words(row["state"]), "reason": kept_words(row, "reason") or None,
            }
            for row in rows
        ],
        schema=dict.fromkeys([shown.column for shown in columns], pl.String),
    )  # fmt: skip
    return html_table(frame, columns, t("Measured values"), t("nothing was measured"))


def number(value: float | None) -> Words | None:
    """Return a value to four digits."""
    return None if value is None else significant(value)


def limits_words(low: float | None, high: float | None) -> Words:
    """Return two limits."""
    if low is None and high is None:
        return Words("–")
    ends = [Words("–") if end is None else significant(end) for end in (low, high)]
    return t("{low} to {high}", low=ends[0], high=ends[1])


def state_words(state: str) -> Words:
    """Return the words for the state of a value, or of a result."""
    known = {str(each): words for each, words in STATES.items()}
    return t(known[state]) if state in known else data(state)


def kept_words(row: Mapping[str, Any], name: str) -> Words:
    """Return a text of a kept row; earlier versions kept the English sentence alone."""
    return words_of(row.get("texts", {}).get(name), row[name])


def label_words(row: Mapping[str, Any]) -> Words:
    """Return the name of a measured value."""
    return kept_words(row, "label") or data(row["name"])


def found_words(row: Mapping[str, Any], name: str) -> Words:
    """Return what was wanted or found, which may be a header's value."""
    texts = row.get("texts", {})
    return words_of(texts[name]) if name in texts else data(row[name])


def severity_words(severity: str) -> Words:
    """Return the words for the outcome of a verification."""
    return t(SEVERITIES[severity]) if severity in SEVERITIES else data(severity)


def made_with(facts: Mapping[Words, Words]) -> Html:
    """Return names and values as a table of two columns."""
    frame = pl.DataFrame({"what": list(facts), "value": list(facts.values())})
    return html_table(frame, (Shown("what", t("What")), Shown("value", t("Value"))))


def verified(lines: Iterable[Mapping[str, Any]]) -> Html:
    """Return what was verified before anything was measured."""
    columns = (
        Shown("check", t("Checked")), Shown("wanted", t("Wanted")), Shown("found", t("Found")),
        Shown("severity", t("Outcome")),
    )  # fmt: skip
    rows = [
        {
            **{name: found_words(line, name) for name in ("check", "wanted", "found")},
            "severity": severity_words(line["severity"]),
        }
        for line in lines
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys([shown.column for shown in columns], pl.String))
    return html_table(frame, columns, t("Verified before measuring"), t("nothing was verified"))


def chart(control_chart: ControlChart, look: pictures.Look, title: Words) -> Html:
    """Return a control chart with what must be known to read it."""
    if not control_chart.points:
        return paragraph(t("{title}: there is no value.", title=title), "note")
    warnings = (warning.words() for warning in control_chart.warnings)
    description = listed((Words(f"{title}."), *warnings), " ")
    return charts.svg(pictures.individuals(control_chart, look), title, description)


def picture(png: bytes, words: Words) -> Html:
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
            t("Signed by {name} on {day} at {clock} UTC.", name=data(signed_by.strip()),
              day=day(at), clock=clock(at)),
            "lead",
        )  # fmt: skip
    line = Markup('<tr><th scope="row">{}</th><td style="height:3.2em;min-width:18rem"></td></tr>')
    rows = Markup("").join(
        line.format(words) for words in (t("Name"), t("Place and date"), t("Signature"))
    )
    return Html(
        Markup('<div class="wide whole"><table><tbody>{}</tbody></table></div>').format(rows)
    )
