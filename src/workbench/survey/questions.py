"""SQL over the tables of a survey, by DuckDB, on what counts now and nothing else.

The folder of parts also holds those that were replaced a while ago: who reads them all counts
objects twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from workbench.errors import SettingsError
from workbench.language import data
from workbench.schema import TABLES

if TYPE_CHECKING:
    import duckdb

WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class TableSource:
    """Where the rows of a table are: files, and what is in no file."""

    files: Sequence[Path]
    rest: pl.LazyFrame
    columns: Sequence[str]


def asked(question: str, sources: Mapping[str, TableSource]) -> pl.DataFrame:
    """Return the answer to a question in SQL (DuckDB's) over tables by their names.

    Of files only the columns that are needed are read.  It can read nothing else, write nothing
    and load nothing.

    Raises
    ------
    SettingsError
        Where DuckDB does not take the question, with what it says.
    """
    import duckdb

    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as session:
        allowed = [str(file) for name in sources for file in sources[name].files]
        session.execute(f"SET allowed_paths = {_list(allowed)}")
        session.execute("SET enable_external_access = false")
        session.execute("SET lock_configuration = true")
        for name in sources:
            _make_view(session, name, sources[name])
        try:
            return _answer(session, question)
        except duckdb.Error as error:
            raise SettingsError(
                "the question was not understood: {reason}",
                "Tables are: {names}.",
                reason=data(str(error).splitlines()[0]), names=data(", ".join(sorted(TABLES))),
            ) from error  # fmt: skip


def _make_view(session: duckdb.DuckDBPyConnection, name: str, source: TableSource) -> None:
    """Show files and what is in none as one table; a column that no file has is empty."""
    session.register(f"{name}__rest", source.rest.collect().to_arrow())
    parts = [f"SELECT {_columns(source.columns)} FROM {name}__rest"]  # noqa: S608  names of ours
    if source.files:
        there = {column for file in source.files for column in pl.read_parquet_schema(file)}
        columns = _columns(source.columns, there)
        files = _list([str(file) for file in source.files])
        parts.append(f"SELECT {columns} FROM read_parquet({files}, union_by_name = true)")  # noqa: S608  names of ours
    session.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(parts)}")


def _columns(names: Sequence[str], there: Collection[str] | None = None) -> str:
    return ", ".join(
        f'"{name}"' if there is None or name in there else f'NULL AS "{name}"' for name in names
    )


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"


def _answer(session: duckdb.DuckDBPyConnection, question: str) -> pl.DataFrame:
    answer: duckdb.DuckDBPyRelation | None = session.sql(question)
    if answer is None:  # it asked for nothing
        return pl.DataFrame()
    frame = pl.from_arrow(answer.to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def named_in(question: str, names: Iterable[str]) -> list[str]:
    """Return those names that stand in a question as words."""
    words = {word.lower() for word in WORD.findall(question)}
    return [name for name in names if name.lower() in words]
