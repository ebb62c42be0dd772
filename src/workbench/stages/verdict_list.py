"""A list of each file with its verdict, for the person who holds the files."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from workbench.file_modes import OWNER_FILE, open_private
from workbench.plaintext import no_formula

if TYPE_CHECKING:
    from workbench.dicom.files import Candidate


class VerdictList:
    """Write rows of path, member and ``columns`` to a CSV file; without a file, do nothing.

    Paths often hold names of patients, so this is written on request only, with rights for the
    owner alone, and nothing else of Workbench ever holds a path.
    """

    def __init__(self, file: Path | None, columns: Sequence[str] = ("verdict",)) -> None:
        self._path = file
        self._columns = columns
        self._open: TextIO | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            descriptor = open_private(self._path)
            os.fchmod(descriptor, OWNER_FILE)  # one that was there, or in a shared folder, too
            # A name that is no UTF-8 is written with the bytes it has.
            self._open = os.fdopen(
                descriptor, "w", newline="", encoding="utf-8", errors="surrogateescape"
            )
            csv.writer(self._open).writerow(["path", "member", *self._columns])
        return self

    def __exit__(self, *error: object) -> None:
        if self._open is not None:
            self._open.close()

    def note(self, candidate: Candidate, *values: object) -> None:
        """Write one row: the file, and a value for each of the columns."""
        if self._open is not None:
            named = (str(candidate.path), candidate.member or "")
            row = [*map(no_formula, named), *map(str, values)]
            csv.writer(self._open).writerow(row)
