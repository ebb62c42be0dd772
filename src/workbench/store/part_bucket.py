"""A bucket of object storage as the place of parts: ``s3://bucket/prefix``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from workbench.errors import MissingTool, SettingsError, StoreError
from workbench.schema import Table
from workbench.store.part_columns import scan_parts
from workbench.store.parts import PartFile, gone, part_name, write_parquet

# There is no lock between machines; a part is named in the catalogue seconds after it is written.
STRANGE = timedelta(hours=1)
PATIENCE = timedelta(seconds=20)  # for one request and its repetitions
MAX_TRIES = 3


class BucketPlace:
    """Parts as objects below one prefix.  Keys and endpoint come from the environment alone."""

    def __init__(self, url: str) -> None:
        self._obstore = _library()
        parts = urlsplit(url)
        if not parts.netloc or parts.username or parts.password or parts.query:
            raise SettingsError(
                "[store] parts is no plain address of a bucket.",
                "For example: s3://bucket/prefix; keys belong into the environment "
                "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL).",
            )
        self._url = url.rstrip("/")
        with self._explained():
            self._store = self._obstore.store.from_url(
                self._url,
                retry_config={"max_retries": MAX_TRIES, "retry_timeout": PATIENCE},
            )

    def write(self, table: Table, frame: pl.DataFrame) -> PartFile:
        """Write a frame as a new part; durable when it returns: a put is all or nothing."""
        buffer = BytesIO()
        write_parquet(frame, buffer)
        content = buffer.getvalue()
        name = part_name(table)
        with self._explained():
            self._obstore.put(self._store, name, content)
        return PartFile(name, frame.height, len(content), hashlib.sha256(content).hexdigest())

    def scan(self, table: Table, names: Sequence[str]) -> pl.LazyFrame:
        """Scan parts as one lazy frame with the columns of ``table``."""
        if not names:
            return table.empty().lazy()
        missing = len(set(names) - self.names())
        if missing:
            raise gone(table, missing)
        return scan_parts(table, [f"{self._url}/{name}" for name in names])

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Raise ``StoreError``: there are no files on this machine."""
        del names
        raise StoreError(
            "the tables of this workspace lie in a bucket, not in files of this computer.",
            "Read them with survey.lazy(name) or survey.sql(question).",
        )

    def raw(self, name: str) -> pl.LazyFrame:
        """Scan one part with the columns it was written with."""
        return pl.scan_parquet(f"{self._url}/{name}", glob=False)

    def digest(self, name: str) -> str | None:
        """Return the SHA-256 of a part's bytes as they lie there now; ``None`` when it is gone."""
        try:
            with self._explained(may_be_gone=True):
                content = self._obstore.get(self._store, name).bytes()
        except FileNotFoundError:
            return None
        return hashlib.sha256(bytes(content)).hexdigest()

    def names(self) -> set[str]:
        """Return the names of all parts that lie there."""
        return {str(entry["path"]) for entry in self._listed()}

    def _listed(self) -> list[Any]:
        with self._explained():
            return [entry for portion in self._obstore.list(self._store) for entry in portion]

    def remove(self, name: str) -> None:
        """Remove a part; one that is gone is no error."""
        try:
            with self._explained(may_be_gone=True):
                self._obstore.delete(self._store, name)
        except FileNotFoundError:
            return

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Do nothing: ``remove_strangers`` goes by the age of what it finds."""
        yield

    def remove_strangers(self, known: Callable[[], set[str]]) -> None:
        """Remove parts that no catalogue row names and that are older than an hour."""
        before = datetime.now(UTC) - STRANGE
        old = {str(entry["path"]) for entry in self._listed() if entry["last_modified"] < before}
        for name in old - known() if old else ():
            self.remove(name)

    @contextmanager
    def _explained(self, *, may_be_gone: bool = False) -> Iterator[None]:
        try:
            yield
        except (self._obstore.exceptions.BaseError, OSError, ValueError) as error:
            if may_be_gone and isinstance(error, FileNotFoundError):
                raise
            # The library's words may hold addresses and answers of the server.
            raise StoreError(
                "the object storage refused ({kind}).",
                "Check [store] parts, the endpoint and the keys in the environment.",
                kind=type(error).__name__,
            ) from error


def _library() -> Any:
    try:
        import obstore
        import obstore.exceptions
        import obstore.store
    except ImportError as error:
        raise MissingTool(
            "the library for object storage is not installed.",
            'Install it: pip install "workbench[objects]"',
        ) from error
    return obstore
