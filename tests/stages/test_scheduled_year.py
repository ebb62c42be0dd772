"""A year of ten plans, two programs that are killed at random moments, and machines that are off.

No time is lost, none has two reports, and what was missed is caught up once.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import pytest

from tests.stages.planned_reports import BOTH, DAILY, DAY, MINUTE, Hospital, hospital_of
from tests.store.conftest import postgres  # noqa: F401
from workbench.plans.report_plan import read_plans
from workbench.settings_file import read_settings
from workbench.stages.scheduling import ReportSchedule
from workbench.store.report_runs import LEASE, ReportRuns

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
PATIENT = {"report": "dose_by_protocol", "tries": 1000}
PLANS = {
    "night": {**PATIENT, "at": "02:30"},
    "working": {**PATIENT, "days": "mon-fri", "at": "05:30", "holidays": "skip"},
    **{f"week{day}": {**PATIENT, "when": f"15 {day} * * {day}"} for day in range(1, 5)},
    "first": {**PATIENT, "when": "0 6 1 * *", "holidays": "next"},
    "last": {**PATIENT, "when": "30 2 L * *", "catch_up_days": 40},
    "monday": {**PATIENT, "when": "0 7 * * 1#1"},
    "quarter": {**PATIENT, "when": "30 5 1 1,4,7,10 *"},
}
HOLIDAYS = ("2026-05-01", "2026-06-23", "2026-12-25")


class KilledError(BaseException):
    """The program is gone: nothing that it would still do is done."""


class Killer:
    """Ends a program at each moment that has been chosen, by a chance that is the same each run."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.kills = 0
        self.working = True

    def __call__(self, *_: object) -> None:
        if self.working and self.chance.random() < 0.06:
            self.kills += 1
            raise KilledError


@pytest.fixture(params=BOTH)
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    yield from hospital_of(request, tmp_path / "w", BEGIN)


def test_no_slot_of_a_year_is_lost_or_made_twice(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital.plan(HOLIDAYS, **PLANS)
    killer, published = Killer(7), Counter[tuple[str, datetime]]()
    finish, claim = ReportRuns.finish, ReportRuns.claim

    def finished(self: ReportRuns, run, end, also=lambda: None) -> bool:
        killer()  # the report lies there, and nobody knows
        kept = finish(self, run, end, lambda: (also(), killer()))  # within the transaction
        published[run.name, run.slot] += kept
        killer()
        return kept

    def claimed(self: ReportRuns, *words):
        run = claim(self, *words)
        killer()
        return run

    monkeypatch.setattr(ReportRuns, "finish", finished)
    monkeypatch.setattr(ReportRuns, "claim", claimed)
    hospital.reports.fails = killer
    programs = [hospital.program(), hospital.program()]
    hospital.hurry()
    programs[0].look()
    while hospital.clock.at < END:
        off = killer.chance.random() < 0.01
        hospital.clock.at += timedelta(minutes=killer.chance.choice([30, 400, 900]))
        hospital.clock.at += timedelta(days=killer.chance.randrange(30)) if off else timedelta()
        looked(killer.chance.choice(programs))
    killer.working = False
    hospital.clock.at += LEASE
    programs[1].look()
    judge(hospital, killer, published)


def looked(program: ReportSchedule) -> None:
    with suppress(KilledError):
        program.look()


def judge(hospital: Hospital, killer: Killer, published: Counter[tuple[str, datetime]]) -> None:
    """Compare what was made with the times of the plans, worked out anew."""
    assert killer.kills > 50
    runs = hospital.runs()
    assert {run.state for run in runs} == {"done", "failed"}
    done = {(run.name, run.slot) for run in runs if run.state == "done"}
    assert set(published) == done
    assert set(published.values()) == {1}
    superseded = [run for run in runs if run.state == "failed"]
    assert {run.error_kind for run in superseded} == {"Superseded"}
    for run in superseded:
        assert any(name == run.name and slot > run.slot for name, slot in done)
    for name, plan in read_plans(read_settings(hospital.folder)).plans.items():
        due = list(takewhile(lambda at: at <= hospital.clock.at, plan.times.after(BEGIN)))
        mine = [run for run in runs if run.name == name]
        assert {run.slot for run in mine} <= set(due)
        assert len(mine) + sum(run.skipped for run in mine) == len(due), name
        copies = {f"{run.slot:%Y-%m-%d_%H%MZ}.html" for run in mine if run.file}
        assert set(hospital.copies(name)) == copies
        assert len(copies) <= plan.keep


SLOW = """
import sys, time
from datetime import datetime
from pathlib import Path
from workbench.stages.scheduling import ReportSchedule
from workbench.survey import open_survey

def slow(survey, name, out, parameters, execute):
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("half")
    print("making", flush=True)
    time.sleep(600)

at = datetime.fromisoformat(sys.argv[2])
ReportSchedule(open_survey(Path(sys.argv[1])), clock=lambda: at, make=slow).look()
"""


def test_after_kill_9_in_the_middle_the_report_is_made_again_once(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    programs = [hospital.program(), hospital.program()]
    programs[0].look()
    hospital.clock.at += DAY
    words = [sys.executable, "-c", SLOW, str(hospital.folder), hospital.clock.at.isoformat()]
    child = subprocess.Popen(words, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"making\n"
        assert programs[0].look().runs == []  # it is in hand
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    hospital.clock.at += LEASE + MINUTE
    assert [run.state for program in programs for run in program.look().runs] == ["done"]
    assert [(run.state, run.attempt) for run in hospital.runs()] == [("done", 2)]
    assert len(hospital.copies("daily")) == 1
    assert hospital.page("daily") == "dose_by_protocol 1"
