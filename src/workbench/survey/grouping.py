"""Expressions that put ages and protocols into groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

# Age groups of diagnostic reference levels for children (European Commission, Radiation
# Protection 185, 2018, table 10.1: head CT) continued by tens of years.
BANDS = (0.0, 0.25, 1.0, 6.0, 18.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0)


def age_band(column: str = "patient_age_years", bands: Sequence[float] = BANDS) -> pl.Expr:
    """Return the age group of each row, as ``05-<10``: from completed years to below.

    Groups begin at ``bands``, in years; the last is open.  Ages are compared as they are, never
    rounded: a child of 5.99 years is five.  Empty where there is no age.  Groups sort by age.
    """
    begins = sorted(set(bands))
    expression: Any = pl.when(pl.col(column) < begins[0]).then(pl.lit(f"<{_written(begins[0])}"))
    for low, high in zip(begins, [*begins[1:], None], strict=True):
        words = f"{_written(low)}+" if high is None else f"{_written(low)}-<{_written(high)}"
        inside = pl.col(column) >= low
        inside = inside if high is None else inside & (pl.col(column) < high)
        expression = expression.when(inside).then(pl.lit(words))
    band: pl.Expr = expression.alias("age_band")
    return band


def _written(years: float) -> str:
    whole = f"{int(years):02}"
    return whole if years == int(years) else f"{whole}.{f'{years:.2f}'.split('.')[1].rstrip('0')}"


def protocol_key(column: str = "protocol") -> pl.Expr:
    """Return a protocol's name with spelling folded: letters only, words in their order.

    Capital letters, blanks, signs and numbers that stand alone (of the protocol in the scanner's
    list) do not tell two protocols apart; "Abd 2 Phase" and "Abd 3 Phase" stay two.
    """
    words = pl.col(column).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ")
    words = words.str.strip_chars().str.replace(r"^(?:[0-9]+ )+", "")
    words = words.str.replace(r"(?: [0-9]{3,})+$", "")
    return words.alias("protocol_key")
