"""The hospital's file as the parent of the services knows it: the one table without identities.

The rest of that file is ``collect.queue.hospital_file``'s, which needs polars and the key's
ciphers.  It is opened for each look and closed again: a file that somebody deletes is let go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.file_modes import OWNER_FILE, create_private
from workbench.services.service_board import ServiceBoard

FILE = "hospital.sqlite"
TABLE = """
CREATE TABLE IF NOT EXISTS control (name TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL)"""
BUSY_S = 1.0  # the parent waits no longer for another program: it looks again


class ControlConnection:
    """A connection that ``ServiceBoard`` can ask."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        return self._connection.execute(statement, values).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        """Run one writing statement."""
        self._connection.execute(statement, values)


def make_control(folder: Path) -> None:
    """Make the table where there is none; the collector's own program adds the others.

    Raises ``sqlite3.Error`` or ``OSError``.
    """
    file = folder / FILE
    create_private(file, OWNER_FILE)
    with _opened(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(TABLE)


@contextmanager
def board_of(folder: Path) -> Iterator[ServiceBoard]:
    """Open the board of a workspace; raises ``sqlite3.Error``, also where there is no such file."""
    with _opened(folder / FILE) as connection:
        yield ServiceBoard(ControlConnection(connection))


@contextmanager
def control_of(folder: Path) -> Iterator[ControlConnection]:
    """Open the file of a workspace to be asked; raises ``sqlite3.Error`` as ``board_of`` does."""
    with _opened(folder / FILE) as connection:
        yield ControlConnection(connection)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    # mode=rw: a file that was deleted is not made again.
    name = f"file:{quote(str(file.absolute()))}?mode=rw"
    connection = sqlite3.connect(name, timeout=BUSY_S, isolation_level=None, uri=True)
    with closing(connection):
        connection.row_factory = sqlite3.Row
        yield connection
