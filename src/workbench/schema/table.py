"""What a table and a column are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Leaving(StrEnum):
    """In which form a column leaves a workspace (``report.leaving``, docs/deidentify.md).

    A workspace knows in which order and when objects came; who has the list that patients were
    asked from could undo every pseudonym with it, so neither leaves.
    """

    UNCHANGED = "unchanged"
    NEVER = "never"  # a running number, or a time of arrival
    DAY = "day"  # when something was done here
    CLOCK = "clock"  # a time of a patient's examination: as the confidentiality profile says
    AGE = "age"  # full years, of small children months, where times of day do not leave exactly
    OBJECT = "object"  # the number of an object: its pseudonymous SOP Instance UID in its place
    RESULT = "result"  # the number of a QA result: a digest in its place


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name
        DICOM keyword (copied) or snake_case name with its unit at the end (computed).
    kind
        ``text``, ``integer``, ``real``, ``flag``, ``date``, ``moment`` (naive local date and
        time), ``texts``, ``reals`` (lists) or ``json`` (text that holds JSON).
    meaning
        One sentence for the codebook.
    unit
        UCUM code, or empty.
    leaving
        In which form it leaves a workspace.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""
    leaving: Leaving = Leaving.UNCHANGED

    @property
    def copied(self) -> bool:
        """Whether the value is a header's, under the header's own keyword."""
        return self.name[0].isupper()


@dataclass(frozen=True)
class Table:
    """A named, ordered set of columns; ``key`` identifies a row."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in their order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column; raises ``KeyError`` for an unknown name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def polars(self) -> dict[str, pl.DataType]:
        """Return the polars types of the columns, in order."""
        types = _polars_types()
        return {column.name: types[column.kind] for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """Return a frame with these columns and no rows."""
        import polars as pl

        return pl.DataFrame(schema=self.polars())

    @property
    def shape(self) -> str:
        """The names and kinds of the columns as one text: what a stored row depends on."""
        return ",".join([self.name, *(f"{column.name}:{column.kind}" for column in self.columns)])

    def fit(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame with exactly these columns: nulls where it was made without one."""
        import polars as pl

        return frame.select(
            pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)
            for name, kind in self.polars().items()
        )

    def frame(self, rows: list[dict[str, object]]) -> pl.DataFrame:
        """Return rows as a frame: missing columns are null, unknown ones an error."""
        import polars as pl

        unknown = {name for row in rows for name in row} - set(self.names)
        if unknown:
            message = f"{self.name} has no column {', '.join(sorted(unknown))}"
            raise KeyError(message)
        return pl.DataFrame(rows, schema=self.polars(), orient="row", strict=False)


@cache
def _polars_types() -> dict[str, pl.DataType]:
    import polars as pl

    return {
        "text": pl.String(),
        "integer": pl.Int64(),
        "real": pl.Float64(),
        "flag": pl.Boolean(),
        "date": pl.Date(),
        "moment": pl.Datetime("us"),
        "texts": pl.List(pl.String()),
        "reals": pl.List(pl.Float64()),
        "json": pl.String(),
    }


def copied(text: str, kind: str, **units: str) -> tuple[Column, ...]:
    """Return columns that keep the keywords of a header, and their units."""
    return tuple(
        Column(
            keyword,
            kind,
            f"{keyword} as in the header",
            units.get(keyword, ""),
            Leaving.AGE if keyword == "PatientAge" else Leaving.UNCHANGED,
        )
        for keyword in text.split()
    )
