"""The parts of the report ``dose_by_protocol``, in the order a reader meets them."""

from __future__ import annotations

import polars as pl

from workbench.report import charts
from workbench.report.dose_by_protocol import by_protocol, effective_dose_sets, lanes, summary
from workbench.report.html_tables import (
    PRINTED_UNITS,
    Html,
    Shown,
    heading,
    html_table,
    paragraph,
)
from workbench.report.missing import ReportTables, missing
from workbench.report.reference import compare, event_levels

QUANTITIES = {
    "ctdi_vol": ("ctdi_vol_mgy", "CTDIvol", "mGy"),
    "dlp": ("dlp_mgy_cm", "DLP", "mGy·cm"),
}
WEIGHTS = {"ICRP60": "ICRP 60", "ICRP103": "ICRP 103"}
SETS = {"kfactor_aapm96": "AAPM 96", "kfactor_lee2012": "Lee 2012"}
SCANNER_HEAD = Shown("scanner", "Scanner")
NO_DATA = (
    "There is no CT event with a dose yet. Collect or import studies, then run workbench map "
    "and workbench dose."
)


def opening(title: str, tables: ReportTables) -> Html:
    """Return the heading and the summary line."""
    totals = summary(tables.events)
    kind = "lead" if totals.events else "empty"
    return Html(heading(title) + paragraph(str(totals) if totals.events else NO_DATA, kind))


def protocol_chart(tables: ReportTables, levels: pl.DataFrame, quantity: str) -> Html:
    """Return the chart of ``ctdi_vol`` or ``dlp`` by protocol; ``levels`` are ``chosen_levels``."""
    column, name, unit = QUANTITIES[quantity]
    table = by_protocol(tables.events, tables.doses)
    comparable = event_levels(levels, quantity)
    frame = lanes(table, column, comparable)
    if frame.is_empty():
        return paragraph(f"No event has a {name}.", "note")
    all_rows = table.filter(pl.col(f"{column}_median").is_not_null()).height
    shown = f"The {frame.height} rows with most events of {all_rows}. " * (all_rows > frame.height)
    tick = ""
    if frame["reference"].null_count() < frame.height:
        unstated = " (of an unstated phantom)" * comparable["phantom_cm"].has_nulls()
        tick = f" Upright line: reference level{unstated} for one event of an adult."
    text = (
        f"{name} of single events by protocol. {shown}Bar: from the 25th to the 75th percentile. "
        f"Dot: median.{tick} The table below holds the numbers."
    )
    title = f"{name} by protocol"
    return charts.svg(charts.range_chart(frame, f"{name} ({unit})"), title, text)


def protocol_table(tables: ReportTables) -> Html:
    """Return the table of events, patients and doses by protocol."""
    table = by_protocol(tables.events, tables.doses).with_columns(
        _spaced("body_region"),
        *(_quartiles(column) for column, _, _ in QUANTITIES.values()),
    )
    effective = [
        Shown(
            column,
            f"E median, {_set_name(table_id)}, {WEIGHTS.get(weights, weights)}",
            "mSv",
            2,
        )
        for column, (table_id, weights) in effective_dose_sets(tables.doses).items()
    ]
    quartiles = [
        Shown(column, f"{name} median (P25 to P75)", unit, right=True)
        for column, name, unit in QUANTITIES.values()
    ]
    columns = (
        Shown("protocol", "Protocol"), Shown("body_region", "Region"),
        Shown("age_group", "Age group"), SCANNER_HEAD, Shown("ctdi_phantom_cm", "Phantom", "cm"),
        Shown("events", "Events"), Shown("patients", "Patients"), *quartiles, *effective,
    )  # fmt: skip
    return html_table(table, columns, "One row a scanner, protocol, region, age group and phantom")


def reference_table(tables: ReportTables, levels: pl.DataFrame, country: str, year: int) -> Html:
    """Return the scanners' medians beside the levels of a country and year."""
    if levels.is_empty():
        return paragraph(f"There is no CT reference level of {country} {year}.", "empty")
    above = pl.when(pl.col("ratio") > 1).then(pl.lit("above")).otherwise(pl.lit("not above"))
    names = {key: f"{name}, {unit}" for key, (_, name, unit) in QUANTITIES.items()}
    table = compare(tables.events, levels).with_columns(
        _spaced("body_region"), verdict=above,
        quantity=pl.col("quantity").replace_strict(names),
        exam=pl.concat_str("exam", "scope", separator=", "),
    )  # fmt: skip
    columns = (
        SCANNER_HEAD, Shown("body_region", "Region"), Shown("quantity", "Quantity"),
        Shown("ctdi_phantom_cm", "Phantom", "cm"), Shown("compared_with", "Median over"),
        Shown("count", "Number"), Shown("patients", "Patients"), Shown("median", "Median", "", 1),
        Shown("level", "Level", "", 1), Shown("ratio", "Median / level", "", 2),
        Shown("verdict", "Median is"), Shown("exam", "The level is for"),
        Shown("note", "Note", missing=""),
    )  # fmt: skip
    return html_table(
        table, columns, f"Adults against reference levels of {country} {year}",
        "No adult event could be compared with these levels.",
    )  # fmt: skip


def missing_table(tables: ReportTables) -> Html:
    """Return what is missing, counted."""
    columns = (
        Shown("area", "Area"), Shown("what", "What is missing"), Shown("count", "Number"),
        Shown("of", "Of"),
    )  # fmt: skip
    return html_table(missing(tables), columns, empty="Nothing is missing.")


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
        Shown("method", "Method"), Shown("method_version", "Version"),
        Shown("table_id", "Coefficients"), Shown("tissue_weights", "Tissue weights"),
        Shown("values", "Values"), Shown("source", "Source"),
    ), "Effective dose", "No effective dose could be estimated.")  # fmt: skip
    flags = tables.doses.select("flags").explode("flags").drop_nulls()
    counted = flags.group_by("flags").len().sort("len", "flags", descending=[True, False])
    assumptions = html_table(
        counted.with_columns(_spaced("flags")),
        (Shown("flags", "Said of a value"), Shown("len", "Values")),
        "Conversions and assumptions", "No value needed an assumption.",
    )  # fmt: skip
    printed = levels.sort("id").with_columns(
        quantity=pl.col("quantity").replace(
            {key: name for key, (_, name, _) in QUANTITIES.items()}
        ),
        unit=pl.col("unit").replace(PRINTED_UNITS),
    )
    cited = html_table(printed, (
        Shown("exam", "Examination"), Shown("quantity", "Quantity"), Shown("value", "Level"),
        Shown("unit", "Unit"), Shown("phantom_cm", "Phantom", "cm", missing="not stated"),
        Shown("scope", "Scope"), Shown("source", "Source"),
    ), "Reference levels", "No reference level was used.")  # fmt: skip
    return Html(effective + assumptions + cited)


def _quartiles(column: str) -> pl.Expr:
    """Return the median, and of several events the quartiles, as one text."""
    median, low, high = (
        pl.col(f"{column}_{word}").round(1).cast(pl.String) for word in ("median", "p25", "p75")
    )
    several = pl.col("events") > 1
    return (
        pl.when(several).then(pl.format("{} ({} to {})", median, low, high)).otherwise(median)
    ).alias(column)


def _set_name(table_id: str) -> str:
    name = table_id.partition("@")[0]
    return SETS.get(name, name)


def _spaced(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all("_", " ")
