"""One irradiation event as a page: its peers, every source side by side, what is said of it."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
from markupsafe import Markup

from workbench.language import Words, capital, data, listed, n, number, sentences, t
from workbench.report import charts
from workbench.report.code_words import code_words
from workbench.report.dose_page import QUANTITIES
from workbench.report.html_tables import PRINTED_UNITS, Html, Shown, html_table, paragraph
from workbench.schema import IRRADIATION_EVENT
from workbench_widgets.parts.event_trail.event_rows import EventRows
from workbench_widgets.parts.panel.panel import join, said
from workbench_widgets.parts.table.cells import as_texts, decimals

# What names rows and times, and what stands elsewhere on the page.
NOT_COMPARED = frozenset({
    "patient", "StudyInstanceUID", "SeriesInstanceUIDs", "irradiation_event_uid", "source",
    "preferred", "started_at", "report", "x_ray_sources", "flags",
})  # fmt: skip
BINS = 24  # of a histogram
FEW = 10  # peers: of fewer no quartiles are told


def event_html(rows: EventRows, peers: pl.DataFrame) -> Markup:
    """Return the page of one event below its heading.

    ``peers`` are the counted events it is like (``peers_of``), itself among them.
    """
    if rows.sources.is_empty():
        return said(t("This event is there no more. Go back and read again."), "empty")
    parts = (
        _section(t("Beside its peers"), _peers(rows.sources, peers)),
        _section(t("What each source says"), _sources(rows.sources)),
        _section(t("Flags"), _flags(rows.sources)),
        _section(t("Dose estimates"), _doses(rows.doses)),
        _section(t("Findings"), _findings(rows.findings)),
    )
    return join(parts)


def peers_of(event: dict[str, Any], counted: pl.DataFrame) -> pl.DataFrame:
    """Return the events of the same scanner, region, age group and CTDI phantom.

    ``counted`` are events of ``dose_by_protocol.counted_events``, ``event`` a row of them.
    """
    alike = ("scanner", "body_region", "age_group", "ctdi_phantom_cm")
    types = counted.schema
    return counted.filter(
        pl.col(name).eq_missing(pl.lit(event[name], dtype=types[name])) for name in alike
    )


def event_words(event: dict[str, Any]) -> Words:
    """Say which event it is, without naming anybody."""
    size = event["ctdi_phantom_cm"]
    return capital(listed((
        code_words(event["body_region"] or "unknown"), code_words(event["age_group"]),
        t("phantom unknown") if size is None else data(f"{size} cm"),
        data(event["scanner"] or ""),
    )))  # fmt: skip


def _section(head: Words, part: Html) -> Markup:
    """Return a part, escaped already, under a heading."""
    return Markup("<section><h3>{}</h3>{}</section>").format(head, Markup(part))


def _peers(sources: pl.DataFrame, peers: pl.DataFrame) -> Html:
    event = sources.row(0, named=True)
    shown = "".join(_peer(quantity, event, peers) for quantity in QUANTITIES)
    return Html(f'<div class="peers">{shown}</div>')


def _peer(quantity: str, event: dict[str, Any], peers: pl.DataFrame) -> Html:
    column, name, unit = QUANTITIES[quantity]
    value, known = event[column], peers[column].drop_nulls()
    if value is None or value != value:
        return paragraph(t("No {quantity} is known of this event.", quantity=data(name)), "note")
    value_words = t(
        "{quantity} {value} {unit}.", quantity=data(name), value=number(value, 1), unit=data(unit)
    )
    if known.len() < FEW:
        few = n(
            "◇ It has {count} peer with a value, itself among them: too few to compare.",
            "◇ It has {count} peers with a value, itself among them: too few to compare.",
            known.len(),
        )  # fmt: skip
        return paragraph(sentences(value_words, few))
    low, middle, high = (known.quantile(part, interpolation="linear") for part in (0.25, 0.5, 0.75))
    place = t(
        "Higher than {below} of {all} events of this scanner, region, age group and phantom "
        "(median {median}, 25th to 75th percentile {low} to {high}).",
        below=int((known < value).sum()), all=known.len(), median=number(middle or 0, 1),
        low=number(low or 0, 1), high=number(high or 0, 1),
    )  # fmt: skip
    return charts.svg(
        _histogram(known, float(value), data(f"{name} ({unit})")),
        t("{quantity} of its peers", quantity=data(name)), sentences(value_words, place),
    )  # fmt: skip


def _histogram(known: pl.Series, value: float, axis: Words) -> alt.LayerChart:
    """Return how the peers' values lie, with a line where this event is."""
    high = max(float(known.max() or 0), value)  # type: ignore[arg-type]
    width = high / BINS or 1.0
    counts = (
        known.to_frame("value")
        .group_by((pl.col("value") / width).floor().clip(0, BINS - 1).alias("bin"))
        .len("count")
        .sort("bin")
        .select((pl.col("bin") * width).alias("low"), ((pl.col("bin") + 1) * width).alias("high"),
                "count", pl.lit(0).alias("zero"))
    )  # fmt: skip
    scale = alt.Scale(domain=[0, width * BINS])
    bars = (
        alt.Chart(alt.InlineData(values=counts.to_dicts()), width=330, height=90)
        .mark_bar(color=charts.RANGE)
        .encode(
            x=alt.X("low:Q", title=axis, scale=scale), x2="high:Q",
            y=alt.Y("count:Q", title=t("Events"), axis=alt.Axis(tickCount=3, tickMinStep=1)),
            y2="zero:Q",
        )
    )  # fmt: skip
    here = alt.Chart(alt.InlineData(values=[{"value": value}]))
    line = here.mark_rule(color=charts.LIMIT, strokeWidth=3).encode(x="value:Q")
    return alt.LayerChart(layer=[bars, line])


def _sources(sources: pl.DataFrame) -> Html:
    texts = as_texts(sources, decimals(sources))
    heads = [
        Markup('<th scope="col">{}<span class="unit">{}</span></th>').format(
            code_words(source), t("counted") if preferred else t("not counted")
        )
        for source, preferred in sources.select("source", "preferred").iter_rows()
    ]
    lines = []
    for column in IRRADIATION_EVENT.columns:
        if column.name in NOT_COMPARED or texts[column.name].null_count() == texts.height:
            continue
        known = texts[column.name].drop_nulls()
        differ = known.n_unique() > 1 and column.name != "preferred_reason"
        unit = PRINTED_UNITS.get(column.unit, column.unit)
        lines.append(
            Markup('<tr><th scope="row">{} {}<span class="unit">{}</span></th>{}</tr>').format(
                t(column.meaning), t("≠ sources differ") if differ else "", data(unit),
                join(_source_cell(text) for text in texts[column.name]),
            )
        )  # fmt: skip
    return Html(Markup(
        '<div class="wbc-wide" tabindex="0" role="region" aria-label="{}"><table class="sources">'
        '<thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(t("What each source says"), t("Value"), join(heads), join(lines)))  # fmt: skip


def _source_cell(text: str | None) -> Markup:
    if text is None:
        return Markup('<td class="unknown">{}</td>').format(t("not told"))
    return Markup("<td>{}</td>").format(text)


def _flags(sources: pl.DataFrame) -> Html:
    told = [
        listed((code_words(source), listed(map(code_words, flags))), ": ")
        for source, flags in sources.select("source", "flags").iter_rows()
        if flags
    ]
    if not told:
        return paragraph(t("None."), "note")
    items = join(Markup("<li>{}</li>").format(words) for words in told)
    return Html(Markup("<ul>{}</ul>").format(items))


def _doses(doses: pl.DataFrame) -> Html:
    columns = (
        Shown("quantity", t("Quantity"), words=code_words),
        Shown("organ", t("Organ"), missing=Words("")),
        Shown("value", t("Value"), digits=2), Shown("unit", t("Unit"), missing=Words("")),
        Shown("reason", t("Why there is none"), missing=Words(""), words=code_words),
        Shown("method", t("Method")), Shown("table_id", t("Coefficients"), missing=Words("")),
        Shown("tissue_weights", t("Tissue weights"), missing=Words("")),
        Shown("flags", t("Said of it"), missing=Words(""), words=code_words),
    )  # fmt: skip
    return html_table(doses, columns, empty=t("None yet: run workbench dose."))


def _findings(findings: pl.DataFrame) -> Html:
    columns = (
        Shown("severity", t("Severity"), words=code_words),
        Shown("stage", t("Stage"), words=code_words), Shown("code", t("Code")),
        Shown("column", t("Column"), missing=Words("")),
        Shown("detail", t("What"), missing=Words("")),
    )  # fmt: skip
    return html_table(findings, columns, empty=t("None."))
