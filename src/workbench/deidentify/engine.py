"""De-identification of one data set: an allow-list, PS3.15 and keyed pseudonyms.

The input is read and never changed; a new data set is built from what the profile's rules let
through, at every depth by the same rules.  What has no rule does not exist in the output:
pixels, overlays, curves, padding, group lengths, unknown and private attributes, file meta
information and preamble.  Numbers pass as the bytes they came as.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.deidentify.patient_clock import PatientClock, Times
from workbench.deidentify.patient_evidence import issuer_of, value_of
from workbench.deidentify.people import people_in
from workbench.deidentify.phantom_names import PHANTOM_NAMED, names_phantom
from workbench.deidentify.pseudonym import NO_IDENTIFIER, PatientPseudonym, Pseudonyms
from workbench.deidentify.transform import MAX_DEPTH, VALUE_DROPPED, Note, Transform
from workbench.dicom.process import quiet_pydicom
from workbench.dicom.values import (
    DAYS_A_YEAR,
    DAYS_IN,
    OLDEST_YEARS,
    ToldAge,
    ages_contradict,
    parse_age,
    parse_date,
    written_age,
    years_between,
)
from workbench.model import Finding

if TYPE_CHECKING:
    from datetime import date

    from workbench.deidentify.confidentiality_profile import ConfidentialityProfile

UTF_8 = "ISO_IR 192"
PATIENT_AGE = 0x00101010
STUDY_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")


class Age(NamedTuple):
    """An age at a study; unknown where nothing is told, and where birth and PatientAge contradict.

    Attributes
    ----------
    days
        From birth and study, or from a PatientAge in days or weeks.
    years
        Completed years and the part of the running one, by birthday, or as PatientAge tells.
    """

    days: int | None = None
    years: float | None = None


@dataclass(frozen=True)
class Deidentified:
    """A de-identified data set and what follows from its identity.

    Attributes
    ----------
    dataset
        A new data set with fresh file meta information; ready to be written.
    patient
        Pseudonym, also its PatientID and PatientName.
    age
        Age at the study, at most the profile's oldest age plus one year.
    findings
        What could not be kept, as codes and tags without values.
    """

    dataset: Dataset
    patient: str
    age: Age
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Deidentifier:
    """Applies one profile with one hospital's pseudonyms; holds no state between objects."""

    profile: ConfidentialityProfile
    pseudonyms: Pseudonyms

    def apply(self, dataset: Dataset, under: PatientPseudonym | None = None) -> Deidentified:
        """Return the de-identified form of ``dataset``, which is not changed.

        It leaves ``under`` a pseudonym that is known to be its patient's, else under the one that
        follows from its own issuer and PatientID.  The same input, profile and key give the same
        output.  Values that cannot be read are dropped and reported; no value raises.
        """
        quiet_pydicom()
        return _Passage(self, dataset, under).result()

    def transform(
        self, dataset: Dataset, note: Note, under: PatientPseudonym | None = None
    ) -> Transform:
        """Return what treats single elements of objects that speak of the same people.

        ``dataset`` must hold every element that ``people_in`` reads, PatientID and what says who
        issued it; ``note`` is told what could not be kept; ``under`` is as for ``apply``.
        """
        return _Passage(self, dataset, under).transform(note)


@dataclass
class _Passage:
    """One object on its way through."""

    engine: Deidentifier
    source: Dataset
    given: PatientPseudonym | None = None
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def result(self) -> Deidentified:
        patient = self.given or self._own()
        transform = self._transform(patient, self._note)
        dataset = transform.dataset(self.source, 0)
        age = self._age(dataset) if PATIENT_AGE in self.engine.profile.rules else Age()
        if names_phantom(self._text("PatientName"), self._text("PatientID")):
            self._note(PHANTOM_NAMED, "PatientName", "the name or ID is that of a phantom or test")
        self._sign(dataset, patient.name)
        return Deidentified(dataset, patient.name, age, tuple(self.findings.values()))

    def transform(self, note: Note) -> Transform:
        """Return what treats elements of this patient's objects, with another ``note``."""
        return self._transform(self.given or self._own(), note)

    def _transform(self, patient: PatientPseudonym, note: Note) -> Transform:
        profile = self.engine.profile
        people = people_in(self.source, MAX_DEPTH, places="rtn_inst_id" not in profile.options)
        clock = PatientClock(patient.clock_secret) if profile.times is Times.HOUR else None
        pseudonyms = self.engine.pseudonyms
        return Transform(profile, pseudonyms, patient.shift_days, people, note, clock)

    def _note(self, code: str, column: str, detail: str) -> None:
        self.findings.setdefault((code, column), finding(code, column, detail))

    def _text(self, keyword: str) -> str:
        return value_of(self.source, keyword)

    def _own(self) -> PatientPseudonym:
        """Return what follows from the object's own issuer and PatientID."""
        patient_id = self._text("PatientID").strip()
        if patient_id:
            return self.engine.pseudonyms.of(issuer_of(self.source), patient_id)
        self._note(
            "no_patient_id", "PatientID",
            "there is no PatientID: the pseudonym holds for this study alone",
        )  # fmt: skip
        alone = self._text("StudyInstanceUID") or self._text("SOPInstanceUID")
        return self.engine.pseudonyms.of("", NO_IDENTIFIER + alone)

    def _age(self, dataset: Dataset) -> Age:
        """Write the best PatientAge and return the age."""
        life, told_age = self._life(), self._told_age(dataset)
        years = life and years_between(*life)
        if years is not None and told_age and ages_contradict(years, told_age.years):
            # Which of the two is wrong cannot be told, so neither is: an age decides the dose.
            self._note("age_mismatch", "PatientAge", "it does not fit birth date and study date")
            dataset.pop("PatientAge", None)
            return Age()
        oldest = self.engine.profile.oldest_age_years
        if max(years or 0.0, told_age.years if told_age else 0.0) >= oldest + 1:
            self._note("age_capped", "PatientAge", f"ages above {oldest} years are not told")
            dataset.PatientAge = f"{oldest + 1:03d}Y"
            return Age(int((oldest + 1) * DAYS_A_YEAR), float(oldest + 1))
        if life is None or years is None:
            return _as_told(told_age)
        written = written_age(*life)
        if told_age is None or DAYS_IN[told_age.unit] > DAYS_IN[written[-1]]:
            dataset.PatientAge = written
        return Age((life[1] - life[0]).days, years)

    def _told_age(self, dataset: Dataset) -> ToldAge | None:
        age = parse_age(self._text("PatientAge"))
        if age and age.years > OLDEST_YEARS:
            self._note("implausible_age", "PatientAge", "no person is that old")
            dataset.pop("PatientAge", None)
            return None
        return age

    def _life(self) -> tuple[date, date] | None:
        """Return the days of birth and study, if a person can have both."""
        birth = parse_date(self._text("PatientBirthDate"))
        days = (parse_date(self._text(keyword)) for keyword in STUDY_DATES)
        day = next((day for day in days if day is not None), None)
        if birth is None or day is None:
            return None
        if years_between(birth, day) is None:
            self._note("implausible_age", "PatientBirthDate", "birth and study do not fit")
            return None
        return birth, day

    def _sign(self, dataset: Dataset, patient: str) -> None:
        """Write who this is now and how it was de-identified (PS3.15 E.1, PS3.3 C.12.1)."""
        profile = self.engine.profile
        dataset.SpecificCharacterSet = UTF_8
        dataset.PatientName = patient
        dataset.PatientID = patient
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = [
            "Workbench",
            f"profile {profile.name}",
            profile.sha256,
            f"key {self.engine.pseudonyms.fingerprint}",
        ]
        dataset.DeidentificationMethodCodeSequence = [_code(*row) for row in profile.method_codes()]
        dataset.LongitudinalTemporalInformationModified = _dates(profile)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for keyword in ("SOPClassUID", "SOPInstanceUID"):
            if keyword in dataset:
                setattr(dataset.file_meta, f"MediaStorage{keyword}", dataset[keyword].value)


def finding(code: str, column: str, detail: str) -> Finding:
    """Return what de-identification has to say of an attribute."""
    severity = "note" if code == "age_capped" else "warning"
    return Finding("import", code, detail, severity, column=column)


def dropped_among(findings: Iterable[Finding]) -> set[str]:
    """Return the attributes (keywords) whose values were left out, as they could not be read."""
    return {found.column for found in findings if found.code == VALUE_DROPPED and found.column}


def _dates(profile: ConfidentialityProfile) -> str:
    """Return what became of dates and times, as PS3.3 table C.12-1 has it (0028,0303)."""
    if "rtn_long_full" in profile.claimed:
        return "UNMODIFIED"
    return "MODIFIED" if "rtn_long_modif" in profile.claimed else "REMOVED"


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _as_told(age: ToldAge | None) -> Age:
    if age is None:
        return Age()
    return Age(int(age.days) if age.unit in "DW" else None, age.years)
