"""Immutable Parquet files: written whole, made durable, then never touched."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from workbench.errors import StoreError
from workbench.schema import Table

FOLDER = "parts"
LOCK = "parts.lock"
ROW_GROUP = 5_000  # rows; with zstd 3 the measured choice of docs/store.md
DATA_PAGE = 8 * 2**20


@contextmanager
def writing(workspace: Path) -> Iterator[None]:
    """Hold off ``remove_strangers`` of any process until a part written inside has its row."""
    with _lock(workspace, fcntl.LOCK_SH):
        yield


@contextmanager
def _lock(workspace: Path, kind: int) -> Iterator[bool]:
    """Hold the lock of the parts folder; yields whether it was had (a shared one always is)."""
    descriptor = os.open(workspace / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)  # also unlocks, as does the end of the process


def write_part(workspace: Path, table: Table, frame: pl.DataFrame) -> str:
    """Write a frame as a new part and return its file name; durable when it returns."""
    folder = workspace / FOLDER
    folder.mkdir(exist_ok=True)
    name = f"{table.name}-{uuid.uuid4().hex}.parquet"
    partial = folder / f"{name}.partial"
    try:
        frame.write_parquet(
            partial, compression="zstd", compression_level=3,
            row_group_size=ROW_GROUP, data_page_size=DATA_PAGE,
        )  # fmt: skip
        _sync(partial)
        partial.rename(folder / name)
        _sync(folder)
    except (OSError, pl.exceptions.PolarsError) as error:  # polars tells a full disk in its own
        partial.unlink(missing_ok=True)
        raise StoreError("a part could not be written.", "Check disk space and rights.") from error
    return name


def scan_parts(workspace: Path, table: Table, names: list[str]) -> pl.LazyFrame:
    """Scan parts as one lazy frame with the columns of ``table``."""
    if not names:
        return table.empty().lazy()
    files = [workspace / FOLDER / name for name in names]
    missing = [file for file in files if not file.exists()]
    if missing:
        raise StoreError(
            f"{len(missing)} part(s) of table {table.name} are gone.",
            "Restore the parts folder from a backup, or import and map again.",
        )
    return pl.scan_parquet(files)


def remove_strangers(workspace: Path, known: Callable[[], set[str]]) -> None:
    """Remove files that no catalogue row names: left by a run that was cut off.

    Does nothing while any process is between writing a part and noting it; ``known`` is asked
    when none is.
    """
    with _lock(workspace, fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
        if not alone:
            return
        named = known()
        for file in (workspace / FOLDER).glob("*.parquet*"):
            if file.name not in named:
                file.unlink(missing_ok=True)


def discard(workspace: Path, name: str) -> None:
    """Remove a part that was written but is not wanted after all."""
    (workspace / FOLDER / name).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
