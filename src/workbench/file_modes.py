"""File modes (POSIX): what Workbench writes is for its owner alone, whatever the umask.

Our programs run with umask 077.  A user's own kernel, a Dask worker or a library's caller has a
umask of its own, which is not ours to change; so what lies in a workspace is also made with an
explicit mode.  Only a folder that its owner has opened to a group on purpose, with write rights
and the set-group-ID bit (``chmod 2770``), has files that this group may read and change.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE_UMASK = 0o077
OTHERS = stat.S_IRWXG | stat.S_IRWXO
OWNER_FILE, GROUP_FILE = 0o600, 0o660
OWNER_FOLDER, GROUP_FOLDER = 0o700, 0o2770
# What a file system says that cannot make the names in a folder durable, and need not (NFS, SMB).
NOT_SUPPORTED = frozenset((errno.EINVAL, errno.ENOTSUP))


@contextmanager
def private_umask() -> Iterator[None]:
    """Let this process and those it starts make files for their owner alone."""
    before = os.umask(PRIVATE_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def is_shared(folder: Path) -> bool:
    """Say whether the owner of a folder has opened it to its group on purpose."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_ISGID and mode & stat.S_IWGRP)


def mode_in(folder: Path) -> int:
    """Return the mode of a file that is made in a folder."""
    return GROUP_FILE if is_shared(folder) else OWNER_FILE


def kept_mode(path: Path) -> int:
    """Return the mode of a file that is written anew: its own, or that of a new one there."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else mode_in(path.parent)


def open_private(path: Path, flags: int = os.O_WRONLY | os.O_TRUNC) -> int:
    """Open a file, a new one where there is none; return its descriptor.

    The mode of a file that is there stays: its owner may have given it.  Raises ``OSError``.
    """
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, OWNER_FILE)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT, OWNER_FILE)
    os.fchmod(descriptor, mode_in(path.parent))
    return descriptor


def create_private(path: Path, mode: int | None = None) -> None:
    """Make an empty file where there is none, for a library that opens it by its name.

    The file is not opened for it: closing any descriptor of a file drops all locks that this
    process has on it (POSIX, fcntl), and SQLite keeps its databases whole by such locks.
    """
    with suppress(FileExistsError):
        try:
            os.mknod(path, stat.S_IFREG | OWNER_FILE)
        except PermissionError:  # some systems leave mknod to root
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE))
        path.chmod(mode_in(path.parent) if mode is None else mode)


def write_private(path: Path, text: str, mode: int = OWNER_FILE, *, durable: bool = True) -> None:
    """Write a file, in UTF-8, that is there whole or not at all, and at no moment open to others.

    When this returns it outlives a power cut, unless ``durable`` is false, for what a restart
    needs no more.  A link in its place is replaced, not followed.  Raises ``OSError``: then the
    file of before or the new one is there, whole.
    """
    content = text.encode()
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)  # of a program that was killed, or laid there by somebody
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE)
    with os.fdopen(descriptor, "wb") as opened:
        os.fchmod(descriptor, mode)  # an unusual umask must not narrow it
        opened.write(content)
        opened.flush()
        if durable:
            os.fsync(descriptor)
    partial.replace(path)
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the file system can; raises ``OSError``."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
    finally:
        os.close(descriptor)


def make_private_folder(folder: Path) -> None:
    """Make a folder where there is none, with those above it; one that is there stays as it is."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    try:
        folder.mkdir(mode=OWNER_FOLDER)
    except FileExistsError:
        return  # another process was quicker
    folder.chmod(GROUP_FOLDER if is_shared(folder.parent) else OWNER_FOLDER)
