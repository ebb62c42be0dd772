"""Find the objects in what a user names: files, folders, zip archives and DICOMDIRs.

Nothing found is passed over in silence: a folder or an archive that cannot be opened is a
candidate too, whose ``read`` says why.  Paths may hold names of patients; they stay in
``Candidate`` and go into no message.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from workbench.dicom.jsonmodel import items, values
from workbench.dicom.media_paths import file_named
from workbench.dicom.read import PREAMBLE, Header, read_directory, read_header
from workbench.dicom.reader import HeaderReader
from workbench.dicom.record import dicom_json
from workbench.errors import DamagedObject, NotDicom, ReadError
from workbench.language import mark

# A member is held in memory whole.  Deflate packs up to 1032:1 (zlib's technical notes, "Maximum
# Compression Factor"), so 2 MB may become 2 GB: this keeps an import below some 500 MB.
MEMBER_LIMIT = 256 * 2**20
CHUNK_BYTES = 2**20
# What is said of a DICOMDIR; whether files it lists are missing, and outside its folder.
INDEX = {
    (False, False): mark("a DICOMDIR is an index."),
    (True, False): mark("a DICOMDIR is an index; {missing} of the files it lists are missing."),
    (False, True): mark(
        "a DICOMDIR is an index; {outside} of the files it lists are outside its folder."
    ),
    (True, True): mark(
        "a DICOMDIR is an index; {missing} of the files it lists are missing; "
        "{outside} of the files it lists are outside its folder."
    ),
}


@dataclass(frozen=True)
class Candidate:
    """One file, or one member of a zip archive, that may be a DICOM object.

    Attributes
    ----------
    path
        The file; of what cannot be opened also a folder.
    member
        The name of an archive's member.
    repetition
        How many members of the same name stand before it in the archive.
    entry
        Where the member stands in the archive; a name alone would not tell twins apart.
    fault
        Why there is nothing to read.
    """

    path: Path
    member: str | None = None
    repetition: int = 0
    entry: zipfile.ZipInfo | None = field(default=None, repr=False, compare=False)
    fault: ReadError | None = field(default=None, repr=False, compare=False)

    @property
    def place(self) -> bytes:
        """What tells this candidate from all others; it may hold names, so keep it secret."""
        # Not ``Path.resolve``, which raises where links run in a circle.
        twin = f"\0{self.repetition}" if self.repetition else ""
        return os.fsencode(f"{os.path.realpath(self.path)}\0{self.member or ''}{twin}")

    @property
    def stamp(self) -> bytes:
        """What changes when the file is changed: time and size, empty when there is no file."""
        try:
            about = self.path.stat()
        except (OSError, ValueError):
            return b""
        return f"{about.st_mtime_ns} {about.st_size}".encode()

    def content(self) -> bytes:
        """Return all bytes of the object; raises ``OSError`` when it cannot be opened."""
        if self.entry is None:
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            return _member(archive, self.entry)

    def read(self, reader: HeaderReader | None = None) -> Header:
        """Read the header; raises ``NotDicom`` or ``DamagedObject``, whatever the bytes are.

        ``reader`` is shared by those who read many.
        """
        reader = reader or HeaderReader()
        if self.fault is not None:
            raise self.fault
        if not _is_regular(self.path):
            # A named pipe would keep a reader waiting for ever.
            raise NotDicom("unreadable_file", "it is no file, or a link that leads nowhere")
        try:
            if self.entry is None:
                return reader.header(self.path)
            return reader.header(_member(reader.archive(self.path), self.entry))
        except NotDicom as error:
            if error.code != "dicomdir" or self.entry is not None:
                raise
            raise _index_verdict(self.path) from None
        except ReadError:
            raise
        except Exception as error:
            # Damaged members raise BadZipFile, zlib.error, EOFError, NotImplementedError ...
            raise NotDicom(
                "unreadable_file", "the file cannot be opened", "Check its rights and medium."
            ) from error


def candidates(paths: Iterable[Path]) -> Iterator[Candidate]:
    """Yield every file below ``paths`` once, folders in sorted order; links are not followed.

    A DICOMDIR named by itself stands for the files it lists; inside a folder the files are found
    anyway and the DICOMDIR is a candidate of its own (an index, which gets its verdict as such).
    A folder that cannot be opened is a candidate with a ``fault``.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where rights are missing
            yield from _below(path)
        elif is_dicomdir(path):
            yield Candidate(path)
            yield from map(Candidate, _present(path))
        else:
            yield from _expanded(path)


def _below(top: Path) -> Iterator[Candidate]:
    closed: list[OSError] = []
    for folder, folders, names in os.walk(top, onerror=closed.append):
        folders.sort()
        yield from _closed(closed)
        for name in sorted(names):
            yield from _expanded(Path(folder, name))
    yield from _closed(closed)


def _closed(errors: list[OSError]) -> Iterator[Candidate]:
    while errors:
        fault = NotDicom(
            "unreadable_folder", "a folder cannot be opened", "Check its rights and medium."
        )
        yield Candidate(Path(errors.pop(0).filename), fault=fault)


def _present(path: Path) -> tuple[Path, ...]:
    try:
        return listed_files(path).present
    except DamagedObject:
        return ()  # the DICOMDIR's own verdict says that it is damaged


def _expanded(path: Path) -> Iterator[Candidate]:
    if not _is_regular(path, follow=False) or not _is_zip(path):
        yield Candidate(path)
        return
    try:
        entries = _entries(path)
    except NotDicom as fault:
        yield Candidate(path, fault=fault)
        return
    seen: Counter[str] = Counter()
    for entry in entries:
        yield Candidate(path, entry.filename, seen[entry.filename], entry)
        seen[entry.filename] += 1


def _is_regular(path: Path, follow: bool = True) -> bool:
    """Say whether it is a file; also false where rights are missing or links run in a circle."""
    try:
        return stat.S_ISREG(path.stat(follow_symlinks=follow).st_mode)
    except (OSError, ValueError):
        return False


def _is_zip(path: Path) -> bool:
    # A DICOM file may be a zip archive too (a polyglot): DICOM is what we were given it for.
    try:
        with path.open("rb") as file:
            head = file.read(PREAMBLE + 4)
    except OSError:
        return False
    return head[PREAMBLE:] != b"DICM" and head[:2] == b"PK" and zipfile.is_zipfile(path)


def _entries(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [entry for entry in archive.infolist() if not entry.is_dir()]
    except Exception as error:
        # A damaged directory raises BadZipFile, UnicodeDecodeError, struct.error, ValueError ...
        raise NotDicom(
            "unreadable_archive",
            "the directory of a zip archive is damaged",
            "Make the archive anew, or unpack what can be saved and import the folder.",
        ) from error


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes, or only its beginning where that shows that it is not DICOM."""
    with archive.open(entry) as file:
        head = file.read(PREAMBLE + 4)
        if head[PREAMBLE:] != b"DICM":
            return head
        # zipfile yields no more than the size the directory tells, so a lie cannot pass this.
        if entry.file_size > MEMBER_LIMIT:
            raise DamagedObject(
                "too_large",
                "the archive's member is larger than {size} MiB",
                "Unpack the archive and import the folder.",
                size=MEMBER_LIMIT >> 20,
            )
        content = BytesIO()
        content.write(head)
        shutil.copyfileobj(file, content, CHUNK_BYTES)
        return content.getvalue()


@dataclass(frozen=True)
class ListedFiles:
    """What a DICOMDIR lists: files that are there, and how many are missing or outside."""

    present: tuple[Path, ...] = ()
    missing: int = 0
    outside: int = 0


def is_dicomdir(path: Path) -> bool:
    """Say whether a file is a media directory (PS3.10 section 8)."""
    if not _is_regular(path):
        return False
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
    folder = Path(os.path.realpath(path)).parent
    files: dict[Path, None] = {}
    listing: dict[Path, list[str]] = {}
    missing = outside = 0
    for parts in _referenced(path):
        if any("\0" in part for part in parts):
            missing += 1  # no file is called so
            continue
        target = _target(folder, parts, listing)
        if not target.is_relative_to(folder) or ".." in parts:
            outside += 1
        elif not _is_regular(target):
            missing += 1
        else:
            files[target] = None
    return ListedFiles(tuple(files), missing, outside)


def _target(folder: Path, parts: list[str], listing: dict[Path, list[str]]) -> Path:
    """Return the file a record names, links resolved, whether it is there or not."""
    target = Path(os.path.realpath(folder.joinpath(*parts)))
    if _is_regular(target) or ".." in parts:
        return target
    found = file_named(folder, parts, listing)
    return target if found is None else Path(os.path.realpath(found))


def _referenced(path: Path) -> Iterator[list[str]]:
    directory, _ = dicom_json(read_directory(path.read_bytes()))
    for record in items(directory, "DirectoryRecordSequence"):
        parts = [str(part) for part in values(record, "ReferencedFileID") if part]
        if parts:
            yield parts


def _index_verdict(path: Path) -> NotDicom:
    """Return the verdict on a DICOMDIR as such, saying what it lists in vain."""
    listed = listed_files(path)
    return NotDicom(
        "dicomdir", INDEX[bool(listed.missing), bool(listed.outside)],
        "The files it lists are read on their own.",
        missing=listed.missing, outside=listed.outside,
    )  # fmt: skip
