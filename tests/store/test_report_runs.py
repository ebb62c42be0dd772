"""One run a slot, whoever looks and whoever is killed; the same on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.store.conftest import Connect
from workbench.errors import RightsError
from workbench.language import Saying
from workbench.rights import GIVEN
from workbench.schema import REPORT_RUN
from workbench.store.catalogue import TABLES
from workbench.store.report_run_frame import report_runs_frame
from workbench.store.report_runs import LEASE, SUPERSEDED, PlanRun, ReportRuns, RunEnd

NOW = datetime(2026, 5, 4, 3, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MONTHLY = ("dose_monthly", "dose_by_protocol")
Open = Callable[[], ReportRuns]


@pytest.fixture
def opened(connect: Connect) -> Open:
    """Give records of one and the same database, each through a connection of its own."""

    def make() -> ReportRuns:
        database = connect()
        database.define(TABLES)
        return ReportRuns(database)

    return make


@pytest.fixture
def runs(opened: Open) -> ReportRuns:
    return opened()


def claimed(runs: ReportRuns, slot: datetime = NOW, owner: str = "a") -> PlanRun:
    run = runs.claim(MONTHLY, slot, 0, owner, slot)
    assert run is not None
    return run


def done(at: datetime = NOW, **more: object) -> RunEnd:
    return RunEnd(state="done", ended_at=at, **more)  # type: ignore[arg-type]


def failed(at: datetime = NOW, kind: str = "KeyError") -> RunEnd:
    return RunEnd(
        state="failed", ended_at=at, error_kind=kind, message=Saying("it stopped."), cell=4
    )


def test_a_new_plan_is_known_from_now_on_and_so_is_one_with_new_times(runs: ReportRuns) -> None:
    assert runs.see({"a": "daily"}, NOW)["a"].first_seen_at == NOW
    assert runs.see({"a": "daily"}, NOW + DAY)["a"].first_seen_at == NOW
    assert runs.see({"a": "hourly"}, NOW + DAY)["a"].first_seen_at == NOW + DAY
    # Two machines whose zones differ see two sets of times; neither forgets what it has seen.
    assert runs.see({"a": "daily"}, NOW + 2 * DAY)["a"].first_seen_at == NOW
    assert runs.see({}, NOW) == {}


def test_a_clock_that_was_in_the_future_does_not_hold_a_plan_up(runs: ReportRuns) -> None:
    runs.see({"a": "daily"}, NOW + 1000 * DAY)
    assert runs.see({"a": "daily"}, NOW)["a"].first_seen_at == NOW
    claimed(runs, NOW + 900 * DAY)
    assert runs.last_slots(NOW) == {}
    claimed(runs, NOW)
    assert runs.last_slots(NOW) == {"dose_monthly": NOW}


def test_a_plan_that_rests_has_missed_nothing_when_it_goes_on(runs: ReportRuns) -> None:
    assert not runs.pause("a", "N. N.")
    runs.see({"a": "daily", "b": "daily"}, NOW)
    assert runs.pause("a", "N. N.")
    notes = runs.see({"a": "daily", "b": "daily"}, NOW)
    assert (notes["a"].paused_by, notes["b"].paused_by) == ("N. N.", "")
    # Also with other times, until somebody lets it go on.
    assert runs.see({"a": "hourly"}, NOW)["a"].paused_by == "N. N."
    assert runs.resume("a", NOW + DAY)
    assert not runs.resume("a", NOW + 2 * DAY)
    assert not runs.resume("b", NOW + 2 * DAY)
    assert runs.see({"a": "daily"}, NOW + 3 * DAY)["a"] == (NOW + DAY, "")
    assert runs.see({"b": "daily"}, NOW + 3 * DAY)["b"] == (NOW, "")


def test_who_may_only_look_pauses_nothing(
    runs: ReportRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.see({"a": "daily"}, NOW)
    monkeypatch.setenv(GIVEN, "look")
    with pytest.raises(RightsError):
        runs.pause("a", "N. N.")
    with pytest.raises(RightsError):
        runs.resume("a", NOW)


def test_a_slot_is_claimed_once(opened: Open) -> None:
    first, second = opened(), opened()
    run = first.claim(MONTHLY, NOW, 3, "a", NOW)
    assert run is not None
    assert (run.state, run.attempt, run.skipped, run.owner) == ("running", 1, 3, "a")
    assert second.claim(MONTHLY, NOW, 3, "b", NOW) is None
    assert second.claim(("other", "dose_by_protocol"), NOW, 0, "b", NOW) is not None
    assert first.finish(run, done())
    assert second.claim(MONTHLY, NOW, 3, "b", NOW + DAY) is None


def test_of_many_who_claim_at_once_each_slot_has_one(opened: Open) -> None:
    slots = [NOW + number * DAY for number in range(25)]

    def claim_all(owner: str) -> list[datetime]:
        runs = opened()
        return [slot for slot in slots if runs.claim(MONTHLY, slot, 0, owner, slot)]

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(claim_all, "abcd"))
    assert sorted(slot for mine in taken for slot in mine) == slots


def test_a_run_in_hand_is_left_alone_until_its_lease_has_ended(runs: ReportRuns) -> None:
    run = claimed(runs)
    assert run.is_held(NOW + LEASE - MINUTE)
    assert not run.is_held(NOW + LEASE)
    assert runs.renew(run, NOW + LEASE - MINUTE)
    assert runs.run(run.number).is_held(NOW + LEASE)
    # A clock that is set back by years does not hold it for years.
    assert not run.is_held(NOW - 365 * DAY)


def test_a_dead_owner_s_run_is_taken_over_once_and_he_writes_nothing_any_more(
    opened: Open,
) -> None:
    first, second, third = opened(), opened(), opened()
    run = claimed(first)
    later = NOW + LEASE
    seen = [runs.open_runs()[0] for runs in (second, third)]
    taken = second.take_over(seen[0], "b", later)
    assert taken is not None
    assert (taken.attempt, taken.owner, taken.state) == (2, "b", "running")
    assert third.take_over(seen[1], "c", later) is None
    published: list[int] = []
    assert not first.renew(run, later)
    assert not first.finish(run, done(), lambda: published.append(1))
    assert second.finish(taken, done(later, sha256="ab"), lambda: published.append(2))
    assert published == [2]
    assert first.run(run.number).sha256 == "ab"


def test_a_lease_that_is_renewed_between_look_and_leap_is_not_taken(runs: ReportRuns) -> None:
    seen = claimed(runs)
    assert runs.renew(seen, NOW + LEASE)
    assert runs.take_over(seen, "b", NOW + LEASE) is None
    assert not runs.give_up(seen, failed())


def test_the_same_owner_of_an_earlier_try_is_another_one(runs: ReportRuns) -> None:
    run = claimed(runs)
    again = runs.take_over(run, "a", NOW + LEASE)
    assert again is not None
    assert not runs.finish(run, done())
    assert runs.finish(again, done())


def test_a_run_that_failed_waits_for_its_next_try(runs: ReportRuns) -> None:
    run = claimed(runs)
    waiting = RunEnd(state="retry", ended_at=NOW, retry_at=NOW + 10 * MINUTE, error_kind="KeyError")
    assert runs.finish(run, waiting)
    (seen,) = runs.open_runs()
    assert (seen.state, seen.retry_at, seen.error_kind) == ("retry", NOW + 10 * MINUTE, "KeyError")
    taken = runs.take_over(seen, "b", NOW + 10 * MINUTE)
    assert taken is not None
    assert runs.finish(taken, failed())
    assert runs.open_runs() == []
    assert (runs.run(run.number).attempt, runs.run(run.number).cell) == (2, 4)


def test_what_is_written_within_the_end_of_a_run_decides_whether_it_has_ended(
    runs: ReportRuns,
) -> None:
    run = claimed(runs)

    def full() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="space"):
        runs.finish(run, done(), full)
    assert runs.run(run.number).state == "running"
    assert runs.finish(run, failed())


def test_what_failed_before_is_known_for_who_tells_of_a_recovery(runs: ReportRuns) -> None:
    first, second, third = (claimed(runs, NOW + day * DAY) for day in range(3))
    assert runs.before(first) is None
    runs.finish(first, failed())
    runs.give_up(second, failed(kind=SUPERSEDED))
    before = runs.before(third)
    assert before is not None
    assert (before.number, before.state) == (first.number, "failed")


def test_a_late_run_knows_that_a_newer_report_is_there(runs: ReportRuns) -> None:
    old, new = claimed(runs), claimed(runs, NOW + DAY)
    assert runs.is_newest_done(old)
    runs.finish(new, done())
    assert not runs.is_newest_done(old)
    assert runs.is_newest_done(new)


def test_only_the_newest_copies_are_kept(runs: ReportRuns) -> None:
    for day in range(5):
        run = claimed(runs, NOW + day * DAY)
        runs.finish(run, done(file=f"{day}.html") if day != 3 else failed())
    open_one = claimed(runs, NOW + 6 * DAY)
    told: list[tuple[set[str], set[int]]] = []
    for name in ("dose_monthly", "other"):
        runs.let_files_go(name, 2, lambda kept, open_: told.append((set(kept), set(open_))))
    assert told == [({"2.html", "4.html"}, {open_one.number}), (set(), {open_one.number})]
    assert [run.file for run in runs.runs()] == ["", "", "2.html", "", "4.html", ""]


def test_mail_is_a_state_of_its_own(runs: ReportRuns) -> None:
    run = claimed(runs)
    runs.finish(run, done(mail_state="wanted"))
    (waiting,) = runs.unmailed()
    runs.note_mail(waiting, "partly", ["a@x.lu"])
    (waiting,) = runs.unmailed()
    assert waiting.mailed_to == ("a@x.lu",)
    runs.note_mail(waiting, "sent", ["a@x.lu", "b@x.lu"])
    assert runs.unmailed() == []
    assert runs.run(run.number).state == "done"


def test_the_table_tells_everything_but_who_holds_a_run(runs: ReportRuns) -> None:
    run = claimed(runs)
    end = done(fingerprint="f" * 16, parameters={"year": 2025}, file="x.html", sha256="ab")
    runs.finish(run, replace(end, mail_state="wanted"))
    claimed(runs, NOW + DAY)
    frame = report_runs_frame(runs.runs())
    assert frame.columns == list(REPORT_RUN.names)
    first, second = frame.rows(named=True)
    assert first["slot"] == NOW.replace(tzinfo=None)
    assert (first["state"], first["parameters"]) == ("done", '{"year": 2025}')
    assert (second["state"], second["ended_at"], second["cell"]) == ("running", None, None)
    assert "owner" not in frame.columns


CLAIM = """
import sys, time
from datetime import datetime
from pathlib import Path
from workbench.settings import StoreSettings
from workbench.store.opening import connect
from workbench.store.report_runs import ReportRuns

runs = ReportRuns(connect(Path(sys.argv[1]), StoreSettings(sys.argv[2], sys.argv[3])))
at = datetime.fromisoformat(sys.argv[4])
run = runs.claim(("dose_monthly", "dose_by_protocol"), at, 0, "process", at)
print("claimed" if run else "taken", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("server", [False, pytest.param(True, marks=pytest.mark.postgres)])
def test_a_program_that_is_killed_leaves_a_run_that_another_one_takes(
    server: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from workbench.settings import StoreSettings
    from workbench.store.opening import connect

    url = request.getfixturevalue("postgres").url if server else ""
    settings = StoreSettings(url, f"k{os.getpid()}")
    database = connect(tmp_path, settings)
    database.define(TABLES)
    runs = ReportRuns(database)
    words = [str(tmp_path), settings.catalogue, settings.schema, NOW.isoformat()]
    child = subprocess.Popen([sys.executable, "-c", CLAIM, *words], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"claimed\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    (left,) = runs.open_runs()
    assert left.is_held(NOW + MINUTE)
    assert not left.is_held(NOW + LEASE)
    taken = runs.take_over(left, "b", NOW + LEASE)
    assert taken is not None
    assert runs.finish(taken, done())
    assert [(run.state, run.attempt) for run in runs.runs()] == [("done", 2)]
    database.close()
