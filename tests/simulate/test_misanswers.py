"""Each fault of a query shows in the answers; a collector's test against it is then worth it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom.dsutils import encode

from workbench.simulate.archive import Archive
from workbench.simulate.misanswers import misanswers, refusal, told
from workbench.simulate.quirks import FindFaults

Answers = list[Dataset]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    archive.load(
        [instance("0042", 1, "CT"), instance("0042", 1, "SR"), instance("42", 2, "CT"),
         instance("Mühe", 3, "CT")]
    )  # fmt: skip
    return archive


def instance(patient: str, study: int, kind: str) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID, dataset.Modality, dataset.StudyDate = patient, kind, f"202{study}0101"
    dataset.StudyInstanceUID = f"1.2.{study}"
    dataset.SeriesInstanceUID = f"1.2.{study}.{ord(kind[0])}"
    dataset.SOPInstanceUID = f"1.2.{study}.{ord(kind[0])}.1"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def keys(**values: str) -> Dataset:
    asked = Dataset()
    for keyword in ("PatientID", "StudyInstanceUID", "ModalitiesInStudy", "StudyDate",
                    "NumberOfStudyRelatedInstances"):  # fmt: skip
        setattr(asked, keyword, values.pop(keyword, ""))
    for keyword, value in values.items():
        setattr(asked, keyword, value)
    return asked


def answers(archive: Archive, asked: Dataset, **faults: Any) -> Answers:
    made = FindFaults(**faults)
    return [told(one, made) for one in misanswers(archive, "STUDY", asked, made)]


def ids(found: Answers) -> list[str]:
    return [str(one.PatientID) for one in found]


def test_without_faults_the_answer_is_right(archive: Archive) -> None:
    (found,) = answers(archive, keys(PatientID="0042"))
    assert (found.PatientID, found.StudyInstanceUID) == ("0042", "1.2.1")
    assert list(found.ModalitiesInStudy) == ["CT", "SR"]
    assert found.NumberOfStudyRelatedInstances == 2


@pytest.mark.parametrize(
    ("faults", "asked", "shows"),
    [
        ({"without": frozenset({"StudyDate"})}, "0042", lambda all_: "StudyDate" not in all_[0]),
        ({"ignored": frozenset({"PatientID"})}, "0042", lambda all_: len(all_) == 3),
        ({"empty": frozenset({"STUDY"})}, "0042", lambda all_: all_ == []),
        ({"twice": frozenset({"STUDY"})}, "0042", lambda all_: ids(all_) == ["0042"] * 2),
        ({"second_patient": "X"}, "0042", lambda all_: ids(all_) == ["0042", "X"]),
        ({"loose_ids": True}, "0042", lambda all_: ids(all_) == ["0042", "42"]),
        ({"loose_ids": True}, "mühe", lambda all_: ids(all_) == ["Mühe"]),
        ({"drops_zeros": True}, "0042", lambda all_: ids(all_) == ["42", "42"]),
        ({"pads": True}, "0042", lambda all_: ids(all_) == [" 0042  "]),
        ({"joined_modalities": "/"}, "0042", lambda all_: all_[0].ModalitiesInStudy == "CT/SR"),
        (
            {"miscounted": 3, "twice": frozenset({"STUDY"})},
            "0042",
            lambda all_: [one.NumberOfStudyRelatedInstances for one in all_] == [5, 5],
        ),
        ({"miscounted": 3}, "0042", lambda all_: all_[0].NumberOfStudyRelatedInstances == 5),
        ({"miscounted": -3}, "0042", lambda all_: all_[0].NumberOfStudyRelatedInstances == 0),
        ({"literal_wildcards": True}, "*42", lambda all_: all_ == []),
        ({}, "*42", lambda all_: len(all_) == 2),
        ({"reads_latin1": True}, "Mühe", lambda all_: all_ == []),
    ],
)
def test_a_fault_shows(
    faults: dict[str, Any], asked: str, shows: Callable[[Answers], bool], archive: Archive
) -> None:
    character_set = {} if asked.isascii() else {"SpecificCharacterSet": "ISO_IR 192"}
    assert shows(answers(archive, keys(PatientID=asked, **character_set), **faults))


@pytest.mark.parametrize(
    ("term", "said", "written"),
    [("ISO_IR 192", True, "Mühe".encode()), ("ISO_IR 100", True, "Mühe".encode("latin-1")),
     ("", False, "Mühe".encode("latin-1"))],
)  # fmt: skip
def test_answers_are_written_in_a_character_set(
    term: str, written: bytes, archive: Archive, *, said: bool
) -> None:
    asked = keys(PatientID="Mühe", SpecificCharacterSet="ISO_IR 192")
    (found,) = answers(archive, asked, character_set=term)
    assert ("SpecificCharacterSet" in found) is said
    content = encode(found, is_implicit_vr=False, is_little_endian=True)
    assert content is not None
    assert written in BytesIO(content).getvalue()


@pytest.mark.parametrize(
    ("level", "values", "faults", "patient_root", "status"),
    [
        ("STUDY", {}, {}, True, 0),
        ("STUDY", {}, {"refused": {"STUDY": 0xC000}}, True, 0xC000),
        ("PLANET", {}, {}, True, 0xA900),
        ("STUDY", {}, {"required_only": True}, True, 0xA900),
        ("STUDY", {}, {"strict": True}, True, 0xA900),
        ("STUDY", {"PatientID": "1"}, {"strict": True}, True, 0),
        ("STUDY", {}, {"strict": True}, False, 0),
        ("SERIES", {"StudyInstanceUID": "1.2"}, {"strict": True}, False, 0xA900),
        ("SERIES", {"PatientID": "1"}, {"strict": True}, True, 0xA900),
        ("SERIES", {"PatientID": "1", "StudyInstanceUID": "1.2"}, {"strict": True}, True, 0),
    ],
)
def test_what_is_refused(
    level: str, values: dict[str, str], faults: dict[str, Any], status: int, *, patient_root: bool
) -> None:
    made = FindFaults(**faults)
    assert refusal(level, keys(**values), made, patient_root=patient_root) == status


def test_the_archive_underneath_stays_right(archive: Archive) -> None:
    asked = keys(PatientID="0042")
    answers(
        archive,
        asked,
        reads_latin1=True,
        drops_zeros=True,
        pads=True,
        miscounted=5,
        second_patient="X",
    )
    assert asked.PatientID == "0042"
    assert ids(answers(archive, asked)) == ["0042"]
