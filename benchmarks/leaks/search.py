"""Look for values in files, whatever they are packed in and however they are encoded.

Archives, Parquet, SQLite, gzip and zlib streams and base64 are opened, at any depth; texts are
looked for in the encodings that software uses, in capitals and small letters, and folded.  A value
of digits alone counts where no other digit stands beside it: numbers stand within longer ones by
chance.  All places are searched at once (Aho-Corasick, in polars).
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import polars as pl

from benchmarks.leaks.people import Planted

CHARSETS = (
    "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "latin-1", "cp1250", "iso8859-5", "iso8859-6",
    "iso8859-7", "iso8859-8", "iso8859-9", "koi8-r", "gb18030", "shift_jis", "euc_jp", "iso2022_jp",
    "euc_kr",
)  # fmt: skip
SHORTEST = 6  # bytes: shorter ones stand in any file by chance
BATCH_BYTES = 2**25  # searched at once
MAX_DEPTH = 4  # of packings within each other
MAX_BYTES = 2**28  # of one unpacked stream
ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{64,}={0,2}")
DIGITS = re.compile(r"[\d.]+")
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


@dataclass(frozen=True)
class Hit:
    """A value that was found; ``where`` names the file and what it is packed in there."""

    value: Planted
    where: str
    encoding: str


class Search:
    """Looks for values in bytes."""

    def __init__(self, values: Iterable[Planted]) -> None:
        self._patterns: dict[str, tuple[Planted, str]] = {}
        for value in values:
            for encoding, content in spellings(value.text):
                if len(content) >= SHORTEST:
                    self._patterns.setdefault(content.decode("latin-1"), (value, encoding))
        self._needles = pl.Series([list(self._patterns)], dtype=pl.List(pl.String))

    def files(self, paths: Iterable[Path], root: Path) -> tuple[list[Hit], int]:
        """Return what stands in files and in their names below ``root``, and the bytes searched.

        Links are not followed.
        """
        found: dict[Hit, None] = {}
        waiting: list[tuple[str, bytes]] = []
        size = searched = 0
        for path in paths:
            name = str(path.relative_to(root))
            pieces = [("its name", name.encode("utf-8", "surrogateescape"))]
            if path.is_file() and not path.is_symlink():
                pieces += unpacked(path.read_bytes())
            waiting += [(f"{name} ({where})", content) for where, content in pieces]
            size += sum(len(content) for _, content in pieces)
            if size > BATCH_BYTES:
                found |= dict.fromkeys(self.contents(waiting))
                searched, size, waiting = searched + size, 0, []
        found |= dict.fromkeys(self.contents(waiting))
        return list(found), searched + size

    def contents(self, pieces: Sequence[tuple[str, bytes]]) -> list[Hit]:
        """Return what stands in pieces of content, each with what it is called."""
        texts = pl.Series([content.decode("latin-1") for _, content in pieces], dtype=pl.String)
        matched = texts.str.extract_many(self._needles, overlapping=True)
        if not matched.list.len().sum():
            return []
        places = texts.str.find_many(self._needles, overlapping=True)
        return [
            hit
            for (where, _), text, patterns, starts in zip(
                pieces, texts, matched, places, strict=True
            )
            for hit in self._hits(where, text.encode(), patterns, starts)
        ]

    def _hits(
        self, where: str, encoded: bytes, patterns: Sequence[str], starts: Sequence[int]
    ) -> Iterator[Hit]:
        for pattern, start in zip(patterns, starts, strict=True):
            value, encoding = self._patterns[pattern]
            if not _within_number(value.text, encoding, encoded, start, pattern):
                yield Hit(value, where, encoding)


def spellings(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield a text as software may write it: encoding, and bytes."""
    folded = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    words = dict.fromkeys((
        text, text.lower(), text.upper(), text.title(), unicodedata.normalize("NFD", text), folded,
        folded.lower(), folded.upper(),
    ))  # fmt: skip
    for word in words:
        for charset in CHARSETS:
            with suppress(UnicodeEncodeError):
                yield charset, word.encode(charset)
        if not word.isascii():
            yield from _escaped(word)
        yield from _packed(word)


def _escaped(word: str) -> Iterator[tuple[str, bytes]]:
    yield "JSON", json.dumps(word)[1:-1].encode()
    yield "percent", quote(word).encode()
    yield "percent", quote(word).lower().encode()
    yield "HTML", word.encode("ascii", "xmlcharrefreplace")
    for charset in ("cp1252", "cp1250"):
        with suppress(UnicodeEncodeError):
            raw = word.encode(charset)
            yield (
                "RTF",
                b"".join(b"\\'%02x" % byte if byte > 127 else bytes([byte]) for byte in raw),
            )
    units = [ord(letter) - 2**16 * (ord(letter) > 2**15 - 1) for letter in word]
    yield (
        "RTF",
        "".join(
            letter if letter.isascii() else f"\\u{unit}?"
            for letter, unit in zip(word, units, strict=True)
        ).encode(),
    )


def _packed(word: str) -> Iterator[tuple[str, bytes]]:
    raw = word.encode()
    for content, name in ((raw, ""), (word.encode("utf-16-le"), " of utf-16")):
        yield f"hex{name}", content.hex().encode()
        yield f"hex{name}", content.hex().upper().encode()
        for shift in range(3):
            coded = base64.b64encode(bytes(shift) + content)
            # Letters that neighbours have a part in say nothing.
            first, last = (0, 2, 3)[shift], (shift + len(content)) * 8 // 6
            yield f"base64{name}", coded[first:last]


def _within_number(text: str, encoding: str, encoded: bytes, start: int, pattern: str) -> bool:
    """Say whether a value of digits stands within a longer number."""
    if not DIGITS.fullmatch(text) or text.endswith(".") or encoding != "utf-8":
        return False
    end = start + len(pattern.encode())
    return encoded[start - 1 : start].isdigit() or encoded[end : end + 1].isdigit()


# --- what is packed in what ----------------------------------------------------------------------


def unpacked(content: bytes, where: str = "", depth: int = 0) -> list[tuple[str, bytes]]:
    """Return content as it is, and all that is packed in it, each with where it stood."""
    pieces = [(where or "as it is", content)]
    if depth >= MAX_DEPTH:
        return pieces
    for kind, inner in _inside(content):
        pieces += unpacked(inner, f"{where} > {kind}".removeprefix(" > "), depth + 1)
    return pieces


def _inside(content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"SQLite format 3\0"):
        yield from _sqlite(content)
    elif content.startswith(b"PAR1"):
        frame = pl.read_parquet(BytesIO(content))
        packed = [name for name, kind in frame.schema.items() if kind == pl.Binary]
        for name in packed:
            yield "bytes of rows", b"\n".join(frame[name].drop_nulls().to_list())
        frame = frame.drop(packed)
        # Columns one by one: a value is what a reader sees, bytes too.
        yield "names of columns", "\n".join(frame.columns).encode()
        yield "rows", frame.write_ndjson().encode()
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for name in archive.namelist():
                yield "name in an archive", name.encode()
                yield "archive", archive.read(name)
    else:
        yield from _streams(content)
        yield from _base64(content)


def _streams(content: bytes) -> Iterator[tuple[str, bytes]]:
    for match in ZLIB.finditer(content):
        stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
        with suppress(zlib.error):
            inner = stream.decompress(content[match.start() :], MAX_BYTES)
            if inner:
                yield "compressed", inner


def _base64(content: bytes) -> Iterator[tuple[str, bytes]]:
    for match in BASE64.finditer(content):
        coded = match[0].rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        with suppress(ValueError):
            inner = base64.b64decode(coded + b"=" * (-len(coded) % 4))
            if inner.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\x78")):
                yield "base64", inner


def _sqlite(content: bytes) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(":memory:")) as opened:
        # In memory there is no journal: bytes 18 and 19 of the header say so.
        opened.deserialize(content[:18] + b"\x01\x01" + content[20:])
        for (table,) in opened.execute(TABLES).fetchall():
            rows: list[bytes] = []
            for row in opened.execute(f'SELECT * FROM "{table}"'):  # noqa: S608  a name it told
                for value in row:
                    if isinstance(value, bytes):
                        yield f"table {table}", value
                rows.append("\n".join(str(value) for value in row).encode("utf-8", "replace"))
            yield f"table {table}", b"\n".join(rows)
