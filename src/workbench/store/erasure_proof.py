"""Look whether values are still there: in every file of a folder, as they lie there.

What is told is what was found, not what was intended.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workbench.errors import StoreError

BLOCK = 2**24  # bytes read at a time
READ = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer, 2**20)"
DATABASE = ".sqlite"  # in the names of a database's files, its journal's too


@dataclass(frozen=True)
class Proof:
    """What was deleted, and what of it is still in the workspace.

    Attributes
    ----------
    rows
        Rows deleted.
    values
        Patient IDs and UIDs looked for afterwards.
    untested
        IDs too short to be looked for: they stand in any file by chance.
    files, bytes
        Files and bytes that were searched.
    left
        Values still found; 0 is what is wanted.
    where
        Names of the files they were found in.

    Compressed parts are not searched: they hold pseudonyms only.
    """

    rows: int
    values: int
    untested: int
    files: int
    bytes: int
    left: int
    where: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say it for a person."""
        outcome = f"{self.left} of them found" if self.left else "none of them found"
        short = f" {self.untested} IDs are too short to be looked for." if self.untested else ""
        where = f" In: {', '.join(self.where)}." if self.where else ""
        return (
            f"{self.rows} rows deleted. {self.values} IDs and UIDs looked for in {self.files} "
            f"files ({self.bytes / 2**20:.1f} MB): {outcome}.{where}{short}"
        )


def prove(folder: Path, values: Iterable[str], rows: int, untested: int = 0) -> Proof:
    """Look for values in every file of a folder, names included; return what was found."""
    wanted = sorted({value.encode() for value in values}, key=len, reverse=True)
    pattern = re.compile(b"|".join(map(re.escape, wanted))) if wanted else None
    overlap = max(map(len, wanted), default=0)
    all_hits: set[bytes] = set()
    where: list[str] = []
    files = size = 0
    for file in sorted(folder.rglob("*")):
        # Parts are compressed, and hold pseudonyms only; tests prove that, not a search.
        if not file.is_file() or file.is_symlink() or file.suffix == ".parquet":
            continue
        files, size = files + 1, size + file.stat().st_size
        hits = _hits(file, pattern, overlap) if pattern else set()
        where += [file.name] if hits else []
        all_hits |= hits
    return Proof(rows, len(wanted), untested, files, size, len(all_hits), tuple(where))


@contextmanager
def _opened(file: Path, elsewhere: bool) -> Iterator[IO[bytes]]:
    """Open a file for reading; a database's in another process.

    Closing any descriptor of a file drops all locks that the process has on it (POSIX, fcntl).
    SQLite keeps a database that is open here whole by such locks: without them the next process
    that closes it would take away the journal that we still write to.
    """
    if not elsewhere:
        with file.open("rb") as opened:
            yield opened
        return
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", READ, file],
                          stdout=subprocess.PIPE) as reader:  # fmt: skip
        assert reader.stdout is not None
        yield reader.stdout
    if reader.returncode:
        raise StoreError("a database's file cannot be read.", "Check its rights and the disk.")


def _hits(file: Path, pattern: re.Pattern[bytes], overlap: int) -> set[bytes]:
    """Return which values stand in a file.

    In a database's file anywhere, because it writes one value right after the other;
    in others as whole words, because an ID stands within longer numbers by chance.
    """
    hits: set[bytes] = set()
    anywhere, searched = DATABASE in file.name, False
    with _opened(file, elsewhere=anywhere) as opened:
        before = os.fsencode(f"{file.stem}\n{file.name}\n")  # a dot may belong to a number
        block = opened.read(BLOCK)
        while block or not searched:  # an empty file has a name all the same
            text, searched = before + block, True
            for match in pattern.finditer(text):
                around = (
                    text[max(match.start() - 1, 0) : match.start()],
                    text[match.end() : match.end() + 1],
                )
                if anywhere or not any(letter.isalnum() or letter == b"." for letter in around):
                    hits.add(match.group())
            before = text[-overlap:] if overlap else b""
            block = opened.read(BLOCK)
    return hits
