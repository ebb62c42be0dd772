"""The file in which people name scanners, merge and split them: ``scanners.toml`` of a workspace.

[[scanner]]
name = "CT 1, emergency"
signs = [
  { maker = "SIEMENS", model = "SOMATOM Force", serial = "75512" },
  { maker = "SIEMENS", model = "SOMATOM Force", station = "CT01" },
]

A machine with any of the signs is that scanner; a sign that names no ``serial``, say, fits every
serial number.  Spelling does not matter.  Pages write here, too, and leave comments in place.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import SettingsError
from workbench.file_modes import kept_mode, write_private
from workbench.scanners.device_signs import DeviceSigns, FoldedSigns

FILE = "scanners.toml"
KEYS = ("maker", "model", "station", "serial")
MAX_NAME_CHARACTERS = 60
HEAD = """# Names of scanners, and which signs of headers are one scanner (docs/scanners.md).

"""


@dataclass(frozen=True)
class SignPattern:
    """Signs that a scanner is known by, as somebody wrote them; ``None`` fits everything."""

    maker: str | None = None
    model: str | None = None
    station: str | None = None
    serial: str | None = None

    def fits(self, sign: FoldedSigns) -> bool:
        """Say whether a machine's signs are these."""
        wanted = DeviceSigns(self.maker, self.model, self.station, self.serial).folded
        given = (getattr(self, key) is not None for key in KEYS)
        return all(
            not asked or want == has
            for asked, want, has in zip(given, wanted, sign, strict=True)
        )  # fmt: skip


@dataclass(frozen=True)
class NamedScanner:
    """A scanner that a person has named, and the signs it is known by."""

    name: str
    signs: tuple[SignPattern, ...]


@dataclass(frozen=True)
class ScannerFile:
    """What ``scanners.toml`` held; ``digest`` tells one content from another."""

    scanners: tuple[NamedScanner, ...]
    digest: str


def read_scanners(folder: Path) -> ScannerFile:
    """Read the file of a workspace, empty where there is none; raises ``SettingsError``."""
    try:
        content = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return ScannerFile((), "")
    except OSError as error:
        raise SettingsError(
            "the file {file} cannot be read.", "Check its rights.", file=FILE
        ) from error
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            "the file {file} cannot be read: {error}.", "Mend that line.", file=FILE, error=error
        ) from error
    scanners = tuple(_scanner(table) for table in _entries(tables))
    _check_names(scanners)
    return ScannerFile(scanners, hashlib.sha256(content).hexdigest())


@contextmanager
def changing(folder: Path, seen: str | None) -> Iterator[ScannerFile]:
    """Read the file to change it; nobody else changes it meanwhile.

    ``seen`` is the digest of what was looked at: another one is refused with ``SettingsError``;
    ``None`` takes the file as it is.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        present = read_scanners(folder)
        if seen is not None and seen != present.digest:
            raise SettingsError(
                "somebody else has named or merged scanners meanwhile; nothing was changed.",
                "Look at what stands there now, then do it again.",
            )
        yield present
    finally:
        os.close(descriptor)


def write_scanners(folder: Path, scanners: Sequence[NamedScanner]) -> None:
    """Write the file of a workspace; comments of entries that stay are kept."""
    import tomlkit

    _check_names(scanners)
    file = folder / FILE
    document = tomlkit.parse(file.read_text("utf-8") if file.exists() else HEAD)
    before = {str(table["name"]).strip(): table for table in document.get("scanner", [])}
    entries = tomlkit.aot()
    for scanner in scanners:
        kept = before.get(scanner.name)
        entries.append(kept if kept is not None and _scanner(kept) == scanner else _table(scanner))
    if "scanner" in document:
        document.remove("scanner")
    if scanners:
        document.append("scanner", entries)
    write_private(file, tomlkit.dumps(document), kept_mode(file))


def checked_name(name: str) -> str:
    """Return a name for a scanner without the blanks around it; raises ``SettingsError``."""
    plain = " ".join(name.split())
    if not plain or len(plain) > MAX_NAME_CHARACTERS or not plain.isprintable():
        raise SettingsError(
            "a scanner needs a name of 1 to {max_name_characters} characters.",
            "Give it the name that people at the scanner use.",
            max_name_characters=MAX_NAME_CHARACTERS,
        )
    return plain


def _check_names(scanners: Sequence[NamedScanner]) -> None:
    names = [scanner.name.casefold() for scanner in scanners]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise SettingsError(
            "the file {file} has the name {twice} twice.",
            "Put their signs together.",
            file=FILE,
            twice=repr(twice),
        )


def _entries(tables: Mapping[str, Any]) -> list[Any]:
    others = set(tables) - {"scanner"}
    entries = tables.get("scanner", [])
    if others or not isinstance(entries, list):
        raise SettingsError(
            "the file {file} holds tables [[scanner]] only.", "Take out what is no such.", file=FILE
        )
    return entries


def _scanner(table: Any) -> NamedScanner:
    signs = table.get("signs") if isinstance(table, Mapping) else None
    if not isinstance(signs, list) or not isinstance(table.get("name"), str):
        raise SettingsError(
            "a [[scanner]] of {file} lacks its name or its signs.",
            'Write: name = "CT 1" and signs = [{ maker = "...", serial = "..." }]',
            file=FILE,
        )
    return NamedScanner(checked_name(table["name"]), tuple(_pattern(sign) for sign in signs))


def _pattern(sign: Any) -> SignPattern:
    right = isinstance(sign, Mapping) and set(sign) <= set(KEYS)
    if not right or not sign or not all(isinstance(value, str) for value in sign.values()):
        raise SettingsError(
            "a sign in {file} is not understood.",
            "Its keys are texts: {keys}.",
            file=FILE,
            keys=", ".join(KEYS),
        )
    return SignPattern(**{key: str(value) for key, value in sign.items()})


def _table(scanner: NamedScanner) -> Any:
    import tomlkit

    signs = tomlkit.array().multiline(multiline=True)
    for pattern in scanner.signs:
        sign = tomlkit.inline_table()
        sign.update({key: value for key, value in vars(pattern).items() if value is not None})
        signs.append(sign)
    table = tomlkit.table()
    table.add("name", scanner.name)
    table.add("signs", signs)
    return table
