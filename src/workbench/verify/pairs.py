"""Originals and outputs, read with pydicom and put side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from workbench.verify.elements import FlatElement, elements
from workbench.verify.scheme import Scheme
from workbench.verify.source_files import contents, files_in


@dataclass(frozen=True, repr=False)
class Original:
    """An input file: whose it is, and every element."""

    sop_instance: str
    issuer: str
    patient_id: str
    study: str
    found: tuple[FlatElement, ...]
    name: str = ""

    def pseudonym(self, scheme: Scheme) -> str:
        """Return the pseudonym that the scheme gives its patient."""
        return scheme.patient(*self.who)

    @property
    def who(self) -> tuple[str, str]:
        """Issuer and identifier; without an identifier the study stands for the patient."""
        if self.patient_id.strip():
            return self.issuer, self.patient_id
        return "", "no-id:" + (self.study or self.sop_instance)


@dataclass(frozen=True, repr=False)
class Output:
    """A file that leaves: its bytes, its name, its data set and every element."""

    number: int
    name: str
    content: bytes
    data: Dataset
    found: tuple[FlatElement, ...]


def originals(folder: Path) -> Iterator[Original | None]:
    """Yield the DICOM files below a folder, also in zips; ``None`` for one that cannot be read."""
    for name, content in contents(folder):
        if content is None:
            yield None
            continue
        try:
            yield _original(dcmread(BytesIO(content), force=True), name)
        except Exception:  # noqa: BLE001 - whatever pydicom raises, this file cannot be compared
            yield None


def _original(data: Dataset, name: str) -> Original:
    def text(keyword: str) -> str:
        return str(data.get(keyword) or "")

    for keyword in (
        "SOPClassUID",
        "SOPInstanceUID",
    ):  # PS3.10: the file's information says them too
        if not data.get(keyword):
            setattr(data, keyword, str(data.file_meta.get(f"MediaStorage{keyword}") or ""))
    qualified = data.get("IssuerOfPatientIDQualifiersSequence") or ()
    issuer = text("IssuerOfPatientID") or next(
        (str(item.get("UniversalEntityID") or "") for item in qualified), ""
    )
    return Original(
        text("SOPInstanceUID"), issuer, text("PatientID"),
        text("StudyInstanceUID"), tuple(elements(data)), name,
    )  # fmt: skip


def outputs(folder: Path) -> Iterator[Output]:
    """Yield every file below a folder; one that is not DICOM has an empty data set."""
    for number, path in enumerate(files_in(folder), start=1):
        content = path.read_bytes()
        try:
            data = dcmread(BytesIO(content))
            flat = tuple(elements(data))
        except Exception:  # noqa: BLE001 - it is told as not readable
            yield Output(number, str(path.relative_to(folder)), content, Dataset(), ())
            continue
        yield Output(number, str(path.relative_to(folder)), content, data, flat)


def digest_of(folder: Path) -> str:
    """Return one SHA-256 over names and bytes of all files below a folder."""
    digest = hashlib.sha256()
    for path in files_in(folder):
        digest.update(str(path.relative_to(folder)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
