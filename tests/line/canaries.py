"""Fifty people who must appear nowhere: made, planted and looked for.

Every word of theirs holds ``WORD`` and every number ``NUMBER``, so that a search needs no list.
"""

from __future__ import annotations

import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from workbench.simulate.hospital import simulate_hospital

PEOPLE = 50
WORD, NUMBER = "qzxvk", "99317755"
EACH = 6  # objects of a kind of series that carry one person
COMPRESSED = {".parquet", ".xlsx", ".zip"}  # opened; their bytes say nothing
HOSPITALS_OWN = {"hospital.key", "hospital.sqlite", "hospital.sqlite-wal", "hospital.sqlite-shm"}


@dataclass(frozen=True)
class Person:
    """One of them."""

    number: int

    @property
    def family(self) -> str:
        return f"Qzxvk{'aeiou'[self.number % 5]}{'bdglmnrst'[self.number % 9]}o"

    @property
    def given(self) -> str:
        return f"Zoqzxvk{'aeiou'[self.number // 5 % 5]}"

    @property
    def identifier(self) -> str:
        return f"{NUMBER}{self.number:02d}"

    @property
    def birth(self) -> str:
        return f"{1937 + self.number % 40}{1 + self.number % 12:02d}{10 + self.number % 19}"

    @property
    def uid(self) -> str:
        return f"1.2.826.0.1.{NUMBER}{self.number:02d}"


def births() -> list[str]:
    """Return all birth dates in the spellings that software uses."""
    found = []
    for number in range(PEOPLE):
        day = Person(number).birth
        year, month, date = day[:4], day[4:6], day[6:]
        found += [f"{year}-{month}-{date}", f"{date}.{month}.{year}", f"{date}/{month}/{year}"]
    return found


def objects() -> Iterator[tuple[Person, Dataset]]:
    """Yield headers and reports of a simulated hospital whose patients are these people."""
    seen: Counter[tuple[str, str]] = Counter()
    known: dict[str, Person] = {}
    for data in simulate_hospital(patients=PEOPLE, seed=5).objects():
        patient = known.setdefault(str(data.get("PatientID", "")), Person(len(known) % PEOPLE))
        kind = str(data.StudyInstanceUID), str(data.get("Modality"))
        seen[kind] += 1
        if seen[kind] <= EACH:
            plant(data, patient, sum(seen.values()))
            yield patient, data


def plant(data: Dataset, who: Person, number: int) -> None:
    """Put a person into a header, where hospitals do and where they should not."""
    name = f"{who.family}^{who.given}"
    data.PatientName, data.PatientID, data.OtherPatientIDs = (
        name,
        who.identifier,
        who.identifier,
    )
    data.PatientBirthDate, data.PatientBirthName = who.birth, name
    data.PatientAddress = f"Rue {who.family} 7"
    data.PatientTelephoneNumbers = f"+352 {who.identifier}"
    data.AccessionNumber, data.StudyID = f"A{who.identifier}", who.identifier
    data.ReferringPhysicianName = f"Dr{WORD}ey^Otto"
    data.PerformingPhysicianName = data.OperatorsName = f"Staff{WORD}^Ann"
    data.InstitutionName, data.InstitutionAddress = f"Spital {WORD}en", f"{WORD}weg 4"
    data.StudyDescription = f"{data.get('StudyDescription', 'CT')} {who.family}"
    data.SeriesDescription = f"{data.get('SeriesDescription', 'CT')} {who.identifier}"
    data.ProtocolName = f"{data.get('ProtocolName', 'Abdomen')} {who.given.upper()}"
    data.ImageComments = f"Patient: {who.family} {who.given}, born {who.birth}"
    data.PatientComments, data.AdditionalPatientHistory = (
        f"{name} fell",
        f"see {who.identifier}",
    )
    data.private_block(0x0009, f"ACME {WORD}", create=True).add_new(1, "LO", name)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        data[keyword].value = f"{who.uid}.{len(keyword)}.{hash_of(str(data[keyword].value))}"
    if "file_meta" in data.__dict__:
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.file_meta.SourceApplicationEntityTitle = f"{WORD}"
    if number % 10 == 0:
        odd(data, who, number)


def hash_of(text: str) -> int:
    """Return a short number that is the same for the same UID."""
    return random.Random(text).randrange(10**8)


ODD = (
    ("KVP", "LO"), ("SliceThickness", "LO"), ("AcquisitionDate", "DA"), ("AcquisitionTime", "TM"),
    ("BodyPartExamined", "CS"), ("InstanceNumber", "LO"), ("ConvolutionKernel", "SH"),
)  # fmt: skip


def odd(data: Dataset, who: Person, number: int) -> None:
    """Put the name where a number, a date or a code is due."""
    keyword, vr = ODD[number // 10 % len(ODD)]
    data[Tag(keyword)] = DataElement(Tag(keyword), vr, who.family)


def write(folder: Path) -> int:
    """Write all of it, whole files and broken ones, under names that name the people."""
    count = 0
    for count, (who, data) in enumerate(objects(), start=1):
        place = folder / f"{who.family} {who.given}" / who.identifier
        place.mkdir(parents=True, exist_ok=True)
        buffer = BytesIO()
        data.save_as(buffer, enforce_file_format=True)
        content = buffer.getvalue()
        (place / f"{who.family}_{count}.dcm").write_bytes(broken(content, count))
        if count % 40 == 0:
            with zipfile.ZipFile(place / f"{who.family}.zip", "w") as packed:
                packed.writestr(f"{who.family}/{who.identifier}.dcm", content)
            (place / "letter.txt").write_text(f"Dear {who.family} {who.given}")
    return count


def broken(content: bytes, number: int) -> bytes:
    """Return every twelfth file damaged in one of four ways, others as they are."""
    if number % 12:
        return content
    kind = number // 12 % 4
    if kind == 0:
        return content[: len(content) * 2 // 3]  # cut short
    if kind == 1:
        return content[132:]  # no preamble
    if kind == 2:
        return content.replace(b"1.2.826.0.1.99", b"../../../tmp99")  # UIDs that are paths
    return content.replace(b"\x10\x00\x10\x00PN", b"\x10\x00\x10\x00Q?")  # an unknown VR


def hits(folder: Path, without: frozenset[str] = frozenset(HOSPITALS_OWN)) -> list[str]:
    """Return where in all files below a folder a person is found, file names included."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.name in without:
            continue
        if speaks(name.encode()):
            found.append(f"name of a file: {path.suffix}")
        if path.is_file() and not path.is_symlink() and any(map(speaks, contents(path))):
            found.append(name)
    return found


def contents(path: Path) -> Iterator[bytes]:
    """Yield the bytes that a reader of a file sees."""
    if path.suffix == ".parquet":
        yield pl.read_parquet(path).write_ndjson().encode()
        yield str(pl.read_parquet_schema(path)).encode()
    elif path.suffix in COMPRESSED:
        with zipfile.ZipFile(path) as packed:
            for one in packed.namelist():
                yield one.encode()
                yield packed.read(one)
    else:
        yield path.read_bytes()


def speaks(content: bytes) -> bool:
    """Say whether bytes hold a word, a number or a birth date of anybody, however encoded."""
    lower = content.lower()
    words = (WORD, NUMBER, *births())
    return any(word.encode(code) in lower for word in words for code in ("utf-8", "utf-16-le"))
