"""Every file a user names is a candidate exactly once."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from workbench.dicom.files import MEMBER_LIMIT, Candidate, candidates, is_dicomdir, listed_files
from workbench.errors import DamagedObject, NotDicom, ReadError


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


def test_links_in_a_circle_and_names_that_are_no_text_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / os.fsdecode(b"M\xfcller")).write_bytes(b"x")
    found = [*candidates([tmp_path])]
    assert len({candidate.place for candidate in found}) == 2
    assert codes(found) == ["not_dicom", "unreadable_file"]


# --- rights --------------------------------------------------------------------------------------


def codes(found: list[Candidate]) -> list[str]:
    def code(candidate: Candidate) -> str:
        try:
            candidate.read()
        except ReadError as error:
            return error.code
        return ""

    return sorted(map(code, found))


NOBODY = 65534
AS_NOBODY = """
import os, sys
from pathlib import Path
from workbench.dicom.files import candidates
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({nobody})
    os.setuid({nobody})
for found in candidates(map(Path, sys.argv[1:])):
    try:
        found.read()
    except Exception as error:
        print(found.path.name, type(error).__name__, getattr(error, "code", ""))
"""


def seen_without_rights(*paths: Path) -> list[str]:
    """Read as a user without rights, in a process of its own: the tests may run as root."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY.format(nobody=NOBODY), *map(str, paths)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.splitlines())


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Path]:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == tmp_path.owner() and folder.stat().st_mode & 0o5 != 0o5:
            folder.chmod(0o755)
    top = tmp_path / "top"
    for name in ("open", "closed", "listed"):
        (top / name).mkdir(parents=True)
        (top / name / f"{name}.dcm").write_bytes(b"x")
    (top / "listed" / "below").mkdir()
    (top / "closed").chmod(0)
    (top / "listed").chmod(0o744)  # its names can be listed; nothing in it can be reached
    yield top
    for name in ("closed", "listed"):
        (top / name).chmod(0o755)


def test_what_cannot_be_opened_is_rejected_not_passed_over(guarded: Path) -> None:
    assert seen_without_rights(guarded) == [
        "below NotDicom unreadable_folder",
        "closed NotDicom unreadable_folder",
        "listed.dcm NotDicom unreadable_file",
        "open.dcm NotDicom not_dicom",
    ]


def test_a_closed_folder_named_by_itself_is_rejected(guarded: Path) -> None:
    assert seen_without_rights(guarded / "closed") == ["closed NotDicom unreadable_folder"]
    assert seen_without_rights(guarded / "listed" / "listed.dcm") == [
        "listed.dcm NotDicom unreadable_file"
    ]


# --- archives ------------------------------------------------------------------------------------


def object_bytes() -> bytes:
    return Path(str(get_testdata_file("CT_small.dcm", download=False))).read_bytes()


def archive_of(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_all_read(tmp_path: Path) -> None:
    other = object_bytes().replace(b"1CT1", b"2CT2")
    archive_of(tmp_path / "c.zip", ("a", object_bytes()), ("a", b"x"), ("a", other))
    first, second, third = candidates([tmp_path / "c.zip"])
    assert first.read().dataset.PatientID == "1CT1"
    assert third.read().dataset.PatientID == "2CT2"
    assert codes([second]) == ["not_dicom"]
    assert len({found.place for found in (first, second, third)}) == 3


def test_a_damaged_directory_is_a_candidate_that_is_rejected(tmp_path: Path) -> None:
    content = bytearray(archive_of(tmp_path / "c.zip", ("a", object_bytes())).read_bytes())
    at = content.index(b"PK\1\2")
    content[at : at + 4] = b"...."
    (tmp_path / "c.zip").write_bytes(content)
    (tmp_path / "d").write_bytes(b"x")
    assert codes([*candidates([tmp_path])]) == ["not_dicom", "unreadable_archive"]


@given(data=st.data())
def test_any_damage_of_an_archive_ends_in_a_verdict(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", object_bytes()[:400])
        archive.writestr("b", b"x" * 300)
    content = bytearray(packed.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(content[: data.draw(st.integers(10, len(content)))])
    found = [*candidates([path])]
    assert found
    codes(found)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    part = bytes(2**20)
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, head in (("object", object_bytes()[:200]), ("zeros", b"")):
            with archive.open(name, "w") as member:
                member.write(head)
                for _ in range(MEMBER_LIMIT // len(part) + 1):
                    member.write(part)
    found = [*candidates([tmp_path / "c.zip"])]
    assert codes(found) == ["not_dicom", "too_large"]


def test_names_no_file_can_have_are_missing_files(tmp_path: Path, test_data: Path) -> None:
    source = test_data / "dose" / "pydicom" / "dicomdirtests" / "DICOMDIR"
    content = source.read_bytes()
    for bad in (b"\0", b"/"):
        changed = content.replace(b"CT2N", b"C" + bad + b"2N").replace(
            b"17106", b"1" + bad + b"106"
        )
        (tmp_path / "DICOMDIR").write_bytes(changed)
        listed = listed_files(tmp_path / "DICOMDIR")
        assert listed.present == ()
        assert listed.missing + listed.outside == 31
