"""Files in, files out: one that cannot be written stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.deidentify import cleaned_files
from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms


@pytest.fixture
def deidentifier() -> Deidentifier:
    return Deidentifier(load_profile(), Pseudonyms(b"k" * 32, "survey", "SITE"))


def write(folder: Path, number: int, image_type: str = "ORIGINAL\\PRIMARY\\AXIAL") -> None:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.{number}"
    data.SpecificCharacterSet, data.PatientID, data.Modality = "ISO_IR 192", "A1", "CT"
    # As bytes: pydicom refuses to write what some systems write.
    value = image_type.encode()
    value += b" " * (len(value) % 2)
    data.ImageType = "Z" * len(value)
    folder.mkdir(exist_ok=True)
    file = folder / f"{number}.dcm"
    data.save_as(file, enforce_file_format=True)
    file.write_bytes(file.read_bytes().replace(b"Z" * len(value), value))


@pytest.mark.parametrize("odd", ["ORIGINAL\\PRIMARY\\AXIAL\\93 г.", "ORIGINAL\\ÄXIAL"])
def test_letters_beyond_ascii_in_a_code_string_stop_no_other_file(
    tmp_path: Path, deidentifier: Deidentifier, odd: str
) -> None:
    for number in range(4):
        write(tmp_path / "in", number, odd if number == 1 else "ORIGINAL\\PRIMARY\\AXIAL")
    done = deidentify_files(tmp_path / "in", tmp_path / "out", deidentifier)
    assert sum(done.values()) == 4
    assert done["written"] >= 3
    assert len(list((tmp_path / "out").iterdir())) == done["written"]


def test_what_cannot_be_written_is_refused_and_counted(
    tmp_path: Path, deidentifier: Deidentifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write(tmp_path / "in", number)
    real, calls = cleaned_files._encoded, []

    def breaking(data: Dataset) -> bytes:
        calls.append(data)
        if len(calls) == 2:
            raise TypeError("a value of no kind")
        return real(data)

    monkeypatch.setattr(cleaned_files, "_encoded", breaking)
    done = deidentify_files(tmp_path / "in", tmp_path / "out", deidentifier)
    assert done == {"written": 2, "duplicate": 0, "refused": 1}
