"""The survey's filter: which studies and series are wanted.

The same filter is used three times: as keys of the query where the PACS understands them, on the
PACS's answers, and on each header that arrives, because PACS ignore keys.  What a PACS does not
tell is wanted until the header says otherwise.

[filter]
modalities = ["CT", "SR"]
study_date = ["2020-01-01", "2024-12-31"]   # "" leaves an end open
age_years = [0, 18]                         # age at the study, both ends included

[[filter.tag]]
tag = "KVP"                                 # a keyword, or "gggg,eeee" with creator = "..."
range = [80, 140]                           # or values = ["HEAD", "NECK"]

A tag is asked of the objects that can have it by the standard (``dicom.object_definitions``): a
dose report has no KVP, and is judged by the rest of the filter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from pydicom.dataset import Dataset

from workbench.collect.find import FoundSeries, FoundStudy, text
from workbench.collect.patient_list import ListedPatient
from workbench.collect.study_modalities import DEFINED_TERMS
from workbench.collect.tag_condition import TagCondition, plainly
from workbench.dicom.values import parse_age, parse_date, years_between
from workbench.errors import SettingsError
from workbench.language import Words, data, day, listed, t

KEYS = ("modalities", "study_date", "age_years", "tag")
CONDITION_KEYS = ("tag", "creator", "values", "range")

T = TypeVar("T", date, float)


@dataclass(frozen=True)
class SurveyFilter:
    """What is wanted; everything, where nothing is said."""

    modalities: frozenset[str] = frozenset()
    study_from: date | None = None
    study_to: date | None = None
    age_from_years: float | None = None
    age_to_years: float | None = None
    conditions: tuple[TagCondition, ...] = field(default=())

    @classmethod
    def from_settings(cls, table: Mapping[str, Any]) -> SurveyFilter:
        """Read the ``[filter]`` table; raises ``SettingsError`` with the remedy."""
        _known(table, KEYS, "[filter]")
        first, last = _ends(table, "study_date", _day)
        young, old = _ends(table, "age_years", _number)
        modalities = _list(table, "modalities")
        return cls(
            frozenset(modality.strip().upper() for modality in modalities), first, last, young, old,
            tuple(_condition(condition) for condition in _conditions(table)),
        )  # fmt: skip

    @property
    def everything(self) -> bool:
        """Whether it leaves nothing out, so that no header need be looked at."""
        return self == SurveyFilter()

    def sentence(self) -> Words:
        """Say it for a person."""
        parts = []
        if self.modalities:
            parts.append(listed(map(data, sorted(self.modalities)), f" {t('and')} "))
        parts += [*self._days_in_words(), *self._ages_in_words()]
        parts += [condition.sentence() for condition in self.conditions]
        return listed(parts) if parts else t("everything")

    def _days_in_words(self) -> Iterator[Words]:
        first, last = self.study_from, self.study_to
        if first and last:
            yield t("studies {first} to {last}", first=day(first), last=day(last))
        elif first:
            yield t("studies from {first}", first=day(first))
        elif last:
            yield t("studies up to {last}", last=day(last))

    def _ages_in_words(self) -> Iterator[Words]:
        low, high = self.age_from_years, self.age_to_years
        if low is not None and high is not None:
            yield t("age {low} to {high} years", low=plainly(low), high=plainly(high))
        elif low is not None:
            yield t("age from {low} years", low=plainly(low))
        elif high is not None:
            yield t("age up to {high} years", high=plainly(high))

    # --- asking --------------------------------------------------------------------------------

    def study_keys(self, patient: ListedPatient) -> dict[str, str]:
        """Return the keys of a study query that narrow it, beside the patient's ID.

        Modalities are not asked by key: one value only may be sent, and many PACS then leave out
        studies that have it as their second modality.
        """
        keys = {}
        first, last = self._dates(patient)
        if first or last:
            keys["StudyDate"] = f"{_dicom(first)}-{_dicom(last)}"
        if patient.accession:
            keys["AccessionNumber"] = patient.accession
        return keys

    def unwanted_study(self, study: FoundStudy, patient: ListedPatient | None = None) -> str:
        """Return which part of the filter leaves a study out by what the PACS told; else empty."""
        patient = patient or ListedPatient("")
        first, last = self._dates(patient)
        told = study.known_modalities
        if self.modalities and told and not self.modalities & told:
            return "modality"
        if study.study_date and not _in_days(study.study_date, first, last):
            return "study_date"
        if patient.accession and study.accession not in ("", patient.accession):
            return "accession"
        return self._unwanted_age(study.birth_date, study.study_date)

    def unwanted_series(self, series: FoundSeries) -> str:
        """Return which part of the filter leaves a series out; else empty."""
        told = series.modality if series.modality in DEFINED_TERMS | {"OT"} else ""
        leaves_out = self.modalities and told and told not in self.modalities
        return "modality" if leaves_out else ""

    def wants_study(self, study: FoundStudy) -> bool:
        """Whether a study is wanted by what the PACS told of it."""
        return not self.unwanted_study(study)

    def wants_series(self, series: FoundSeries) -> bool:
        """Whether a series is wanted by what the PACS told of it."""
        return not self.unwanted_series(series)

    def _dates(self, patient: ListedPatient) -> tuple[date | None, date | None]:
        first = [day for day in (self.study_from, patient.study_from) if day]
        last = [day for day in (self.study_to, patient.study_to) if day]
        return max(first, default=None), min(last, default=None)

    def _unwanted_age(self, birth: date | None, study: date | None) -> str:
        if birth is None or study is None:
            return ""
        years = years_between(birth, study)
        return "" if years is None or self._fits(years) else "age"

    def _fits(self, years: float) -> bool:
        """Whether an age is wanted: someone of 18 is so until the day before the 19th birthday."""
        low = -math.inf if self.age_from_years is None else self.age_from_years
        high = math.inf if self.age_to_years is None else self.age_to_years
        return low <= years and (years <= high or math.floor(years) == high)

    # --- on arrival ----------------------------------------------------------------------------

    def refusal(self, dataset: Dataset) -> str:
        """Return why an arriving header is not wanted, as a code without its values; else empty.

        A header that lacks what the filter asks for, and could have it, is not wanted: nobody
        could say later that it belongs to the survey.
        """
        judges = (self._refused_modality, self._refused_day, self._refused_age)
        for judge in judges:
            code = judge(dataset)
            if code:
                return code
        sop_class = text(dataset, "SOPClassUID")
        for condition in self.conditions:
            held = condition.holds(dataset)
            if held is False:
                return f"tag {condition.tag}"
            if held is None and condition.is_for(sop_class):
                return f"tag {condition.tag} absent"
        return ""

    def _refused_modality(self, dataset: Dataset) -> str:
        if not self.modalities:
            return ""
        modality = text(dataset, "Modality").upper()
        if modality in self.modalities:
            return ""
        return "modality" if modality else "modality_absent"

    def _refused_day(self, dataset: Dataset) -> str:
        if not (self.study_from or self.study_to):
            return ""
        day = _header_day(dataset, "StudyDate")
        if day is None:
            return "study_date_absent"
        return "" if _in_days(day, self.study_from, self.study_to) else "study_date"

    def _refused_age(self, dataset: Dataset) -> str:
        if self.age_from_years is None and self.age_to_years is None:
            return ""
        years = age_years(dataset)
        if years is None:
            return "age_unknown"
        return "" if self._fits(years) else "age"


def age_years(dataset: Dataset) -> float | None:
    """Return the age at the study, from the birth date or else as told; ``None`` if unknown."""
    birth, day = _header_day(dataset, "PatientBirthDate"), _header_day(dataset, "StudyDate")
    if birth and day:
        return years_between(birth, day)
    age = parse_age(text(dataset, "PatientAge"))
    return None if age is None else age.years


def _header_day(dataset: Dataset, keyword: str) -> date | None:
    return parse_date(text(dataset, keyword))


def _in_days(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _dicom(day: date | None) -> str:
    return day.strftime("%Y%m%d") if day else ""


# --- reading the settings -------------------------------------------------------------------------


def _conditions(table: Mapping[str, Any]) -> list[object]:
    listed = table.get("tag", [])
    if not isinstance(listed, list | tuple):
        raise SettingsError("filter.tag must be tables.", "Write [[filter.tag]] above each.")
    return list(listed)


def _condition(table: object) -> TagCondition:
    if not isinstance(table, Mapping):
        raise SettingsError("filter.tag must be tables.", "Write [[filter.tag]] above each.")
    _known(table, CONDITION_KEYS, "[[filter.tag]]")
    low, high = _ends(table, "range", _number)
    condition = TagCondition(
        str(table.get("tag", "")), str(table.get("creator", "")),
        frozenset(str(value) for value in _list(table, "values")), low, high,
    )  # fmt: skip
    number = condition.number()
    if number is None:
        raise SettingsError(
            "a tag of [[filter.tag]] is not known.", 'Write a DICOM keyword, or "gggg,eeee".'
        )
    if number.is_private != bool(condition.creator):
        raise SettingsError(
            "a tag of [[filter.tag]] is private without a creator, or the other way round.",
            'Write creator = "..." with a private tag only: the text that reserves its block.',
        )
    if not condition.values and low is None and high is None:
        raise SettingsError("a [[filter.tag]] has neither values nor a range.")
    return condition


def _known(table: Mapping[str, Any], keys: Sequence[str], name: str) -> None:
    for key in table:
        if key not in keys:
            raise SettingsError(
                "{name} has a key {key} that nobody reads.",
                "Known keys: {known}.",
                name=name,
                key=f"{str(key)[:20]!r}",
                known=", ".join(keys),
            )


def _list(table: Mapping[str, Any], key: str) -> list[str]:
    values = table.get(key, [])
    if not isinstance(values, list | tuple):
        raise SettingsError(
            "{key} of the filter must be a list.", 'For example ["CT", "SR"].', key=key
        )
    return [str(value) for value in values]


def _ends(
    table: Mapping[str, Any], key: str, read: Callable[[object], T | None]
) -> tuple[T | None, T | None]:
    ends = table.get(key, (None, None))
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        raise SettingsError(
            "{key} of the filter must have two ends.", "For example [80, 140].", key=key
        )
    low, high = (read(end) for end in ends)
    if low is not None and high is not None and low > high:
        raise SettingsError("{key} of the filter ends before it begins.", "Swap its ends.", key=key)
    return low, high


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError as error:
        raise SettingsError(
            "study_date of the filter is not a date.", 'Write it as "2024-12-31".'
        ) from error


def _number(value: object) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise SettingsError(
        "an end of a range of the filter is not a number.", 'Write "" for an open end.'
    )
