"""The parts of the report ``dose_by_protocol``, in the order a reader meets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from workbench.language import Words, data, listed, mark, n, sentences, t
from workbench.report import charts
from workbench.report.code_words import code_words
from workbench.report.dose_by_protocol import (
    by_protocol,
    effective_dose_sets,
    lanes,
    summary,
    with_quartiles,
)
from workbench.report.html_tables import (
    PRINTED_UNITS,
    Html,
    Shown,
    heading,
    html_table,
    paragraph,
    with_words,
)
from workbench.report.missing import ReportTables, missing, what_words
from workbench.report.page_contents import folded
from workbench.report.reference import compare, event_levels, reference_words

QUANTITIES = {
    "ctdi_vol": ("ctdi_vol_mgy", "CTDIvol", "mGy"),
    "dlp": ("dlp_mgy_cm", "DLP", "mGy·cm"),
}
FEW = 10  # examinations: a row with fewer is folded away until somebody asks for it
WEIGHTS = {"ICRP60": "ICRP 60", "ICRP103": "ICRP 103"}
SETS = {"kfactor_aapm96": "AAPM 96", "kfactor_lee2012": "Lee 2012"}
VERDICTS = {"above": mark("above"), "not above": mark("not above")}
SCANNER_HEAD = Shown("scanner", mark("Scanner"))
REGION_HEAD = Shown("body_region", mark("Region"), words=code_words)
PHANTOM_HEAD = Shown("ctdi_phantom_cm", mark("Phantom"), "cm")
NO_DATA = mark(
    "There is no CT event with a dose yet. Collect or import studies, then run workbench map "
    "and workbench dose."
)


def opening(title: str, tables: ReportTables) -> Html:
    """Return the heading and the summary line."""
    totals = summary(tables.events)
    kind = "lead" if totals.events else "empty"
    said = totals.words() if totals.events else t(NO_DATA)
    return Html(heading(t(title)) + paragraph(said, kind))


def protocol_chart(tables: ReportTables, levels: pl.DataFrame, quantity: str) -> Html:
    """Return the chart of ``ctdi_vol`` or ``dlp`` by protocol; ``levels`` are ``chosen_levels``."""
    column, name, unit = QUANTITIES[quantity]
    table = by_protocol(tables.events, tables.doses)
    comparable = event_levels(levels, quantity)
    frame = lanes(table, column, comparable)
    if frame.is_empty():
        return paragraph(t("No event has a {quantity}.", quantity=data(name)), "note")
    text = sentences(
        t("{quantity} of single events by protocol.", quantity=data(name)),
        _most_of(frame.height, table.filter(pl.col(f"{column}_median").is_not_null()).height),
        t("Bar: from the 25th to the 75th percentile."),
        t("Dot: median."),
        _tick(frame, comparable),
        t("The table below holds the numbers."),
    )
    title = t("{quantity} by protocol", quantity=data(name))
    return charts.svg(charts.range_chart(frame, data(f"{name} ({unit})")), title, text)


def _most_of(shown: int, rows: int) -> Words:
    """Say how many lanes are drawn, where that is not all."""
    if rows <= shown:
        return Words("")
    return n(
        "The {count} rows with most events of {total}.",
        "The {count} rows with most events of {total}.", shown, total=rows,
    )  # fmt: skip


def _tick(frame: pl.DataFrame, comparable: pl.DataFrame) -> Words:
    """Say what the upright line is, where there is one."""
    if frame["reference"].null_count() == frame.height:
        return Words("")
    if comparable["phantom_cm"].has_nulls():
        return t(
            "Upright line: reference level (of an unstated phantom) for one event of an adult."
        )
    return t("Upright line: reference level for one event of an adult.")


def protocol_table(tables: ReportTables) -> Html:
    """Return the table of events, patients and doses by protocol."""
    table = with_quartiles(by_protocol(tables.events, tables.doses))
    effective = [
        Shown(column, _effective_head(_set_name(table_id), WEIGHTS.get(weights, weights)), "mSv", 2)
        for column, (table_id, weights) in effective_dose_sets(tables.doses).items()
    ]
    columns = (
        Shown("protocol", t("Protocol")), REGION_HEAD,
        Shown("age_group", t("Age group"), words=code_words), SCANNER_HEAD, PHANTOM_HEAD,
        Shown("events", t("Events")), Shown("patients", t("Patients")),
        *(quartile_column(column, name, unit) for column, name, unit in QUANTITIES.values()),
        *effective,
    )  # fmt: skip
    caption = t("One row a scanner, protocol, region, age group and phantom")
    many, few = table.filter(pl.col("studies") >= FEW), table.filter(pl.col("studies") < FEW)
    if many.is_empty() or few.is_empty():
        return html_table(table, columns, caption)
    title = n(
        "{count} row with fewer than {few} examinations",
        "{count} rows with fewer than {few} examinations", few.height, few=FEW,
    )  # fmt: skip
    return Html(html_table(many, columns, caption) + folded(title, html_table(few, columns)))


def quartile_column(column: str, name: str, unit: str) -> Shown:
    """Return the column of texts that ``with_quartiles`` makes of a quantity's column."""
    head = t("{quantity} median (P25 to P75)", quantity=data(name))
    return Shown(f"{column}_text", head, unit, right=True, words=Words)


def _effective_head(coefficients: str, weights: str) -> Words:
    return t(
        "E median, {coefficients}, {weights}",
        coefficients=data(coefficients), weights=data(weights),
    )  # fmt: skip


def reference_table(tables: ReportTables, levels: pl.DataFrame, country: str, year: int) -> Html:
    """Return the scanners' medians beside the levels of a country and year."""
    if levels.is_empty():
        none = t(
            "There is no CT reference level of {country} {year}.", country=data(country), year=year
        )
        return paragraph(none, "empty")
    above = pl.when(pl.col("ratio") > 1).then(pl.lit("above")).otherwise(pl.lit("not above"))
    names = {key: f"{name}, {unit}" for key, (_, name, unit) in QUANTITIES.items()}
    compared = with_words(compare(tables.events, levels), "exam", exam_words)
    table = compared.with_columns(
        verdict=above,
        quantity=pl.col("quantity").replace_strict(names),
    )  # fmt: skip
    columns = (
        SCANNER_HEAD, REGION_HEAD, Shown("quantity", t("Quantity")), PHANTOM_HEAD,
        Shown("compared_with", t("Median over"), words=reference_words),
        Shown("count", t("Number")), Shown("patients", t("Patients")),
        Shown("median", t("Median"), "", 1), Shown("level", t("Level"), "", 1),
        Shown("ratio", t("Median / level"), "", 2),
        Shown("verdict", t("Median is"), words=lambda verdict: t(VERDICTS[verdict])),
        Shown("exam", t("The level is for"), words=Words),
        Shown("note", t("Note"), missing=Words(""), words=reference_words),
    )  # fmt: skip
    return html_table(
        table, columns,
        t("Adults against reference levels of {country} {year}", country=data(country), year=year),
        t("No adult event could be compared with these levels."),
    )  # fmt: skip


def exam_words(level: Mapping[str, Any]) -> Words:
    """Return for what examination a level is, and how it applies."""
    return listed((data(level["exam"]), code_words(level["scope"])))


def missing_table(tables: ReportTables) -> Html:
    """Return what is missing, counted."""
    columns = (
        Shown("area", t("Area"), words=what_words),
        Shown("what", t("What is missing"), words=what_words),
        Shown("count", t("Number")), Shown("of", t("Of")),
    )  # fmt: skip
    return html_table(missing(tables), columns, empty=t("Nothing is missing."))


def sources(tables: ReportTables, coefficients: pl.DataFrame, levels: pl.DataFrame) -> Html:
    """Return which coefficient tables and reference levels the page rests on.

    ``coefficients`` has ``table_id``, ``tissue_weights`` and ``source``.
    """
    keys = ("table_id", "tissue_weights")
    used = (
        tables.doses.filter(pl.col("value").is_not_null())
        .group_by("method", "method_version", *keys)
        .agg(pl.len().alias("values"))
        .join(coefficients, on=keys, how="left")
        .sort(keys)
    )
    effective = html_table(used, (
        Shown("method", t("Method")), Shown("method_version", t("Version")),
        Shown("table_id", t("Coefficients")), Shown("tissue_weights", t("Tissue weights")),
        Shown("values", t("Values")), Shown("source", t("Source"), quoted=True),
    ), t("Effective dose"), t("No effective dose could be estimated."))  # fmt: skip
    flags = tables.doses.select("flags").explode("flags").drop_nulls()
    counted = flags.group_by("flags").len().sort("len", "flags", descending=[True, False])
    assumptions = html_table(
        counted,
        (Shown("flags", t("Said of a value"), words=code_words), Shown("len", t("Values"))),
        t("Conversions and assumptions"), t("No value needed an assumption."),
    )  # fmt: skip
    printed = levels.sort("id").with_columns(
        quantity=pl.col("quantity").replace(
            {key: name for key, (_, name, _) in QUANTITIES.items()}
        ),
        unit=pl.col("unit").replace(PRINTED_UNITS),
    )
    cited = html_table(printed, (
        Shown("exam", t("Examination")), Shown("quantity", t("Quantity")),
        Shown("value", t("Level")), Shown("unit", t("Unit")),
        Shown("phantom_cm", t("Phantom"), "cm", missing=t("not stated")),
        Shown("scope", t("Scope"), words=code_words), Shown("source", t("Source"), quoted=True),
    ), t("Reference levels"), t("No reference level was used."))  # fmt: skip
    return Html(effective + assumptions + cited)


def _set_name(table_id: str) -> str:
    name = table_id.partition("@")[0]
    return SETS.get(name, name)
