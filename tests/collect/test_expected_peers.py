"""Orthanc and dcmqrscp are understood as our own simulator is: each odd in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from workbench.collect.dimse.association import Peer, associate
from workbench.collect.expected import Expected, expect
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FIND_CLASSES
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import Timeouts
from workbench.model import ApplicationEntity
from workbench.simulate.dcmqrscp import DcmqrscpPacs
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import OrthancPacs

CT = SurveyFilter(frozenset({"CT"}))
ROOT = "1.2.826.0.1.3680043.9"
# Patient, study, series, image, modality, year: IDs that are alike, and one beyond ASCII.
OBJECTS = [
    *(("0042", 1, series, image, "CT", 2020) for series in (1, 2) for image in (1, 2)),
    ("0042", 1, 3, 1, "SR", 2020),
    ("0042", 2, 1, 1, "MR", 2021),
    ("0042", 3, 1, 1, "CT", 2022),
    ("42", 4, 1, 1, "CT", 2020),
    ("00421", 5, 1, 1, "CT", 2020),
    ("Mühe-ab", 6, 1, 1, "CT", 2020),
]


def instance(patient: str, study: int, series: int, image: int, kind: str, year: int) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID, dataset.PatientName = patient, "Canary^Yellow"
    dataset.PatientBirthDate, dataset.PatientSex = "19700517", "O"
    dataset.StudyDate, dataset.StudyTime = f"{year}0115", "120000"
    dataset.AccessionNumber, dataset.StudyID = f"A{study}", str(study)
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = kind, series, image
    dataset.StudyInstanceUID = f"{ROOT}.{study}"
    dataset.SeriesInstanceUID = f"{ROOT}.{study}.{series}"
    dataset.SOPInstanceUID = f"{ROOT}.{study}.{series}.{image}"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


@pytest.fixture(
    scope="module",
    params=[
        EmbeddedPacs,
        pytest.param(OrthancPacs, marks=pytest.mark.orthanc),
        pytest.param(DcmqrscpPacs, marks=pytest.mark.dcmtk),
    ],
)
def pacs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    known = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}
    folder = tmp_path_factory.mktemp("pacs")
    with request.param(ApplicationEntity("PACS", port=0), folder, known) as one:
        one.load([instance(*each) for each in OBJECTS])
        yield one


def asked(pacs: Any, listed: ListedPatient, wanted: SurveyFilter = CT) -> Expected:
    peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 5.0))
    with associate(peer, FIND_CLASSES, 5.0) as association:
        return expect(association, listed, wanted)


def names(expected: Expected) -> list[str]:
    return sorted(uid.removeprefix(f"{ROOT}.") for uid in expected.instances)


def test_what_is_wanted_of_a_patient(pacs: Any) -> None:
    expected = asked(pacs, ListedPatient("0042", birth_date=date(1970, 5, 17)))
    assert names(expected) == ["1.1.1", "1.1.2", "1.2.1", "1.2.2", "3.1.1"]
    assert expected.listed
    assert expected.doubts == ()
    assert names(asked(pacs, ListedPatient("0042"), SurveyFilter())) == [
        "1.1.1", "1.1.2", "1.2.1", "1.2.2", "1.3.1", "2.1.1", "3.1.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (ListedPatient("0042", study_from=date(2021, 1, 1)), ["3.1.1"]),
        (ListedPatient("0042", study_to=date(2021, 1, 1)), ["1.1.1", "1.1.2", "1.2.1", "1.2.2"]),
        (ListedPatient("0042", accession="A3"), ["3.1.1"]),
        (ListedPatient("42"), ["4.1.1"]),
        (ListedPatient("042"), []),
        (ListedPatient("Mühe-ab"), ["6.1.1"]),
    ],
)
def test_keys_are_understood(listed: ListedPatient, found: list[str], pacs: Any) -> None:
    assert names(asked(pacs, listed)) == found


def test_another_birth_date_is_noticed(pacs: Any) -> None:
    listed = ListedPatient("0042", birth_date=date(1971, 5, 17))
    assert asked(pacs, listed).doubts == ("birth_date_differs",)
