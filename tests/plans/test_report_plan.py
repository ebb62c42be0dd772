"""A plan as it is written: what it means, and that a wrong one is told with key and example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.plans.report_plan import ReportPlan, read_plans
from workbench.settings import FILE, Settings
from workbench.settings_file import read_settings

WRITTEN = """
# ours
[report.dose_monthly]   # to the board
report = "dose_by_protocol"
when = "30  5 1 * *"
holidays = "next"
before = ["map", "dose"]
parameters = { country = "FR", year = "@year-1" }
to = ["physics@hospital.lu"]
attach = "html"

[schedule]
zone = "Europe/Luxembourg"

[report.quality_due]
days = "mon-fri"
at = "5:30"
"""


def plan(**table: object) -> ReportPlan:
    read = read_plans(Settings(report={"x": table}, schedule={"zone": "Europe/Luxembourg"}))
    for mistake in read.mistakes.values():
        raise mistake
    return read.plans["x"]


def test_a_plan_means_what_is_written(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(WRITTEN)
    plans, mistakes = read_plans(read_settings(tmp_path))
    assert mistakes == {}
    monthly, due = plans["dose_monthly"], plans["quality_due"]
    assert (monthly.report, monthly.before, monthly.attach) == (
        "dose_by_protocol", ("map", "dose"), "html",
    )  # fmt: skip
    assert monthly.times.cron == "30 5 1 * *"
    assert monthly.to == ("physics@hospital.lu",)
    assert (due.report, due.times.cron, due.week_days) == ("quality_due", "30 5 * * 1,2,3,4,5",
                                                           (0, 1, 2, 3, 4))  # fmt: skip
    assert (due.tries, due.keep, due.catch_up) == (3, 12, timedelta(days=31))
    # By the hospital's clock: half past five in May is half past three in UTC.
    assert due.times.next_due(datetime(2026, 5, 3, tzinfo=UTC)) == datetime(
        2026, 5, 4, 3, 30, tzinfo=UTC
    )


def test_plans_stay_as_they_are_written_when_a_page_changes_other_settings(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(WRITTEN)
    settings = read_settings(tmp_path)
    settings.write(tmp_path)
    text = (tmp_path / FILE).read_text()
    assert "# to the board" in text
    assert read_settings(tmp_path).report == settings.report


def test_waits_grow_with_each_try() -> None:
    assert [plan(at="5:30").wait_after(number) for number in (1, 2)] == [
        timedelta(minutes=10), timedelta(minutes=20),
    ]  # fmt: skip


WRONG = [
    ({"when": "30 25 * * *"}, "when", '"30 5 1'),
    ({"when": "0 30 5 1 * *"}, "when", '"30 5 1'),
    ({"when": "@daily"}, "when", '"30 5 1'),
    ({"when": "30 5 30 2 *"}, "when", '"30 5 1'),
    ({"when": 5}, "when", "days"),
    ({}, "at", "05:30"),
    ({"days": "mon-fri"}, "at", "05:30"),
    ({"at": "24:00"}, "at", "05:30"),
    ({"at": "5.30"}, "at", "05:30"),
    ({"at": "5:30", "days": "1-5"}, "days", "mon-fri"),
    ({"at": "5:30", "when": "30 5 * * *"}, "at", "Take one"),
    ({"days": "mon", "when": "30 5 * * *"}, "days", "Take one"),
    ({"at": "5:30", "holidays": "never"}, "holidays", "skip"),
    ({"at": "5:30", "before": ["import"]}, "before", "map"),
    ({"at": "5:30", "to": ["physics"]}, "to", "physics@hospital.lu"),
    ({"at": "5:30", "to": ["a@x.lu\nBcc: b@x.lu"]}, "to", "physics@hospital.lu"),
    ({"at": "5:30", "to": ["a@x.lu, b@x.lu"]}, "to", "physics@hospital.lu"),
    ({"at": "5:30", "to": "a@x.lu"}, "to", "to"),
    ({"at": "5:30", "attach": "rtf"}, "attach", "pdf"),
    ({"at": "5:30", "tries": 0}, "tries", "3"),
    ({"at": "5:30", "retry_minutes": float("inf")}, "retry_minutes", "10"),
    ({"at": "5:30", "retry_minutes": -1}, "retry_minutes", "10"),
    ({"at": "5:30", "catch_up_days": -1}, "catch_up_days", "31"),
    ({"at": "5:30", "keep": 0}, "keep", "12"),
    ({"at": "5:30", "language": "tlh"}, "language", "en"),
    ({"at": "5:30", "colour": "red"}, "colour", "keep"),
    ({"at": "5:30", "parameters": ["a"]}, "parameters", "report"),
]


@pytest.mark.parametrize(("table", "key", "example"), WRONG)
def test_what_is_wrong_is_told_with_its_key_and_an_example(
    table: dict[str, object], key: str, example: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        plan(**table)
    said = str(refused.value)
    assert key in said
    assert "[report.x]" in said
    assert FILE in said
    assert example in said
    assert ".." not in said
    assert ".:" not in said


@pytest.mark.parametrize("name", ["Dose", "1st", "a/b", "", "a" * 41, "..", "quality-due"])
def test_a_name_that_names_no_file_is_refused(name: str) -> None:
    read = read_plans(Settings(report={name: {"at": "5:30"}}, schedule={"zone": "UTC"}))
    assert read.plans == {}
    assert "[report.dose_monthly]" in str(read.mistakes[name])


def test_one_wrong_plan_does_not_stop_the_others() -> None:
    tables = {"a": {"at": "x"}, "b": {"at": "5:30"}, "c": 5}
    read = read_plans(Settings(report=tables, schedule={"zone": "UTC"}))
    assert set(read.plans) == {"b"}
    assert set(read.mistakes) == {"a", "c"}


def test_without_plans_the_schedule_is_not_asked() -> None:
    assert read_plans(Settings(schedule={"zone": "nowhere"})) == ({}, {})
    with pytest.raises(SettingsError, match="Europe/Luxembourg"):
        read_plans(Settings(schedule={"zone": "nowhere"}, report={"a": {"at": "5:30"}}))


def test_late_reports_are_made_at_most_ten_years_late() -> None:
    assert plan(at="5:30", catch_up_days=10**9).catch_up < timedelta(days=4000)
