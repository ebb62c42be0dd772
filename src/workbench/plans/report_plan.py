"""What the settings say of reports on a schedule: one table ``[report.NAME]`` a plan.

[schedule]
zone = "Europe/Luxembourg"
country = "LU"

[report.dose_monthly]
report = "dose_by_protocol"       # NAME where it is left out
when = "30 5 1 * *"               # or days = "mon-fri" and at = "05:30"
parameters = { country = "FR", year = 2011 }
to = ["physics@hospital.lu"]

docs/report_schedule.md describes every key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, ClassVar, Literal, NamedTuple

from workbench.errors import SettingsError
from workbench.hospital_calendar import HospitalCalendar, read_calendar
from workbench.language import Saying, mark
from workbench.language.choice import is_language, languages
from workbench.plans.due_times import EXAMPLE, DueTimes, OnHolidays
from workbench.plans.week_days import read_days
from workbench.settings import FILE, LEAST, Settings
from workbench.settings_file import read_table

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")  # it names files
CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
# One address, so that no header of a mail is made of it (RFC 5321 4.1.2 allows a little more).
ADDRESS = re.compile(r"[^@\s<>(),;:\"\\\[\]]{1,64}@[^@\s<>(),;:\"\\\[\]]{1,255}")
Stage = Literal["map", "dose"]


@dataclass(frozen=True)
class ReportTable:
    """``[report.NAME]`` as it is written; ``ReportPlan`` is what it means."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    report: str = ""
    when: str = ""
    days: str = ""
    at: str = ""
    holidays: OnHolidays = "run"
    before: tuple[Stage, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    to: tuple[str, ...] = ()
    attach: Literal["pdf", "html", "docx", "none"] = "pdf"
    attach_rows: bool = False
    tries: int = field(default=3, metadata={LEAST: 1})
    retry_minutes: float = field(default=10.0, metadata={LEAST: 0})
    catch_up_days: int = field(default=31, metadata={LEAST: 0})
    keep: int = field(default=12, metadata={LEAST: 1})
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportPlan:
    """A report that is made by itself.

    Attributes
    ----------
    name
        Of the plan and of its file, ``reports/NAME.html``.
    report
        The report notebook.
    times
        When it is due.
    week_days, clock
        The same as days of the week (0 is Monday) and hour and minute, where it is written so.
    parameters
        As written; ``slot_dates.worked_out`` puts days in the place of their ``@``.
    before
        Stages that are done before the report, in this order.
    to
        Who is sent it; with ``attach`` as a file of that kind, or none; ``attach_rows``: also
        where it has a row a patient.
    tries, retry_minutes
        How often it is tried at most; the wait before the second try, twice that before the
        third, and so on.
    catch_up
        How late it is made when nobody looked at its time.
    keep
        How many dated copies are kept.
    language
        Code of its language; empty for that of ``[server]``.
    """

    name: str
    report: str
    times: DueTimes
    week_days: tuple[int, ...] = ()
    clock: tuple[int, int] | None = None
    parameters: Mapping[str, Any]
    before: tuple[Stage, ...]
    to: tuple[str, ...]
    attach: str
    attach_rows: bool
    tries: int
    retry_minutes: float
    catch_up: timedelta
    keep: int
    language: str

    def wait_after(self, attempt: int) -> timedelta:
        """Return how long to wait after a try that failed."""
        return timedelta(minutes=self.retry_minutes * attempt)


class ReportPlans(NamedTuple):
    """The plans that can be read, by name, and what is wrong with each of the others."""

    plans: dict[str, ReportPlan]
    mistakes: dict[str, SettingsError]


def read_plans(settings: Settings) -> ReportPlans:
    """Return the plans of the settings; a wrong one does not keep the others from being read.

    Raises ``SettingsError`` where ``[schedule]``, which all of them need, is wrong.
    """
    read = ReportPlans({}, {})
    calendar = read_calendar(settings.schedule) if settings.report else None
    for name, table in settings.report.items():
        assert calendar is not None
        try:
            read.plans[name] = _plan(name, table, calendar)
        except SettingsError as error:
            read.mistakes[name] = error
    return read


def _plan(name: str, table: object, calendar: HospitalCalendar) -> ReportPlan:
    if not NAME.fullmatch(name) or not isinstance(table, Mapping):
        raise SettingsError(
            "[report] of {file} has something that is no plan: {name}.",
            "Begin each plan with a line such as [report.dose_monthly]: a small letter, then small "
            "letters, digits and _, 40 at most.",
            file=FILE, name=repr(name[:40]),
        )  # fmt: skip
    where = f"report.{name}"
    written: ReportTable = read_table({where: table}, where, ReportTable, ReportTable())
    week_days, clock = _week(where, written)
    for address in written.to:
        if not ADDRESS.fullmatch(address) or not address.isprintable():
            raise _wrong(
                where, "to", Saying("that is no e-mail address."),
                mark('For example: to = ["physics@hospital.lu"]'),
            )  # fmt: skip
    if written.language and not is_language(written.language):
        raise _wrong(
            where, "language", Saying("there are no texts in it."),
            mark("Write one of these: {known}."), known=", ".join(languages()),
        )  # fmt: skip
    same = {each.name: getattr(written, each.name) for each in fields(ReportTable)}
    for key in ("when", "days", "at", "holidays", "report", "catch_up_days"):
        del same[key]
    return ReportPlan(
        name=name, report=written.report or name,
        times=_times(where, written, _cron(written, week_days, clock), calendar),
        week_days=week_days, clock=clock, catch_up=timedelta(days=min(written.catch_up_days, 3660)),
        **same,
    )  # fmt: skip


def _week(where: str, written: ReportTable) -> tuple[tuple[int, ...], tuple[int, int] | None]:
    """Return days of the week and clock; nothing where ``when`` says it."""
    if written.when and (written.days or written.at):
        key = "days" if written.days else "at"
        raise _wrong(
            where, key, Saying("when says it already."),
            mark('Take one of them out: when = "30 5 * * *" and at = "05:30" are the same.'),
        )  # fmt: skip
    if written.when:
        return (), None
    clock = CLOCK.fullmatch(written.at)
    if clock is None:
        raise _wrong(
            where, "at", Saying("that is no time of day."),
            mark('For example: days = "mon-fri" and at = "05:30"; or when = "30 5 1 * *".'),
        )  # fmt: skip
    days = read_days(written.days) if written.days else tuple(range(7))
    if not days:
        raise _wrong(
            where, "days", Saying("these are no days of the week."),
            mark('For example: days = "mon-fri", or days = "mon, thu".'),
        )  # fmt: skip
    return days, (int(clock[1]), int(clock[2]))


def _cron(written: ReportTable, week_days: tuple[int, ...], clock: tuple[int, int] | None) -> str:
    if clock is None:
        return " ".join(written.when.split())
    # cron's Monday is 1; a star is another thing than all days only where days of months are named
    days = "*" if len(week_days) == 7 else ",".join(str(day + 1) for day in week_days)
    return f"{clock[1]} {clock[0]} * * {days}"


def _times(where: str, written: ReportTable, cron: str, calendar: HospitalCalendar) -> DueTimes:
    try:
        return DueTimes(cron, calendar, written.holidays)
    except SettingsError as error:
        raise _wrong(where, "when", error.said(), EXAMPLE) from error


def _wrong(where: str, key: str, why: Saying, remedy: str, **values: object) -> SettingsError:
    return SettingsError(
        "{key} in [{table}] of {file}: {why}", remedy,
        key=key, table=where, file=FILE, why=why, **values,
    )  # fmt: skip
