"""The originals as they lie in a folder: files, and members of zip archives, within limits.

An archive may be made to fill memory or a disk; what is over a limit is not read, and counted.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

PREAMBLE = 128
MAX_MEMBERS = 200_000
MAX_MEMBER_BYTES = 1 << 28
MAX_ARCHIVE_BYTES = 1 << 36  # of all members together, unpacked
ENCRYPTED = 0x1  # general purpose bit flag (APPNOTE 4.4.4)
DICM, ZIP = b"DICM", b"PK\x03\x04"
# Group 0002 or 0008 first, in either order of bytes: what a file without preamble begins with.
FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
Content = tuple[str, bytes | None]  # a name in the folder; None: it is over a limit or damaged


def contents(folder: Path) -> Iterator[Content]:
    """Yield the files below a folder that may be DICOM, with their names, in the names' order."""
    for path in files_in(folder):
        name = str(path.relative_to(folder))
        try:
            with path.open("rb") as file:
                head = file.read(PREAMBLE + 4)
            if head[:4] == ZIP and head[PREAMBLE:] != DICM:
                yield from _members(path, name)
            elif may_be_dicom(head):
                yield name, path.read_bytes()
        except OSError:
            yield name, None


def may_be_dicom(head: bytes) -> bool:
    """Say whether the first 132 bytes may be those of a DICOM file, with a preamble or not."""
    return head[PREAMBLE : PREAMBLE + 4] == DICM or head[:2] in FIRST_GROUPS


def _members(path: Path, name: str) -> Iterator[Content]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _unpacked(archive, name)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        yield name, None


def _unpacked(archive: zipfile.ZipFile, name: str) -> Iterator[Content]:
    left = MAX_ARCHIVE_BYTES
    for number, entry in enumerate(archive.infolist()):
        if entry.is_dir():
            continue
        left -= entry.file_size
        inside = f"{name}/{entry.filename}"
        if number >= MAX_MEMBERS or left < 0:
            yield inside, None
            return
        content = _member(archive, entry)
        if content is None or may_be_dicom(content[: PREAMBLE + 4]):
            yield inside, content


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """Return a member's bytes; ``None`` for one that is too large, encrypted or damaged."""
    if entry.file_size > MAX_MEMBER_BYTES or entry.flag_bits & ENCRYPTED:
        return None
    try:
        with archive.open(entry) as member:
            # No more than the directory says, whatever the stream would become.
            return member.read(entry.file_size)
    except Exception:  # noqa: BLE001 - zlib, lzma and others raise their own kinds on damage
        return None


def files_in(folder: Path) -> list[Path]:
    """Return the regular files below a folder, by name."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
