"""Reports come when they are due, once, on both databases, whatever happens to who makes them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.stages.planned_reports import (
    BOTH,
    DAILY,
    DAY,
    MINUTE,
    Hospital,
    hospital_of,
    refuse,
)
from tests.store.conftest import postgres  # noqa: F401
from workbench.errors import NetworkError, SettingsError, StoreError
from workbench.stages import scheduling
from workbench.store.report_runs import LEASE

BEGIN = datetime(2026, 3, 26, 12, tzinfo=UTC)
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")


@pytest.fixture(params=BOTH)
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    yield from hospital_of(request, tmp_path / "w", BEGIN)


def later(hospital: Hospital, span: timedelta) -> None:
    hospital.clock.at += span


def slots(hospital: Hospital) -> list[str]:
    return [f"{run.slot.astimezone(LUXEMBOURG):%m-%d %H:%M}" for run in hospital.runs()]


def test_a_new_plan_catches_nothing_up_and_comes_at_its_time(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    assert program.look().runs == []
    hospital.clock.at = datetime(2026, 3, 27, 1, 29, tzinfo=UTC)
    assert program.look().runs == []
    later(hospital, MINUTE)
    (run,) = program.look().runs
    assert (run.state, run.skipped, run.attempt, run.fingerprint) == ("done", 0, 1, "f" * 16)
    assert program.look().runs == []
    assert hospital.page("daily") == "dose_by_protocol 1"
    assert hospital.copies("daily") == ["2026-03-27_0130Z.html"]
    assert run.file == "reports/history/daily/2026-03-27_0130Z.html"


def test_a_machine_that_was_off_over_the_change_of_the_clock_runs_once(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    hospital.program().look()
    later(hospital, 5 * DAY)  # over 29 March, when 02:30 does not exist
    (run,) = hospital.program().look().runs
    assert slots(hospital) == ["03-31 02:30"]
    assert run.skipped == 4
    assert len(hospital.reports.made) == 1


def test_looks_every_20_minutes_over_both_changes_of_the_clock_make_one_report_a_day(
    hospital: Hospital,
) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    program.look()
    for begin, days in ((datetime(2026, 3, 27, tzinfo=UTC), 4), (datetime(2026, 10, 23), 4)):
        hospital.clock.at = begin.replace(tzinfo=UTC)
        program.look()
        for _ in range(days * 72):
            later(hospital, 20 * MINUTE)
            program.look()
    days = [run.slot.astimezone(LUXEMBOURG).date() for run in hospital.runs()]
    assert len(days) == len(set(days)) == 9  # four, one caught up, four
    assert [run.skipped for run in hospital.runs() if run.skipped] == [
        205
    ]  # 31 March to 21 October


def test_parameters_are_of_the_slot_and_not_of_the_day_it_was_caught_up(
    hospital: Hospital,
) -> None:
    monthly = {
        "report": "quality_over_time", "when": "30 5 1 * *",
        "parameters": {"acquired_from": "@month-1", "acquired_to": "@month-1:end"},
        "language": "de",
    }  # fmt: skip
    hospital.plan(monthly=monthly)
    hospital.program().look()
    later(hospital, 38 * DAY)  # the third of May
    (run,) = hospital.program().look().runs
    expected = {"acquired_from": "2026-04-01", "acquired_to": "2026-04-30", "language": "de"}
    assert hospital.reports.made == [("quality_over_time", expected)]
    assert run.parameters == expected
    assert run.skipped == 1


def test_a_report_that_fails_is_tried_again_after_longer_and_longer_waits(
    hospital: Hospital,
) -> None:
    hospital.plan(daily={**DAILY, "at": "06:00", "to": ["physics@hospital.lu"]})
    program = hospital.program()
    program.look()
    hospital.clock.at = datetime(2026, 3, 27, tzinfo=UTC)
    (hospital.folder / "reports").mkdir()
    (hospital.folder / "reports" / "daily.html").write_text("yesterday's")
    hospital.reports.fails = refuse()
    tried = []
    for _ in range(24 * 12):
        later(hospital, 5 * MINUTE)
        tried += [f"{hospital.clock.at.astimezone(LUXEMBOURG):%H:%M}" for _ in program.look().runs]
    assert tried == ["06:00", "06:10", "06:30"]
    (run,) = hospital.runs()
    assert (run.state, run.attempt, run.cell, run.error_kind) == ("failed", 3, 4, "KeyError")
    assert (run.mail_state, run.message) == ("wanted", "it stopped in code cell 4.")
    assert [told.number for told in hospital.told] == [run.number]
    assert hospital.page("daily") == "yesterday's"
    assert not (hospital.folder / "reports" / "history").exists()


def test_a_report_that_comes_at_its_second_try_is_told_once(hospital: Hospital) -> None:
    hospital.plan(daily={**DAILY, "to": ["physics@hospital.lu"]})
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    hospital.reports.fails = refuse()
    (first,) = program.look().runs
    assert (first.state, first.mail_state) == ("retry", "none")
    hospital.reports.fails = lambda name: None
    later(hospital, 10 * MINUTE)
    (second,) = program.look().runs
    assert (second.state, second.attempt, second.mail_state) == ("done", 2, "wanted")
    assert (second.cell, second.error_kind, second.message) == (None, "", "")
    assert [told.state for told in hospital.told] == ["done"]


def test_without_recipients_nobody_is_told(hospital: Hospital) -> None:
    hospital.plan(daily={**DAILY, "tries": 1})
    program = hospital.program()
    program.look()
    for fails in (refuse(), lambda name: None):
        hospital.reports.fails = fails
        later(hospital, DAY)
        program.look()
    assert [(run.state, run.mail_state) for run in hospital.runs()] == [
        ("failed", "none"), ("done", "none"),
    ]  # fmt: skip
    assert hospital.told == []


@pytest.mark.parametrize("where", ["report", "parameter", "name"])
def test_what_only_a_person_can_mend_fails_at_once(hospital: Hospital, where: str) -> None:
    plan = {
        "report": DAILY,
        "parameter": {**DAILY, "parameters": {"colour": "red"}},
        "name": {**DAILY, "report": "nowhere"},
    }
    hospital.plan(daily=plan[where])
    hospital.reports.fails = refuse(SettingsError)
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    (run,) = program.look().runs
    assert (run.state, run.attempt, run.error_kind) == ("failed", 1, "SettingsError")
    assert len(run.message) > 10


@pytest.mark.parametrize(
    ("error", "words"),
    [(OSError, "no space left"), (ZeroDivisionError, "fault of the program"),
     (MemoryError, "fault of the program")],
)  # fmt: skip
def test_whatever_goes_wrong_the_other_reports_are_made_and_no_value_is_told(
    hospital: Hospital, error: type[Exception], words: str
) -> None:
    hospital.plan(a=DAILY, b={**DAILY, "report": "quality_due"})
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    fails = refuse(error)
    hospital.reports.fails = lambda name: fails(name) if name == "dose_by_protocol" else None
    a, b = program.look().runs
    assert (a.state, a.error_kind, b.state) == ("retry", error.__name__, "done")
    assert words in a.message
    assert "header's" not in a.message


def test_programs_that_look_at_once_make_each_report_once(hospital: Hospital) -> None:
    hospital.plan(**{f"plan{number}": DAILY for number in range(20)})
    programs = [hospital.program() for _ in range(4)]
    programs[0].look()
    later(hospital, DAY)
    with ThreadPoolExecutor(4) as pool:
        looks = list(pool.map(lambda program: program.look().runs, programs))
    assert sorted(run.name for runs in looks for run in runs) == sorted(
        f"plan{number}" for number in range(20)
    )
    assert len(hospital.reports.made) == 20
    assert {run.state for run in hospital.runs()} == {"done"}


class KilledError(BaseException):
    """The program is gone: nothing that it would still do is done."""


def kill(name: str) -> None:
    raise KilledError


def test_a_report_whose_program_was_killed_is_made_again_when_its_lease_has_ended(
    hospital: Hospital,
) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    hospital.reports.fails = kill
    with pytest.raises(KilledError):
        program.look()
    hospital.reports.fails = lambda name: None
    other = hospital.program()
    later(hospital, LEASE - MINUTE)
    assert other.look().runs == []
    later(hospital, MINUTE)
    (run,) = other.look().runs
    assert (run.state, run.attempt) == ("done", 2)
    assert len(hospital.runs()) == 1
    assert hospital.copies("daily") == ["2026-03-27_0130Z.html"]


def test_a_program_thought_dead_cannot_publish_what_it_still_made(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    slow, quick = hospital.program(), hospital.program()
    slow.look()
    later(hospital, DAY)

    def overtaken(name: str) -> None:
        hospital.reports.fails = lambda name: None
        later(hospital, LEASE)
        quick.look()

    hospital.reports.fails = overtaken
    assert slow.look().runs == []
    (run,) = hospital.runs()
    assert (run.state, run.attempt) == ("done", 2)
    assert hospital.page("daily") == "dose_by_protocol 2"
    assert hospital.copies("daily") == ["2026-03-27_0130Z.html"]


def test_a_report_that_kills_its_program_each_time_is_given_up_and_told(
    hospital: Hospital,
) -> None:
    hospital.plan(daily={**DAILY, "to": ["physics@hospital.lu"]})
    hospital.program().look()
    later(hospital, DAY)
    hospital.reports.fails = kill
    for _ in range(3):
        with pytest.raises(KilledError):
            hospital.program().look()
        later(hospital, LEASE)
    (run,) = hospital.program().look().runs
    assert (run.state, run.attempt, run.error_kind) == ("failed", 3, "ProgramEnded")
    assert "3 times" in run.message
    assert [told.number for told in hospital.told] == [run.number]
    assert hospital.program().look().runs == []


def test_a_run_that_waits_is_closed_when_its_next_time_comes(hospital: Hospital) -> None:
    hospital.plan(daily={**DAILY, "retry_minutes": 2000, "to": ["physics@hospital.lu"]})
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    hospital.reports.fails = refuse()
    program.look()
    hospital.reports.fails = lambda name: None
    later(hospital, DAY)
    program.look()
    old, new = hospital.runs()
    assert (old.state, old.error_kind, old.mail_state) == ("failed", "Superseded", "none")
    assert (new.state, new.skipped) == ("done", 0)
    assert [told.number for told in hospital.told] == [new.number]


def test_a_person_who_stops_a_report_hands_it_back(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    program.look()
    later(hospital, DAY)

    def interrupt(name: str) -> None:
        raise KeyboardInterrupt

    hospital.reports.fails = interrupt
    with pytest.raises(KeyboardInterrupt):
        program.look()
    hospital.reports.fails = lambda name: None
    (run,) = hospital.program().look().runs
    assert (run.state, run.attempt) == ("done", 2)


def test_who_asks_it_to_stop_waits_for_the_report_in_hand(hospital: Hospital) -> None:
    hospital.plan(**{f"plan{number}": DAILY for number in range(3)})
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    assert len(program.look(stop=lambda: bool(hospital.reports.made)).runs) == 1
    assert len(program.look().runs) == 2


def test_the_newest_copies_are_kept_and_the_last_good_page_stays(hospital: Hospital) -> None:
    hospital.plan(daily={**DAILY, "keep": 2, "tries": 1})
    program = hospital.program()
    program.look()
    for day in range(5):
        hospital.reports.fails = refuse() if day == 4 else lambda name: None
        later(hospital, DAY)
        program.look()
    assert hospital.copies("daily") == ["2026-03-29_0100Z.html", "2026-03-30_0030Z.html"]
    assert hospital.page("daily") == "dose_by_protocol 4"
    assert [bool(run.file) for run in hospital.runs()] == [False, False, True, True, False]


def test_what_killed_programs_have_left_goes_and_what_is_a_person_s_stays(
    hospital: Hospital,
) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    program.look()
    folder = hospital.folder / "reports" / "history" / "daily"
    folder.mkdir(parents=True)
    for name in ("2026-01-01_0130Z.html", ".run-77-1.html", "mine.html", "2026-01-01_0130Z.txt"):
        (folder / name).write_text("left")
    later(hospital, DAY)
    program.look()
    assert hospital.copies("daily") == [
        "2026-01-01_0130Z.txt", "2026-03-27_0130Z.html", "mine.html",
    ]  # fmt: skip


def test_a_changed_catalogue_cannot_name_a_file_to_be_removed(hospital: Hospital) -> None:
    hospital.plan(daily={**DAILY, "keep": 1})
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    program.look()
    victim = hospital.folder / "reports" / "history" / "other.html"
    victim.write_text("another's")
    hospital.survey.store._catalogue.write(
        "UPDATE report_run SET file = 'reports/history/daily/../other.html'"
    )
    later(hospital, DAY)
    program.look()
    assert victim.exists()


def test_stages_before_a_report_are_done_once_a_look(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    stages = {name: lambda survey, name=name: done.append(name) for name in ("map", "dose")}
    monkeypatch.setattr(scheduling, "STAGES", stages)
    both = {**DAILY, "before": ["map", "dose"]}
    hospital.plan(a=both, b=both, c=DAILY)
    program = hospital.program()
    program.look()
    for _ in range(2):
        later(hospital, DAY)
        program.look()
    assert done == ["map", "dose"] * 2


def test_a_stage_that_fails_fails_its_reports_only(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(survey: object) -> None:
        raise StoreError("the store is locked.")

    monkeypatch.setattr(scheduling, "STAGES", {"map": locked})
    hospital.plan(a={**DAILY, "before": ["map"]}, b=DAILY)
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    a, b = program.look().runs
    assert (a.state, a.error_kind, a.message) == ("retry", "StoreError", "the store is locked.")
    assert b.state == "done"


def test_a_holiday_moves_a_report_to_monday(hospital: Hospital) -> None:
    hospital.clock.at = datetime(2026, 4, 30, 12, tzinfo=UTC)
    monthly = {"report": "dose_by_protocol", "when": "0 6 1 * *", "holidays": "next"}
    hospital.plan(("2026-05-01",), monthly=monthly)
    program = hospital.program()
    program.look()
    for _ in range(6 * 24):
        later(hospital, 60 * MINUTE)
        program.look()
    assert slots(hospital) == ["05-04 06:00"]


def test_a_clock_set_back_makes_no_second_report_and_loses_none(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    program.look()
    later(hospital, DAY)
    program.look()
    later(hospital, -10 * 60 * MINUTE)
    for _ in range(48):
        later(hospital, 30 * MINUTE)
        program.look()
    assert slots(hospital) == ["03-27 02:30", "03-28 02:30"]


def test_a_clock_that_was_years_ahead_stops_nothing_when_it_is_right_again(
    hospital: Hospital,
) -> None:
    hospital.plan(daily={**DAILY, "tries": 2})
    program = hospital.program()
    later(hospital, 1500 * DAY)
    program.look()
    hospital.reports.fails = refuse()
    later(hospital, DAY)
    program.look()  # waits for its second try, years from now
    hospital.reports.fails = lambda name: None
    hospital.clock.at = BEGIN
    program.look()
    later(hospital, DAY)
    program.look()
    assert [f"{run.slot:%Y}" for run in hospital.runs() if run.state == "done"] == ["2026", "2030"]


def test_settings_that_change_are_followed_and_a_wrong_plan_is_told(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY, wrong={"at": "25:00"})
    program = hospital.program()
    look = program.look()
    assert set(look.mistakes) == {"wrong"}
    later(hospital, DAY)
    assert [run.name for run in program.look().runs] == ["daily"]
    # Another time of day counts from now on: its earlier times were not missed.
    hospital.plan(daily={**DAILY, "at": "03:00"})
    assert program.look().runs == []
    later(hospital, DAY)
    assert [run.skipped for run in program.look().runs] == [0]
    assert slots(hospital)[-1] == "03-28 03:00"


def test_a_plan_that_rests_is_not_made_and_not_caught_up(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    program.look()
    runs = hospital.survey.store.report_runs
    assert runs.pause("daily", "N. N.")
    later(hospital, 3 * DAY)
    assert program.look().runs == []
    assert program.states()[0].paused_by == "N. N."
    runs.resume("daily", hospital.clock.at)
    assert program.look().runs == []
    later(hospital, DAY)
    assert len(program.look().runs) == 1


def test_what_would_be_made_is_told_and_nothing_is_written(hospital: Hospital) -> None:
    hospital.plan(daily=DAILY)
    program = hospital.program()
    assert program.due() == []
    assert hospital.survey.store.report_runs.known({"daily": ""}, BEGIN) == {}
    program.look()
    later(hospital, 2 * DAY)
    for _ in range(2):
        (due,) = program.due()
        assert (due.plan.name, due.skipped, due.run) == ("daily", 1, None)
    assert hospital.runs() == []
    (state,) = program.states()
    assert state.last is None
    assert state.due == datetime(2026, 3, 29, 1, tzinfo=UTC)
    program.look()
    (state,) = program.states()
    assert state.last is not None
    assert state.last.state == "done"


def test_mail_that_fails_costs_no_report(hospital: Hospital) -> None:
    def away(plan: object, run: object) -> None:
        raise NetworkError("the mail server is away.")

    hospital.plan(a={**DAILY, "to": ["a@x.lu"]}, b=DAILY)
    program = hospital.program()
    program._tell = away
    program.look()
    later(hospital, DAY)
    assert [run.state for run in program.look().runs] == ["done", "done"]
    assert [run.name for run in hospital.survey.store.report_runs.unmailed()] == ["a"]
