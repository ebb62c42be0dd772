"""Two scanners, or two periods, side by side: medians, numbers, the difference in words."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl
from markupsafe import Markup

from workbench.language import Words, capital, data, listed, number, sentences, t
from workbench.report.code_words import UNKNOWN, code_words
from workbench.report.dose_page import QUANTITIES
from workbench.report.html_tables import Html, Shown, html_table, paragraph, with_words
from workbench_widgets.pages.my_scanner.scanner_frames import OF_LANE, ScannerChoice
from workbench_widgets.pages.my_scanner.strip_chart import FEW, SOME, count_words

SENTENCES = 6  # said in words; the table has all
ALIKE = 0.005  # of a ratio: less is no per cent


def compared_medians(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Return one row a quantity, region, age group and CTDI phantom that either side has.

    Parameters
    ----------
    one, other
        Events, as ``scanner_frames.chosen_events`` returns them.

    Returns
    -------
    pl.DataFrame
        ``quantity`` (a key of ``QUANTITIES``), the columns of ``OF_LANE``, and for both sides
        ``n_one``, ``median_one``, ``n_other``, ``median_other``; ``ratio`` is that of the medians,
        one over other, null where a side has fewer than ten values.  Most values first.
    """
    tables = []
    for quantity, (column, _, _) in QUANTITIES.items():
        sides = [
            rows.filter(pl.col(column).is_not_null())
            .group_by(OF_LANE)
            .agg(pl.len().alias(f"n_{side}"), pl.col(column).median().alias(f"median_{side}"))
            for side, rows in (("one", one), ("other", other))
        ]
        joined = sides[0].join(sides[1], on=OF_LANE, how="full", coalesce=True, nulls_equal=True)
        tables.append(joined.with_columns(quantity=pl.lit(quantity)))
    enough = pl.min_horizontal("n_one", "n_other") >= FEW
    divided = pl.col("median_one") / pl.col("median_other")
    return (
        pl.concat(tables)
        .with_columns(pl.col("n_one", "n_other").fill_null(0).cast(pl.Int64))
        .with_columns(
            ratio=pl.when(enough & (pl.col("median_other") > 0)).then(divided),
            _both=pl.min_horizontal("n_one", "n_other"),
        )
        .sort("_both", "n_one", *OF_LANE, "quantity",
              descending=[True, True, False, False, False, False])
        .drop("_both")
    )  # fmt: skip


def side_by_side(
    one: pl.DataFrame, other: pl.DataFrame, choice: ScannerChoice
) -> tuple[Words, Html]:
    """Return the heading, and both sides' medians with what the difference is in words."""
    beside = choice.other
    names = (choice_words(choice), choice_words(beside) if beside else Words(""))
    head = t("{one} beside {other}", one=names[0], other=names[1])
    return head, compared_html(one, other, names)


def compared_html(one: pl.DataFrame, other: pl.DataFrame, names: tuple[Words, Words]) -> Html:
    """Return the difference of two sides in sentences, and their medians as a table.

    ``one`` and ``other`` are events of ``dose_by_protocol.counted_events``.
    """
    table = compared_medians(one, other)
    if table.is_empty():
        return paragraph(t("Neither side has an event with a dose."), "empty")
    said = [difference_words(row, names) for row in table.head(SENTENCES).iter_rows(named=True)]
    items = Markup("").join(Markup("<li>{}</li>").format(words) for words in said)
    parts = (
        Markup('<ul class="said">{}</ul>').format(items),
        _table(table, names),
        paragraph(t(
            "A difference of medians does not say why: patients, indications and protocols may "
            "differ. Below {few} values a side nothing is said of it, below {some} it is said with "
            "a mark.", few=FEW, some=SOME,
        ), "note"),
    )  # fmt: skip
    return Html("".join(parts))


def choice_words(choice: ScannerChoice) -> Words:
    """Say which side it is: the scanner and its period."""
    scanner = data(choice.scanner or "")
    if not choice.weeks.limited:
        return scanner
    return listed((scanner, choice.weeks.words()), ", ")


def lane_words(row: dict[str, Any]) -> Words:
    """Say of which region, age group and CTDI phantom a row is."""
    group, size = row["age_group"], row["ctdi_phantom_cm"]
    return listed((
        code_words(row["body_region"]),
        t("age unknown") if group == UNKNOWN else code_words(group),
        t("phantom unknown") if size is None else data(f"{size} cm"),
    ), ", ")  # fmt: skip


def difference_words(row: dict[str, Any], names: tuple[Words, Words]) -> Words:
    """Say in one sentence what the medians of a row are and how they differ."""
    _, quantity, unit = QUANTITIES[row["quantity"]]
    values: dict[str, Any] = {
        "what": capital(lane_words(row)), "quantity": data(quantity), "unit": data(unit),
        "one": names[0], "other": names[1],
        "n_one": row["n_one"], "n_other": row["n_other"],
    }  # fmt: skip
    if row["ratio"] is None:
        return t(
            "{what}, {quantity}: too few values to compare (n = {n_one} and {n_other}).", **values
        )
    values["median_one"] = number(row["median_one"], _digits(row))
    values["median_other"] = number(row["median_other"], _digits(row))
    values["percent"] = number(abs(row["ratio"] - 1) * 100, 0)
    warned = t("◇ Few values.") if min(row["n_one"], row["n_other"]) < SOME else Words("")
    return sentences(_difference(row["ratio"], values), warned)


def _difference(ratio: float, values: dict[str, Any]) -> Words:
    if abs(ratio - 1) < ALIKE:
        return t(
            "{what}: median {quantity} {median_one} {unit} (n = {n_one}) on {one}, "
            "{median_other} (n = {n_other}) on {other}: no difference.", **values,
        )  # fmt: skip
    if ratio > 1:
        return t(
            "{what}: median {quantity} {median_one} {unit} (n = {n_one}) on {one}, "
            "{median_other} (n = {n_other}) on {other}: {percent} % higher on the first.", **values,
        )  # fmt: skip
    return t(
        "{what}: median {quantity} {median_one} {unit} (n = {n_one}) on {one}, "
        "{median_other} (n = {n_other}) on {other}: {percent} % lower on the first.", **values,
    )  # fmt: skip


def _digits(row: dict[str, Any]) -> int:
    return 1 if row["quantity"] == "ctdi_vol" else 0


def _table(table: pl.DataFrame, names: tuple[Words, Words]) -> Html:
    texts = table
    for side in ("one", "other"):
        texts = with_words(texts, f"{side}_text", partial(_median, side=side))
    texts = with_words(texts, "ratio_text", lambda row: _ratio(row["ratio"]))
    named = with_words(texts, "quantity", lambda row: data(QUANTITIES[row["quantity"]][1]))
    columns = (
        Shown("body_region", t("Region"), words=code_words),
        Shown("age_group", t("Age group"), words=code_words),
        Shown("ctdi_phantom_cm", t("Phantom"), "cm"),
        Shown("quantity", t("Quantity"), words=Words),
        Shown("one_text", names[0], right=True, words=Words),
        Shown("other_text", names[1], right=True, words=Words),
        Shown("ratio_text", t("First / second"), right=True, words=Words),
    )
    return html_table(named, columns, t("Medians side by side (CTDIvol in mGy, DLP in mGy·cm)"))


def _median(row: Any, side: str) -> Words:
    if not row[f"n_{side}"]:
        return t("none")
    shown = number(row[f"median_{side}"], _digits(row))
    return listed((shown, count_words(row[f"n_{side}"])), " · ")


def _ratio(ratio: float | None) -> Words:
    return t("too few") if ratio is None else number(ratio, 2)
