"""Real DICOM files that lie in the installed pydicom package: a second source beside simulation."""

from __future__ import annotations

from pathlib import Path

import pydicom

PREAMBLE, PREFIX = 128, b"DICM"


def bundled_files() -> list[Path]:
    """Return pydicom's own test files that are on this disk, sorted; none is ever downloaded.

    The package also knows files it would fetch on demand, so its finder is not asked: only its
    data folder is looked at.  Files that start as a Part 10 file does are returned, among them
    damaged ones and directories of media (DICOMDIR).
    """
    folder = Path(pydicom.__file__).parent / "data"
    return sorted(path for path in folder.rglob("*") if path.is_file() and is_part_10(path))


def is_part_10(path: Path) -> bool:
    """Return whether a file has the preamble and prefix of a Part 10 file (PS3.10 section 7.1)."""
    with path.open("rb") as file:
        return file.read(PREAMBLE + len(PREFIX))[PREAMBLE:] == PREFIX
