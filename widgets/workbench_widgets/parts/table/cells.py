"""Values of a frame as the texts a person reads, and a person's filter as an expression."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date

import polars as pl

from workbench.language import data, day, number, t

REAL = (pl.Float64, pl.Float32)
LONGEST = 160  # characters of a cell; a whole header would make a page of its own
COMPARED = re.compile(r"^(<=|>=|<|>|=)\s*(-?\d+(?:[.,]\d+)?)$")
BETWEEN = re.compile(r"^(-?\d+(?:[.,]\d+)?)\s*\.\.\s*(-?\d+(?:[.,]\d+)?)$")


def as_texts(frame: pl.DataFrame, digits: Mapping[str, int]) -> pl.DataFrame:
    """Return every value as text, null where it is not known; long texts are cut.

    ``digits`` has the decimals of the real columns, from ``decimals``.
    """
    return pl.DataFrame([_shown(frame[name], digits.get(name, 0)) for name in frame.columns])


def _shown(values: pl.Series, digits: int) -> pl.Series:
    """Return the texts of a column, made in this thread: another one speaks no language."""
    if values.dtype in REAL:
        known = values.fill_nan(None)
        texts = [None if value is None else number(value, digits) for value in known]
    else:
        plain = values.to_frame().select(_text(values.name, values.dtype)).to_series()
        if not isinstance(values.dtype, (pl.String, pl.List)):
            return plain
        texts = [None if text is None else data(text) for text in plain]
    return pl.Series(values.name, texts, dtype=pl.String)


def decimals(frame: pl.DataFrame) -> dict[str, int]:
    """Return for each real column how many decimals show four figures of a usual value.

    A column of whole numbers needs none, and none needs more than four.
    """
    return {name: _decimals(frame[name]) for name, kind in frame.schema.items() if kind in REAL}


def _decimals(values: pl.Series) -> int:
    known = values.filter(values.is_finite()).abs()
    usual = known.filter(known > 0).median()
    if not isinstance(usual, float) or bool((known == known.round(0)).all()):
        return 0
    return min(max(3 - math.floor(math.log10(usual)), 0), 4)


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    shown: pl.Expr
    if kind == pl.Boolean:
        shown = pl.when(column).then(pl.lit(t("yes"))).when(~column).then(pl.lit(t("no")))
    elif isinstance(kind, pl.Datetime):
        shown = column.dt.strftime(f"{_day_pattern()} %H:%M:%S")
    elif isinstance(kind, pl.List):
        shown = column.cast(pl.List(pl.String)).list.join("; ", ignore_nulls=True)
    else:
        shown = column.cast(pl.String)
    cut = pl.concat_str(shown.str.slice(0, LONGEST), pl.lit("…"))
    return pl.when(shown.str.len_chars() > LONGEST).then(cut).otherwise(shown).alias(name)


def _day_pattern() -> str:
    """Return how the language writes days, as strftime has it."""
    written = day(date(2001, 2, 3))
    return written.replace("2001", "%Y").replace("02", "%m").replace("03", "%d")


def matching(schema: Mapping[str, pl.DataType], filters: Mapping[str, str]) -> pl.Expr:
    """Return the rows that fit every filter; a filter on an unknown column is not looked at.

    A filter is text that the value holds, upper and lower case alike.  On a column of numbers
    it is ``> 5``, ``<= 10``, ``= 120`` or ``5..10``, both ends included, or how a number begins.
    """
    tests = [
        _matches(name, schema[name], str(text).strip())
        for name, text in filters.items()
        if name in schema and str(text).strip()
    ]
    return pl.all_horizontal(tests) if tests else pl.lit(value=True)


def _matches(name: str, kind: pl.DataType, text: str) -> pl.Expr:
    if not kind.is_numeric():
        shown = _text(name, kind).str.to_lowercase()
        return shown.str.contains(text.lower(), literal=True).fill_null(value=False)
    compared = _compares(pl.col(name), text)
    begins = pl.col(name).cast(pl.String).str.starts_with(text)
    return (begins if compared is None else compared).fill_null(value=False)


def _compares(column: pl.Expr, text: str) -> pl.Expr | None:
    if between := BETWEEN.match(text):
        low, high = (_number(part) for part in between.groups())
        return column.is_between(low, high)
    if not (compared := COMPARED.match(text)):
        return None
    sign, limit = compared[1], _number(compared[2])
    return {
        "<": column < limit, "<=": column <= limit, "=": column == limit,
        ">=": column >= limit, ">": column > limit,
    }[sign]  # fmt: skip


def _number(text: str) -> float:
    return float(text.replace(",", "."))
