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
from workbench.language import Words, data, listed, n, number, sentences, t

BLOCK = 2**24  # bytes read at a time
READ = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer, 2**20)"
DATABASE = ".sqlite"  # in the names of a database's files, its journal's too
NOT_SHOWN = "a file or folder whose name holds one"
# A whole word: a full stop ends one, a point between letters or digits (of a UID) does not.
BEGIN, END = rb"(?<![0-9A-Za-z])(?<![0-9A-Za-z]\.)", rb"(?![0-9A-Za-z])(?!\.[0-9A-Za-z])"
AROUND = 2  # bytes on either side that decide whether it is one


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
        IDs too short to be looked for (they stand in any file by chance), or not known because
        the key is locked.
    files, bytes
        Files and bytes that were searched.
    left
        Values still found; 0 is what is wanted.
    where
        Names of the files they were found in; a name that holds a value is not told.

    Compressed parts are not searched: they hold pseudonyms only.
    """

    rows: int
    values: int
    untested: int
    files: int
    bytes: int
    left: int
    where: tuple[str, ...] = ()

    def sentence(self) -> Words:
        """Say it for a person."""
        values: dict[str, Words | int] = {
            "rows": self.rows, "values": self.values, "files": self.files,
            "size": number(self.bytes / 2**20, 1),
        }  # fmt: skip
        if self.left:
            outcome = n(
                "{rows} rows deleted. {values} IDs and UIDs looked for in {files} files "
                "({size} MB): {left} of them found.",
                "{rows} rows deleted. {values} IDs and UIDs looked for in {files} files "
                "({size} MB): {left} of them found.",
                self.rows,
                left=self.left,
                **values,
            )
        else:
            outcome = n(
                "{rows} rows deleted. {values} IDs and UIDs looked for in {files} files "
                "({size} MB): none of them found.",
                "{rows} rows deleted. {values} IDs and UIDs looked for in {files} files "
                "({size} MB): none of them found.",
                self.rows,
                **values,
            )
        said = [outcome]
        if self.where:
            said.append(t("In: {where}.", where=listed(map(data, self.where))))
        if self.untested:
            said.append(n(
                "{untested} IDs are too short to be looked for, or not known without the key.",
                "{untested} IDs are too short to be looked for, or not known without the key.",
                self.untested,
                untested=self.untested,
            ))  # fmt: skip
        return sentences(*said)


@dataclass(frozen=True)
class _Wanted:
    """Values to look for: anywhere, as whole words, in names; and the length of the longest."""

    anywhere: re.Pattern[bytes]
    words: re.Pattern[bytes]
    names: re.Pattern[bytes]
    longest: int

    @classmethod
    def of(cls, values: list[bytes]) -> _Wanted:
        longest_first = sorted(values, key=len, reverse=True)
        either = b"(?:" + b"|".join(map(re.escape, longest_first)) + b")"
        return cls(
            re.compile(either), re.compile(BEGIN + either + END),
            re.compile(rb"(?<![0-9A-Za-z])" + either + rb"(?![0-9A-Za-z])"), len(longest_first[0]),
        )  # fmt: skip


def prove(folder: Path, values: Iterable[str | bytes], rows: int, untested: int = 0) -> Proof:
    """Look for values in every file of a folder, and in the names of files and folders.

    Bytes are what an encrypted row is found by: where they are gone, so is the row.  Returns what
    was found.
    """
    every = {value.encode() if isinstance(value, str) else value for value in values}
    encoded = list(every - {b""})
    wanted = _Wanted.of(encoded) if encoded else None
    all_hits: set[bytes] = set()
    where: list[str] = []
    files = size = 0
    for entry in sorted(folder.rglob("*")):
        named = set(wanted.names.findall(os.fsencode(entry.name))) if wanted else set()
        hits: set[bytes] = set()
        # Parts are compressed, and hold pseudonyms only; tests prove that, not a search.
        if entry.is_file() and not entry.is_symlink() and entry.suffix != ".parquet":
            files, size = files + 1, size + entry.stat().st_size
            hits = _hits(entry, wanted) if wanted else set()
        if named or hits:
            where.append(NOT_SHOWN if named else entry.name)
        all_hits |= named | hits
    return Proof(rows, len(encoded), untested, files, size, len(all_hits), tuple(where))


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


def _hits(file: Path, wanted: _Wanted) -> set[bytes]:
    """Return which values stand in a file.

    In a database's file anywhere, because it writes one value right after the other;
    in others as whole words, because an ID stands within longer numbers by chance.
    """
    database = DATABASE in file.name
    pattern = wanted.anywhere if database else wanted.words
    kept = wanted.longest + 2 * AROUND  # bytes of a text that are judged again with the next
    hits: set[bytes] = set()
    with _opened(file, elsewhere=database) as opened:
        text, cut, block = b"", 0, opened.read(BLOCK)
        while block:
            text, block = text + block, opened.read(BLOCK)
            # What lies too near to an end is judged with what lies beyond that end.
            lowest = AROUND if cut else 0
            highest = len(text) - AROUND if block else len(text)
            for start in _places(wanted.anywhere, text, lowest):
                match = pattern.match(text, start)
                if match and match.end() <= highest:
                    hits.add(match.group())
            cut += max(len(text) - kept, 0)
            text = text[-kept:]
    return hits


def _places(pattern: re.Pattern[bytes], text: bytes, start: int) -> Iterator[int]:
    """Yield where a value begins, also within another one."""
    while match := pattern.search(text, start):
        yield match.start()
        start = match.start() + 1
