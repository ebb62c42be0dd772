"""The embedded PACS keeps objects unaltered, and finds and sends them as the standard says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pynetdicom.dsutils import split_dataset

from tests.simulate.test_archive import patient
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.move import MOVE_CLASSES, move
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.received import STORED, ReceivedObject
from workbench.dicom.read import read_header
from workbench.model import ApplicationEntity
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
