"""In which form a table leaves a workspace: in no order of arrival, and with no time of it.

A workspace knows in which order objects came, and when.  Whoever also has the list that patients
were asked from could read every pseudonym off it, without the key.  So running numbers and times
of arrival stay inside, rows are sorted by what they hold, and days stand for the times at which
something was done here.  Times of examinations leave as the confidentiality profile says.

``exports.write_table`` lets nothing out that has not passed here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from workbench.deidentify.patient_clock import Times
from workbench.deidentify.switches import profile_of
from workbench.dicom.values import DAYS_A_YEAR, parse_age
from workbench.schema import Column, Leaving, Table

if TYPE_CHECKING:
    from workbench.survey import Survey

OBJECT, RESULT = "SOPInstanceUID", "result"
YEARS = "patient_age_years"
DIGEST_LETTERS = 16  # 64 bits: no two results of a machine's life alike
# What a result is known by: no two are measured of the same images at the same moment.
NAMED_BY = ("profile", "profile_version", "test", "images", "measured_at")
OF_OBJECT = Column(OBJECT, "text", "The object, where one is meant and was kept: its pseudonym")
OF_RESULT = Column(RESULT, "text", "Digest that names the result; its values have the same")
HOURLY = "; times true to the hour, as the survey's profile has it"
TIMELESS = "; without times of day, as the survey's profile has it"
AGED = "; full years, below two years full months, as the survey's profile has times of day"
# An age in days joins two surveys as a birth date would.  Small children's doses differ by months:
# conversion coefficients are given for newborns, one and five years (ICRP Publication 89).
SMALL_CHILD_YEARS, MONTHS_A_YEAR, ROUNDING = 2.0, 12.0, 1e-9

# Values in DICOM JSON (PS3.18 F) as dicom.record writes it, and a report's own times.
_STRING = r'"(?:[^"\\]|\\.)*"'
_VALUES = rf',"Value":\[((?:[^\]"]|{_STRING})*)\]'
TM, DT, AS = (re.compile(rf'("vr":"{vr}"){_VALUES}') for vr in ("TM", "DT", "AS"))
STRING = re.compile(_STRING)
REPORTED = re.compile(rf'("(?:started_at|ended_at)": )({_STRING})')
# TM and DT of PS3.5 6.2, with the colons, dots and dashes of ACR-NEMA and blanks around.  What has
# neither form may hide a time in another, as a DT of six digits may, and does not leave.
_CLOCK = r"(\d{2})(?::?\d{2}){0,2}(?:\.\d*)?"
A_TIME = re.compile(rf"\s*{_CLOCK}\s*\Z", re.ASCII)
_DAY = r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})"
A_MOMENT = re.compile(rf"\s*{_DAY}(?:[ T]?{_CLOCK})?([+-]\d{{4}})?\s*\Z", re.ASCII)


def times_of(survey: Survey) -> Times:
    """Return what becomes of times of day in a survey; raises ``SettingsError``."""
    return profile_of(survey.settings.protection, survey.folder).times


def with_objects(survey: Survey, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the pseudonymous UIDs of the objects they name by number."""
    numbers = [column.name for column in table.columns if column.leaving is Leaving.OBJECT]
    if not numbers or OBJECT in frame.columns:
        return frame
    wanted = frame[numbers[0]].drop_nulls().unique().implode()
    uids = survey.lazy("instance").select(pl.col("object_number").alias(numbers[0]), OBJECT)
    kept = uids.filter(pl.col(numbers[0]).is_in(wanted)).collect()
    return frame.join(kept.unique(numbers[0]), on=numbers[0], how="left")


def leaving_table(table: Table, times: Times = Times.EXACT) -> Table:
    """Return a table with the columns, and the meanings, that it has outside."""
    columns = [
        _outside(column, times) for column in table.columns if column.leaving is not Leaving.NEVER
    ]
    key = tuple(name for name in table.key if name in {column.name for column in columns})
    if any(column.name == RESULT for column in columns):
        key = (RESULT, *key)
    return replace(table, columns=tuple(columns), key=key)


def _outside(column: Column, times: Times) -> Column:
    if column.leaving is Leaving.OBJECT:
        return OF_OBJECT
    if column.leaving is Leaving.RESULT:
        return OF_RESULT
    if column.leaving is Leaving.DAY:
        return Column(column.name, "date", f"{column.meaning}; the day only", column.unit)
    if column.leaving is Leaving.CLOCK and times is not Times.EXACT:
        told = HOURLY if times is Times.HOUR else TIMELESS
        return replace(column, meaning=column.meaning + told, leaving=Leaving.UNCHANGED)
    if column.leaving is Leaving.AGE and times is not Times.EXACT:
        return replace(column, meaning=column.meaning + AGED, leaving=Leaving.UNCHANGED)
    return replace(column, leaving=Leaving.UNCHANGED)


def leaving_frame(frame: pl.DataFrame, table: Table, times: Times) -> pl.DataFrame:
    """Return the rows of ``table`` as they leave, in an order that follows from them alone.

    ``frame`` has the columns of ``table``, and for the objects it names their UIDs
    (``with_objects``).
    """
    left = frame.select(
        _expression(column, frame, times)
        for column in table.columns
        if column.leaving is not Leaving.NEVER
    )
    order = _order(left, leaving_table(table))
    return left.sort(order, nulls_last=True, maintain_order=True) if order else left


def in_order_of(frame: pl.DataFrame, name: str, *, descending: bool = False) -> pl.DataFrame:
    """Return rows in the order of one column; those alike in it stay as they are."""
    by = _sortable(pl.col(name), frame.schema[name])
    return frame.sort(by, descending=descending, nulls_last=True, maintain_order=True)


def _order(frame: pl.DataFrame, table: Table) -> list[pl.Expr]:
    """Sort by the key, where it leaves whole, else by everything."""
    whole = table.key and frame.select(table.key).is_unique().all()
    names = table.key if whole else table.names
    return [_sortable(pl.col(name), frame.schema[name]) for name in names]


def _sortable(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.List):
        return column.cast(pl.List(pl.String)).list.join(";", ignore_nulls=True)
    return column


def _expression(column: Column, frame: pl.DataFrame, times: Times) -> pl.Expr:
    value = pl.col(column.name)
    if column.leaving is Leaving.OBJECT:
        known = OBJECT in frame.columns
        return pl.col(OBJECT) if known else pl.lit(None, pl.String).alias(OBJECT)
    if column.leaving is Leaving.RESULT:
        return pl.struct(name for name in NAMED_BY if name in frame.columns).map_elements(
            _digest, return_dtype=pl.String
        ).alias(RESULT)  # fmt: skip
    if column.leaving is Leaving.DAY:
        return value.cast(pl.Datetime("us")).dt.date()
    if column.leaving is Leaving.CLOCK and times is not Times.EXACT:
        return _coarse(value, column, times)
    if column.leaving is Leaving.AGE and times is not Times.EXACT:
        return _full_years(value, column, frame)
    return value


def _full_years(value: pl.Expr, column: Column, frame: pl.DataFrame) -> pl.Expr:
    """Return an age in full years, below two years in full months; in days those of that age."""
    if column.kind == "text":
        return value.map_elements(full_years, return_dtype=pl.String)
    if column.unit != "d":
        return _cut(value)
    by_days = _cut(value / DAYS_A_YEAR)
    # Years go by birthdays, which days do not know: both must tell the same age.
    years = _cut(pl.col(YEARS)) if YEARS in frame.columns else by_days
    days = pl.coalesce(years, by_days) * DAYS_A_YEAR
    return pl.when(value.is_not_null()).then(days.floor().cast(pl.Int64)).alias(column.name)


def _cut(years: pl.Expr) -> pl.Expr:
    months = (years * MONTHS_A_YEAR + ROUNDING).floor() / MONTHS_A_YEAR
    return pl.when(years < SMALL_CHILD_YEARS).then(months).otherwise(years.floor())


def _digest(result: dict[str, object]) -> str:
    return hashlib.sha256(repr(sorted(result.items())).encode()).hexdigest()[:DIGEST_LETTERS]


def _coarse(value: pl.Expr, column: Column, times: Times) -> pl.Expr:
    hourly = times is Times.HOUR
    if column.kind == "json":
        return value.map_elements(hourly_json if hourly else timeless_json, return_dtype=pl.String)
    if hourly:
        return value.dt.truncate("1h")
    return pl.lit(None, pl.Datetime("us")).alias(column.name)


def hourly_json(text: str) -> str:
    """Return a header (DICOM JSON) or a report's facts with times cut off at the hour.

    A value that has not the form of a time, or of a day with one, is empty afterwards.
    """
    text = _values(_values(_values(text, AS, full_years), TM, _hour), DT, _day_hour)
    return _values(text, REPORTED, _day_hour)


def timeless_json(text: str) -> str:
    """Return a header (DICOM JSON) or a report's facts without times of day."""
    text = _values(_values(TM.sub(r"\1", text), AS, full_years), DT, _day)
    return _values(text, REPORTED, _day)


def _values(text: str, where: re.Pattern[str], change: Callable[[str], str]) -> str:
    """Change each text of some attributes of a JSON document."""

    def changed(match: re.Match[str]) -> str:
        return json.dumps(change(json.loads(match[0])), ensure_ascii=False)

    def attribute(match: re.Match[str]) -> str:
        kept = match[0][: match.start(2) - match.start()], match[0][match.end(2) - match.start() :]
        return kept[0] + STRING.sub(changed, match[2]) + kept[1]

    return where.sub(attribute, text)


def full_years(text: str) -> str:
    """Return an AS value in full years, below two years in full months; empty where it is none."""
    age = parse_age(text)
    if age is None:
        return ""
    months = int(age.years * MONTHS_A_YEAR + ROUNDING)
    small = months < SMALL_CHILD_YEARS * MONTHS_A_YEAR
    return f"{months:03d}M" if small else f"{months // int(MONTHS_A_YEAR):03d}Y"


def _hour(text: str) -> str:
    time = A_TIME.match(text)
    return f"{time[1]}0000" if time else ""


def _day_hour(text: str) -> str:
    moment = A_MOMENT.match(text)
    if not moment or not moment[4]:
        return _day(text)
    return f"{_day(text)}{moment[4]}0000{moment[5] or ''}"


def _day(text: str) -> str:
    moment = A_MOMENT.match(text)
    return "".join(moment.groups()[:3]) if moment else ""
