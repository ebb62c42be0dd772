"""Phantom images are kept whole, once, durable, and under no name that a peer chose."""

from __future__ import annotations

import stat
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pynetdicom.dsutils import split_dataset

from tests.faults.remembered_disk import RememberedDisk
from workbench.collect.phantom_folder import MAX_VERSIONS, PREAMBLE, PhantomFolder
from workbench.collect.received import STORED, ReceivedObject

FILE = Path(str(get_testdata_file("CT_small.dcm", download=False)))
UID = str(pydicom.dcmread(FILE).SOPInstanceUID)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RememberedDisk:
    made = RememberedDisk(tmp_path, monkeypatch)
    made.everything()
    return made


def received(uid: str = UID, more: bytes = b"") -> ReceivedObject:
    meta, offset = split_dataset(FILE)
    encoded = FILE.read_bytes()[offset:] + more
    return ReceivedObject(
        1, encoded, str(meta.TransferSyntaxUID), str(meta.MediaStorageSOPClassUID), uid, "CT1",
        False, len(encoded),
    )  # fmt: skip


def test_an_image_is_durable_when_the_sender_is_told(disk: RememberedDisk) -> None:
    phantoms = PhantomFolder(disk.root / "phantoms")
    for uid in ("1.2.3", "1.2.4"):  # the first makes the folder
        name = phantoms.keep_file(uid, b"an image")
        assert disk.left(phantoms.path(name)) == b"an image", "a power cut now loses it"
    assert disk.torn == []


def test_what_is_kept_is_a_file_of_the_standard_with_what_came(tmp_path: Path) -> None:
    phantoms = PhantomFolder(tmp_path / "phantoms")
    assert phantoms.keep(received()) == STORED
    (name,) = phantoms.names()
    content = phantoms.path(name).read_bytes()
    assert content.startswith(bytes(128) + b"DICM")  # PS3.10 section 7.1
    assert content.endswith(received().encoded)
    kept, sent = pydicom.dcmread(BytesIO(content)), pydicom.dcmread(FILE)
    assert kept == sent
    assert kept.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert kept.file_meta.MediaStorageSOPInstanceUID == UID


def test_the_same_image_is_kept_once_and_another_under_its_uid_beside_it(tmp_path: Path) -> None:
    phantoms = PhantomFolder(tmp_path / "phantoms")
    for _ in range(2):
        phantoms.keep(received())
    assert len(phantoms.names()) == 1
    phantoms.keep(received(more=b"\xfc\xff\xfc\xff"))
    assert len(phantoms.names()) == 2
    ends = {phantoms.path(name).read_bytes()[-4:] == b"\xfc\xff\xfc\xff"
            for name in phantoms.names()}  # fmt: skip
    assert ends == {True, False}


def test_versions_of_one_image_have_an_end(tmp_path: Path) -> None:
    phantoms = PhantomFolder(tmp_path / "phantoms")
    for number in range(MAX_VERSIONS):
        phantoms.keep_file("1.2.3", b"%d" % number)
    with pytest.raises(OSError, match="too many"):
        phantoms.keep_file("1.2.3", b"one more")
    assert len(phantoms.names()) == MAX_VERSIONS


@pytest.mark.parametrize("uid", ["../../etc/passwd", "/etc/passwd", "1.2\x00.3", "", "1" * 400])
def test_no_name_of_a_peer_becomes_a_path(uid: str, tmp_path: Path) -> None:
    phantoms = PhantomFolder(tmp_path / "phantoms")
    name = phantoms.keep_file(uid, PREAMBLE)
    assert [file.name for file in phantoms.folder.iterdir()] == [f"{name}.dcm"]
    assert [file.name for file in tmp_path.iterdir()] == ["phantoms"]


@pytest.mark.parametrize("name", ["../secret", "", "A" * 64, "0" * 63, f"{'0' * 64}-123", "0/0"])
def test_what_is_no_name_of_an_image_reads_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name"):
        PhantomFolder(tmp_path).path(name)


def test_only_the_owner_may_look_at_phantom_images(tmp_path: Path) -> None:
    phantoms = PhantomFolder(tmp_path / "phantoms")
    phantoms.keep_file("1.2.3", b"an image")
    assert stat.S_IMODE(phantoms.folder.stat().st_mode) == 0o700


def test_a_file_half_written_is_no_image(tmp_path: Path) -> None:
    phantoms = PhantomFolder(tmp_path)
    (tmp_path / f"{'0' * 64}.partial").write_bytes(b"half")
    (tmp_path / "notes.dcm").write_bytes(b"not ours")
    assert phantoms.names() == []
