"""Parts: immutable Parquet files, written whole, made durable, then never touched."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Protocol

import polars as pl

from workbench.errors import StoreError
from workbench.schema import Table

ROW_GROUP = 5_000  # rows; with zstd 3 the measured choice of docs/store.md
DATA_PAGE = 8 * 2**20  # bytes


@dataclass(frozen=True)
class PartFile:
    """A part that was written: its name, rows, bytes and the digest of its bytes."""

    name: str
    rows: int
    size: int
    sha256: str


class Place(Protocol):
    """Where parts lie; errors are ``StoreError``."""

    def write(self, table: Table, frame: pl.DataFrame) -> PartFile:
        """Write a frame as a new part; durable when it returns."""

    def scan(self, table: Table, names: Sequence[str]) -> pl.LazyFrame:
        """Scan parts as one lazy frame with the columns of ``table``, as ``part_columns`` says."""

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Return the files of parts; raises ``StoreError`` where they are none of this machine."""

    def raw(self, name: str) -> pl.LazyFrame:
        """Scan one part with the columns it was written with."""

    def digest(self, name: str) -> str | None:
        """Return the SHA-256 of a part's bytes as they lie there now; ``None`` when it is gone."""

    def names(self) -> set[str]:
        """Return the names of all parts that lie there."""

    def remove(self, name: str) -> None:
        """Remove a part; one that is gone is no error."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold off ``remove_strangers`` of any process until a part written has its row."""

    def remove_strangers(self, known: Callable[[], set[str]]) -> None:
        """Remove parts that no catalogue row names: left by a run that was cut off."""


def part_name(table: Table) -> str:
    """Return a name that no part ever had."""
    return f"{table.name}-{uuid.uuid4().hex}.parquet"


def write_parquet(frame: pl.DataFrame, target: Path | BytesIO) -> None:
    """Write a frame in the form that was measured to be small and quick to read."""
    frame.write_parquet(
        target, compression="zstd", compression_level=3,
        row_group_size=ROW_GROUP, data_page_size=DATA_PAGE,
    )  # fmt: skip


def gone(table: Table, missing: int) -> StoreError:
    """Return the error of parts that are not there."""
    return StoreError(
        "{missing} part(s) of table {name} are gone.",
        "Restore the parts from a backup, or import and map again.",
        missing=missing,
        name=table.name,
    )
