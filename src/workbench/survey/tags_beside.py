"""Several elements of all headers side by side, a row a series, an event, a study or a patient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Literal

import polars as pl

from workbench.errors import SettingsError
from workbench.language import data, listed

Level = Literal["event", "series", "study", "patient"]
Take = Literal["only", "first", "min", "max", "mean"]
KEYS = {
    "event": "irradiation_event_uid", "series": "SeriesInstanceUID", "study": "StudyInstanceUID",
    "patient": "patient",
}  # fmt: skip
DIFFERENT = "different"  # how many values there are, behind the name of the element


def key_of(level: str, take: str) -> str:
    """Return the column that names a unit of a level.

    Raises ``SettingsError`` for a level or a way to take a value that is not there.
    """
    if level not in KEYS:
        raise _unknown("level", level, KEYS)
    if take not in WAYS:
        raise _unknown("way to take a value", take, WAYS)
    return KEYS[level]


def tags_beside(
    units: pl.DataFrame, tags: Iterable[pl.LazyFrame], take: Take, pairs: pl.DataFrame | None
) -> pl.DataFrame:
    """Return one row a unit and two columns an element: its value, how many different ones.

    Parameters
    ----------
    units
        One column: every unit, so that one without an element is a row too.
    tags
        One row an instance each (``store.tags.tag_frame``).
    take
        Which value stands for several.
    pairs
        Unit and ``SeriesInstanceUID``, where instances do not name the unit.
    """
    (key,) = units.columns
    for rows in tags:
        units = units.join(_one(rows, key, take, pairs), on=key, how="left", validate="1:1")
    return units.sort(key)


def _one(rows: pl.LazyFrame, key: str, take: Take, pairs: pl.DataFrame | None) -> pl.DataFrame:
    value = _value_column(rows)
    kept = rows.select("patient", "StudyInstanceUID", "SeriesInstanceUID", value)
    if pairs is not None:
        kept = kept.join(pairs.lazy().drop_nulls(), on="SeriesInstanceUID", how="inner")
    values = pl.col(value).drop_nulls()
    return (
        kept.group_by(key)
        .agg(
            WAYS[take](values).alias(value),
            values.n_unique().cast(pl.Int64).alias(f"{value} {DIFFERENT}"),
        )
        .collect()
    )


def _value_column(rows: pl.LazyFrame) -> str:
    """Return the name of the column between those of every tag."""
    names = rows.collect_schema().names()
    return names[names.index("vr") + 1]


def _only(values: pl.Expr) -> pl.Expr:
    return pl.when(values.n_unique() == 1).then(values.first())


WAYS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "only": _only,
    "first": lambda values: values.first(),
    "min": lambda values: values.min(),
    "max": lambda values: values.max(),
    "mean": lambda values: values.mean(),
}


def _unknown(what: str, given: str, known: Collection[str]) -> SettingsError:
    return SettingsError(
        "there is no {what} {given}.", "There are: {names}.",
        what=data(what), given=data(repr(given)), names=listed(map(data, known)),
    )  # fmt: skip
