"""Real objects, a real PACS: what Orthanc accepted arrives, element for element."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from workbench.collect.patients import CollectPlan, ListedPatient, collect_patients
from workbench.collect.receiver import STORED, ReceivedObject, Receiver
from workbench.dicom.read import quiet
from workbench.model import ApplicationEntity
from workbench.simulate.peers import OrthancPacs

PACS = ApplicationEntity("ORTHANC", port=0)
US = ApplicationEntity("WORKBENCH", port=0)
PIXELS = 0x7FE00000


def headers(files: list[Path]) -> Iterator[tuple[Path, Dataset]]:
    for path in files:
        try:
            with quiet():
                yield path, dcmread(path, stop_before_pixels=True)
        except Exception:  # noqa: BLE001, S112  not DICOM, or damaged: Orthanc's affair
            continue


def elements(dataset: Dataset) -> dict[Tag, object]:
    """Return raw values by tag; group lengths, which may change with the syntax, are left out."""
    return {
        element.tag: element.value
        for element in (dataset.get_item(tag) for tag in dataset)
        if element.tag.element != 0 and element.tag.group != 2
    }


def arrived(one: ReceivedObject) -> Dataset:
    syntax = UID(one.transfer_syntax)
    encoded = zlib.decompress(one.encoded, -zlib.MAX_WBITS) if syntax.is_deflated else one.encoded
    with quiet():
        return read_dataset(
            BytesIO(encoded), syntax.is_implicit_VR, syntax.is_little_endian,
            stop_when=lambda tag, vr, length: tag >= PIXELS,
        )  # fmt: skip


@pytest.mark.orthanc
def test_everything_orthanc_took_arrives_unaltered(test_data: Path, tmp_path: Path) -> None:
    files = sorted(path for path in (test_data / "dose").rglob("*") if path.is_file())
    received: dict[str, ReceivedObject] = {}

    def take(one: ReceivedObject) -> int:
        received[one.sop_instance] = one
        return STORED

    with (
        Receiver(US, take, frozenset({"ORTHANC"})) as receiver,
        OrthancPacs(PACS, tmp_path, {"WORKBENCH": receiver.entity}) as pacs,
    ):
        loaded = pacs.load(files)
        assert len(loaded.accepted) > 400
        assert len(loaded.accepted) + len(loaded.refused) <= len(files)
        by_uid: dict[str, Path] = {}
        for path, header in headers(files):
            if path not in loaded.refused:
                by_uid.setdefault(str(header.get("SOPInstanceUID")), path)
        ids = {
            str(header.get("PatientID", "")).strip(): None
            for _, header in headers(files)
            if str(header.get("SOPInstanceUID")) in loaded.accepted
        }
        patients = [ListedPatient(one) for one in ids if one]
        plan = CollectPlan("WORKBENCH", pacs.entity, quiet_seconds=5.0)

        def stored(uids: object) -> set[str]:
            return set(uids) & received.keys()  # type: ignore[call-overload]

        first = list(collect_patients(patients, plan, stored))
        again = list(collect_patients(patients, plan, stored))

    assert {progress.state for progress in first} == {"complete"}
    assert sum(progress.moves for progress in again) == 0
    no_id = {
        uid
        for uid, path in by_uid.items()
        if not str(dcmread(path, stop_before_pixels=True).get("PatientID", "")).strip()
    }
    assert loaded.accepted - received.keys() <= no_id, "a patient list cannot reach these"
    assert received.keys() <= loaded.accepted

    compared, altered = 0, []
    for path, dataset in headers(files):
        one = received.get(str(dataset.get("SOPInstanceUID")))
        if one is None or by_uid[one.sop_instance] != path:
            continue  # Orthanc keeps the first of two files with one UID
        compared += 1
        theirs, ours = elements(dataset), elements(arrived(one))
        if ours != {tag: value for tag, value in theirs.items() if tag < PIXELS}:
            altered.append(compared)
    assert compared > 400
    assert altered == []
