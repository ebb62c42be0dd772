"""De-identify files into a folder: headers only, named by their pseudonymous UID.

Whoever has the originals in their order must not find it again: files are made in the order of
their names, after all are known, and bear the same time.  Before, they lie in a folder that is
removed; renaming them would keep the times at which they were made, and their place on the disc.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from workbench.deidentify.engine import Deidentifier
from workbench.dicom.files import Candidate, candidates
from workbench.dicom.read import Header
from workbench.dicom.reader import HeaderReader
from workbench.errors import DamagedObject, IdentityError, ReadError
from workbench.file_modes import make_private_folder, open_private
from workbench.language import mark

# Root 2.25 UID of this software (PS3.7 D.3.3.2), made once from a random UUID.
IMPLEMENTATION = "2.25.179230437187395160347121216553403826357"
LOOK = mark("Look at it without its values: workbench look FILE")


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file.

    Attributes
    ----------
    number
        Counts the files from 1 in the order of their names; it tells which one is meant without
        its name, and stands in no output.
    file
        The file; its path may hold names and goes into no message.
    outcome
        ``written``, ``duplicate`` (the same object again, the same output) or ``refused``.
    refusal
        Why it was refused; ``None`` where it was not.
    """

    number: int
    file: Candidate = field(repr=False)
    outcome: str
    refusal: ReadError | None = None


def _untold(_: FileOutcome) -> None:
    """Tell nobody."""


def deidentify_files(
    source: Path,
    target: Path,
    deidentifier: Deidentifier,
    note: Callable[[FileOutcome], None] = _untold,
) -> dict[str, int]:
    """Write a de-identified header file for every DICOM object below ``source``.

    Files are Explicit VR Little Endian with a zero preamble and fresh file meta information.
    Nothing of the folder tells in which order they were made; their times are those of the day.
    Returns how many were ``written``, ``duplicate`` (the same object again, the same output) and
    ``refused`` (unreadable, not to be written, or another content under the same SOP Instance
    UID: the first stays); ``note`` is told of each file.  Raises ``IdentityError`` when the
    target holds files already, so that clean and other files are never mixed.
    """
    make_private_folder(target)
    if any(target.iterdir()):
        raise IdentityError("the output folder is not empty.", "Name an empty or new folder.")
    done = {"written": 0, "duplicate": 0, "refused": 0}
    with TemporaryDirectory(prefix=".writing-", dir=target) as folder:
        unsorted = Path(folder)
        reader = HeaderReader()
        for number, file in enumerate(candidates([source]), 1):
            outcome = _cleaned(number, file, reader, deidentifier, unsorted)
            done[outcome.outcome] += 1
            note(outcome)
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        for path in sorted(unsorted.iterdir()):
            out = target / path.name
            with os.fdopen(open_private(out), "wb") as opened:
                opened.write(path.read_bytes())
            os.utime(out, (day, day))
            path.unlink()
    return done


def _cleaned(
    number: int, file: Candidate, reader: HeaderReader, deidentifier: Deidentifier, target: Path
) -> FileOutcome:
    """Clean one file; no object may stop the others."""
    try:
        clean = _deidentified(file.read(reader), deidentifier)
        return FileOutcome(number, file, _put(clean, target))
    except ReadError as refusal:
        return FileOutcome(number, file, "refused", refusal)


def _deidentified(header: Header, deidentifier: Deidentifier) -> Dataset:
    try:
        return deidentifier.apply(header.dataset).dataset
    except ReadError:
        raise
    except Exception as error:
        raise DamagedObject(
            "not_deidentified", "the object could not be de-identified", LOOK
        ) from error


def _put(data: Dataset, target: Path) -> str:
    """Write an object unless it is there; return what became of it, or raise ``DamagedObject``."""
    path = target / f"{data.SOPInstanceUID}.dcm"
    try:
        content = _encoded(data)
    except Exception as error:  # pydicom raises several kinds
        raise DamagedObject(
            "not_written", "the de-identified object could not be written as a file", LOOK
        ) from error
    if path.exists():
        if path.read_bytes() == content:
            return "duplicate"
        raise DamagedObject(
            "same_uid_other_content",
            "another object with the same SOP Instance UID was written before it",
            "Find out which of the two is right, and de-identify that one alone.",
        )
    with os.fdopen(open_private(path), "wb") as file:
        file.write(content)
    return "written"


def _encoded(data: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    data.file_meta = meta
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
