"""A corpus of CT headers as scanners write them: two makers, private blocks, sequences, accents.

Headers of 6 to 7 kB with 150 to 180 elements at top level; a dozen change from slice to slice.
Every fourth file is in Implicit VR.  All values are made up; the same seed gives the same files.
"""

from __future__ import annotations

import random
from pathlib import Path

from pydicom.datadict import private_dictionary_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

SLICES = 250  # of a series
ROWS = COLUMNS = 512
SIEMENS, GE = "SIEMENS CT VA0  COAD", "GEMS_ACQU_01"
PRIVATE_OF = {SIEMENS: 26, GE: 55}  # private elements at top level
BLOCK_BYTES = 3_200  # of a scanner's own header, in one private element
PLAIN = {
    "SH": ("StudyID", "StationName", "AccessionNumber"),
    "LO": (
        "InstitutionName", "StudyDescription", "SeriesDescription", "ProtocolName", "PatientID",
        "InstitutionalDepartmentName", "DeviceSerialNumber", "SoftwareVersions",
        "ContrastBolusAgent", "AcquisitionDeviceProcessingDescription",
    ),
    "CS": (
        "BodyPartExamined", "PatientSex", "PatientPosition", "ScanOptions", "FilterType",
        "RotationDirection", "ExposureModulationType", "Laterality",
    ),
    "DS": (
        "KVP", "SliceThickness", "DataCollectionDiameter", "ReconstructionDiameter",
        "DistanceSourceToDetector", "DistanceSourceToPatient", "GantryDetectorTilt", "TableHeight",
        "FocalSpots", "PatientSize", "PatientWeight", "RescaleIntercept", "RescaleSlope",
        "WindowCenter", "WindowWidth", "SpacingBetweenSlices",
    ),
    "IS": ("ExposureTime", "GeneratorPower", "SeriesNumber", "AcquisitionNumber"),
    "FD": (
        "CTDIvol", "SingleCollimationWidth", "TotalCollimationWidth", "TableSpeed",
        "TableFeedPerRotation", "SpiralPitchFactor", "RevolutionTime",
    ),
    "US": ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
}  # fmt: skip
EMPTY = (
    "PatientComments", "AdditionalPatientHistory", "ReferringPhysicianName", "OperatorsName",
    "PerformingPhysicianName", "RequestingPhysician", "AdmissionID", "EthnicGroup", "Occupation",
    "CurrentPatientLocation", "ImageComments", "RequestAttributesSequence",
)  # fmt: skip
SEQUENCES = (
    "ReferencedStudySequence", "ReferencedImageSequence", "SourceImageSequence",
    "ProcedureCodeSequence", "RequestedProcedureCodeSequence", "CTDIPhantomTypeCodeSequence",
)  # fmt: skip


def write_corpus(folder: Path, files: int, *, pixels: bool = False, seed: int = 1) -> list[Path]:
    """Write ``files`` Part 10 files into ``folder`` and return their paths.

    ``pixels`` adds 512 x 512 of 16 bits; headers are the same without.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(files):
        data = _slice(number, seed)
        if pixels:
            data.Rows, data.Columns = ROWS, COLUMNS
            data.add_new("PixelData", "OW", bytes(ROWS * COLUMNS * 2))
        paths.append(folder / f"{number:07d}.dcm")
        data.save_as(paths[-1], enforce_file_format=True)
    return paths


def _slice(number: int, seed: int) -> Dataset:
    series, slice_number = divmod(number, SLICES)
    chance = random.Random(f"{seed} {series}")
    creator = (SIEMENS, GE)[series % 2]
    data = _series(series, creator, chance)
    _varying(data, slice_number, random.Random(f"{seed} {number}"), creator)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        CTImageStorage, data.SOPInstanceUID,
    )  # fmt: skip
    meta.TransferSyntaxUID = ImplicitVRLittleEndian if number % 4 == 3 else ExplicitVRLittleEndian
    data.file_meta = meta
    return data


def _series(series: int, creator: str, chance: random.Random) -> Dataset:
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID, data.Modality = CTImageStorage, "CT"
    data.Manufacturer = "SIEMENS" if creator == SIEMENS else "GE MEDICAL SYSTEMS"
    data.ManufacturerModelName = "SOMATOM Definition AS+" if creator == SIEMENS else "Revolution"
    data.PatientName = f"Größe^Zoë {series}"
    data.PatientBirthDate, data.PatientAge = "19500203", "074Y"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]
    data.StudyInstanceUID, data.SeriesInstanceUID = _uid(chance), _uid(chance)
    data.FrameOfReferenceUID, data.IrradiationEventUID = _uid(chance), _uid(chance)
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(data, keyword, "20240131")
    data.StudyTime, data.SeriesTime = "101112.130000", "101530.250000"
    data.ImageOrientationPatient, data.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.75, 0.75]
    for vr, keywords in PLAIN.items():
        for keyword in keywords:
            setattr(data, keyword, _value(vr, keyword, chance))
    for keyword in EMPTY:
        setattr(data, keyword, None)
    for keyword in SEQUENCES:
        setattr(data, keyword, Sequence([_item(chance)]))
    _private(data, creator, chance)
    return data


def _value(vr: str, keyword: str, chance: random.Random) -> object:
    if vr in ("DS", "FD", "FL"):
        return round(chance.uniform(0.5, 200), 3)
    if vr in ("IS", "SL", "SS", "US"):
        return chance.randrange(1, 1_000)
    text = f"{keyword[:9]} é{chance.randrange(99)}"
    return text.upper().replace("É", "")[:16] if vr == "CS" else text[:16]


def _item(chance: random.Random) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, _uid(chance)
    item.CodeValue, item.CodingSchemeDesignator = f"{chance.randrange(99_999)}", "SRT"
    item.CodeMeaning = "Thorax, übersichtlich"
    return item


def _private(data: Dataset, creator: str, chance: random.Random) -> None:
    block = data.private_block(0x0019, creator, create=True)
    for low in range(PRIVATE_OF[creator] - 2):
        vr = _private_vr(0x20 + low, creator, ("DS", "IS", "LO", "SH")[low % 4])
        block.add_new(0x20 + low, vr, _value(vr, "Private", chance))
    own = data.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    own.add_new(0x10, "OB", chance.randbytes(BLOCK_BYTES // 2) + bytes(BLOCK_BYTES // 2))


def _private_vr(low: int, creator: str, otherwise: str) -> str:
    """Return the VR that readers of Implicit VR assume of an element in group 0019."""
    try:
        vr = private_dictionary_VR(0x00191000 + low, creator)
    except KeyError:
        return otherwise
    return "LO" if vr == "UN" else vr


def _varying(data: Dataset, number: int, chance: random.Random, creator: str) -> None:
    data.SOPInstanceUID = _uid(chance)
    data.InstanceNumber, data.XRayTubeCurrent = number + 1, chance.randrange(80, 500)
    data.Exposure, data.SliceLocation = data.XRayTubeCurrent // 2, -400.0 + number
    data.ImagePositionPatient = [-180.5, -120.25, -400.0 + number]
    moment = f"1016{number // 60 % 60:02d}.{chance.randrange(10**6):06d}"
    for keyword in ("AcquisitionTime", "ContentTime", "InstanceCreationTime"):
        setattr(data, keyword, moment)
    data.SmallestImagePixelValue = chance.randrange(30)
    data.LargestImagePixelValue = chance.randrange(1_500, 4_000)
    vr = _private_vr(0x92, creator, "DS")
    value = chance.randrange(72_000)
    data.private_block(0x0019, creator).add_new(0x92, vr, value if vr == "SL" else value / 8)


def _uid(chance: random.Random) -> str:
    return f"1.3.12.2.1107.5.1.4.{chance.randrange(10**12)}.3000002401{chance.randrange(10**20)}"
