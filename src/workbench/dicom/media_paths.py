"""Find the files a DICOMDIR names on media that were copied since.

File IDs are upper case without ending (PS3.10 section 8.2, PS3.12 annex F); copies have lower
case, an ending, the version number of ISO 9660 (";1"), or the DICOMDIR inside the folder that its
paths begin with.  Each is looked for only where the name as it stands is not there, and only
below the DICOMDIR's own folder; a name that fits two files fits none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

VERSION = re.compile(r";[0-9]+\Z")
ENDING = re.compile(r"\.(dcm|dicom|dic|ima|img)\Z")
Folded = Callable[[str], str]


def file_named(folder: Path, parts: Sequence[str], listing: dict[Path, list[str]]) -> Path | None:
    """Return the one path below ``folder`` that a File ID means, or ``None``.

    ``listing`` remembers what folders hold, for the File IDs that follow.
    """
    for skipped in range(_common(folder, parts) + 1):
        found = _below(folder, parts[skipped:], listing)
        if found is not None:
            return found
    return None


def _common(folder: Path, parts: Sequence[str]) -> int:
    """Return how many components of a File ID may name the folders the DICOMDIR itself is in."""
    own = [_plain(name) for name in folder.parts]
    told = [_plain(part) for part in parts[:-1]]
    fits = (size for size in range(len(told), 0, -1) if own[-size:] == told[:size])
    return next(fits, 0)


def _below(folder: Path, parts: Sequence[str], listing: dict[Path, list[str]]) -> Path | None:
    for place, part in enumerate(parts):
        folds: tuple[Folded, ...] = (str, _plain)
        if place == len(parts) - 1:
            folds = (*folds, _bare)
        name = _entry(_names(folder, listing), part, folds)
        if name is None:
            return None
        folder /= name
    return folder if parts else None


def _entry(names: Sequence[str], part: str, folds: Sequence[Folded]) -> str | None:
    for fold in folds:
        found = [name for name in names if fold(name) == fold(part)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _names(folder: Path, listing: dict[Path, list[str]]) -> list[str]:
    if folder not in listing:
        try:
            listing[folder] = sorted(entry.name for entry in folder.iterdir())
        except (OSError, ValueError):
            listing[folder] = []
    return listing[folder]


def _plain(name: str) -> str:
    return VERSION.sub("", name.casefold()).rstrip(". ")


def _bare(name: str) -> str:
    return ENDING.sub("", _plain(name))
