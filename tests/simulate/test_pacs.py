"""The embedded PACS keeps objects unaltered, and finds and sends them as the standard says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom.dsutils import split_dataset

from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.move import MOVE_CLASSES, move
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.received import STORED, ReceivedObject
from workbench.dicom.read import read_header
from workbench.model import ApplicationEntity
from workbench.simulate.archive import Archive
from workbench.simulate.pacs import EmbeddedPacs

PACS = ApplicationEntity("PACS", port=0)
US = ApplicationEntity("WORKBENCH", port=0)
REAL = [
    Path(str(get_testdata_file(name)))
    for name in (
        "CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "rtplan.dcm",
        "MR_small_bigendian.dcm", "JPEG-lossy.dcm", "image_dfl.dcm", "reportsi.dcm",
    )
]  # fmt: skip


def patient(patient_id: str, date: str, number: int, **more: Any) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID = patient_id
    dataset.PatientName = f"Name^{number}"
    dataset.StudyDate = date
    dataset.Modality = "CT"
    dataset.StudyInstanceUID = f"1.2.{number}"
    dataset.SeriesInstanceUID = f"1.2.{number}.1"
    dataset.SOPInstanceUID = f"1.2.{number}.1.1"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path)
    archive.load(
        [
            patient("001", "20200101", 1),
            patient("001", "20210615", 2),
            patient("01", "20220101", 3),
            patient("1", "20230101", 4, PatientName="Müller^Ä", SpecificCharacterSet="ISO_IR 100"),
        ]
    )
    return archive


def studies(archive: Archive, **keys: Any) -> set[str]:
    wanted = Dataset()
    for keyword, value in keys.items():
        setattr(wanted, keyword, value)
    return {record["StudyInstanceUID"][0][4:] for record in archive.match("STUDY", wanted)}


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ({}, "1234"),
        ({"PatientID": "001"}, "12"),
        ({"PatientID": "1"}, "4"),
        ({"PatientID": "0*"}, "123"),
        ({"PatientID": "?1"}, "3"),
        ({"PatientID": "0.*"}, ""),
        ({"StudyInstanceUID": ["1.2.1", "1.2.4"]}, "14"),
        ({"StudyInstanceUID": "1.2.*"}, ""),
        ({"StudyDate": "20210615"}, "2"),
        ({"StudyDate": "20200101-20210615"}, "12"),
        ({"StudyDate": "-20201231"}, "1"),
        ({"StudyDate": "20220101-"}, "34"),
        ({"PatientName": "M?ller*"}, "4"),
        ({"ModalitiesInStudy": "CT"}, "1234"),
        ({"ModalitiesInStudy": "MR"}, ""),
        ({"PatientID": "001", "StudyDate": "2021*"}, "2"),
    ],
)
def test_keys_match_as_ps3_4_says(archive: Archive, keys: dict[str, Any], numbers: str) -> None:
    assert studies(archive, **keys) == set(numbers)


def test_files_are_named_by_a_digest_and_nothing_else(archive: Archive, tmp_path: Path) -> None:
    names = {path.stem for path in tmp_path.glob("*.dcm")}
    assert len(names) == 4
    assert all(len(name) == 64 and set(name) <= set("0123456789abcdef") for name in names)


@pytest.mark.parametrize("cached", [True, False])
def test_a_restart_finds_everything_again(
    archive: Archive, tmp_path: Path, *, cached: bool
) -> None:
    if not cached:
        (tmp_path / "index.json").unlink()
    assert studies(Archive(tmp_path), PatientID="001") == {"1", "2"}


def test_a_file_that_vanished_is_no_longer_offered(archive: Archive, tmp_path: Path) -> None:
    archive.path("1.2.1.1.1").unlink()
    assert studies(Archive(tmp_path)) == {"2", "3", "4"}


def test_the_first_of_two_objects_with_one_uid_stays(archive: Archive, tmp_path: Path) -> None:
    loaded = archive.load([patient("OTHER", "20300101", 1)])
    assert loaded.refused == ()
    assert studies(archive, PatientID="OTHER") == set()
    assert studies(Archive(tmp_path), PatientID="001") == {"1", "2"}


def test_what_cannot_be_kept_is_told_with_its_reason(tmp_path: Path) -> None:
    junk, cut = tmp_path / "junk", tmp_path / "cut"
    junk.write_bytes(b"not DICOM")
    cut.write_bytes(REAL[0].read_bytes()[:3000])
    loaded = Archive(tmp_path / "a").load([junk, REAL[0], cut])
    assert len(loaded.accepted) == 1
    assert loaded.refused == (junk, cut)
    assert loaded.reasons == ("not_dicom", "truncated")
    assert "junk" not in repr(loaded)


@pytest.fixture
def received() -> dict[str, ReceivedObject]:
    return {}


def moved(
    folder: Path, received: dict[str, ReceivedObject], sources: Iterable[Any]
) -> tuple[int, int]:
    """Load sources, move every study to a receiver; return (completed, failed) as counted."""

    def take(one: ReceivedObject) -> int:
        received[one.sop_instance] = one
        return STORED

    completed = failed = 0
    with (
        Receiver(Reception(US, (AllowedPeer("PACS"),)), take) as receiver,
        EmbeddedPacs(PACS, folder, {"WORKBENCH": receiver.entity}) as pacs,
    ):
        pacs.load(sources)
        for record in pacs.archive.match("STUDY", Dataset()):
            keys = {"StudyInstanceUID": record["StudyInstanceUID"][0]}
            with associate(Peer("WORKBENCH", pacs.entity), MOVE_CLASSES, 20.0) as association:
                outcome = move(association, "WORKBENCH", "STUDY", keys)
            assert outcome.status == 0
            completed += outcome.completed or 0
            failed += outcome.failed or 0
    return completed, failed


def expected_of(path: Path, offset: int) -> bytes:
    """Return what a receiver of ours keeps: all but Pixel Data, or a deflated object whole."""
    if split_dataset(path)[0].TransferSyntaxUID.is_deflated:
        return path.read_bytes()[offset:]
    return read_header(path).encoded


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_a_real_file_of_any_syntax_comes_out_as_it_went_in(
    path: Path, tmp_path: Path, received: dict[str, ReceivedObject]
) -> None:
    assert moved(tmp_path, received, [path]) == (1, 0)
    meta, offset = split_dataset(path)
    (one,) = received.values()
    assert one.size == path.stat().st_size - offset
    assert one.encoded == expected_of(path, offset)
    assert one.transfer_syntax == meta.TransferSyntaxUID
    # rtplan's file meta information names another UID than its data set: the data set counts.
    assert one.sop_instance == dcmread(path, stop_before_pixels=True).SOPInstanceUID


def test_more_classes_than_one_association_can_negotiate(
    tmp_path: Path, received: dict[str, ReceivedObject]
) -> None:
    objects = [
        patient("1", "20200101", 1, SOPClassUID=f"1.3.46.{number}", SOPInstanceUID=f"1.3.{number}")
        for number in range(130)
    ]
    assert moved(tmp_path, received, objects) == (130, 0)
    assert len(received) == 130


def test_what_is_stored_over_the_network_is_kept_as_it_came(tmp_path: Path) -> None:
    from pynetdicom import AE

    with EmbeddedPacs(PACS, tmp_path, {"MODALITY": US}) as pacs:
        node = AE(ae_title="MODALITY")
        meta, offset = split_dataset(REAL[2])
        node.add_requested_context(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID)
        association = node.associate("127.0.0.1", pacs.entity.port, ae_title="PACS")
        assert association.send_c_store(REAL[2]).Status == STORED
        association.release()
        kept = pacs.archive.path(meta.MediaStorageSOPInstanceUID)
    _, kept_offset = split_dataset(kept)
    assert kept.read_bytes()[kept_offset:] == REAL[2].read_bytes()[offset:]


def test_a_study_key_is_needed_to_retrieve(tmp_path: Path) -> None:
    with EmbeddedPacs(PACS, tmp_path, {"WORKBENCH": US}) as pacs:
        pacs.load([patient("1", "20200101", 1)])
        with associate(Peer("WORKBENCH", pacs.entity), MOVE_CLASSES, 5.0) as association:
            outcome = move(association, "WORKBENCH", "STUDY", {"StudyInstanceUID": ""})
    assert (outcome.status, outcome.completed) == (0, 0)


def test_a_receiver_that_is_down_is_an_unknown_destination(tmp_path: Path) -> None:
    nobody = ApplicationEntity("WORKBENCH", port=9)
    with EmbeddedPacs(PACS, tmp_path, {"WORKBENCH": nobody}) as pacs:
        pacs.load([patient("1", "20200101", 1)])
        with associate(Peer("WORKBENCH", pacs.entity), MOVE_CLASSES, 5.0) as association:
            outcome = move(association, "WORKBENCH", "STUDY", {"StudyInstanceUID": "1.2.1"})
    assert outcome.status == 0xA801
