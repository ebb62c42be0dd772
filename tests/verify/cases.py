"""Originals with somebody in every attribute of table E.1-1, and their outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.confidentiality_profile import BUILT_IN, load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.deidentify.standard_tables import data_bytes
from workbench.verify import demands
from workbench.verify.scheme import Scheme

KEY, SURVEY, SITE = bytes(range(32)), "EPI-CT", "LU01"
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.67"
ROOT = "1.2.826.0.1.77"
EACH = 40  # attributes in one file
VALUES = {
    "DA": "20150607", "DT": "20150607101112", "TM": "101112.5", "AS": "041Y", "DS": "17.25",
    "IS": "17", "FD": 17.25, "FL": 17.25, "US": 17, "UL": 17, "SL": 17, "SS": 17, "UV": 17,
    "SV": 17, "AT": 0x00100010, "OB": b"xx", "OW": b"xx", "UN": b"xx", "OF": b"xxxx",
}  # fmt: skip
KEPT = {
    "KVP": "120", "XRayTubeCurrent": "250", "ExposureTime": "500", "Exposure": "125",
    "SliceThickness": "1.25", "CTDIvol": 7.25, "SpiralPitchFactor": 0.985, "TotalCollimationWidth": 40.0,
    "TableSpeed": 55.0, "RevolutionTime": 0.5, "ScanOptions": "HELIX", "ConvolutionKernel": "B30f",
    "GantryDetectorTilt": "0", "TableHeight": "140.5", "DataCollectionDiameter": "500",
    "FocalSpots": "1.2", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "Modality": "CT",
    "Manufacturer": "SIEMENS", "ManufacturerModelName": "Sensation 64", "BodyPartExamined": "CHEST",
}  # fmt: skip


def scheme() -> Scheme:
    return Scheme(KEY, SURVEY, SITE)


def person(number: int) -> Dataset:
    """Return what names one of three patients, with the object's own attributes."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID, data.SOPInstanceUID = CT, f"{ROOT}.9.{number}"
    data.StudyInstanceUID = f"{ROOT}.1.{number % 3}"
    data.SeriesInstanceUID = f"{ROOT}.2.{number % 3}"
    family = ("Quixoteberg", "Müllerstein", "Brontosaurini")[number % 3]
    data.PatientName, data.PatientID = f"{family}^Zelda", f"70{number % 3}1544"
    data.PatientBirthDate, data.PatientAge = f"195{number % 3}0312", "062Y"
    data.StudyDate, data.StudyTime, data.AccessionNumber = (
        "20150607",
        "101112",
        f"ACC88{number % 3}77",
    )
    data.InstitutionName, data.ReferringPhysicianName = "Xanadu Spital", "Grottenolm^Otto"
    data.SeriesDescription = f"Thorax {family} 5mm"
    for keyword, value in KEPT.items():
        setattr(data, keyword, value)
    if number % 5 == 0:
        picture = Dataset()
        picture.add_new(0x7FE00010, "OW", b"xxxx")
        data.IconImageSequence = [picture]
        for tag in (0x7FE00010, 0x60003000, 0x50003000):
            data.add_new(tag, "OW", b"xxxx")
    return data


def originals() -> Iterator[Dataset]:
    """Yield CT headers that together hold the whole table, top, nested and implicit; and reports."""
    tags = [tag for tag in demands.table() if tag >> 16 not in (0x0000, 0x0002, 0x0004)]
    number = 0
    for layout in ("top", "nested", "implicit"):
        for start in range(0, len(tags), EACH):
            number += 1
            data = person(number)
            inside = Dataset()
            for tag in tags[start : start + EACH]:
                place = data if layout != "nested" else inside
                if tag not in person(number) or layout == "nested":
                    place[tag] = attribute(tag, number)
            if layout == "nested":
                outer = Dataset()
                outer.CTExposureSequence = [inside]
                data.SharedFunctionalGroupsSequence = [outer]
            data.file_meta = FileMetaDataset()
            implicit = layout == "implicit"
            data.file_meta.TransferSyntaxUID = (
                ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
            )
            yield data
    for more in range(6):
        yield report(number + 1 + more)


def attribute(tag: int, number: int) -> DataElement:
    try:
        vr = dictionary_VR(tag).split(" ")[0]
    except KeyError:
        vr = "LO"
    if vr == "SQ":
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99X", "Quixoteberg"
        return DataElement(tag, vr, [item])
    if vr == "UI":
        return DataElement(tag, vr, f"{ROOT}.5.{tag}.{number % 3}")
    return DataElement(tag, vr, VALUES.get(vr, f"Quixoteberg {tag:08X}"))


def report(number: int) -> Dataset:
    """Return a dose report in which texts, names, dates and UIDs name people."""
    data = person(number)
    data.SOPClassUID, data.Modality = SR, "SR"
    concepts = ("125203", "121106", "113870", "121008")
    items = [
        content("TEXT", code, TextValue=f"Abdomen {data.PatientName.family_name}")
        for code in concepts
    ]
    items.append(content("PNAME", "121008", PersonName="Grottenolm^Otto"))
    items.append(content("UIDREF", "113769", UID=f"{ROOT}.7.{number}"))
    items.append(content("DATETIME", "111526", DateTime="20150607101112"))
    measured = Dataset()
    measured.NumericValue = f"{number}.25"
    unit = Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mGy", "UCUM", "mGy"
    measured.MeasurementUnitsCodeSequence = [unit]
    items.append(content("NUM", "113830", MeasuredValueSequence=[measured]))
    data.ContentSequence = items
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


def content(value_type: str, code: str, **values: object) -> Dataset:
    item, concept = Dataset(), Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = (
        code,
        "DCM",
        "A concept",
    )
    item.RelationshipType, item.ValueType, item.ConceptNameCodeSequence = (
        "CONTAINS",
        value_type,
        [concept],
    )
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def write_originals(folder: Path) -> int:
    folder.mkdir()
    count = 0
    for count, data in enumerate(originals(), start=1):
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        buffer = BytesIO()
        data.save_as(buffer, enforce_file_format=True)
        (folder / f"{count:04d}.dcm").write_bytes(buffer.getvalue())
    return count


def profile_without_comments(folder: Path, times: str = "exact") -> Path:
    """Write the built-in profile without comments, which the verifier never lets pass."""
    text = data_bytes(BUILT_IN).decode()
    assert 'times = "exact"' in text
    path = folder / "no-comments.toml"
    text = re.sub(r"\bImageComments\b", "", text)
    path.write_text(text.replace('times = "exact"', f'times = "{times}"'), "utf-8")
    return path


def deidentifier(times: str = "exact") -> Deidentifier:
    with TemporaryDirectory() as folder:
        profile = load_profile(profile_without_comments(Path(folder), times))
    return Deidentifier(profile, Pseudonyms(KEY, SURVEY, SITE))


def write_outputs(source: Path, target: Path, times: str = "exact") -> dict[str, int]:
    return deidentify_files(source, target, deidentifier(times))
