"""Days in the parameters of a plan, worked out from the time it was due and not from now.

A report that is caught up on the third of a month is still last month's.  ``@month-1`` is the
first day of the month before, ``@month-1:end`` its last one; so with ``day``, ``week`` (Monday to
Sunday, ISO 8601), ``month``, ``quarter`` and ``year``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from workbench.errors import SettingsError

SIGN = "@"
DATE = re.compile(r"@(day|week|month|quarter|year)(?:-([0-9]{1,4}))?(:end)?")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAYS = {"day": 1, "week": 7}


def worked_out(
    parameters: Mapping[str, object], day: date, defaults: Mapping[str, object]
) -> dict[str, object]:
    """Return parameters with days in place of their ``@``.

    ``day`` is the day of the slot on the hospital's wall; ``defaults`` are the report's own
    values: where one is a whole number, as ``year`` is, ``@year-1`` is a number too.  A text that
    begins with ``@`` is written with two.  Raises ``SettingsError``.
    """
    return {
        name: _worked_out(name, value, day, isinstance(defaults.get(name), int))
        for name, value in parameters.items()
    }


def _worked_out(name: str, value: object, day: date, whole: bool) -> object:
    if isinstance(value, list):
        return [_worked_out(name, each, day, whole) for each in value]
    if not isinstance(value, str) or not value.startswith(SIGN):
        return value
    if value.startswith(2 * SIGN):
        return value[1:]
    match = DATE.fullmatch(value)
    if match is None or (whole and match[1] != "year"):
        raise SettingsError(
            "the parameter {parameter} is no day that can be worked out: '{value}'.",
            "Write @day-7, @week-1, @month-1, @quarter-1 or @year-1, with :end for the last day "
            "of it; a text that begins with @ is written with @@.",
            parameter=name, value=value[:40],
        )  # fmt: skip
    try:
        begin = _begin(match[1], int(match[2] or 0), day)
        end = _begin(match[1], int(match[2] or 0) - 1, day) - timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            "the parameter {parameter} leads to before the first year: '{value}'.",
            "Write a smaller number.",
            parameter=name, value=value[:40],
        ) from error  # fmt: skip
    return begin.year if whole else (end if match[3] else begin).isoformat()


def _begin(unit: str, back: int, day: date) -> date:
    """Return the first day of a period, so many of them before the one of ``day``."""
    if unit in DAYS:
        begin = day - timedelta(days=day.weekday()) if unit == "week" else day
        return begin - timedelta(days=back * DAYS[unit])
    length = MONTHS[unit]
    months = (day.year * 12 + day.month - 1) // length * length - back * length
    return date(months // 12, months % 12 + 1, 1)
