"""Images of every compressed transfer syntax, with the values they were made of.

GDCM and pydicom write most of them when they are asked for.  Two kinds no installed library
writes: those frames lie in ``frames`` (``python -m tests.dicom.decoding.make_frames`` says how
they were made, of the same values).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

FRAMES = Path(__file__).parent / "frames"
ROWS, COLUMNS = 48, 64
# How far a lossy image may be from what it was made of, as a part of the range of its values: the
# quality it was written with, not a property of the decoder.
LOSSY = 0.03


@dataclass(frozen=True)
class Kind:
    """What an image is like; ``frame`` names a file of ``frames`` where nobody writes it."""

    syntax: UID
    bits: int = 12
    signed: bool = False
    samples: int = 1
    frame: str = ""
    lossless: bool = True

    @property
    def frames_are_compressed(self) -> bool:
        """Whether each frame is; a deflated file is compressed as a whole (PS3.5 A.5)."""
        return self.syntax != DeflatedExplicitVRLittleEndian

    def __str__(self) -> str:
        colour = " colour" if self.samples > 1 else ""
        sign = " signed" if self.signed else ""
        return f"{self.syntax.name} {self.bits} bits{sign}{colour}"


KINDS = (
    Kind(JPEGBaseline8Bit, 8, lossless=False),
    Kind(JPEGExtended12Bit, 12, frame="extended_12.jpg", lossless=False),
    Kind(JPEGLossless), Kind(JPEGLosslessSV1), Kind(JPEGLosslessSV1, 16),
    Kind(JPEGLosslessSV1, 8, samples=3), Kind(JPEGLSLossless), Kind(JPEGLSLossless, 16),
    Kind(JPEGLSNearLossless, 12, lossless=False), Kind(JPEG2000Lossless),
    Kind(JPEG2000Lossless, 16, signed=True), Kind(JPEG2000, 12, lossless=False),
    Kind(HTJ2KLossless, 12, frame="htj2k_12.j2c"),
    Kind(HTJ2KLosslessRPCL, 16, signed=True, frame="htj2k_signed_16.j2c"),
    Kind(HTJ2KLossless, 8, samples=3, frame="htj2k_colour_8.j2c"),
    Kind(HTJ2K, 12, frame="htj2k_lossy_12.j2c", lossless=False),
    Kind(RLELossless), Kind(RLELossless, 8, samples=3), Kind(RLELossless, 16, signed=True),
    Kind(DeflatedExplicitVRLittleEndian, 12),
)  # fmt: skip


def values(kind: Kind) -> NDArray[Any]:
    """Return what an image is made of: waves with a little noise, over the whole range."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    noise = np.random.default_rng(1).normal(0, 0.002, (ROWS, COLUMNS))
    wave = np.sin(rows / 9) * np.cos(columns / 11) / 2 + 0.5 + noise
    last = (1 << kind.bits) - 1
    whole = np.rint(np.clip(wave, 0, 1) * last) - (1 << kind.bits >> 1 if kind.signed else 0)
    if kind.samples > 1:
        whole = np.stack([whole, whole[::-1], whole[:, ::-1]], axis=-1)
    sign = "i" if kind.signed else "u"
    return whole.astype(f"<{sign}{2 if kind.bits > 8 else 1}")


def native(kind: Kind, **more: object) -> Dataset:
    """Return an image, not compressed."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = CTImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = "1.2.3"
    header.StudyInstanceUID, header.SeriesInstanceUID = "1.2", "1.2.1"
    header.Modality, header.PatientName, header.PatientID = "CT", "Phantom", "QA"
    header.Rows, header.Columns, header.SamplesPerPixel = ROWS, COLUMNS, kind.samples
    header.PhotometricInterpretation = "RGB" if kind.samples > 1 else "MONOCHROME2"
    if kind.samples > 1:
        header.PlanarConfiguration = 0
    header.BitsAllocated = 16 if kind.bits > 8 else 8
    header.BitsStored, header.HighBit = kind.bits, kind.bits - 1
    header.PixelRepresentation = int(kind.signed)
    pixels = values(kind)
    header.PixelData = pixels.tobytes()
    header["PixelData"].VR = "OW" if kind.bits > 8 else "OB"
    for name, value in more.items():
        setattr(header, name, value)
    return header


def compressed(kind: Kind) -> Dataset:
    """Return an image of a kind."""
    header = native(kind)
    if kind.frame:
        return with_frames(header, kind.syntax, [(FRAMES / kind.frame).read_bytes()])
    if kind.syntax == DeflatedExplicitVRLittleEndian:
        header.file_meta.TransferSyntaxUID = kind.syntax
        return header
    if kind.syntax == RLELossless:
        header.compress(RLELossless, generate_instance_uid=False)
        return header
    return with_gdcm(header, kind.syntax)


def with_frames(header: Dataset, syntax: str, frames: list[bytes]) -> Dataset:
    """Return an image whose pixels are these compressed frames."""
    header.file_meta.TransferSyntaxUID = UID(syntax)
    header.PixelData = encapsulate(frames)
    header["PixelData"].VR = "OB"
    header["PixelData"].is_undefined_length = True
    if len(frames) > 1:
        header.NumberOfFrames = len(frames)
    return header


def with_gdcm(header: Dataset, syntax: str) -> Dataset:
    """Return an image as GDCM compresses it."""
    import gdcm

    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "native.dcm"), Path(folder, "compressed.dcm")
        header.save_as(before, enforce_file_format=True)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(before))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
        change.SetInput(reader.GetImage())
        assert change.Change(), syntax
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(after))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return dcmread(after)


def file_of(header: Dataset) -> bytes:
    """Return an image as a file."""
    from io import BytesIO

    out = BytesIO()
    header.save_as(out, enforce_file_format=True)
    return out.getvalue()


def all_files() -> Iterator[tuple[Kind, bytes]]:
    """Yield every kind as a file."""
    for kind in KINDS:
        yield kind, file_of(compressed(kind))
