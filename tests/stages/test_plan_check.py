"""``check`` refuses a plan before its night: with its key, and what to write instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.settings import FILE
from workbench.survey import create_survey

WRONG = [
    ('when = "30 25 * * *"', "when", "30 5 1"),
    ('when = "0 30 5 1 * *"', "when", "30 5 1"),
    ('at = "25:00"', "at", "05:30"),
    ('at = "5:30"\ndays = "1-5"', "days", "mon-fri"),
    ('at = "5:30"\nparameters = { colour = "red" }', "colour", "country"),
    ('at = "5:30"\nparameters = { year = "last" }', "year", "int"),
    ('at = "5:30"\nparameters = { year = "@month-1" }', "year", "@year-1"),
    ('at = "5:30"\nparameters = { title = "@home" }', "title", "@month-1"),
    ('at = "5:30"\nparameters = { title = 2026-01-01 }', "title", "text"),
    ('at = "5:30"\nreport = "nowhere"', "nowhere", "dose_by_protocol"),
    ('at = "5:30"\nto = ["physics"]', "to", "physics@hospital.lu"),
    ('at = "5:30"\ntries = 0', "tries", "3"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_survey(tmp_path / "w").close()
    return tmp_path / "w"


def checked(workspace: Path, lines: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    text = f'[survey]\nname = "test"\n[schedule]\nzone = "Europe/Luxembourg"\n{lines}\n'
    (workspace / FILE).write_text(text)
    code = main(["check", "-w", str(workspace), "--json"])
    return code, " ".join(json.loads(capsys.readouterr().out)["problems"])


@pytest.mark.parametrize(("lines", "key", "example"), WRONG)
def test_a_wrong_plan_is_refused_with_key_and_example(
    workspace: Path, capsys: pytest.CaptureFixture[str], lines: str, key: str, example: str
) -> None:
    plan = f"[report.dose_by_protocol]\n{lines}"
    code, said = checked(workspace, plan, capsys)
    assert code == 1
    assert "[report.dose_by_protocol]" in said
    assert key in said
    assert example in said


def test_each_wrong_plan_is_told_and_right_ones_are_not(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plans = '[report.completeness]\nat = "5:30"\n[report.a]\nat = "x"\n[report.b]\nwhen = "y"'
    code, said = checked(workspace, plans, capsys)
    assert code == 1
    assert "[report.a]" in said
    assert "[report.b]" in said
    assert "completeness" not in said


@pytest.mark.parametrize("number", ["report = 5", "[report]\ndose = 5"])
def test_what_is_no_plan_at_all_is_told(
    workspace: Path, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    (workspace / FILE).write_text(f'{number}\n[survey]\nname = "test"\n')
    assert main(["check", "-w", str(workspace)]) == 1
    assert "report" in capsys.readouterr().out


def test_right_plans_are_in_order(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plans = """
[report.dose_monthly]
report = "dose_by_protocol"
when = "30 5 1 * *"
parameters = { country = "FR", year = "@year-1", title = "@@home" }
before = ["map", "dose"]
to = ["physics@hospital.lu"]
language = "fr"
attach = "docx"

[mail]
server = "127.0.0.1:9"
sender = "workbench@hospital.lu"

[report.quality_over_time]
days = "mon-fri"
at = "05:30"
holidays = "skip"
parameters = { acquired_from = "@month-1", acquired_to = "@month-1:end" }
"""
    assert checked(workspace, plans, capsys) == (0, "")
