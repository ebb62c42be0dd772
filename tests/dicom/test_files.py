"""Every file a user names is a candidate exactly once."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from workbench.dicom.files import candidates, is_dicomdir, listed_files
from workbench.errors import DamagedObject, NotDicom


def names(*paths: Path) -> list[str]:
    return [candidate.member or candidate.path.name for candidate in candidates(paths)]


def test_folders_are_walked_in_order_and_archives_opened(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2").write_bytes(b"x")
    (tmp_path / "1").write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("inside/3", b"x")
        archive.writestr("4", b"x")
    assert names(tmp_path) == ["1", "inside/3", "4", "2"]


def test_an_archive_member_reads_like_the_file(tmp_path: Path) -> None:
    path = Path(str(get_testdata_file("CT_small.dcm", download=False)))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(path, "a/one.dcm")
    (member,) = candidates([tmp_path / "c.zip"])
    (plain,) = candidates([path])
    assert member.read().dataset == plain.read().dataset


def test_a_broken_archive_is_a_candidate_that_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "c.zip").write_bytes(b"PK\3\4" + b"\0" * 40)
    (broken,) = candidates([tmp_path / "c.zip"])
    with pytest.raises((NotDicom, DamagedObject)):
        broken.read()


def test_a_file_that_cannot_be_opened_is_rejected_without_its_name(tmp_path: Path) -> None:
    (gone,) = candidates([tmp_path / "MEYER_ANNA.dcm"])
    with pytest.raises(NotDicom) as caught:
        gone.read()
    assert "MEYER" not in str(caught.value)


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "folder" / "1").write_bytes(b"x")
    assert names(tmp_path / "folder") == ["1"]


def test_a_dicomdir_stands_for_its_files(test_data: Path) -> None:
    path = test_data / "dose" / "pydicom" / "dicomdirtests" / "DICOMDIR"
    assert is_dicomdir(path)
    listed = listed_files(path)
    assert (len(listed.present), listed.missing, listed.outside) == (31, 0, 0)
    assert len(names(path)) == 32


def test_damaged_dicomdirs_end_and_never_leave_their_folder(test_data: Path) -> None:
    for path in sorted((test_data / "bad" / "dicomdir").iterdir()):
        try:
            listed = listed_files(path)
        except DamagedObject:
            continue
        assert all(found.is_relative_to(path.parent) for found in listed.present)
    assert listed_files(test_data / "bad" / "dicomdir" / "DICOMDIR_path_traversal").outside > 0


def test_a_named_pipe_does_not_keep_the_import_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for found in candidates([tmp_path]):
        with pytest.raises(NotDicom):
            found.read()
