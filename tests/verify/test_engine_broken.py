"""The engine broken on purpose, one rule at a time, on real runs: the verifier says so each time.

A rule is broken by handing on what the original has in spite of what the engine made of it, so
that nothing here depends on how the engine is written.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.verify.cases import deidentifier, scheme
from workbench.deidentify import cleaned_files
from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.engine import Deidentifier
from workbench.verify.result import Action, Verification
from workbench.verify.verify import verify

Break = Callable[[Dataset, Dataset], None]  # of the original and what the engine made of it
CT = "1.2.840.10008.5.1.4.1.1.2"
NAMES = (
    "Wałęsa^Łukasz", "Sørensen^Bjørn", "Großmann^Anna", "Đoković^Đuro", "Иванов^Пётр", "Yıldız^Ece",
    "Wang^Xiaofang=王^小芳", "Grottenolm^Egon", "Quibblewick^Zoe", "Tarou^Yamada",
)  # fmt: skip
SPELLED = (
    "WALESA", "SOERENSEN", "Grosmann", "DJOKOVIC", "IWANOW", "YILDIZ", "王小芳", "CTGrottenolm5mm", "Quiblewick",
    "Taro Yamada",
)  # fmt: skip
SIGNS = {
    "a title": "Pat. Schlumpfmann Thorax", "a name with a caret": "Schlumpfmann^Kurt", "a date": "Thorax 17/9/1964",
    "a Japanese date": "1964年9月17日 CT", "an old age": "Thorax 93-jährige", "a telephone": "621 123 456 Thorax",
    "a bare number": "Thorax 48213", "a national number": "Thorax 1964091712345", "a year of birth": "Thorax Jg. 1964",
    "a Russian age": "93 лет", "a city": "Esch-sur-Alzette KH Thorax",
}  # fmt: skip


def original(number: int) -> Dataset:
    """Return a CT header of one of ten patients."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = CT, f"1.2.826.0.1.88.{number}.1"
    data.StudyInstanceUID, data.SeriesInstanceUID = (
        f"1.2.826.0.1.88.{number}.2", f"1.2.826.0.1.88.{number}.3",
    )  # fmt: skip
    data.PatientName, data.PatientID = NAMES[number], f"ZX70{number}1544"
    data.PatientBirthDate, data.PatientAge, data.PatientSex = f"19{20 + number}0312", "095Y", "F"
    data.StudyDate, data.StudyTime, data.Modality = "20150607", "101112", "CT"
    data.Manufacturer, data.ManufacturerModelName = "Philips", "Brilliance"
    data.AccessionNumber, data.InstitutionName = f"ACC88{number}77", "Xanadu Spital"
    data.ReferringPhysicianName, data.StationName = "Zwirnhuber^Otto", "CT1"
    data.StudyDescription, data.KVP, data.CTDIvol = "CT Thorax", "120", 7.25
    data.SeriesDescription = f"Thorax {SPELLED[number]}"
    data.ImageComments = "kommt wieder"
    data.private_block(0x0009, "ACME", create=True).add_new(1, "LO", "anything")
    item = Dataset()
    item.PatientName = NAMES[number]
    data.ReferencedPatientSequence = [item]
    data.add_new(0x7FE00010, "OW", b"xxxx")
    return data


def content(data: Dataset) -> bytes:
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken") / "in"
    folder.mkdir()
    for number in range(len(NAMES)):
        (folder / f"{number:03}.dcm").write_bytes(content(original(number)))
    return folder


@pytest.fixture
def broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Path, Break], Verification]:
    """De-identify with an engine one of whose rules is broken, and verify."""

    def run(source: Path, rule: Break) -> Verification:
        whole = Deidentifier.apply

        def apply(self: Deidentifier, dataset: Dataset) -> object:
            made = whole(self, dataset)
            data = made.dataset.copy()
            rule(dataset, data)
            return replace(made, dataset=data)

        monkeypatch.setattr(Deidentifier, "apply", apply)
        deidentify_files(source, tmp_path / "out", deidentifier())
        return verify(source, tmp_path / "out", scheme())

    return run


def clean(_: Dataset, data: Dataset) -> None:
    """Take the descriptions out: whatever the engine's own rules of words do, it is whole."""
    for keyword in ("SeriesDescription", "StudyDescription", "ImageComments"):
        if keyword in data:
            setattr(data, keyword, "Thorax" if keyword != "ImageComments" else "")


def kept(keyword: str) -> Break:
    return lambda before, data: setattr(data, keyword, before.get(keyword))


def said(keyword: str, value: object) -> Break:
    return lambda _, data: setattr(data, keyword, value)


def uid_kept(before: Dataset, data: Dataset) -> None:
    data.StudyInstanceUID = before.StudyInstanceUID


def name_nested(before: Dataset, data: Dataset) -> None:
    item = Dataset()
    item.PatientName = before.PatientName
    data.RequestAttributesSequence = [item]


def private_kept(_: Dataset, data: Dataset) -> None:
    data.private_block(0x0009, "ACME", create=True).add_new(1, "LO", "anything")


def pixels_kept(_: Dataset, data: Dataset) -> None:
    data.add_new(0x7FE00010, "OW", b"xxxx")


def identifier_for_pseudonym(before: Dataset, data: Dataset) -> None:
    data.PatientID = data.PatientName = f"LU01-{before.PatientID}"


def number_in_label(before: Dataset, data: Dataset) -> None:
    data.StationName = f"CT {str(before.PatientID)[:4]}-{str(before.PatientID)[4:]}"


RULES: dict[str, tuple[Break, Action]] = {
    "names stay in descriptions": (kept("SeriesDescription"), Action.TEXT_REMOVED),
    "comments stay": (kept("ImageComments"), Action.TEXT_REMOVED),
    "UIDs stay": (uid_kept, Action.UID_CHANGED),
    "dates stand still": (kept("StudyDate"), Action.DATE_SHIFTED),
    "birth dates stay": (kept("PatientBirthDate"), Action.TEXT_REMOVED),
    "ages of 90 and over stay": (kept("PatientAge"), Action.TEXT_REMOVED),
    "private attributes stay": (private_kept, Action.TEXT_REMOVED),
    "names stay nested": (name_nested, Action.TEXT_REMOVED),
    "pixels stay": (pixels_kept, Action.PIXELS_HIDDEN),
    "pseudonyms are identifiers": (identifier_for_pseudonym, Action.PATID_CONSISTENT),
    "one pseudonym for all": (said("PatientID", "LU01-AAAAAAAAAAAAAAAAAAAA"), Action.PATID_CONSISTENT),
    "accession numbers stay": (kept("AccessionNumber"), Action.TEXT_REMOVED),
    "physicians stay": (kept("ReferringPhysicianName"), Action.TEXT_REMOVED),
    "institutions stay": (kept("InstitutionName"), Action.TEXT_REMOVED),
    "identifiers stay in labels": (number_in_label, Action.TEXT_REMOVED),
    "a physician stays in a station's name": (said("StationName", "CTZWIRNHUBER"), Action.TEXT_REMOVED),
    "numbers change": (said("KVP", "119"), Action.TEXT_RETAINED),
    "the dose is lost": (lambda _, data: delattr(data, "CTDIvol"), Action.TAG_RETAINED),
    "it is not said": (lambda _, data: delattr(data, "DeidentificationMethod"), Action.TEXT_NOTNULL),
}  # fmt: skip


def test_unbroken_it_is_fine(source: Path, broken: Callable[[Path, Break], Verification]) -> None:
    done = broken(source, clean)
    assert [(one.where, one.what) for one in done.failures] == []
    assert done.is_good
    assert done.outputs == done.inputs == len(NAMES)


@pytest.mark.parametrize("what", RULES)
def test_one_rule_broken(
    what: str, source: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    rule, action = RULES[what]

    def only(before: Dataset, data: Dataset) -> None:
        clean(before, data)
        rule(before, data)

    done = broken(source, only)
    assert action in {failure.action for failure in done.failures}
    assert len({failure.number for failure in done.failures} - {0}) >= done.outputs - 1


def test_each_spelling_of_each_name_left(
    source: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    """As an engine would that knows no other spelling than the header's."""
    done = broken(source, kept("SeriesDescription"))
    named = {one.number for one in done.failures if one.where == "SeriesDescription"}
    assert len(named) == len(SPELLED)


@pytest.mark.parametrize("what", SIGNS)
def test_a_sign_left(
    what: str, tmp_path: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    data = original(7)
    data.SeriesDescription = SIGNS[what]
    (source / "a.dcm").write_bytes(content(data))
    done = broken(source, kept("SeriesDescription"))
    assert "SeriesDescription" in {one.where for one in done.failures}


@pytest.mark.parametrize(
    ("declared", "bytes_as"),
    [("ISO_IR 100", "utf-8"), (None, "utf-8"), (None, "cp1251"), ("ISO_IR 192", "latin-1")],
)
def test_a_name_in_bytes_of_another_character_set(
    declared: str | None,
    bytes_as: str,
    tmp_path: Path,
    broken: Callable[[Path, Break], Verification],
) -> None:
    name, upper = ("Иванов", "ИВАНОВ") if bytes_as == "cp1251" else ("Grünspecht", "GRÜNSPECHT")
    source = tmp_path / "in"
    source.mkdir()
    data = original(7)
    data.PatientName, data.SeriesDescription = "@" * len(name.encode(bytes_as)), "x"
    data.ReferencedPatientSequence = []
    text = f"Thorax {upper}".encode(bytes_as)
    data.SeriesDescription = "#" * len(text)
    if declared:
        data.SpecificCharacterSet = declared
    else:
        del data.SpecificCharacterSet
    raw = content(data)
    raw = raw.replace(b"@" * len(name.encode(bytes_as)), name.encode(bytes_as)).replace(
        b"#" * len(text), text
    )
    (source / "a.dcm").write_bytes(raw)

    def bytes_kept(before: Dataset, made: Dataset) -> None:
        made.SeriesDescription = text.decode("latin-1")
        made.SpecificCharacterSet = "ISO_IR 100"

    done = broken(source, bytes_kept)
    assert "SeriesDescription" in {one.where for one in done.failures}


def output_folder(source: Path, tmp_path: Path) -> Path:
    deidentify_files(source, tmp_path / "out", deidentifier())
    return tmp_path / "out"


def test_a_preamble_and_meta_information_left(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cleaned_files._encoded

    def encoded(data: Dataset) -> bytes:
        content = whole(data)
        return b"II*\0" + content[4:]

    monkeypatch.setattr(cleaned_files, "_encoded", encoded)
    done = verify(source, output_folder(source, tmp_path), scheme())
    assert "preamble" in {one.where for one in done.failures}


def test_file_names_that_tell_a_name_or_the_order(source: Path, tmp_path: Path) -> None:
    folder = output_folder(source, tmp_path)
    by_uid = {path.stem: path for path in folder.iterdir()}
    for number in range(len(NAMES)):
        uid = scheme().uid(f"1.2.826.0.1.88.{number}.1")
        by_uid[uid].rename(folder / f"{number:05}.dcm")
    done = verify(source, folder, scheme())
    assert "the folder" in {one.where for one in done.failures}
    (folder / "00007.dcm").rename(folder / "grottenolm.dcm")
    done = verify(source, folder, scheme())
    assert "file name" in {one.where for one in done.failures}


def test_originals_in_a_zip_are_compared(
    source: Path, tmp_path: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    with zipfile.ZipFile(packed / "all.zip", "w") as archive:
        for path in source.iterdir():
            archive.write(path, path.name)
    done = broken(packed, clean)
    assert done.is_good
    assert done.inputs == len(NAMES)
    shutil.rmtree(tmp_path / "out")
    done = broken(packed, kept("SeriesDescription"))
    assert not done.is_good
