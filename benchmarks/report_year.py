"""A year of ten plans on two machines that are killed at random moments.

Two processes look after one workspace, at once, with a clock that is moved through the year and
both changes of the hour.  Either is killed (``kill -9``) at random moments; now and then it is off
for days, its clock is set back, or it lingers in a report until its lease has ended and the other
one has made it.  What was made is counted by the database itself, within the transactions that
publish, and judged against the times of the plans, worked out anew: how many times have two reports
or are counted twice, how many have none.

    python -m benchmarks.report_year [--days N] [--seed N] [--engine sqlite|postgres]
    python -m benchmarks.report_year --broken claim     a fault on purpose: exit code 1

Exit code 1 where a time was lost or is double.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

from benchmarks.report_machine import BREAKS, Machine, Order
from workbench.plans.report_plan import read_plans
from workbench.settings import Settings, StoreSettings, SurveySettings
from workbench.settings_file import read_settings
from workbench.store.report_runs import DONE, FAILED, LEASE, PlanRun
from workbench.survey import Survey, create_survey

BEGIN, SEED = datetime(2026, 1, 1, tzinfo=UTC), 7
YEAR_DAYS, SHORT_DAYS, BREAK_DAYS = 365, 100, 30  # 100 days have one change of the hour
STEPS_MIN = (30, 240, 600, 900)
KILLED, LINGERS, SET_BACK, OFF = 0.04, 0.04, 0.02, 0.01  # chances a step
LONGEST_LOOK_S = 0.05  # a kill comes within it, mostly amid a look
MAX_OFF_DAYS, MAX_BACK_H = 25, 10
ENDED = (DONE, FAILED)  # a failed one is superseded here: a later one stands for it
REPORT = {"report": "dose_by_protocol", "tries": 1000}
PLANS = {
    "night": {**REPORT, "at": "02:30"},  # at 02:30 both changes of the hour happen
    "working": {**REPORT, "days": "mon-fri", "at": "05:30", "holidays": "skip"},
    **{f"week{day}": {**REPORT, "when": f"15 {day} * * {day}"} for day in range(1, 5)},
    "first": {**REPORT, "when": "0 6 1 * *", "holidays": "next"},
    "last": {**REPORT, "when": "30 2 L * *", "catch_up_days": 40},
    "monday": {**REPORT, "when": "0 7 * * 1#1"},
    "quarter": {**REPORT, "when": "30 5 1 1,4,7,10 *"},
}
SCHEDULE = {"zone": "Europe/Luxembourg", "holidays": ["2026-05-01", "2026-06-23", "2026-12-25"]}
# Whoever notes that a run is done is noted with it, or neither is.
COUNTED = "CREATE TABLE made_once (name TEXT NOT NULL, slot TEXT NOT NULL)"
COUNT = "INSERT INTO made_once VALUES (NEW.name, NEW.slot)"
AFTER = "CREATE TRIGGER count_made AFTER UPDATE OF state ON report_run"
FUNCTION = "CREATE FUNCTION count_made() RETURNS trigger LANGUAGE plpgsql"
BY_SQLITE = (COUNTED, f"{AFTER} WHEN NEW.state = 'done' BEGIN {COUNT}; END")
BY_POSTGRES = (
    COUNTED,
    f"{FUNCTION} AS $$ BEGIN {COUNT}; RETURN NULL; END $$",
    f"{AFTER} FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION count_made()",
)


@dataclass
class YearJudgement:
    """What became of the times of a year.

    Attributes
    ----------
    due
        Times that came.
    double
        Times that have two reports, or that two runs account for.
    lost
        Times that no run accounts for, runs that nobody finished, pages that are not the last.
    made, caught_up, taken_over
        Reports; those among them that stand for missed times as well; those made by another
        program than the first that had it in hand.
    kills
        How often a program was killed.
    """

    due: int = 0
    double: int = 0
    lost: int = 0
    made: int = 0
    caught_up: int = 0
    taken_over: int = 0
    kills: int = 0

    @property
    def wrong(self) -> int:
        """How much is not as it should be."""
        return self.double + self.lost

    def line(self) -> str:
        """Return it in one line."""
        return (
            f"{self.due} times were due: {self.double} double, {self.lost} lost; {self.made} "
            f"reports, {self.caught_up} of them for missed times too; {self.kills} kills, "
            f"{self.taken_over} reports taken over"
        )


class Year:
    """Two machines, their clocks, and the chance that befalls them."""

    def __init__(self, workspace: Path, days: int, seed: int, broken: str = "") -> None:
        self.now, self._end = BEGIN, BEGIN + timedelta(days=days)
        self._chance, self.kills = random.Random(seed), 0
        self._times = [plan.times for plan in read_plans(read_settings(workspace)).plans.values()]
        self._machines = [Machine(workspace, broken) for _ in range(2)]
        self._off: dict[Machine, datetime] = {}

    def run(self) -> None:
        """Move the clock to the end of the year; afterwards all that was open is made."""
        try:
            self._look(self.now)
            while self.now < self._end:
                self._step()
            self._off.clear()
            for _ in range(2):  # a report that lingered is the second one's
                self.now += LEASE + timedelta(minutes=1)
                self._look(self.now)
        finally:
            for machine in self._machines:
                machine.end()

    def _step(self) -> None:
        self.now += timedelta(minutes=self._chance.choice(STEPS_MIN))
        at = self.now
        if self._falls(SET_BACK):
            at -= timedelta(hours=self._chance.uniform(0, MAX_BACK_H))
        for machine in self._machines:
            if self._falls(OFF):
                days = self._chance.uniform(0, MAX_OFF_DAYS)
                self._off[machine] = self.now + timedelta(days=days)
        if self._falls(LINGERS):
            self._linger(at)
        elif self._falls(2 * KILLED):
            self._look_and_kill(at)
        else:
            self._look(at)

    def _falls(self, chance: float) -> bool:
        return self._chance.random() < chance

    def _on(self) -> list[Machine]:
        return [each for each in self._machines if self._off.get(each, self.now) <= self.now]

    def _look(self, at: datetime, but: Machine | None = None) -> None:
        """Let all machines that are on look, at once."""
        looking = [each for each in self._on() if each is not but]
        for machine in looking:
            machine.told(Order(at))
        for machine in looking:
            machine.heard()

    def _look_and_kill(self, at: datetime) -> None:
        """Let all look when a report is due, and kill one of them meanwhile."""
        looking = self._on()
        if not looking:
            return
        self.now = at = max(
            self.now, min(filter(None, (times.next_due(at) for times in self._times)))
        )
        victim = self._chance.choice(looking)
        for machine in looking:
            machine.told(Order(at))
        time.sleep(self._chance.uniform(0, LONGEST_LOOK_S))
        victim.kill()
        self.kills += 1
        for machine in looking:
            if machine is not victim:
                machine.heard()

    def _linger(self, at: datetime) -> None:
        """Let one of them linger in a report until the others think it dead."""
        if not (looking := self._on()):
            return
        slow = self._chance.choice(looking)
        slow.told(Order(at, lingers=True))
        if slow.heard() == "lingers":
            self.now += LEASE + timedelta(minutes=1)
            self._look(max(self.now, at + LEASE), but=slow)
            slow.told(None)
            slow.heard()


def made(survey: Survey) -> Counter[tuple[str, datetime]]:
    """Return how often a report was published for each time of each plan, as the database saw."""
    rows = survey.store._catalogue.all("SELECT name, slot FROM made_once")
    return Counter(
        (row["name"], datetime.fromisoformat(row["slot"]).replace(tzinfo=UTC)) for row in rows
    )


def account(due: Sequence[datetime], runs: Sequence[PlanRun]) -> tuple[int, int]:
    """Return how many times of a plan are accounted for more than once, and how many never.

    A run accounts for its own time and for the ``skipped`` ones before it.
    """
    place, accounted = {slot: number for number, slot in enumerate(due)}, Counter[int]()
    strangers = 0
    for run in runs:
        if (last := place.get(run.slot)) is None:
            strangers += 1
        else:
            accounted.update(range(last - run.skipped, last + 1))
    double = sum(times - 1 for times in accounted.values())
    return double + strangers, sum(number not in accounted for number in range(len(due)))


def judged(survey: Survey, end: datetime) -> YearJudgement:
    """Compare what the workspace holds with the times of its plans."""
    published, judgement = made(survey), YearJudgement()
    judgement.double += sum(times - 1 for times in published.values())
    for name, plan in read_plans(survey.settings).plans.items():
        due = list(takewhile(lambda at: at <= end, plan.times.after(BEGIN)))
        runs = survey.store.report_runs.runs(name)
        double, lost = account(due, runs)
        done = [run for run in runs if run.state == DONE]
        newest = done[-1].slot if done else BEGIN
        judgement.due += len(due)
        judgement.double += double
        judgement.lost += lost
        judgement.lost += sum(run.state not in ENDED or run.slot > newest for run in runs)
        judgement.lost += sum(not published[name, run.slot] for run in done)
        judgement.lost += bool(done) and not is_last(survey, done[-1])
        judgement.made += len(done)
        judgement.caught_up += sum(run.skipped > 0 for run in done)
        judgement.taken_over += sum(run.attempt > 1 for run in done)
    return judgement


def is_last(survey: Survey, run: PlanRun) -> bool:
    """Say whether the page of a plan is the one of its last good run, and its copy too."""
    reports = survey.folder / "reports"
    files = (reports / f"{run.name}.html", survey.folder / run.file)
    return all(
        file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == run.sha256
        for file in files
    )


def opened_year(folder: Path, url: str) -> Survey:
    """Make the workspace of a year, whose database counts what is made."""
    store = StoreSettings(url, f"y{uuid.uuid4().hex[:12]}")
    settings = Settings(
        survey=SurveySettings("year", "LU01"), store=store, schedule=SCHEDULE, report=PLANS
    )
    survey = create_survey(folder, settings)
    for statement in BY_POSTGRES if url else BY_SQLITE:
        survey.store._catalogue.write(statement)
    return survey


def year(
    folder: Path, url: str = "", days: int = YEAR_DAYS, seed: int = SEED, broken: str = ""
) -> YearJudgement:
    """Live through a year, with the catalogue in the folder or on a server; and judge it."""
    survey = opened_year(folder, url)
    lived = Year(folder, days, seed, broken)
    lived.run()
    judgement = judged(survey, lived.now)
    judgement.kills = lived.kills
    survey.close()
    return judgement


def on_sqlite(days: int, seed: int, broken: str) -> YearJudgement:
    """Live through it with SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        return year(Path(folder) / "w", "", days, seed, broken)


def on_postgres(days: int, seed: int, broken: str) -> YearJudgement:
    """Live through it with a PostgreSQL server of its own."""
    from tests.store.postgres_server import server

    with tempfile.TemporaryDirectory() as folder, server() as running:
        return year(Path(folder) / "w", running.url, days, seed, broken)


ENGINES: Mapping[str, Callable[[int, int, str], YearJudgement]] = {
    "sqlite": on_sqlite, "postgres": on_postgres,
}  # fmt: skip


def main() -> int:
    """Print what became of the year on each engine."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.report_year", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    options.add_argument("--days", type=int, default=YEAR_DAYS)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--engine", choices=ENGINES, action="append")
    options.add_argument("--broken", choices=BREAKS, default="", help="a fault put in on purpose")
    asked = options.parse_args()
    wrong = 0
    for engine in asked.engine or ENGINES:
        judgement = ENGINES[engine](asked.days, asked.seed, asked.broken)
        wrong += judgement.wrong
        print(f"{engine}: {judgement.line()}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
