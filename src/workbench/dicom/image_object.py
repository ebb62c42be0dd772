"""An image object read whole, with its pixels as they are stored, within bounds."""

from __future__ import annotations

from io import BytesIO

import pydicom
from pydicom import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from workbench.dicom.read import PREAMBLE, file_meta, inflated
from workbench.errors import DamagedObject, ReadError

MAGIC = b"DICM"
# Whatever the file's size: a mammogram of 4096 x 3328 pixels has 27 MB.
MAX_INFLATED_BYTES = 128 << 20


def read_image_object(content: bytes) -> Dataset:
    """Return the object in the bytes of a file.

    Raises ``ReadError``, whatever the bytes are; it quotes nothing of them.
    """
    try:
        return _deflated(content) or pydicom.dcmread(BytesIO(content), force=True)
    except ReadError:
        raise
    except Exception as error:  # noqa: BLE001  pydicom raises whatever it meets, and quotes it
        raise DamagedObject(
            "unreadable", "the file cannot be read ({kind})", kind=type(error).__name__
        ) from None


def _deflated(content: bytes) -> Dataset | None:
    """Return a deflated object (PS3.5 A.5), ``None`` for any other: pydicom has no bounds."""
    if content[PREAMBLE : PREAMBLE + len(MAGIC)] != MAGIC:
        return None
    meta, start = file_meta(memoryview(content))
    if str(meta.get("TransferSyntaxUID", "")) != DeflatedExplicitVRLittleEndian:
        return None
    plain = inflated(memoryview(content)[start:], MAX_INFLATED_BYTES)
    dataset = pydicom.filereader.read_dataset(
        BytesIO(plain), is_implicit_VR=False, is_little_endian=True
    )
    dataset.file_meta = pydicom.dataset.FileMetaDataset(meta)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset
