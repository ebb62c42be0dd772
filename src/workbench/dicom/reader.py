"""Read many headers one after another: what neighbours share is remembered while it lasts."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from workbench.dicom.read import Header, HeaderLimits, Memory, read_header, read_received


class HeaderReader:
    """Reads headers for one task, receiver or verb; several threads may use one.

    It holds bytes of the headers read last, bounded, and the archive that is being read.  Both
    are gone with it.

    Parameters
    ----------
    limits
        Bounds that a header must not pass.
    """

    def __init__(self, limits: HeaderLimits | None = None) -> None:
        self._limits = limits
        self._memory = Memory()
        self._archive: tuple[tuple[object, ...], zipfile.ZipFile] | None = None

    def header(self, source: Path | bytes) -> Header:
        """Read the header of a file as ``read_header`` does."""
        return read_header(source, self._limits, self._memory)

    def received(self, encoded: bytes, transfer_syntax: str) -> Header:
        """Read the header of a received data set as ``read_received`` does."""
        return read_received(encoded, transfer_syntax, self._limits, self._memory)

    def archive(self, path: Path) -> zipfile.ZipFile:
        """Return an open archive, kept until another is read: it may have thousands of members.

        A file that was changed is opened anew.
        """
        about = path.stat()
        identity = (path, about.st_mtime_ns, about.st_size, os.getpid())
        kept = self._archive
        if kept is None or kept[0] != identity:
            kept = self._archive = identity, zipfile.ZipFile(path)
        return kept[1]
