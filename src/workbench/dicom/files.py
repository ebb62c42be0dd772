"""Find the objects in what a user names: files, folders, zip archives and DICOMDIRs.

Paths may hold names of patients; they stay in ``Candidate`` and go into no message.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.dicom.jsonmodel import items, values
from workbench.dicom.quiet import quiet
from workbench.dicom.read import (
    PREAMBLE,
    Header,
    Limits,
    read_directory,
    read_header,
)
from workbench.dicom.record import dicom_json
from workbench.errors import DamagedObject, NotDicom, ReadError

MEMBER_LIMIT = 2 * 2**30  # no DICOM file is larger: Part 10 element lengths are 32 bit


@dataclass(frozen=True)
class Candidate:
    """One file, or one member of a zip archive, that may be a DICOM object."""

    path: Path
    member: str | None = None

    def read(self, limits: Limits | None = None) -> Header:
        """Read the header; raises ``NotDicom`` or ``DamagedObject``."""
        if not self.path.is_file():
            # A named pipe would keep a reader waiting for ever.
            raise NotDicom("unreadable_file", "it is no file, or a link that leads nowhere")
        try:
            if self.member is None:
                return read_header(self.path, limits)
            with zipfile.ZipFile(self.path) as archive:
                return read_header(_member(archive, self.member), limits)
        except NotDicom as error:
            if error.code != "dicomdir" or self.member is not None:
                raise
            raise _index_verdict(self.path) from None
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            # An encrypted or damaged member raises RuntimeError, BadZipFile or NotImplementedError.
            raise NotDicom(
                "unreadable_file", "the file cannot be opened", "Check its rights and medium."
            ) from error


def candidates(paths: Iterable[Path]) -> Iterator[Candidate]:
    """Yield every file below ``paths`` once, folders in sorted order; links are not followed.

    A DICOMDIR named by itself stands for the files it lists; inside a folder the files are found
    anyway and the DICOMDIR is a candidate of its own (an index, which gets its verdict as such).
    """
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders.sort()
                for name in sorted(names):
                    yield from _expanded(Path(folder, name))
        elif is_dicomdir(path):
            yield Candidate(path)
            yield from map(Candidate, _present(path))
        else:
            yield from _expanded(path)


def _present(path: Path) -> tuple[Path, ...]:
    try:
        return listed_files(path).present
    except DamagedObject:
        return ()  # the DICOMDIR's own verdict says that it is damaged


def _expanded(path: Path) -> Iterator[Candidate]:
    if path.is_symlink() or not path.is_file() or not _is_zip(path):
        yield Candidate(path)
        return
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield Candidate(path, info.filename)


def _is_zip(path: Path) -> bool:
    # A DICOM file may be a zip archive too (a polyglot): DICOM is what we were given it for.
    try:
        with path.open("rb") as file:
            head = file.read(PREAMBLE + 4)
    except OSError:
        return False
    return head[PREAMBLE:] != b"DICM" and head[:2] == b"PK" and zipfile.is_zipfile(path)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(MEMBER_LIMIT + 1)
    if len(content) > MEMBER_LIMIT:
        raise DamagedObject("too_large", "the archive member is larger than 2 GiB")
    return content


@dataclass(frozen=True)
class ListedFiles:
    """What a DICOMDIR lists: files that are there, and how many are missing or outside."""

    present: tuple[Path, ...] = ()
    missing: int = 0
    outside: int = 0


def is_dicomdir(path: Path) -> bool:
    """Say whether a file is a media directory (PS3.10 section 8)."""
    try:
        read_header(path)
    except ReadError as error:
        return error.code == "dicomdir"
    except OSError:
        return False
    return False


def listed_files(path: Path) -> ListedFiles:
    """Return the files a DICOMDIR refers to (ReferencedFileID), in its order.

    Records are read one after another as they stand, never by their offsets, so that a directory
    whose records point at themselves cannot hang the reader; a path out of the folder is counted
    and not opened.  Raises ``DamagedObject``.
    """
    folder = path.resolve().parent
    found: dict[Path, None] = {}
    missing = outside = 0
    for parts in _referenced(path):
        target = folder.joinpath(*parts).resolve()
        if not target.is_relative_to(folder) or ".." in parts:
            outside += 1
        elif not target.is_file():
            missing += 1
        else:
            found[target] = None
    return ListedFiles(tuple(found), missing, outside)


def _referenced(path: Path) -> Iterator[list[str]]:
    with quiet():
        directory, _ = dicom_json(read_directory(path.read_bytes()))
    for record in items(directory, "DirectoryRecordSequence"):
        parts = [str(part) for part in values(record, "ReferencedFileID") if part]
        if parts:
            yield parts


def _index_verdict(path: Path) -> NotDicom:
    """Return the verdict on a DICOMDIR as such, saying what it lists in vain."""
    listed = listed_files(path)
    lost = [
        f"{number} of the files it lists are {where}"
        for number, where in ((listed.missing, "missing"), (listed.outside, "outside its folder"))
        if number
    ]
    told = "; ".join(["a DICOMDIR is an index", *lost]) + "."
    return NotDicom("dicomdir", told, "The files it lists are read on their own.")
