"""Fifty invented people: what names them, what is planted of them, and what options may keep."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from pydicom.dataset import Dataset

PEOPLE = 50
UTF_8 = "ISO_IR 192"
ROOT = "1.2.826.0.1.3680043.10.543210"  # of their UIDs
STEMS = (
    "Qvistgård", "Žeželjan", "Brzęczysz", "Thorláks", "Øverlandv", "Müllenbrö", "Lebœufvert",
    "Kjærstrøm", "Đurđekov", "Gülşenoğ",
)  # fmt: skip
ENDINGS = ("mandel", "inskaya", "hübner", "stadtler")
BEYOND_LATIN = (
    "Παπαγεωργόπουλος", "Щербаковский", "Їжакевичев", "קפלנוביץ", "قبانيصالح", "山田井上原",
    "欧阳王芳华", "이산남궁선", "やまだたろう", "ヤマグチサトウ",
)  # fmt: skip
GIVEN = (
    "Zsuzsánnaka", "Ægirannabel", "Łukaszewin", "Françoisette", "Björnstjerne", "Ísleifurina",
    "Jürgenhelm", "Renéecécile", "Oğuzhanbey", "Ñuñezmaria",
)  # fmt: skip
FIRST_BIRTH = date(1931, 2, 3)
FIRST_TIME_S = 7 * 3600 + 11  # seconds after midnight


@dataclass(frozen=True)
class Planted:
    """One value by which somebody is known.

    Attributes
    ----------
    person
        Number of the person.
    kind
        What it is: name, patient ID, birth date ...
    text
        As it is written.
    retained
        Whether an option of the confidentiality profile keeps it, so that it is told apart.
    """

    person: int
    kind: str
    text: str
    retained: bool = False


@dataclass(frozen=True)
class Person:
    """One of them."""

    number: int

    @cached_property
    def family(self) -> str:
        """Another one for each, most with letters that do not decompose."""
        if self.number >= len(STEMS) * len(ENDINGS):
            return BEYOND_LATIN[self.number % len(BEYOND_LATIN)]
        return STEMS[self.number % len(STEMS)] + ENDINGS[self.number // len(STEMS)]

    @property
    def given(self) -> str:
        """One of ten."""
        return GIVEN[(self.number * 7 + self.number // 10) % len(GIVEN)]

    @property
    def patient_id(self) -> str:
        """Digits for even numbers, letters too for odd ones."""
        return self._digits("id", 10) if self.number % 2 == 0 else f"PX{self._digits('id', 8)}"

    @property
    def other_id(self) -> str:
        """An older one."""
        return f"OLD{self._digits('other', 9)}"

    @property
    def accession(self) -> str:
        """At most 16 characters."""
        return f"ACC{self._digits('accession', 9)}"

    @property
    def phone(self) -> str:
        """Digits alone."""
        return f"00352{self._digits('phone', 8)}"

    @property
    def street(self) -> str:
        """One word that nobody else has."""
        return f"Rue{self.family}platz"

    @property
    def birth(self) -> date:
        """Another day for each."""
        return FIRST_BIRTH + timedelta(days=311 * self.number)

    def uid(self, of: str) -> str:
        """Return the person's UID in the place of another one."""
        return f"{ROOT}.{self.number + 100}.{int(_digest(of)[:12], 16)}"

    @property
    def time(self) -> str:
        """Time of day of the examination, HHMMSS; another one for each."""
        seconds = FIRST_TIME_S + 1193 * self.number
        return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"

    @property
    def station(self) -> str:
        """Of the device, which a small survey may know apart."""
        return f"ZQSTN{self.number:03d}"

    @property
    def serial(self) -> str:
        """Of the device, too."""
        return f"ZQSER{self.number:04d}"

    def planted(self) -> Iterator[Planted]:
        """Yield all values to be looked for."""
        days = ("%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
        told = {
            "name": (self.family, self.given), "patient ID": (self.patient_id,),
            "other ID": (self.other_id,), "accession number": (self.accession,),
            "phone": (self.phone,), "address": (self.street,),
            "birth date": tuple(f"{self.birth:{form}}" for form in days),
            "UID": (f"{ROOT}.{self.number + 100}.",),
        }  # fmt: skip
        for kind, texts in told.items():
            for text in texts:
                yield Planted(self.number, kind, text)
        time = self.time
        kept = {
            "time of day": (time, f"{time[:2]}:{time[2:4]}:{time[4:]}"),
            "device": (self.station, self.serial),
        }
        for kind, texts in kept.items():
            for text in texts:
                yield Planted(self.number, kind, text, retained=True)

    def plant(self, data: Dataset) -> None:
        """Put the person into a header, where hospitals do and where they should not."""
        name = f"{self.family}^{self.given}"
        data.SpecificCharacterSet = UTF_8
        self._identify(data, name)
        data.StudyDescription = f"{data.get('StudyDescription', 'CT')} {self.family}"
        data.SeriesDescription = f"{data.get('SeriesDescription', 'CT')} {self.patient_id}"
        data.ProtocolName = f"{data.get('ProtocolName', 'Abdomen')} {self.given.upper()}"
        data.ImageComments = f"{self.family} {self.given}, {self.birth:%d.%m.%Y}"
        data.PatientComments = f"{name}, {self.phone}"
        data.AdditionalPatientHistory = f"see {self.other_id}, {self.street}"
        data.private_block(0x0009, "ACME 1.0", create=True).add_new(1, "LO", name)
        data.StationName, data.DeviceSerialNumber = self.station, self.serial
        data.StudyTime = self.time
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            data[keyword].value = self.uid(str(data[keyword].value))
        if "file_meta" in data.__dict__:
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID

    def _identify(self, data: Dataset, name: str) -> None:
        data.PatientName, data.PatientBirthName = name, name
        data.PatientID, data.OtherPatientIDs = self.patient_id, self.other_id
        data.PatientBirthDate = f"{self.birth:%Y%m%d}"
        data.PatientAddress, data.PatientTelephoneNumbers = f"{self.street} 7", self.phone
        data.AccessionNumber, data.StudyID = self.accession, self.accession
        data.ReferringPhysicianName, data.OperatorsName = name, name

    def _digits(self, of: str, length: int) -> str:
        return str(int(_digest(f"{of}{self.number}"), 16))[3 : 3 + length]


def people() -> list[Person]:
    """Return all of them."""
    return [Person(number) for number in range(PEOPLE)]


def all_planted() -> list[Planted]:
    """Return all values of all people."""
    return [value for person in people() for value in person.planted()]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
