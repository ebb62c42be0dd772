"""Any number of simulated objects, header-sized and told apart by their number.

A few objects of the simulated hospital serve as templates, their pixels left out; object ``n`` is
a template's bytes with UIDs of its own put in, so that making one costs microseconds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from itertools import islice
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import ExplicitVRLittleEndian

from workbench.simulate.hospital import simulate_hospital

A_STUDY = 50  # objects
# UIDs of one length, so that one can be written over another: PS3.5 B.2, then a number.
OBJECT, SERIES, STUDY = (f"2.25.31415926535897932{kind}" for kind in "123")
WITHOUT = ("PixelData",)


@dataclass(frozen=True)
class SimulatedObject:
    """One object as it goes over the network, and how it is announced."""

    number: int
    sop_class: str
    encoded: bytes

    @property
    def sop_instance(self) -> str:
        """Its SOP Instance UID."""
        return object_uid(self.number)

    def write(self, folder: Path) -> None:
        """Write it as a Part 10 file."""
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = self.sop_class
        meta.MediaStorageSOPInstanceUID = self.sop_instance
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        head = BytesIO()
        write_file_meta_info(head, meta, enforce_standard=False)
        name = f"{self.number:09d}.dcm"
        (folder / name).write_bytes(bytes(128) + b"DICM" + head.getvalue() + self.encoded)


def with_pixels(one: SimulatedObject, kilobytes: int = 200) -> SimulatedObject:
    """Return the object with Pixel Data (PS3.5 section 7.1.2), which are not kept."""
    size = kilobytes * 1024
    head = struct.pack("<HH2sxxL", 0x7FE0, 0x0010, b"OW", size)
    return replace(one, encoded=one.encoded + head + bytes(size))


def object_uid(number: int) -> str:
    """Return the SOP Instance UID of an object."""
    return _uid(OBJECT, number)


def simulated(number: int) -> SimulatedObject:
    """Return one object: always the same for the same number."""
    made = _templates()
    sop_class, encoded = made[number % len(made)]
    study = number // A_STUDY
    for kind, value in ((OBJECT, number), (SERIES, study), (STUDY, study)):
        encoded = encoded.replace(_uid(kind, 0).encode(), _uid(kind, value).encode())
    return SimulatedObject(number, sop_class, encoded)


def _uid(kind: str, number: int) -> str:
    return f"{kind}{number:09d}"


@cache
def _templates() -> tuple[tuple[str, bytes], ...]:
    """Return two images and a dose report of one study, encoded (PS3.5 annex A.2)."""
    study = simulate_hospital(seed=7, patients=1).objects()
    images = [*islice(study, 40)]
    return tuple((str(one.SOPClassUID), _encoded(one)) for one in (images[2], images[20]))


def _encoded(dataset: Dataset) -> bytes:
    for keyword in WITHOUT:
        if keyword in dataset:
            del dataset[keyword]
    dataset.SOPInstanceUID = _uid(OBJECT, 0)
    dataset.SeriesInstanceUID = _uid(SERIES, 0)
    dataset.StudyInstanceUID = _uid(STUDY, 0)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset)
    return buffer.getvalue()
