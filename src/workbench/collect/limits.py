"""Ask again in parts where a PACS may have cut its answers at a limit.

A limit shows as status 0xA700, or, silently, as a round number of answers.  Studies are then asked
for by ranges of their date until no part looks cut, series by modality, unless the numbers of
objects told add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pynetdicom.association import Association

from workbench.collect.find import (
    Answers,
    FoundSeries,
    FoundStudy,
    find_series,
    find_studies,
)
from workbench.collect.optional_keys import OUT_OF_RESOURCES, SUCCESS
from workbench.dicom.values import parse_date

MAX_PARTS = 200  # queries for one patient
ROUND = 100  # limits are usually set to 100, 200, 500, 1000 ...
MIN_POWER_OF_TWO = 128  # ... or to powers of two
EARLIEST = date(1970, 1, 1)  # before the first CT; what is older falls into a part without begin
DAY = timedelta(days=1)

Days = tuple[date | None, date | None]


def may_be_cut(status: int, number: int) -> bool:
    """Whether an answer looks cut at a limit."""
    is_round = number > 0 and number % ROUND == 0
    return status == OUT_OF_RESOURCES or (
        status == SUCCESS and (is_round or (number >= MIN_POWER_OF_TWO and number.bit_count() == 1))
    )


def find_every_study(
    association: Association, patient_id: str, issuer: str, narrower: Mapping[str, str]
) -> Answers[FoundStudy]:
    """Ask as ``find_studies`` does, and in parts where the answer may be cut.

    The status is 0xA700 when some part still looks cut, or when the PACS ignores dates.  Of
    studies without a date only those that the first answer had can be known.
    """
    first = find_studies(association, patient_id, issuer, narrower)
    if not may_be_cut(first.status, first.number):
        return first
    return _Parts(association, patient_id, issuer, narrower).all_of(first)


@dataclass
class _Parts:
    """One patient's studies, asked for by ranges of dates."""

    association: Association
    patient_id: str
    issuer: str
    narrower: Mapping[str, str]
    asked: int = 0
    answers: list[Answers[FoundStudy]] = field(default_factory=list)

    def all_of(self, first: Answers[FoundStudy]) -> Answers[FoundStudy]:
        self.answers.append(first)
        whole = all(self._ask(*part) for part in self._outermost())
        return _joined(self.answers, SUCCESS if whole else OUT_OF_RESOURCES)

    def _outermost(self) -> list[Days]:
        low, _, high = self.narrower.get("StudyDate", "-").partition("-")
        begin = parse_date(low) if low else None
        end = parse_date(high) if high else None
        today = date.today()  # noqa: DTZ011  the hospital's day, as its dates are
        last = end or max(today, begin or today)
        parts: list[Days] = [(begin or min(EARLIEST, last), last)]
        if begin is None:
            parts.append((None, min(EARLIEST, last) - DAY))
        if end is None:
            parts.append((last + DAY, None))
        return parts

    def _ask(self, low: date | None, high: date | None) -> bool:
        """Ask for a range of days and, if need be, for parts of it; say if all of it is known."""
        self.asked += 1
        if self.asked > MAX_PARTS:
            return False
        days = f"{_written(low)}-{_written(high)}"
        part = find_studies(
            self.association, self.patient_id, self.issuer,
            {**self.narrower, "StudyDate": days}, part=True,
        )  # fmt: skip
        self.answers.append(part)
        if any(not _lies_in(study.study_date, low, high) for study in part.found):
            return False  # it ignores dates
        if not may_be_cut(part.status, part.number):
            return part.whole
        if low is None or high is None or low == high:
            return part.whole  # a day with a round number of studies is no sign of a limit
        middle = low + (high - low) // 2
        return self._ask(low, middle) and self._ask(middle + DAY, high)


def _joined(answers: list[Answers[FoundStudy]], status: int) -> Answers[FoundStudy]:
    """Return several answers as one; the same study in two of them is no duplicate."""
    studies: dict[str, FoundStudy] = {}
    strays: dict[tuple[str, str, str], FoundStudy] = {}
    for part in answers:
        for study in part.found:
            studies.setdefault(study.study_uid, study)
        for stray in part.strays:
            strays.setdefault((stray.study_uid, stray.patient_id, stray.issuer), stray)
    first = answers[0]
    return replace(
        first,
        found=tuple(studies.values()),
        status=status,
        as_came=tuple(came for part in answers for came in part.as_came),
        strays=tuple(strays.values()),
        repeats=tuple(repeat for part in answers for repeat in part.repeats),
    )


def find_every_series(
    association: Association, study: FoundStudy, wanted: frozenset[str]
) -> Answers[FoundSeries]:
    """Ask as ``find_series`` does, and by modality where the answer may be cut.

    ``wanted`` are the modalities that are needed; empty means all that the study has.  The status
    is 0xA700 when series may be missing.
    """
    first = find_series(association, study)
    if not may_be_cut(first.status, first.number) or (first.whole and adds_up(first, study)):
        return first
    whole = bool(wanted or study.modalities)
    series_by_uid = {series.series_uid: series for series in first.found}
    as_came = list(first.as_came)
    for modality in sorted(wanted or study.modalities):
        part = find_series(association, study, modality)
        whole &= part.whole and not may_be_cut(part.status, part.number)
        whole &= all(series.modality in ("", modality) for series in part.found)
        series_by_uid |= {
            series.series_uid: series
            for series in part.found
            if series.series_uid not in series_by_uid
        }
        as_came += part.as_came
    return replace(
        first,
        found=tuple(series_by_uid.values()),
        status=SUCCESS if whole else OUT_OF_RESOURCES,
        as_came=tuple(as_came),
    )


def adds_up(series: Answers[FoundSeries], study: FoundStudy) -> bool:
    """Whether the series told hold as many objects as the study is said to have."""
    counts = [answer.instances for answer in series.found if answer.instances is not None]
    return len(counts) == len(series.found) and sum(counts) == study.instances


def _written(day: date | None) -> str:
    return day.strftime("%Y%m%d") if day else ""


def _lies_in(day: date | None, low: date | None, high: date | None) -> bool:
    return day is None or ((low is None or low <= day) and (high is None or day <= high))
