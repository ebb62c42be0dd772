"""Phantom images: the only objects that are kept whole, because a measurement needs their pixels.

They come to an AE title of their own.  A file is named by the digest of its SOP Instance UID, so
no name of a peer ever becomes a path; the preamble is zero, so no other program takes the file
for something else.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID
from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID
from pynetdicom.dsutils import encode_file_meta

from workbench.collect.received import STORED, ReceivedObject
from workbench.file_modes import make_private_folder, open_private

PREAMBLE = bytes(128) + b"DICM"
SUFFIX, PARTIAL = ".dcm", ".partial"
BLOCK = 2**20  # bytes written at a time
NAME = re.compile(r"[0-9a-f]{64}(-[0-9]{1,2})?")
MAX_VERSIONS = 100


class PhantomFolder:
    """Where phantom images are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, received: ReceivedObject) -> int:
        """Write a whole object, durable when this returns 0x0000; nothing is overwritten.

        The same object once more is not written again; other content under the same UID gets a
        file of its own.  Raises ``OSError``, which the sender is told as 0xA700.
        """
        start = PREAMBLE + encode_file_meta(_meta(received))
        self.keep_file(received.sop_instance, start + received.encoded, received.encoded)
        return STORED

    def keep_file(self, sop_instance: str, content: bytes, ending: bytes = b"") -> str:
        """Keep the bytes of a whole file; return the name by which it is known.

        A file that is there already and ends with ``ending`` is the same image.
        """
        if not self.folder.is_dir():
            make_private_folder(self.folder)
            _sync(self.folder.parent)
        digest = hashlib.sha256(sop_instance.encode()).hexdigest()
        for version in range(MAX_VERSIONS):
            name = f"{digest}{f'-{version}' if version else ''}"
            file = self.path(name)
            if not file.exists():
                self._write(file, content)
                return name
            if file.read_bytes().endswith(ending or content):
                return name
        raise OSError("too many versions of one phantom image")

    def path(self, name: str) -> Path:
        """Return the file of an image by its name; raises ``ValueError`` for what is no name."""
        if not NAME.fullmatch(name):
            raise ValueError("no name of a phantom image")
        return self.folder / f"{name}{SUFFIX}"

    def names(self) -> list[str]:
        """Return the names of all images kept, in the order they came."""
        files = [file for file in self.folder.glob(f"*{SUFFIX}") if NAME.fullmatch(file.stem)]
        return [file.stem for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)]

    def erase(self, name: str) -> None:
        """Overwrite and remove an image; on flash disks old blocks may stay all the same."""
        _erase(self.path(name))
        _sync(self.folder)

    def erase_partial(self, before: float) -> int:
        """Remove what was left half written before a moment (seconds since 1970); say how many."""
        left = [file for file in self.folder.glob(f"*{PARTIAL}") if _stamp(file) < before]
        for file in left:
            _erase(file)
        return len(left)

    def _write(self, file: Path, content: bytes) -> None:
        partial = file.with_suffix(PARTIAL)
        with os.fdopen(open_private(partial), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        partial.rename(file)
        _sync(self.folder)


def _stamp(file: Path) -> float:
    return file.stat().st_mtime if file.exists() else float("inf")


def _erase(file: Path) -> None:
    with file.open("r+b") as opened:
        left = os.fstat(opened.fileno()).st_size
        while left > 0:
            left -= opened.write(bytes(min(left, BLOCK)))
        opened.flush()
        os.fsync(opened.fileno())
    file.unlink()


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _meta(received: ReceivedObject) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(received.sop_class)
    meta.MediaStorageSOPInstanceUID = UID(received.sop_instance)
    meta.TransferSyntaxUID = UID(received.transfer_syntax)
    meta.ImplementationClassUID = PYNETDICOM_IMPLEMENTATION_UID
    return meta
