"""De-identify files into a folder: headers only, named by their pseudonymous UID.

Whoever has the originals in their order must not find it again: files are made in the order of
their names, after all are known, and bear the same time.  Before, they lie in a folder that is
removed; renaming them would keep the times at which they were made, and their place on the disc.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from workbench.deidentify.engine import Deidentifier
from workbench.dicom.files import Candidate, candidates
from workbench.dicom.reader import HeaderReader
from workbench.errors import IdentityError, ReadError
from workbench.file_modes import make_private_folder, open_private

# Root 2.25 UID of this software (PS3.7 D.3.3.2), made once from a random UUID.
IMPLEMENTATION = "2.25.179230437187395160347121216553403826357"


def deidentify_files(source: Path, target: Path, deidentifier: Deidentifier) -> dict[str, int]:
    """Write a de-identified header file for every DICOM object below ``source``.

    Files are Explicit VR Little Endian with a zero preamble and fresh file meta information.
    Nothing of the folder tells in which order they were made; their times are those of the day.
    Returns how many were ``written``, ``duplicate`` (the same object again, the same output) and
    ``refused`` (unreadable, not to be written, or another content under the same SOP Instance
    UID: the first stays).  Raises ``IdentityError`` when the target holds files already, so that
    clean and other files are never mixed.
    """
    make_private_folder(target)
    if any(target.iterdir()):
        raise IdentityError("the output folder is not empty.", "Name an empty or new folder.")
    done = {"written": 0, "duplicate": 0, "refused": 0}
    with TemporaryDirectory(prefix=".writing-", dir=target) as folder:
        unsorted = Path(folder)
        for clean in _deidentified(candidates([source]), deidentifier):
            done["refused" if clean is None else _put(clean, unsorted)] += 1
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        for path in sorted(unsorted.iterdir()):
            out = target / path.name
            with os.fdopen(open_private(out), "wb") as file:
                file.write(path.read_bytes())
            os.utime(out, (day, day))
            path.unlink()
    return done


def _put(data: Dataset, target: Path) -> str:
    """Write an object unless it is there; return what became of it."""
    path = target / f"{data.SOPInstanceUID}.dcm"
    try:
        content = _encoded(data)
    except Exception:  # noqa: BLE001 - pydicom raises several kinds; no object may stop the others
        return "refused"
    if path.exists():
        return "duplicate" if path.read_bytes() == content else "refused"
    with os.fdopen(open_private(path), "wb") as file:
        file.write(content)
    return "written"


def _deidentified(
    files: Iterator[Candidate], deidentifier: Deidentifier
) -> Iterator[Dataset | None]:
    reader = HeaderReader()
    for candidate in files:
        try:
            yield deidentifier.apply(candidate.read(reader).dataset).dataset
        except ReadError:
            yield None


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
