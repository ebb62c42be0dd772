"""The folder of a workspace where parts lie."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from workbench.errors import StoreError
from workbench.file_modes import create_private, make_private_folder, open_private
from workbench.schema import Table
from workbench.store.part_columns import scan_parts
from workbench.store.parts import PartFile, gone, part_name, write_parquet

FOLDER = "parts"
LOCK = "parts.lock"


class FolderPlace:
    """The folder ``parts`` of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self.folder = workspace / FOLDER

    def write(self, table: Table, frame: pl.DataFrame) -> PartFile:
        """Write a frame as a new part; durable when it returns."""
        name = part_name(table)
        partial = self.folder / f"{name}.partial"
        try:
            if not self.folder.is_dir():
                make_private_folder(self.folder)
                _sync(self._workspace)
            create_private(partial)
            write_parquet(frame, partial)
            digest = _digest(partial)
            _sync(partial)
            size = partial.stat().st_size
            partial.rename(self.folder / name)
            _sync(self.folder)
        except (
            OSError,
            pl.exceptions.PolarsError,
        ) as error:  # polars tells a full disk its own way
            partial.unlink(missing_ok=True)
            raise StoreError(
                "a part could not be written.", "Check disk space and rights."
            ) from error
        return PartFile(name, frame.height, size, digest)

    def scan(self, table: Table, names: Sequence[str]) -> pl.LazyFrame:
        """Scan parts as one lazy frame with the columns of ``table``."""
        if not names:
            return table.empty().lazy()
        files = [self.folder / name for name in names]
        missing = sum(not file.exists() for file in files)
        if missing:
            raise gone(table, missing)
        return scan_parts(table, files)

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Return the files of parts."""
        return [self.folder / name for name in names]

    def raw(self, name: str) -> pl.LazyFrame:
        """Scan one part with the columns it was written with."""
        return pl.scan_parquet(self.folder / name, glob=False)

    def digest(self, name: str) -> str | None:
        """Return the SHA-256 of a part's bytes as they lie there now; ``None`` when it is gone."""
        try:
            return _digest(self.folder / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError("a part cannot be read.", "Check the disk and its rights.") from error

    def names(self) -> set[str]:
        """Return the names of all parts that lie there."""
        return {file.name for file in self.folder.glob("*.parquet*")}

    def remove(self, name: str) -> None:
        """Remove a part; one that is gone is no error."""
        (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold off ``remove_strangers`` of any process until a part written has its row."""
        with self._lock(fcntl.LOCK_SH):
            yield

    def remove_strangers(self, known: Callable[[], set[str]]) -> None:
        """Remove parts that no catalogue row names: left by a run that was cut off.

        Does nothing while any process is between writing a part and noting it; ``known`` is
        asked when none is.
        """
        with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
            if alone:
                for name in self.names() - known():
                    self.remove(name)

    @contextmanager
    def _lock(self, kind: int) -> Iterator[bool]:
        """Hold the lock of the folder; yields whether it was had (a shared one always is)."""
        descriptor = open_private(self._workspace / LOCK, os.O_RDWR)
        try:
            fcntl.flock(descriptor, kind)
            had = True
        except BlockingIOError:
            had = False
        try:
            yield had
        finally:
            os.close(descriptor)  # also unlocks, as does the end of the process


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
