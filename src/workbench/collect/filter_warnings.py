"""What a survey's filter would keep out that its author may not have meant to.

A dose survey without dose reports, or with a condition that no object can meet, is noticed after
nights of collecting; here it is said before the first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.uid import (
    EnhancedXRayRadiationDoseSRStorage,
    PatientRadiationDoseSRStorage,
    RadiopharmaceuticalRadiationDoseSRStorage,
    XRayRadiationDoseSRStorage,
)

from workbench.collect.filters import SurveyFilter
from workbench.collect.tag_condition import TagCondition
from workbench.dicom.object_definitions import can_have_any
from workbench.dicom.values import OLDEST_YEARS
from workbench.errors import SettingsError
from workbench.language import Saying, Words, data, t

REPORTS = tuple(
    str(uid)
    for uid in (
        XRayRadiationDoseSRStorage, EnhancedXRayRadiationDoseSRStorage,
        RadiopharmaceuticalRadiationDoseSRStorage, PatientRadiationDoseSRStorage,
    )
)  # fmt: skip
REPORT_MODALITY = "SR"
# Attributes that say which kind of object it is, and what they say of a dose report.
KINDS = {"Modality": frozenset({REPORT_MODALITY}), "SOPClassUID": frozenset(REPORTS)}
# Every dose report has these (PS3.3 A.35.8, types 1 and 2); the others it may lack.
ALWAYS_TOLD = frozenset({"StudyDate", "StudyTime", "PatientID", "PatientName", "PatientSex",
                         "PatientBirthDate", "Manufacturer", "StudyInstanceUID", "SeriesNumber",
                         "SOPInstanceUID", "AccessionNumber", *KINDS})  # fmt: skip
NUMBERS = frozenset({"DS", "IS", "FL", "FD", "US", "SS", "UL", "SL", "UV", "SV"})


def filter_warnings(wanted: SurveyFilter, today: date | None = None) -> list[Words]:
    """Return what a person should know of a filter, one sentence each.

    Raises ``SettingsError`` where no object at all can pass it.
    """
    nothing = _passes_nothing(wanted, today or datetime.now(UTC).date())
    if nothing:
        raise SettingsError(
            "no object can pass the filter: {why}.",
            "Change [filter] in workbench.toml (docs/collect.md, What is wanted).",
            why=nothing,
        )
    return [*_of_reports(wanted), *_without_effect(wanted)]


def _passes_nothing(wanted: SurveyFilter, today: date) -> Saying | None:
    """Say why nothing passes; ``None`` when something may."""
    if wanted.study_from and wanted.study_from > today:
        return Saying("its study dates begin in the future")
    if wanted.age_from_years is not None and wanted.age_from_years > OLDEST_YEARS:
        return Saying("nobody is as old as its ages begin")
    if wanted.age_to_years is not None and wanted.age_to_years < 0:
        return Saying("its ages end before birth")
    for condition in wanted.conditions:
        if not condition.values and _representation(condition) not in NUMBERS:
            return Saying("{tag} is no number, and cannot lie in a range", tag=condition.tag)
        rest = _left(wanted, condition)
        if condition.values and not rest:
            return Saying("its conditions leave no value of {tag}", tag=condition.tag)
    return _crossed_ranges(wanted)


def _crossed_ranges(wanted: SurveyFilter) -> Saying | None:
    for tag in {condition.tag for condition in wanted.conditions}:
        ranges = [each for each in wanted.conditions if each.tag == tag and not each.values]
        lows = [each.low for each in ranges if each.low is not None]
        highs = [each.high for each in ranges if each.high is not None]
        if lows and highs and max(lows) > min(highs):
            return Saying("its conditions leave no value of {tag}", tag=tag)
    return None


def _left(wanted: SurveyFilter, condition: TagCondition) -> frozenset[str]:
    """Return the values of a condition that the other parts of the filter leave."""
    others = [each for each in wanted.conditions if each.tag == condition.tag]
    left = {value for value in condition.values if all(other.admits(value) for other in others)}
    if _keyword(condition) == "Modality" and wanted.modalities:
        left = {value for value in left if value.strip().upper() in wanted.modalities}
    return frozenset(left)


def _of_reports(wanted: SurveyFilter) -> Iterator[Words]:
    """Yield why dose reports cannot pass, or only some of them can."""
    if wanted.modalities and REPORT_MODALITY not in wanted.modalities:
        yield t("No dose report can pass the filter: its modalities do not name SR.")
        return
    for condition in wanted.conditions:
        keyword = _keyword(condition)
        said = KINDS.get(keyword)
        if said is not None:
            if not any(condition.admits(value) for value in said):
                yield t(
                    "No dose report can pass the filter: its {keyword} is another.",
                    keyword=data(keyword),
                )
                return
        elif keyword not in ALWAYS_TOLD and any(condition.is_for(uid) for uid in REPORTS):
            yield t(
                "Dose reports may name {tag} and need not: those without it are left out.",
                tag=data(condition.tag),
            )


def _without_effect(wanted: SurveyFilter) -> Iterator[Words]:
    """Yield the conditions whose attribute no wanted object can have."""
    for condition in wanted.conditions:
        number = condition.number()
        if number is not None and not condition.creator and not can_have_any(number):
            yield t(
                "No object has {tag} at its top level: the condition has no effect.",
                tag=data(condition.tag),
            )


def _keyword(condition: TagCondition) -> str:
    number = condition.number()
    return "" if number is None else keyword_for_tag(number)


def _representation(condition: TagCondition) -> str:
    number = condition.number()
    if number is None or condition.creator:
        return "DS"  # of a private attribute nobody knows
    try:
        return dictionary_VR(number).split(" ")[0]
    except KeyError:
        return "DS"
