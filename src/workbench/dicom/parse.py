"""Let pydicom read an encoded data set whose structure was checked."""

from __future__ import annotations

from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from workbench.dicom.process import quiet_pydicom
from workbench.dicom.walk import Encoding
from workbench.errors import DamagedObject


def parse(encoded: bytes, encoding: Encoding) -> Dataset:
    """Let pydicom read an encoded data set; raises ``DamagedObject``."""
    quiet_pydicom()
    try:
        return read_dataset(
            BytesIO(encoded), not encoding.explicit, encoding.little, bytelength=len(encoded)
        )
    except Exception as error:
        raise DamagedObject("unreadable", "the elements cannot be read") from error
