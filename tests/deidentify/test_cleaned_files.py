"""Files in, files out: one that cannot be written stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.deidentify import cleaned_files
from workbench.deidentify.cleaned_files import FileOutcome, deidentify_files
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


def outcomes(
    tmp_path: Path, deidentifier: Deidentifier
) -> tuple[dict[str, int], list[FileOutcome]]:
    noted: list[FileOutcome] = []
    done = deidentify_files(tmp_path / "in", tmp_path / "out", deidentifier, noted.append)
    return done, noted


def test_each_file_is_told_of_with_its_number_and_why_it_was_refused(
    tmp_path: Path, deidentifier: Deidentifier
) -> None:
    for number in range(3):
        write(tmp_path / "in", number)
    (tmp_path / "in" / "1.dcm").write_text("Quixote^Ann")
    (tmp_path / "in" / "3.dcm").write_bytes((tmp_path / "in" / "0.dcm").read_bytes())
    done, noted = outcomes(tmp_path, deidentifier)
    assert done == {"written": 2, "duplicate": 1, "refused": 1}
    assert [(file.number, file.outcome) for file in noted] == [
        (1, "written"), (2, "refused"), (3, "written"), (4, "duplicate"),
    ]  # fmt: skip
    assert [file.refusal is None for file in noted] == [True, False, True, True]
    assert noted[1].refusal is not None
    assert noted[1].refusal.code == "not_dicom"
    assert noted[1].file.path.name == "1.dcm"
    assert "1.dcm" not in repr(noted), "a file's name may be a patient's"
    assert "Quixote" not in str(noted[1].refusal)


def test_another_content_under_the_same_uid_is_refused_and_the_first_stays(
    tmp_path: Path, deidentifier: Deidentifier
) -> None:
    write(tmp_path / "in", 0)
    write(tmp_path / "other", 0, "DERIVED\\PRIMARY\\AXIAL")
    (tmp_path / "other" / "0.dcm").rename(tmp_path / "in" / "9.dcm")
    done, noted = outcomes(tmp_path, deidentifier)
    assert done == {"written": 1, "duplicate": 0, "refused": 1}
    refusal = noted[1].refusal
    assert refusal is not None
    assert refusal.code == "same_uid_other_content"
    (clean,) = (tmp_path / "out").iterdir()
    assert list(dcmread(clean).ImageType) == ["ORIGINAL", "PRIMARY", "AXIAL"]


def test_a_fault_with_one_object_is_its_refusal_and_quotes_nothing(
    tmp_path: Path, deidentifier: Deidentifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write(tmp_path / "in", number)
    real, calls = Deidentifier.apply, []

    def breaking(self: Deidentifier, data: Dataset) -> object:
        calls.append(data)
        if len(calls) == 2:
            raise KeyError("Quixote^Ann")
        return real(self, data)

    monkeypatch.setattr(Deidentifier, "apply", breaking)
    done, noted = outcomes(tmp_path, deidentifier)
    assert done == {"written": 2, "duplicate": 0, "refused": 1}
    refusal = noted[1].refusal
    assert refusal is not None
    assert refusal.code == "not_deidentified"
    assert "Quixote" not in str(refusal)
    assert "workbench look FILE" in str(refusal)
