"""Phantom images: the only objects that are kept whole, because a measurement needs their pixels.

They come to an AE title of their own.  A file is named by the digest of its SOP Instance UID, so
no name of a peer ever becomes a path; the preamble is zero, so no other program takes the file
for something else.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID
from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID
from pynetdicom.dsutils import encode_file_meta

from workbench.collect.receiver import STORED, ReceivedObject

PREAMBLE = bytes(128) + b"DICM"
MOST_VERSIONS = 100


class PhantomFolder:
    """Where phantom images are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, received: ReceivedObject) -> int:
        """Write a whole object, durable when this returns 0x0000; nothing is overwritten.

        The same object once more is not written again; other content under the same UID gets a
        file of its own.  Raises ``OSError``, which the sender is told as 0xA700.
        """
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700)
            _sync(self.folder.parent)
        digest = hashlib.sha256(received.sop_instance.encode()).hexdigest()
        for version in range(MOST_VERSIONS):
            file = self.folder / f"{digest}{f'-{version}' if version else ''}.dcm"
            if not file.exists():
                self._write(file, received)
                return STORED
            if file.read_bytes().endswith(received.encoded):
                return STORED
        raise OSError("too many versions of one phantom image")

    def _write(self, file: Path, received: ReceivedObject) -> None:
        partial = file.with_suffix(".partial")
        with partial.open("wb") as opened:
            opened.write(PREAMBLE)
            opened.write(encode_file_meta(_meta(received)))
            opened.write(received.encoded)
            opened.flush()
            os.fsync(opened.fileno())
        partial.rename(file)
        _sync(self.folder)


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
