"""Parts in a folder: what was written is there after a power cut, whole, or it is an error."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from tests.faults.remembered_disk import RememberedDisk
from workbench.errors import StoreError
from workbench.schema import INSTANCE, Table
from workbench.store.part_folder import FolderPlace


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RememberedDisk:
    made = RememberedDisk(tmp_path, monkeypatch)
    made.everything()
    return made


def frame(table: Table = INSTANCE, rows: int = 2) -> pl.DataFrame:
    return table.frame([{"SOPInstanceUID": f"1.2.{number}"} for number in range(rows)])


def test_a_part_is_durable_when_its_writing_returns(disk: RememberedDisk) -> None:
    place = FolderPlace(disk.root)
    for rows in (2, 3):  # the first makes the folder
        written = place.write(INSTANCE, frame(rows=rows))
        left = disk.left(place.folder / written.name)
        assert left is not None, "a power cut now loses the part"
        assert hashlib.sha256(left).hexdigest() == written.sha256
        assert len(left) == written.size
    assert disk.torn == []


def test_a_part_is_described_as_it_lies_there(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    written = place.write(INSTANCE, frame())
    assert (written.rows, place.names()) == (2, {written.name})
    assert place.digest(written.name) == written.sha256
    (place.folder / written.name).write_bytes(b"rot")
    assert place.digest(written.name) != written.sha256
    place.remove(written.name)
    place.remove(written.name)
    assert place.digest(written.name) is None


def test_a_part_that_is_gone_is_an_error_not_a_smaller_table(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    one, other = (place.write(INSTANCE, frame()) for _ in range(2))
    assert place.scan(INSTANCE, [one.name, other.name]).collect().height == 4
    assert place.scan(INSTANCE, []).collect().height == 0
    place.remove(other.name)
    with pytest.raises(StoreError):
        place.scan(INSTANCE, [one.name, other.name])


def test_a_full_disk_is_said_and_leaves_no_half_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = FolderPlace(tmp_path)

    def full(_: object, file: Path) -> None:
        file.write_bytes(b"PAR1 and half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.store.part_folder.write_parquet", full)
    with pytest.raises(StoreError, match="could not be written"):
        place.write(INSTANCE, frame())
    assert not list(place.folder.iterdir())


def test_strangers_go_unless_somebody_is_writing(tmp_path: Path) -> None:
    place, another = FolderPlace(tmp_path), FolderPlace(tmp_path)
    known, stranger = (place.write(INSTANCE, frame()).name for _ in range(2))
    with place.writing():
        another.remove_strangers(lambda: {known})
        assert place.names() == {known, stranger}
    another.remove_strangers(lambda: {known})
    assert place.names() == {known}
