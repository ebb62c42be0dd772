"""Disks to break: small ones that fill up, ones that can be copied as they stand, lying ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

SHIM = Path(__file__).with_name("fault_shim.c")
IMAGE_MB, JOURNAL_MB = 256, 4
MEMORY = Path("/dev/shm")
CHUNK = 2**22


def why_no_mount() -> str:
    """Return why nothing can be mounted here; empty when it can."""
    if os.geteuid() != 0:
        return "needs root: mounts a disk image"
    if shutil.which("mkfs.ext4") is None:
        return "needs mkfs.ext4 (Debian package e2fsprogs)"
    return _trial()


@cache
def _trial() -> str:
    folder = Path(tempfile.mkdtemp())
    try:
        with disk_image(folder / "image", folder / "mounted", megabytes=8):
            return ""
    except (OSError, subprocess.CalledProcessError):
        return "needs a system that may mount (root is not enough here)"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def why_no_shim() -> str:
    """Return why calls of the C library cannot be replaced here; empty when they can."""
    return "" if shutil.which("cc") else "needs a C compiler (cc)"


def fast_folder(fallback: Path) -> Path:
    """Return a new folder in memory, where there is one."""
    return Path(tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else fallback))


@contextmanager
def disk_image(image: Path, at: Path, megabytes: int = IMAGE_MB) -> Iterator[Path]:
    """Make an ext4 file system in a file and mount it; yields the mount point."""
    with image.open("wb") as file:
        file.truncate(megabytes * 2**20)
    journal = f"size={min(JOURNAL_MB, megabytes // 4)}"
    _run("mkfs.ext4", "-q", "-F", "-J", journal, "-E", "lazy_itable_init=0", str(image))
    with mounted(image, at):
        yield at


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """Mount an image; its journal is replayed, as after a power cut."""
    at.mkdir(parents=True, exist_ok=True)
    _run("mount", "-o", "loop", str(image), str(at))
    try:
        yield at
    finally:
        _unmount(at)


@contextmanager
def small_disk(at: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a file system in memory that soon is full."""
    at.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(at))
    try:
        yield at
    finally:
        _unmount(at)


def enlarge(at: Path, kilobytes: int) -> None:
    """Give a small disk more room."""
    _run("mount", "-o", f"remount,size={kilobytes}k", str(at))


def copy_as_it_stands(image: Path, target: Path) -> None:
    """Copy the blocks that have reached an image: what is left when the power goes.

    The kernel may write while the copy is made, and a power cut does not take a while: so the
    copy is made again until the image held still.
    """
    shutil.copyfile(image, target)
    while not _same(image, target):
        shutil.copyfile(image, target)


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as left, other.open("rb") as right:
        while piece := left.read(CHUNK):
            if piece != right.read(CHUNK):
                return False
    return True


class Shim:
    """A library that stands between a program and its disk; the faults are switched by files."""

    def __init__(self, folder: Path, broken: Path) -> None:
        self.switches = folder / "switches"
        self.switches.mkdir(parents=True)
        library = folder / "shim.so"
        _run("cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAULT_SWITCH": str(self.switches),
            "FAULT_FOLDER": os.path.realpath(broken),
        }

    def killing_at(self, step: int) -> dict[str, str]:
        """Return the environment of a program to be killed before that change of the disk."""
        return {**self.environment, "FAULT_KILL_AT": str(step)}

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """Let a fault last as long as the block: ``nosync``, ``eio-sync`` or ``eio-write``."""
        switch = self.switches / name
        switch.touch()
        try:
            yield
        finally:
            switch.unlink()


def _unmount(at: Path) -> None:
    # Lazily where something still holds it: what was mounted must not stay.
    if subprocess.run(["umount", at], capture_output=True).returncode != 0:
        _run("umount", "-l", str(at))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
