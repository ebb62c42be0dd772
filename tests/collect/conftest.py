"""A few objects of made-up patients, and a place that keeps what a receiver is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from workbench.collect.received import STORED, ReceivedObject

Make = Callable[..., Dataset]


@pytest.fixture
def make() -> Make:
    def one(patient: str, study: int, series: int, image: int, modality: str = "CT") -> Dataset:
        dataset = Dataset()
        dataset.SOPClassUID = CTImageStorage
        dataset.PatientID = patient
        dataset.PatientName = "Canary^Yellow"
        dataset.Modality = modality
        dataset.StudyInstanceUID = f"1.2.826.{study}"
        dataset.SeriesInstanceUID = f"1.2.826.{study}.{series}"
        dataset.SOPInstanceUID = f"1.2.826.{study}.{series}.{image}"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return dataset

    return one


class Keeper:
    """Takes everything, and says what it has."""

    def __init__(self) -> None:
        self.objects: dict[str, ReceivedObject] = {}

    def take(self, received: ReceivedObject) -> int:
        self.objects[received.sop_instance] = received
        return STORED

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(set(uids) & self.objects.keys(), "stored")

    def aside(self) -> int:
        return 0

    def partial(self, uids: Iterable[str]) -> int:
        kept = [self.objects[uid] for uid in uids if uid in self.objects]
        return sum(bool(one.findings) for one in kept)

    def stored_in(self, uid: str) -> int:
        return sum(one.startswith(f"{uid}.") for one in self.objects)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()
