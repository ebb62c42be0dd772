"""Dates, times, moments, offsets and ages as DICOM writes them: the one place that reads them.

All functions take text as PS3.5 section 6.2 has it (DA, TM, DT, AS); what cannot be read is
``None`` or, of a moment, a fault with a name: an unreadable or absent clock is not known, never
midnight.  A *length* in years is of 365.25 days, the Julian year of UCUM's unit ``a``
(https://ucum.org/ucum, table of other units); an *age* is counted by birthdays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from workbench.dicom.jsonmodel import Item, first, tag_key
from workbench.model import Finding

DAYS_A_YEAR = 365.25  # UCUM a = a_j, the Julian year
# UCUM mo = a/12 and wk = 7 d; the letters are those of AS (PS3.5 6.2).
DAYS_IN = MappingProxyType({"D": 1.0, "W": 7.0, "M": DAYS_A_YEAR / 12, "Y": DAYS_A_YEAR})
MONTHS_A_YEAR = 12
YEARS_FROM = 24  # completed months: an age of two years or more is told in years,
MONTHS_FROM = 3  # one of three months or more in months, a smaller one in days
OLDEST_YEARS = 130  # more than any person reached; a birth date before it is a mistake
# Of two ages in years: PatientAge is rounded, a study may pass a birthday or be dated a year off.
AGES_DIFFER = 2.0
# The same by the unit of PatientAge: of infants a part of a year is much (decision).
AGES_DIFFER_IN = MappingProxyType({"D": 0.25, "W": 0.25, "M": 0.5, "Y": AGES_DIFFER})
WEST, EAST = timedelta(hours=-12), timedelta(hours=14)  # the zones there are: PS3.5 6.2, DT
MICROSECONDS = 6  # digits of a fraction that DICOM writes; the further ones of some are cut off

# Dots and colons are the forms of ACR-NEMA, which PS3.5 6.2 asks readers to support.
_DATE = re.compile(r"([0-9]{4})([.-]?)([0-9]{2})\2([0-9]{2})\Z")
_TIME = re.compile(
    r"([0-9]{2})(?:(:?)([0-9]{2})(?:\2([0-9]{2})(?:\.([0-9]{1,9}))?)?)?\Z"
)  # fmt: skip
_MOMENT = re.compile(r"([0-9]{8})([^+-]*)([+-].*)?\Z", re.DOTALL)
_NO_DAY = re.compile(r"[0-9]{4}(?:[0-9]{2})?(?:[+-][0-9]{4})?\Z")
_OFFSET = re.compile(r"([+-])([0-9]{2})([0-5][0-9])\Z")
_AGE = re.compile(r"([0-9]{1,3})\s?([DWMY])\Z", re.IGNORECASE | re.ASCII)

TIME_ABSENT, TIME_UNREADABLE = "time_absent", "time_unreadable"
OFFSET_UNREADABLE = "offset_unreadable"
FAULTS = MappingProxyType(
    {
        TIME_ABSENT: ("a day is told without a time of day: the moment is not known", "note"),
        TIME_UNREADABLE: ("date or time cannot be read: the moment is not known", "warning"),
        OFFSET_UNREADABLE: ("the offset from UTC is none: the moment is not known", "warning"),
    }
)

# --- dates and times ------------------------------------------------------------------------------


class Moment(NamedTuple):
    """What a text tells of a moment.

    Attributes
    ----------
    at
        Date and time as written; ``None`` where day, time or offset is not known.
    offset
        Offset from UTC that the text itself states.
    fault
        Code of ``FAULTS`` for a text that tells no moment; empty where there is one, or no text.
    """

    at: datetime | None = None
    offset: timedelta | None = None
    fault: str = ""


def parse_date(text: str) -> date | None:
    """Return a DA value (YYYYMMDD, or with dots as ACR-NEMA wrote it) as a day, or ``None``."""
    match = _DATE.match(text.strip())
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None


def parse_time(text: str) -> timedelta | None:
    """Return a TM value (HH[MM[SS[.F]]], or HH:MM:SS of ACR-NEMA) since midnight, or ``None``.

    Second 60 is a leap second and belongs to the next minute.
    """
    match = _TIME.match(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[3] or 0), int(match[4] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    micros = int((match[5] or "")[:MICROSECONDS].ljust(MICROSECONDS, "0"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)


def parse_offset(text: str) -> timedelta | None:
    """Return an offset from UTC (&ZZXX, PS3.5 6.2) from -1200 to +1400, or ``None``.

    The standard forbids -0000.
    """
    match = _OFFSET.match(text.strip())
    if match is None or match[0] == "-0000":
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    offset = -size if match[1] == "-" else size
    return offset if WEST <= offset <= EAST else None


def parse_moment(text: str) -> Moment:
    """Return what a DT value tells; a day without a time of day is no moment."""
    text = text.strip()
    match = _MOMENT.match(text)
    if match is None:
        return Moment(fault=TIME_ABSENT if _NO_DAY.match(text) else TIME_UNREADABLE if text else "")
    moment = moment_of(match[1], match[2])
    if moment.at is None or not match[3]:
        return moment
    offset = parse_offset(match[3])
    return Moment(fault=OFFSET_UNREADABLE) if offset is None else Moment(moment.at, offset)


def moment_of(day: str, clock: str) -> Moment:
    """Return what a DA and a TM value tell together; without a day there is nothing."""
    if not day.strip():
        return Moment()
    on, at = parse_date(day), parse_time(clock)
    if on is not None and at is not None:
        try:
            return Moment(datetime(on.year, on.month, on.day) + at)
        except OverflowError:  # a leap second after the last day of the calendar
            return Moment(fault=TIME_UNREADABLE)
    absent = on is not None and not clock.strip()
    return Moment(fault=TIME_ABSENT if absent else TIME_UNREADABLE)


def in_zone(moment: Moment, own: timedelta | None, zone: timedelta | None) -> datetime | None:
    """Return a moment as local time of a zone; ``None`` where it cannot be brought there.

    A moment without an offset is local to its object, whose zone ``own`` is Timezone Offset
    From UTC (PS3.3 C.12.1.1.8), and where that is not told that of the equipment, ``zone``.
    """
    offset = moment.offset if moment.offset is not None else own
    if moment.at is None or offset is None or offset == zone:
        return moment.at
    if zone is None:
        return None
    try:
        return moment.at + (zone - offset)
    except OverflowError:
        return None


def written_moment(at: datetime) -> str:
    """Return a DT value without offset."""
    text = f"{at:%m%d%H%M%S}" + (f".{at:%f}" if at.microsecond else "")
    return f"{at.year:04d}{text}"


# --- when an object was acquired ------------------------------------------------------------------

# Where its moment is looked for, best first (PS3.3 C.7.6.16, C.7.3.1, C.7.2.1): both places of
# the acquisition tell the same, series and study began earlier.
ACQUISITION = (("AcquisitionDateTime",), ("AcquisitionDate", "AcquisitionTime"))
LEVELS = (ACQUISITION, (("SeriesDate", "SeriesTime"),), (("StudyDate", "StudyTime"),))
ZONE = "TimezoneOffsetFromUTC"
# Every element that ``start_of`` reads.
MOMENTS = (*(name for level in LEVELS for place in level for name in place), ZONE)


# What stands for a value that could not be read; no date, time or offset is written so.
UNREADABLE: Mapping[str, object] = MappingProxyType({"vr": "UN", "Value": ("?",)})
MOMENT_TAGS = MappingProxyType({name: tag_key(name) for name in MOMENTS})


class Start(NamedTuple):
    """When the acquisition of an object began.

    Attributes
    ----------
    at
        Local time of the equipment; ``None`` where it is not known.
    offset
        Offset from UTC of that local time, where the header tells it.
    findings
        Why it is not known, or the offset is not.
    """

    at: datetime | None
    offset: timedelta | None
    findings: tuple[Finding, ...] = ()

    @property
    def offset_minutes(self) -> int | None:
        """The offset in minutes."""
        return None if self.offset is None else minutes_in(self.offset)


def minutes_in(offset: timedelta) -> int:
    """Return an offset from UTC in whole minutes."""
    return round(offset / timedelta(minutes=1))


def start_of(header: Item, dropped: Collection[str] = ()) -> Start:
    """Return the best moment that a header (DICOM JSON) tells of its acquisition.

    What an object lacks is taken from its series or study; what cannot be read is not, nor is
    what de-identification has ``dropped`` (keywords), because it could not be read.
    """
    header = header | {
        tag: UNREADABLE for name, tag in MOMENT_TAGS.items()
        if name in dropped and not first(header, name)
    }  # fmt: skip
    written = str(first(header, ZONE) or "")
    zone = parse_offset(written)
    findings = (fault(OFFSET_UNREADABLE, ZONE),) if written.strip() and zone is None else ()
    absent = False
    for level in LEVELS:
        moment = _level(header, level, zone)
        if moment.at is not None:
            at = in_zone(moment, zone, zone)
            if at is not None:
                return Start(at, zone, findings)
            return Start(moment.at, moment.offset, findings)
        if moment.fault and moment.fault != TIME_ABSENT:
            return Start(None, zone, (*findings, fault(moment.fault)))
        absent = absent or bool(moment.fault)
    return Start(None, zone, (*findings, fault(TIME_ABSENT)) if absent else findings)


def acquisition_of(header: Item) -> Moment:
    """Return what a header tells of the acquisition itself, not of its series or study."""
    return _level(header, ACQUISITION, parse_offset(str(first(header, ZONE) or "")))


def _level(header: Item, places: tuple[tuple[str, ...], ...], zone: timedelta | None) -> Moment:
    """Return the moment of one level: local where possible, else as it is, else why not."""
    rest = Moment()
    for names in places:
        texts = [str(first(header, name) or "") for name in names]
        moment = parse_moment(texts[0]) if len(texts) == 1 else moment_of(texts[0], texts[1])
        if moment.at is not None and (moment.offset is None or zone is not None):
            # The same clock told twice, once with its offset: local time whose zone is known.
            return rest if rest.at == moment.at else moment
        rest = min(rest, moment, key=_worth)
    return rest


def _worth(moment: Moment) -> int:
    """Place of a moment that is not plainly local: one with an offset, a fault, none told."""
    if moment.at is not None:
        return 0
    return {TIME_ABSENT: 2, "": 3}.get(moment.fault, 1)


def fault(code: str, column: str = "started_at") -> Finding:
    """Return the finding about a moment that is not known."""
    detail, severity = FAULTS[code]
    return Finding("import", code, detail, severity, column=column)


# --- ages -----------------------------------------------------------------------------------------


class ToldAge(NamedTuple):
    """An AS value: its number and unit letter."""

    number: int
    unit: str

    @property
    def days(self) -> float:
        """Its length in days."""
        return self.number * DAYS_IN[self.unit]

    @property
    def years(self) -> float:
        """Its length in years; 018Y are 18 completed years and 216M as many."""
        if self.unit == "Y":
            return float(self.number)
        return self.number / MONTHS_A_YEAR if self.unit == "M" else self.days / DAYS_A_YEAR


def parse_age(text: str) -> ToldAge | None:
    """Return an AS value (three digits and D, W, M or Y), or ``None``.

    Fewer digits, a blank before the letter and small letters are seen and read.
    """
    match = _AGE.match(text.strip())
    return None if match is None else ToldAge(int(match[1]), match[2].upper())


def completed_years(birth: date, day: date) -> int:
    """Return how many birthdays have passed; negative before birth.

    Someone born on 29 February has the birthday on 1 March in other years: a year of life is
    complete when the day before the birthday, 28 February, is over (German BGB sections 187(2)
    and 188(2); so count England and Wales).
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def completed_months(birth: date, day: date) -> int:
    """Return how many months of life are complete, by the day of the month."""
    months = (day.year - birth.year) * MONTHS_A_YEAR + day.month - birth.month
    return months - (day.day < birth.day)


def years_between(birth: date, day: date) -> float | None:
    """Return an age in years, whole on each birthday; ``None`` where no person can have it.

    Completed years, and of the running one the days since the last birthday over the days from
    that to the next.
    """
    whole = completed_years(birth, day)
    if day < birth or whole > OLDEST_YEARS:
        return None
    if birth.year + whole == date.max.year:  # the calendar has no next birthday
        return float(whole)
    last, following = (_birthday(birth, birth.year + whole + more) for more in (0, 1))
    return whole + (day - last).days / (following - last).days


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def written_age(birth: date, day: date) -> str:
    """Return an AS value in the unit that suits the age: completed days, months or years."""
    months = completed_months(birth, day)
    if months < MONTHS_FROM:
        return f"{(day - birth).days:03d}D"
    if months < YEARS_FROM:
        return f"{months:03d}M"
    return f"{completed_years(birth, day):03d}Y"


def ages_contradict(years: float, told: ToldAge) -> bool:
    """Say whether a counted age and PatientAge of a person at one study cannot both be right."""
    return abs(years - told.years) > AGES_DIFFER_IN[told.unit]
