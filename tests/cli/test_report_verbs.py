"""Verbs of plans: what is due, made once, told, stopped after the report in hand."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.cli.verbs import run
from tests.mail.mail_server import mail_server
from workbench.cli import main, report_verbs
from workbench.settings import FILE
from workbench.survey import open_survey

PLAN = """
[schedule]
zone = "Europe/Luxembourg"

[report.{name}]
report = "{report}"
when = "* * * * *"
"""
BEFORE = timedelta(minutes=3)


def test_parameters_are_values_where_they_can_be_and_texts_where_not() -> None:
    from workbench.cli.report_verbs import _parameters

    read = _parameters(["year=2026", "name=dose", 'list=["a"]', "off=false", "e=a=b", "empty="])
    assert read == {
        "year": 2026, "name": "dose", "list": ["a"], "off": False, "e": "a=b", "empty": "",
    }  # fmt: skip


def planned(
    workspace: Path, name: str = "due", report: str = "quality_due", more: str = ""
) -> None:
    """Write a plan that is known since a few minutes ago, so that it is due."""
    with (workspace / FILE).open("a") as file:
        file.write(PLAN.format(name=name, report=report) + more)
    survey = open_survey(workspace)
    survey.store.report_runs.see(
        {name: "* * * * * Europe/Luxembourg run"}, datetime.now(UTC) - BEFORE
    )
    survey.close()


def test_what_is_due_is_said_then_made_once_and_listed(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(workspace, more='language = "de"\n')
    code, answer, _ = run(capsys, "report", "due", "--dry-run", "-w", workspace)
    assert code == 0
    assert [each["name"] for each in answer["due"]] == ["due"]
    assert not (workspace / "reports").exists()
    code, answer, _ = run(capsys, "report", "due", "-w", workspace)
    (made,) = answer["runs"]
    assert (code, made["name"], made["state"]) == (0, "due", "done")
    assert made["skipped"] in (2, 3)
    page = (workspace / "reports" / "due.html").read_text("utf-8")
    assert 'lang="de"' in page
    assert (workspace / made["file"]).read_text("utf-8") == page
    code, answer, said = run(capsys, "report", "schedule", "-w", workspace)
    (plan,) = answer["plans"]
    assert (code, plan["last"]["state"], plan["report"]) == (0, "done", "quality_due")
    assert "at the times * * * * *" in said
    _, answer, _ = run(capsys, "report", "list", "-w", workspace)
    plans = {row["name"]: row["plans"] for row in answer["reports"]}
    assert list(plans["quality_due"]) == ["due"]
    assert plans["completeness"] == {}
    out = tmp_path / "runs.parquet"
    assert run(capsys, "table", "report_run", "-w", workspace, "--out", out)[0] == 0
    row = pl.read_parquet(out).row(0, named=True)
    assert (row["name"], row["state"], json.loads(row["parameters"])) == (
        "due", "done", {"language": "de"},
    )  # fmt: skip


def test_a_report_that_fails_is_a_problem_with_its_cell(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(workspace, report="dose_by_protocol", more='parameters = { country = "XX" }\n')
    code, answer, said = run(capsys, "report", "due", "-w", workspace)
    (made,) = answer["runs"]
    assert (code, made["state"]) == (1, "failed")
    assert (made["error_kind"], made["cell"]) == ("SettingsError", 3)
    assert "FR 2011" in said
    assert run(capsys, "report", "schedule", "-w", workspace)[0] == 1


def test_a_wrong_plan_is_a_problem_and_the_others_are_listed(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(workspace, more='[report.wrong]\nat = "25:00"\n')
    for words in (["schedule"], ["due"]):
        code, answer, said = run(capsys, "report", *words, "-w", workspace)
        assert code == 1
        assert list(answer["mistakes"]) == ["wrong"]
        assert "05:30" in said


def test_without_plans_it_is_said_how_to_make_one(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, said = run(capsys, "report", "schedule", "-w", workspace)
    assert code == 0
    assert "[report.NAME]" in said
    assert main(["report", "due", "-w", str(workspace)]) == 0
    assert "No report was due." in capsys.readouterr().out
    assert main(["report", "due", "--dry-run", "-w", str(workspace)]) == 0
    assert "No report is due." in capsys.readouterr().out


def test_a_plan_rests_until_it_goes_on(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned(workspace)
    assert run(capsys, "report", "pause", "due", "--by", "N. N.", "-w", workspace)[0] == 0
    assert run(capsys, "report", "due", "-w", workspace)[1]["runs"] == []
    assert "paused by N. N." in run(capsys, "report", "schedule", "-w", workspace)[2]
    assert run(capsys, "report", "resume", "due", "-w", workspace)[1]["resumed"] is True
    assert run(capsys, "report", "resume", "due", "-w", workspace)[1]["resumed"] is False
    assert run(capsys, "report", "due", "--dry-run", "-w", workspace)[1]["due"] == []
    code, answer, _ = run(capsys, "report", "pause", "other", "--by", "N.", "-w", workspace)
    assert code == 2
    assert "due" in str(answer["message"])


# --- by mail -------------------------------------------------------------------------------------

A, B = "a@example.org", "b@example.org"
TO = f'to = ["{A}", "{B}"]\n'
MAIL = """
[mail]
server = "{server}"
security = "none"
sender = "workbench@example.org"
"""
KILLED = """
import os, signal, sys
from workbench.cli import main
from workbench.stages.report_mail import ReportMail

ReportMail.tell = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(main(["report", "due", "-w", sys.argv[1]]))
"""


@pytest.mark.pango
def test_a_report_goes_out_as_pdf_and_who_was_refused_is_said(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mail_server({B: f"550 5.1.1 no such user <{B}>"}) as server:
        planned(workspace, more=f'language = "de"\n{TO}{MAIL.format(server=server.address)}')
        code, answer, said = run(capsys, "report", "due", "-w", workspace)
        message = server.message()
    (made,) = answer["runs"]
    assert (code, made["state"], made["mail_state"]) == (1, "done", "partly")
    assert "1 of 2 recipients" in answer["untold"][0]
    assert B not in said
    (file,) = message.iter_attachments()
    assert file.get_content().startswith(b"%PDF-")
    assert file.get_filename().startswith("due_")
    assert message["Subject"].startswith("Bildqualität")
    assert message["Auto-Submitted"] == "auto-generated"
    code, answer, said = run(capsys, "report", "schedule", "-w", workspace)
    assert code == 1
    assert "mail partly" in said
    assert "number 2 (550 5.1.1)" in answer["untold"][0]
    code, answer, _ = run(capsys, "check", "-w", workspace)
    assert code == 1
    assert "number 2 (550 5.1.1)" in " ".join(answer["problems"])


def test_a_program_killed_between_report_and_mail_is_followed_once(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mail_server() as server:
        planned(workspace, more=f'attach = "html"\n{TO}{MAIL.format(server=server.address)}')
        left = subprocess.run([sys.executable, "-c", KILLED, str(workspace)], check=False)
        assert left.returncode == -signal.SIGKILL
        page = (workspace / "reports" / "due.html").read_bytes()
        (workspace / FILE).write_text(  # not due again for a while
            (workspace / FILE).read_text().replace("* * * * *", "0 0 29 2 *")
        )
        assert server.taken == []
        for _ in range(2):
            assert run(capsys, "report", "due", "-w", workspace)[0] == 0
        assert sorted(server.recipients) == [A, B]
        (file,) = server.message().iter_attachments()
    assert (workspace / "reports" / "due.html").read_bytes() == page
    assert file.get_content().strip() == page.decode("utf-8").strip()


def test_a_failure_is_mailed_without_a_value_of_a_header(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = f'parameters = {{ country = "XX" }}\n{TO}'
    with mail_server() as server:
        planned(workspace, "dose", "dose_by_protocol", wrong + MAIL.format(server=server.address))
        code, answer, _ = run(capsys, "report", "due", "-w", workspace)
        message = server.message()
    assert (code, answer["runs"][0]["mail_state"], answer["untold"]) == (1, "sent", [])
    assert message["Subject"].startswith("Report failed: Dose by protocol, ")
    body = message.get_content()
    for words in ("Plan: dose", "Stopped in code cell 3", "Kind of error: SettingsError"):
        assert words in body


def test_without_a_mail_server_it_is_said_that_nobody_is_told(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(workspace, more=TO)
    code, answer, _ = run(capsys, "report", "due", "-w", workspace)
    assert code == 1
    assert "no mail server is set" in answer["untold"][0]
    code, answer, _ = run(capsys, "check", "-w", workspace)
    assert "no mail server is set" in " ".join(answer["problems"])


# --- until stopped -------------------------------------------------------------------------------

STUB = """
import sys, time
from pathlib import Path
from workbench.cli import main, report_verbs
from workbench.report.runner import ReportRun
from workbench.stages import scheduling
from datetime import UTC, datetime

def slow(survey, name, out, parameters, execute):
    print("making", flush=True)
    for _ in range(20):
        time.sleep(0.1)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("page")
    now = datetime.now(UTC)
    return ReportRun(name=name, outcome="done", out=out, started_at=now, ended_at=now)

scheduling.ReportSchedule.__init__.__defaults__ = (scheduling.utc_now, slow, scheduling.nobody_told)
sys.exit(main(["report", "watch", "-w", sys.argv[1], "--json"]))
"""


@pytest.fixture
def watching(workspace: Path):
    planned(workspace)
    with subprocess.Popen(
        [sys.executable, "-c", STUB, str(workspace)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "making\n"
        yield child
        child.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watch_that_is_told_to_stop_ends_after_the_report_in_hand(
    watching: subprocess.Popen[str], workspace: Path, number: signal.Signals
) -> None:
    watching.send_signal(number)
    out, said = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert json.loads(out.splitlines()[-1]) == {"made": 1}
    assert "after the report in hand" in said
    assert (workspace / "reports" / "due.html").read_text() == "page"


def test_a_second_signal_ends_a_watch_at_once_and_the_report_is_handed_back(
    watching: subprocess.Popen[str], workspace: Path
) -> None:
    watching.send_signal(signal.SIGTERM)
    assert watching.stderr is not None
    while "Stopping" not in watching.stderr.readline():
        pass
    watching.send_signal(signal.SIGTERM)
    watching.communicate(timeout=60)
    assert watching.returncode == 130
    survey = open_survey(workspace)
    (left,) = survey.store.report_runs.runs()
    survey.close()
    assert (left.state, left.error_kind) == ("retry", "Stopped")
    assert not (workspace / "reports" / "due.html").exists()


def test_a_watch_goes_on_while_settings_are_half_edited(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (workspace / FILE).read_text()
    looks: list[str] = []

    class Stopped:
        def is_set(self) -> bool:
            return len(looks) > 3

        def wait(self, seconds: float) -> None:
            assert seconds == report_verbs.ASKED_INTERVAL_S
            looks.append("")
            (workspace / FILE).write_text("[survey" if len(looks) < 3 else whole)

    class Until:
        def __enter__(self) -> Stopped:
            return Stopped()

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(report_verbs, "POLL_INTERVAL_S", 0.0)  # plans with each look
    monkeypatch.setattr(report_verbs, "_until_stopped", Until)
    code, answer, said = run(capsys, "report", "watch", "-w", workspace)
    assert (code, answer) == (0, {"made": 0})
    assert said.count("Looking failed, trying again") == 1
