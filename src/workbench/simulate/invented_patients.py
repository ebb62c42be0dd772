"""Invented patients: names in several character sets, ages, sizes.

Names are drawn from lists of common European given and family names and belong to nobody.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.dicom.values import (
    DAYS_A_YEAR,
    completed_months,
    completed_years,
    years_between,
)

if TYPE_CHECKING:
    from random import Random

LATIN_1 = "ISO_IR 100"
UTF_8 = "ISO_IR 192"

FAMILY_NAMES = (
    "Müller", "Lefèvre", "O'Brien", "Schäfer", "Çelik", "Garçon", "Weiß", "Nuñez", "Ångström",
    "Dubois", "Håkansson", "Kowalski",
)  # fmt: skip
GIVEN_NAMES = {
    "F": ("Hélène", "Gülay", "Zoë", "Ægir Anna", "Renée", "Mónica"),
    "M": ("François", "Jörg", "Søren", "José", "Benoît", "Günther"),
}
NAMES_BEYOND_LATIN_1 = {"F": "Παπαδοπούλου^Ελένη", "M": "Wiśniewski^Łukasz"}

ADULT_SIZE_M = {"F": 1.65, "M": 1.78}
ADULT_WEIGHT_KG = {"F": 66.0, "M": 80.0}
BIRTH_SIZE_M, BIRTH_WEIGHT_KG, ADULT_AGE = 0.50, 3.5, 18.0


@dataclass(frozen=True, kw_only=True)
class Patient:
    """One invented patient; ``age_years`` and ``age_days`` hold on the study date."""

    patient_id: str
    name: str
    character_set: str
    sex: str
    birth_date: dt.date
    study_date: dt.date
    size_m: float
    weight_kg: float

    @property
    def age_days(self) -> int:
        """Age at the study in days."""
        return (self.study_date - self.birth_date).days

    @property
    def age_years(self) -> float:
        """Age at the study in years, whole on each birthday."""
        return years_between(self.birth_date, self.study_date) or 0.0

    @property
    def child(self) -> bool:
        """Whether the patient is under 16, scanned with a paediatric protocol."""
        return self.age_years < 16

    @property
    def dicom_age(self) -> str:
        """PatientAge: years from two years on, else months (PS3.5 section 6.2)."""
        if self.age_years < 2:
            return f"{completed_months(self.birth_date, self.study_date):03d}M"
        return f"{completed_years(self.birth_date, self.study_date):03d}Y"

    def attributes(self, known_age: bool = True) -> dict[str, object]:
        """Return the patient attributes of every object, without age where it is not known."""
        values: dict[str, object] = {
            "SpecificCharacterSet": self.character_set,
            "PatientName": self.name,
            "PatientID": self.patient_id,
            "PatientBirthDate": f"{self.birth_date:%Y%m%d}" if known_age else "",
            "PatientSex": self.sex,
            "PatientSize": f"{self.size_m:.2f}",
            "PatientWeight": f"{self.weight_kg:.1f}",
        }
        return values | ({"PatientAge": self.dicom_age} if known_age else {})


def invent_patient(rng: Random, number: int, sex: str, age: float, study_date: dt.date) -> Patient:
    """Return a patient of about this age; every sixth name needs more than Latin-1."""
    beyond = number % 6 == 4
    name = f"{FAMILY_NAMES[number % len(FAMILY_NAMES)]}^{rng.choice(GIVEN_NAMES[sex])}"
    grown = min(age / ADULT_AGE, 1.0)
    return Patient(
        patient_id=f"SIM{rng.randrange(10**6):06d}{number:02d}",
        name=NAMES_BEYOND_LATIN_1[sex] if beyond else name,
        character_set=UTF_8 if beyond else LATIN_1,
        sex=sex,
        birth_date=study_date - dt.timedelta(days=round(age * DAYS_A_YEAR) + rng.randrange(300)),
        study_date=study_date,
        size_m=round(BIRTH_SIZE_M + (ADULT_SIZE_M[sex] - BIRTH_SIZE_M) * grown**0.7, 2),
        weight_kg=round(BIRTH_WEIGHT_KG + (ADULT_WEIGHT_KG[sex] - BIRTH_WEIGHT_KG) * grown, 1),
    )
