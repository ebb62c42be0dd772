"""Real objects, a real PACS: what Orthanc accepted arrives, element for element."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patients import Patience, collect_patient
from workbench.collect.received import STORED, ReceivedObject
from workbench.dicom.record import dicom_json
from workbench.model import ApplicationEntity
from workbench.simulate.peers import OrthancPacs

PACS = ApplicationEntity("ORTHANC", port=0)
US = ApplicationEntity("WORKBENCH", port=0)
PIXELS = 0x7FE00000


def headers(files: list[Path]) -> Iterator[tuple[Path, Dataset]]:
    for path in files:
        try:
            # Orthanc takes data sets without preamble too.
            yield path, dcmread(path, stop_before_pixels=True, force=True)
        except Exception:  # noqa: BLE001  not DICOM, or damaged: Orthanc's affair
            continue


def elements(dataset: Dataset) -> dict[str, Any]:
    """Return the values of a data set in the DICOM JSON model, nested ones included.

    Orthanc writes sequences with their lengths and pads odd values, as it may: so values are
    compared and not bytes.  Group lengths, which change with that, are left out.
    """
    for tag in [tag for tag in dataset.keys() if tag >= PIXELS or tag.element == 0]:  # noqa: SIM118
        del dataset[tag]
    content, _ = dicom_json(dataset)
    return {tag: unpadded(element) for tag, element in content.items()}


def unpadded(element: dict[str, Any]) -> dict[str, Any]:
    if "InlineBinary" not in element:
        return element
    return {**element, "InlineBinary": b64decode(element["InlineBinary"]).rstrip(b"\0")}


def arrived(one: ReceivedObject) -> Dataset:
    syntax = UID(one.transfer_syntax)
    encoded = zlib.decompress(one.encoded, -zlib.MAX_WBITS) if syntax.is_deflated else one.encoded
    return read_dataset(
        BytesIO(encoded), syntax.is_implicit_VR, syntax.is_little_endian,
        stop_when=lambda tag, vr, length: tag >= PIXELS,
    )  # fmt: skip


@dataclass
class Received:
    objects: dict[str, ReceivedObject]

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(set(uids) & self.objects.keys(), "stored")

    def aside(self) -> int:
        return 0

    def partial(self, uids: Iterable[str]) -> int:
        return sum(bool(self.objects[uid].findings) for uid in set(uids) & self.objects.keys())

    def stored_in(self, uid: str) -> int:
        return 0


@pytest.mark.orthanc
def test_everything_orthanc_took_arrives_unaltered(test_data: Path, tmp_path: Path) -> None:
    files = sorted(path for path in (test_data / "dose").rglob("*") if path.is_file())
    received: dict[str, ReceivedObject] = {}

    def take(one: ReceivedObject) -> int:
        received[one.sop_instance] = one
        return STORED

    with (
        Receiver(Reception(US, (AllowedPeer("ORTHANC"),)), take) as receiver,
        OrthancPacs(PACS, tmp_path, {"WORKBENCH": receiver.entity}) as pacs,
    ):
        loaded = pacs.load(files)
        assert len(loaded.accepted) > 400
        assert len(loaded.accepted) + len(loaded.refused) <= len(files)
        by_uid: dict[str, list[Path]] = {}
        for path, header in headers(files):
            if path not in loaded.refused:
                by_uid.setdefault(str(header.get("SOPInstanceUID")), []).append(path)
        ids = {
            str(header.get("PatientID", "")).strip(): None
            for _, header in headers(files)
            if str(header.get("SOPInstanceUID")) in loaded.accepted
        }
        patients = [ListedPatient(one) for one in ids if one]
        source = MoveSource(Peer("WORKBENCH", pacs.entity), SurveyFilter(), "WORKBENCH")
        here = Received(received)
        first, again = (
            [collect_patient(one, source, here, Patience(5.0)) for one in patients]
            for _ in range(2)
        )

    assert {progress.state for progress in first} == {"complete"}
    assert sum(progress.moves for progress in again) == 0
    no_id = {
        uid
        for uid, paths in by_uid.items()
        for _, header in headers(paths)
        if not str(header.get("PatientID", "")).strip()
    }
    assert loaded.accepted - received.keys() <= no_id, "a patient list cannot reach these"
    assert received.keys() <= loaded.accepted

    once = {uid for uid, paths in by_uid.items() if len(paths) == 1} & received.keys()
    assert len(once) > 400
    altered = 0
    for _, dataset in headers([by_uid[uid][0] for uid in sorted(once)]):
        theirs, ours = elements(dataset), elements(arrived(received[str(dataset.SOPInstanceUID)]))
        altered += theirs != ours
    assert altered == 0
