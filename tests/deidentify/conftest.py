"""A de-identifier under a fixed key, and ways to look at what it wrote."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentified, Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms

KEY = bytes(range(32))


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder of ours on a tmpfs that stands for the user's runtime folder."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def deidentifier() -> Deidentifier:
    return Deidentifier(load_profile(), Pseudonyms(KEY, "EPI-CT", "LU01"))


@pytest.fixture(scope="session")
def written() -> Callable[[Dataset], bytes]:
    """Return a data set as the bytes of a Part 10 file followed by its JSON."""

    def write(dataset: Dataset) -> bytes:
        buffer = BytesIO()
        for keyword in ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID"):
            if keyword not in dataset.file_meta:
                setattr(dataset.file_meta, keyword, "1.2.3")
        dataset.save_as(buffer, enforce_file_format=True)
        text = dataset.to_json(suppress_invalid_tags=True)
        return buffer.getvalue() + text.encode("utf-8")

    return write


@pytest.fixture(scope="session")
def leaked(
    deidentifier: Deidentifier, written: Callable[[Dataset], bytes]
) -> Callable[[Dataset, str], bool]:
    """Say whether a text is anywhere in the de-identified form of a data set, in any case."""

    def look(dataset: Dataset, text: str) -> bool:
        return text.lower().encode("utf-8") in written(deidentifier.apply(dataset).dataset).lower()

    return look


@pytest.fixture(scope="session")
def reread() -> Callable[[Dataset, bool], Dataset]:
    """Write a data set and read it back, so that its elements are raw bytes."""

    def through(dataset: Dataset, implicit: bool) -> Dataset:
        buffer = BytesIO()
        dataset.save_as(buffer, implicit_vr=implicit, little_endian=True)
        return dcmread(BytesIO(buffer.getvalue()), force=True)

    return through


@pytest.fixture
def patient() -> Dataset:
    """A CT header of Zelda Quixoteberg, 41 years old."""
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data.SOPInstanceUID, data.StudyInstanceUID = "1.2.826.0.1.55.1", "1.2.826.0.1.55.2"
    data.SeriesInstanceUID, data.Modality = "1.2.826.0.1.55.3", "CT"
    data.PatientName, data.PatientID = "Quixoteberg^Zelda", "P7301-44"
    data.PatientBirthDate, data.StudyDate, data.StudyTime = "19800312", "20210811", "101112"
    data.InstitutionName, data.ReferringPhysicianName = "Xanadu Spital", "Brontosau^Otto"
    return data


@pytest.fixture
def apply(deidentifier: Deidentifier) -> Callable[[Dataset], Deidentified]:
    return deidentifier.apply
