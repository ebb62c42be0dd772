"""Originals in folders and zips, within limits; what is over a limit is counted, never passed over."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from workbench.verify import source_files
from workbench.verify.source_files import contents, may_be_dicom

DICOM = bytes(128) + b"DICM" + bytes(20)


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_files_and_members_are_read_and_others_left(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DICOM)
    (tmp_path / "notes.txt").write_bytes(b"nothing of it")
    archive(tmp_path / "b.zip", one=DICOM, text=b"hello", two=DICOM)
    found = dict(contents(tmp_path))
    assert found == {"a": DICOM, "b.zip/one": DICOM, "b.zip/two": DICOM}


def test_a_file_without_preamble_may_be_dicom() -> None:
    assert may_be_dicom(b"\x08\x00\x05\x00CS")
    assert not may_be_dicom(b"hello, world")


def test_a_member_over_the_limit_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "MAX_MEMBER_BYTES", 1000)
    archive(tmp_path / "b.zip", big=bytes(1001), small=DICOM)
    assert dict(contents(tmp_path)) == {"b.zip/big": None, "b.zip/small": DICOM}


@pytest.mark.parametrize("limit", ["MAX_ARCHIVE_BYTES", "MAX_MEMBERS"])
def test_a_bomb_of_many_members_ends(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, limit, 200 if limit == "MAX_ARCHIVE_BYTES" else 1)
    archive(tmp_path / "b.zip", **{str(number): DICOM for number in range(50)})
    found = list(contents(tmp_path))
    assert found == [("b.zip/0", DICOM), ("b.zip/1", None)]


def test_a_damaged_archive_is_counted(tmp_path: Path) -> None:
    content = archive(tmp_path / "good", one=DICOM * 50).read_bytes()
    (tmp_path / "good").unlink()
    (tmp_path / "cut.zip").write_bytes(content[: len(content) // 2])
    assert list(contents(tmp_path)) == [("cut.zip", None)]


def test_a_member_that_lies_about_its_bytes_is_counted(tmp_path: Path) -> None:
    path = archive(tmp_path / "b.zip", one=DICOM * 50)
    content = bytearray(path.read_bytes())
    content[45:60] = bytes(15)
    path.write_bytes(bytes(content))
    assert list(contents(tmp_path)) == [("b.zip/one", None)]


def test_an_archive_in_an_archive_is_no_dicom(tmp_path: Path) -> None:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("one", DICOM)
    archive(tmp_path / "b.zip", inner=inner.getvalue())
    assert list(contents(tmp_path)) == []
