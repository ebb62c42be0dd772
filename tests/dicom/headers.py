"""Ordinary headers for tests, in both ways of writing."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

SYNTAX = {False: str(ExplicitVRLittleEndian), True: str(ImplicitVRLittleEndian)}


def ordinary(undefined: bool = False) -> Dataset:
    inner, item, data = Dataset(), Dataset(), Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "Haut \u00e4"
    item.PurposeOfReferenceCodeSequence, item.ReferencedSOPInstanceUID = [inner, inner], "1.2.9"
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.4", "1.2.5"
    data.SourceImageSequence, data.ProcedureCodeSequence = [item, inner], []
    data.private_block(0x0009, "ACME", create=True).add_new(0x01, "OB", b"x" * 70)
    data.SliceLocation, data.CTDIvol = "1.5", 12.5
    for one in (data["SourceImageSequence"], item["PurposeOfReferenceCodeSequence"]):
        one.is_undefined_length = undefined
    inner.is_undefined_length_sequence_item = undefined
    return data


def encoded(data: Dataset, implicit: bool = False) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    write_dataset(buffer, data)
    return buffer.getvalue()
