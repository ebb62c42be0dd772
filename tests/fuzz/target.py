"""What must hold for any bytes that are taken for a DICOM file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tests.dicom.headers import ordinary
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.read import Header, HeaderLimits, read_header
from workbench.dicom.reader import HeaderReader
from workbench.errors import ReadError

SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
LIMITS = HeaderLimits(depth=64, header=1 << 22)
# Bytes that mean something in a header: lengths, delimiters, value representations, escapes.
WORDS = (
    b"\xff\xff\xff\xff", b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0", b"SQ",
    b"UN", b"OB", b"PN", b"UT", b"\0\0", b"\0\0\0\0", b"\\", b"\x1b$B", b"\xe0\x7f\x10\0",
    b"\x08\0\x05\0", b"\x08\0\x18\0", b"1e400", b"NaN",
)  # fmt: skip


class Rows:
    """Checks contents one after the other, remembering neighbours as an import does."""

    def __init__(self) -> None:
        self._reader = HeaderReader(LIMITS)
        pseudonyms = Pseudonyms(bytes(32), "fuzz", "SITE")
        self._clean = HeaderRows(Deidentifier(load_profile(), pseudonyms))

    def check(self, content: bytes) -> bool:
        """Return whether ``content`` was readable; whatever is refused is a ``ReadError``."""
        try:
            header = read_header(content, LIMITS)
        except ReadError:
            return False
        beside = self._reader.header(content)
        assert (beside.encoded, beside.cut) == (header.encoded, header.cut)
        assert outcome(self._clean.row, beside) == outcome(self._clean.one_by_one, header)
        return True


def outcome(make: object, header: Header) -> object:
    """Return what ``make`` gives for a header, or the kind of error it raises."""
    assert callable(make)
    try:
        row, findings, *reasons = make(header)
    except Exception as error:  # noqa: BLE001 - both ways must end alike, however they end
        return type(error).__name__
    assert not any(reason.endswith(("Error", "Exception")) for reason in reasons), reasons
    return row, set(findings)


def seeds() -> Iterator[bytes]:
    """Yield ordinary files in every uncompressed transfer syntax, as neighbours in a series."""
    for syntax in SYNTAXES:
        for number in range(3):
            data = ordinary(undefined=number == 2)
            data.PatientName, data.PatientID = "Nobody^Nowhere", "0"
            data.SOPInstanceUID, data.InstanceNumber = f"1.2.{number}", number
            yield part10(data, syntax)


def part10(data: Dataset, syntax: str) -> bytes:
    """Return a data set as a file."""
    buffer = BytesIO()
    data.ensure_file_meta()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(
        buffer,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return buffer.getvalue()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return ``content`` with a few changes of the kinds that readers stumble over.

    Most leave the length: else nearly all are refused, and little else would be tried.
    """
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        place = chance.randrange(132, len(changed))
        kind = chance.choice((0, 0, 0, 0, 1, 1, 2, 3, 4))
        if kind == 0:
            changed[place] = chance.randrange(256)
        elif kind == 1:
            word = chance.choice(WORDS)
            changed[place : place + len(word)] = word
        elif kind == 2:
            changed[place:place] = chance.choice(WORDS)
        elif kind == 3:
            del changed[place : place + chance.randrange(1, 40)]
        else:
            stop = place + chance.randrange(1, 200)
            changed[place:place] = changed[place:stop]
    return bytes(changed)
