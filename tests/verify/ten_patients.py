"""Ten patients with a CT each, named in several scripts, in descriptions too."""

from __future__ import annotations

from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
NAMES = (
    "Wałęsa^Łukasz", "Sørensen^Bjørn", "Großmann^Anna", "Đoković^Đuro", "Иванов^Пётр", "Yıldız^Ece",
    "Wang^Xiaofang=王^小芳", "Grottenolm^Egon", "Quibblewick^Zoe", "Tarou^Yamada",
)  # fmt: skip
SPELLED = (
    "WALESA", "SOERENSEN", "Grosmann", "DJOKOVIC", "IWANOW", "YILDIZ", "王小芳", "CTGrottenolm5mm", "Quiblewick",
    "Taro Yamada",
)  # fmt: skip


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
    data.StudyDate, data.StudyTime, data.Modality = "20150607", f"1{number}1112", "CT"
    data.SeriesTime, data.AcquisitionTime = f"1{number}1712.5", f"1{number}2513.25"
    data.AcquisitionDateTime = f"201506071{number}2513.25+0200"
    data.TimezoneOffsetFromUTC = "+0200"
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
