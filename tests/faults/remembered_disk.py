"""What a power cut would leave, worked out from the calls that make writing durable.

POSIX promises two things only: the content of a file outlives a power cut once ``fsync`` of it
has returned, and a name in a folder once ``fsync`` of the folder has.  A rename may reach the
disk at any time afterwards, before the content of the file or after it, so that a file must be
durable before it is given its name.  ``RememberedDisk`` notes each ``fsync`` of this process with
what it made durable, and tells of any file what would be left.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

Names = dict[str, int]


class RememberedDisk:
    """The disk below ``root``, which itself is there whatever happens."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.torn: list[str] = []
        self._contents: dict[int, bytes] = {}
        self._folders: dict[int, Names] = {}
        self._fsync, self._rename, self._replace = os.fsync, os.rename, os.replace
        patch.setattr(os, "fsync", self.synced)
        patch.setattr(os, "fdatasync", self.synced)
        patch.setattr(os, "rename", self.renamed)
        patch.setattr(os, "replace", self.replaced)

    def everything(self) -> None:
        """Make all that is there now durable: the state before what is tested."""
        for path in (self.root, *self.root.rglob("*")):
            self._note(path)

    def left(self, path: Path) -> bytes | None:
        """Return the content a file would have after a power cut now; ``None``: no such file."""
        inode = self.root.stat().st_ino
        for name in path.relative_to(self.root).parts:
            inode = self._folders.get(inode, {}).get(name, -1)
        return self._contents.get(inode)

    def synced(self, file: int) -> None:
        self._fsync(file)
        self._note(Path(f"/proc/self/fd/{file}").resolve())

    def renamed(self, old: str | Path, new: str | Path) -> None:
        self._before_rename(Path(old), Path(new))
        self._rename(old, new)

    def replaced(self, old: str | Path, new: str | Path) -> None:
        self._before_rename(Path(old), Path(new))
        self._replace(old, new)

    def _before_rename(self, old: Path, new: Path) -> None:
        if old.is_file() and self._contents.get(old.stat().st_ino) != old.read_bytes():
            self.torn.append(new.name)

    def _note(self, path: Path) -> None:
        inode = path.stat().st_ino
        if path.is_dir():
            self._folders[inode] = {one.name: one.stat().st_ino for one in path.iterdir()}
        elif path.is_file():
            self._contents[inode] = path.read_bytes()
