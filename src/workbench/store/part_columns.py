"""Parts of any age, read with the columns that their table has today.

A part is never changed, so its columns are those of the program that wrote it.  A column it lacks
is read as nulls, one that a newer program added is left out, whole numbers where the table has
real ones are cast.  Of any other difference nothing can be read: it is refused with the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path

import polars as pl

from workbench.errors import StoreError
from workbench.schema import INSTANCE, Table
from workbench.store.parts import Place, gone

Columns = tuple[tuple[str, pl.DataType], ...]

MAX_FOOTERS_AT_ONCE = 16  # footers asked for at the same time, from a bucket
REMEMBERED = 100_000  # parts, some 200 bytes each
WIDENED = (pl.Int64(), pl.Float64())  # exact up to 2^53
CASTS = pl.ScanCastOptions(integer_cast=["upcast", "allow-float"])


def scan_parts(table: Table, sources: Sequence[str | Path]) -> pl.LazyFrame:
    """Scan files or addresses as one lazy frame with the columns of ``table``.

    Raises ``StoreError`` where a column of a part is of a kind that is not the table's.
    """
    wrong = _wrong_columns(table, sources)
    if wrong:
        raise StoreError(
            "table {name} holds {wrong} in a form of another version.",
            "Run: workbench store upgrade -w FOLDER"
            if table is INSTANCE
            else "Run: workbench map -w FOLDER, then: workbench dose -w FOLDER",
            name=table.name,
            wrong=", ".join(wrong),
        )
    return pl.scan_parquet(
        [str(source) for source in sources], schema=table.polars(), missing_columns="insert",
        extra_columns="ignore", cast_options=CASTS, glob=False,
    )  # fmt: skip


def read_whole(place: Place, table: Table, name: str) -> pl.DataFrame:
    """Return a part with the columns it was written with.

    Raises ``StoreError`` where it is gone or damaged.
    """
    if place.digest(name) is None:
        raise gone(table, 1)
    try:
        return place.raw(name).collect()
    except (pl.exceptions.ComputeError, OSError) as error:
        raise damaged() from error


def damaged() -> StoreError:
    """Return the error of parts that cannot be read."""
    return StoreError(
        "a part of the tables is damaged.", "workbench store check names it, with the remedy."
    )


def _wrong_columns(table: Table, sources: Iterable[str | Path]) -> list[str]:
    """Return the columns that some part has in a form that cannot be read as today's."""
    today = table.polars()
    with ThreadPoolExecutor(MAX_FOOTERS_AT_ONCE) as pool:
        wrong = {
            name
            for columns in pool.map(_columns, map(str, sources))
            for name, kind in columns
            if name in today and kind != today[name] and (kind, today[name]) != WIDENED
        }
    return sorted(wrong)


@lru_cache(REMEMBERED)
def _columns(source: str) -> Columns:
    """Return the columns of a part; asked once, for a part never changes."""
    try:
        return _once(tuple(pl.scan_parquet(source, glob=False).collect_schema().items()))
    except (pl.exceptions.ComputeError, OSError) as error:
        raise damaged() from error


@cache
def _once(columns: Columns) -> Columns:
    """Return one and the same value for all parts of the same columns: there are few."""
    return columns
