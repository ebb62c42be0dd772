"""File IDs on copied media: the file that is meant, the same each time, never one outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.dicom.files import Candidate, candidates, listed_files
from workbench.dicom.media_paths import file_named

ID = ["DICOM", "PT0", "IM1"]


def made(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return folder


@pytest.mark.parametrize(
    "name",
    ["DICOM/PT0/IM1", "dicom/pt0/im1", "DICOM/PT0/IM1.dcm", "dicom/pt0/im1.DCM", "DICOM/PT0/IM1;1",
     "DICOM/PT0/IM1.;1", "DICOM/PT0/IM1.IMA", "PT0/IM1", "pt0/im1.dcm;1"],
)  # fmt: skip
def test_a_copys_spelling_is_found(name: str, tmp_path: Path) -> None:
    folder = made(tmp_path / "DICOM", name)  # the last two: the DICOMDIR is inside its own folder
    assert file_named(folder, ID, {}) == folder / name


def test_the_name_as_it_stands_comes_first_and_what_fits_two_fits_none(tmp_path: Path) -> None:
    both = made(tmp_path / "a", "IM1", "im1", "IM1.dcm")
    assert file_named(both, ["IM1"], {}) == both / "IM1"
    twins = made(tmp_path / "b", "im1", "Im1")
    assert file_named(twins, ["IM1"], {}) is None
    assert file_named(made(tmp_path / "c", "IM1.dcm", "IM1.ima"), ["IM1"], {}) is None


@pytest.mark.parametrize("parts", [["IM2"], ["PT0", "IM1"], [], ["..", "b", "IM1"], ["IM1\0"]])
def test_what_is_not_there_is_none(parts: list[str], tmp_path: Path) -> None:
    made(tmp_path / "b", "IM1")
    assert file_named(made(tmp_path / "a", "IM1"), parts, {}) is None


@pytest.mark.parametrize("case", ["ok", "dcm", "lower", "version"])
def test_a_dicomdir_of_a_copied_medium_stands_for_its_files(case: str, test_data: Path) -> None:
    path = test_data / "cases" / "dose" / f"b17_dir_{case}" / "media" / "DICOMDIR"
    listed = listed_files(path)
    assert (len(listed.present), listed.missing, listed.outside) == (3, 0, 0)
    assert len(list(candidates([path]))) == 4
    verdict = _verdict(Candidate(path))
    assert "missing" not in verdict


def _verdict(candidate: Candidate) -> str:
    with pytest.raises(Exception, match="DICOMDIR") as caught:
        candidate.read()
    return str(caught.value)


def test_a_dicomdir_inside_its_own_folder_stands_for_its_files(
    test_data: Path, tmp_path: Path
) -> None:
    media = test_data / "cases" / "dose" / "b17_dir_ok" / "media"
    inside = tmp_path / "PT000000"
    for file in media.rglob("IM*"):
        made(tmp_path, str(file.relative_to(media)))
    (inside / "DICOMDIR").write_bytes((media / "DICOMDIR").read_bytes())
    listed = listed_files(inside / "DICOMDIR")
    assert (len(listed.present), listed.missing, listed.outside) == (3, 0, 0)


def test_a_link_out_of_the_folder_stays_outside(test_data: Path, tmp_path: Path) -> None:
    media = test_data / "cases" / "dose" / "b17_dir_ok" / "media"
    made(tmp_path / "elsewhere" / "st000000" / "se000000", "im000000", "im000001", "im000002")
    folder = made(tmp_path / "medium", "x")
    (folder / "pt000000").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (folder / "DICOMDIR").write_bytes((media / "DICOMDIR").read_bytes())
    listed = listed_files(folder / "DICOMDIR")
    assert (listed.present, listed.missing, listed.outside) == ((), 0, 3)
