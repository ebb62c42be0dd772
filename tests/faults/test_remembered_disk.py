"""The remembered disk forgets what POSIX lets a disk forget, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.remembered_disk import RememberedDisk


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RememberedDisk:
    made = RememberedDisk(tmp_path, monkeypatch)
    made.everything()
    return made


def test_file_and_folder_must_both_be_synced(disk: RememberedDisk) -> None:
    file = disk.root / "a"
    file.write_bytes(b"one")
    assert disk.left(file) is None
    sync(file)
    assert disk.left(file) is None
    sync(disk.root)
    assert disk.left(file) == b"one"
    file.write_bytes(b"two")
    assert disk.left(file) == b"one"


def test_a_file_in_a_folder_whose_own_name_is_lost_is_lost(disk: RememberedDisk) -> None:
    file = disk.root / "folder" / "a"
    file.parent.mkdir()
    file.write_bytes(b"one")
    sync(file)
    sync(file.parent)
    assert disk.left(file) is None
    sync(disk.root)
    assert disk.left(file) == b"one"


def test_a_rename_before_the_content_is_durable_is_torn(disk: RememberedDisk) -> None:
    for name, durable in (("late", False), ("soon", True)):
        partial = disk.root / f"{name}.partial"
        partial.write_bytes(b"one")
        if durable:
            sync(partial)
        partial.rename(disk.root / name)
    assert disk.torn == ["late"]


def test_what_was_there_before_stays_until_the_folder_is_synced(disk: RememberedDisk) -> None:
    file = disk.root / "a"
    file.write_bytes(b"old")
    disk.everything()
    partial = disk.root / "a.partial"
    partial.write_bytes(b"new")
    sync(partial)
    partial.replace(file)
    assert disk.left(file) == b"old"
    sync(disk.root)
    assert disk.left(file) == b"new"
