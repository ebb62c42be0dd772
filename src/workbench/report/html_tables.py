"""Tables as HTML: everything escaped, units in the head, numbers to the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from workbench.language import Marked, Words, data, day, listed, mark, number, t

NOT_KNOWN = mark("not known")
# How units are written for people; the columns of the schema hold UCUM codes.
PRINTED_UNITS = {"mGy.cm": "mGy·cm", "Gy.cm2": "Gy·cm²", "cGy.cm2": "cGy·cm²", "mA.s": "mA·s",
                 "1": "", "{count}": ""}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A column of a table on a page.

    Attributes
    ----------
    column
        Name of the column in the frame.
    head
        What stands above it; a marked text is translated when the table is made.
    unit
        UCUM code, or empty.
    digits
        Decimals of a number; None shows it as it is.
    missing
        What stands where there is no value.
    right
        Whether it stands to the right, as numbers always do.
    words
        How a text in it is written for people; as it is, where nothing else is said.
    quoted
        Whether it is a citation, which no language and no browser translates.
    """

    column: str
    head: Words | Marked
    unit: str = ""
    digits: int | None = None
    missing: Words | Marked = NOT_KNOWN
    right: bool = False
    words: Callable[[str], Words] = data
    quoted: bool = False


class Html(str):
    """HTML that a notebook shows and that is safe to show: made by escaping functions only."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def with_words(
    frame: pl.DataFrame, column: str, words: Callable[[Mapping[str, Any]], Words | None]
) -> pl.DataFrame:
    """Return a frame with a text made of each row, in this thread: another one has no language."""
    texts = [words(row) for row in frame.iter_rows(named=True)]
    return frame.with_columns(pl.Series(column, texts, dtype=pl.String))


def html_table(
    frame: pl.DataFrame,
    columns: Sequence[Shown],
    caption: Words | None = None,
    empty: Words | None = None,
) -> Html:
    """Return a frame as an HTML table; every text is escaped.

    ``frame`` needs the columns named, in any order; ``empty`` is what is said of no rows.
    """
    if frame.is_empty():
        return paragraph(t("none") if empty is None else empty, "note")
    numeric = {
        shown.column: shown.right or frame.schema[shown.column].is_numeric() for shown in columns
    }
    heads = [_head(shown, numeric[shown.column]) for shown in columns]
    rows = [
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                _cell(value, shown, numeric[shown.column])
                for value, shown in zip(row, columns, strict=True)
            )
        )
        for row in frame.select(shown.column for shown in columns).iter_rows()
    ]
    title = Markup("<caption>{}</caption>").format(caption) if caption else Markup("")
    return Html(
        Markup(
            '<div class="wide"><table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
        ).format(title, Markup("").join(heads), Markup("\n").join(rows))
    )


def paragraph(text: Words, kind: str = "") -> Html:
    """Return an escaped paragraph; ``kind`` is a class of the page's style."""
    return Html(Markup('<p class="{}">{}</p>').format(kind, text))


def heading(text: Words) -> Html:
    """Return the page's heading, escaped."""
    return Html(Markup("<h1>{}</h1>").format(text))


def _head(shown: Shown, numeric: bool) -> Markup:
    unit = PRINTED_UNITS.get(shown.unit, shown.unit)
    below = Markup('<span class="unit">{}</span>').format(data(unit)) if unit else Markup("")
    kind = Markup(' class="number"') if numeric else Markup("")
    return Markup('<th scope="col"{}>{}{}</th>').format(kind, _said(shown.head), below)


def _said(text: Words | Marked) -> Words:
    return t(text) if isinstance(text, Marked) and text else Words(text)


def _cell(value: object, shown: Shown, numeric: bool) -> Markup:
    if value is None or value != value:
        return Markup('<td class="{}">{}</td>').format(
            "unknown number" if numeric else "unknown", _said(shown.missing)
        )
    kind = Markup(' class="number"') if numeric else Markup("")
    kind += Markup(' translate="no"') if shown.quoted else Markup("")
    return Markup("<td{}>{}</td>").format(kind, _text(value, shown))


def _text(value: object, shown: Shown) -> Markup:
    if isinstance(value, float):
        return escape(number(value, shown.digits))
    if isinstance(value, date):
        return escape(day(value))
    if isinstance(value, list):
        return escape(listed(shown.words(str(item)) for item in value))
    return escape(shown.words(value) if isinstance(value, str) else value)
