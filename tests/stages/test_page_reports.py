"""Reports asked for on a page: each made once, cancelled at once, on both databases; signed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.stages.planned_reports import BOTH, Hospital, hospital_of
from tests.store.conftest import postgres  # noqa: F401
from workbench.cli import report_verbs
from workbench.errors import RightsError, SettingsError
from workbench.rights import GIVEN
from workbench.settings import StoreSettings
from workbench.stages.dated_copies import dated_copy, signature_file
from workbench.stages.page_reports import TRIES, PageReports
from workbench.stages.report_signatures import report_signatures, sign_report, signers
from workbench.store.asked_reports import CANCELLED
from workbench.store.report_runs import LEASE, PlanRun
from workbench.survey import open_survey

BEGIN = datetime(2026, 12, 1, 9, 30, 5, tzinfo=UTC)
WHO = ("A. Physicist", "Medical physicist")


@pytest.fixture(params=BOTH)
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    yield from hospital_of(request, tmp_path / "w", BEGIN)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Hospital]:
    """A hospital whose catalogue is a file: where the engine makes no difference."""
    made = Hospital(tmp_path / "w", StoreSettings(), BEGIN)
    yield made
    made.close()


def pages(hospital: Hospital) -> PageReports:
    """Return another program, with a connection of its own."""
    hospital._opened.append(open_survey(hospital.folder))
    return PageReports(hospital._opened[-1], hospital.clock, hospital.reports)


def made(hospital: Hospital, **parameters: object) -> PlanRun:
    program = pages(hospital)
    program.ask("dose_by_protocol", parameters)
    (run,) = program.carry_out()
    return run


def test_two_programs_make_what_was_asked_for_once(hospital: Hospital) -> None:
    programs = [pages(hospital) for _ in range(2)]
    asked = [programs[0].ask("dose_by_protocol", {"year": year}, "fr") for year in (2011, 2019)]
    assert [run.attempt for run in asked] == [0, 0]
    assert asked[0].slot < asked[1].slot  # two of one second are two files
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(PageReports.carry_out, programs))
    runs = hospital.runs()
    assert [run.state for run in runs] == ["done", "done"]
    assert sorted(given["year"] for _, given in hospital.reports.made) == [2011, 2019]
    assert {given["language"] for _, given in hospital.reports.made} == {"fr"}
    copies = {dated_copy(hospital.folder, run) for run in runs}
    assert len(copies) == 2
    assert all(copy.is_file() for copy in copies)
    assert programs[0].carry_out() == []


def test_what_is_asked_for_is_no_plan_and_disturbs_none(hospital: Hospital) -> None:
    hospital.plan(daily={"report": "dose_by_protocol", "at": "02:30"})
    program = hospital.program()
    program.look()
    pages(hospital).ask("dose_by_protocol", {})
    assert program.look().runs == []
    assert [state.plan.name for state in program.states()] == ["daily"]
    assert [state.last for state in program.states()] == [None]


def test_what_a_report_does_not_take_is_refused_before_it_is_noted(ours: Hospital) -> None:
    with pytest.raises(SettingsError, match="no parameter 'sex'"):
        pages(ours).ask("dose_by_protocol", {"sex": "F"})
    with pytest.raises(SettingsError, match="type int"):
        pages(ours).ask("dose_by_protocol", {"year": "soon"})
    with pytest.raises(SettingsError, match="no report"):
        pages(ours).ask("../secret", {})
    assert ours.runs() == []


def test_cancelled_while_it_waits_nothing_is_made(hospital: Hospital) -> None:
    program = pages(hospital)
    run = program.ask("dose_by_protocol", {})
    assert program.cancel(run.number)
    assert not program.cancel(run.number)
    assert program.carry_out() == []
    (ended,) = hospital.runs()
    assert (ended.state, ended.error_kind) == ("failed", CANCELLED)
    assert hospital.reports.made == []


def test_cancelled_at_work_leaves_no_file_and_the_next_one_is_made(hospital: Hospital) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def wait(_: str) -> None:
        at_work.set()
        assert go_on.wait(20)

    program, other = pages(hospital), pages(hospital)
    run = program.ask("dose_by_protocol", {})
    hospital.reports.fails = wait
    worker = threading.Thread(target=program.carry_out)
    worker.start()
    assert at_work.wait(20)
    assert other.cancel(run.number)
    go_on.set()
    worker.join(20)
    assert hospital.runs()[0].error_kind == CANCELLED
    assert not dated_copy(hospital.folder, run).exists()
    assert made(hospital).state == "done"


def test_a_plan_cannot_be_cancelled_by_its_number(ours: Hospital) -> None:
    ours.plan(daily={"report": "dose_by_protocol", "at": "02:30"})
    program = ours.program()
    program.look()
    ours.clock.at += timedelta(days=1)
    ours.reports.fails = lambda name: {}[name]
    (run,) = program.look().runs
    assert run.state == "retry"
    assert not pages(ours).cancel(run.number)


def test_a_page_that_is_closed_leaves_its_run_to_the_next_but_not_for_ever(ours: Hospital) -> None:
    program = pages(ours)
    run = program.ask("dose_by_protocol", {})
    runs = ours.survey.store.report_runs
    assert runs.take_over(run, "closed", ours.clock())
    assert program.carry_out() == []  # somebody has it in hand
    ours.clock.at += LEASE + timedelta(seconds=1)
    (again,) = program.carry_out()
    assert (again.state, again.attempt) == ("done", 2)

    ours.clock.at += timedelta(seconds=1)
    run = program.ask("dose_by_protocol", {})
    for _ in range(TRIES):
        taken = runs.take_over(runs.run(run.number), "closed", ours.clock())
        assert taken
        ours.clock.at += LEASE + timedelta(seconds=1)
    assert program.carry_out() == []
    assert runs.run(run.number).error_kind == "ProgramEnded"


def test_a_report_that_fails_says_cell_and_kind_and_is_not_tried_again(ours: Hospital) -> None:
    ours.reports.fails = lambda name: {}[name]
    run = made(ours)
    assert (run.state, run.cell, run.error_kind) == ("failed", 4, "KeyError")
    assert pages(ours).carry_out() == []


def test_asking_and_signing_need_the_right_to_decide(
    ours: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(ours)
    monkeypatch.setenv(GIVEN, "look")
    with pytest.raises(RightsError):
        pages(ours).ask("dose_by_protocol", {})
    with pytest.raises(RightsError):
        pages(ours).cancel(run.number)
    with pytest.raises(RightsError):
        sign_report(ours.folder, run, WHO, BEGIN)
    assert report_signatures(ours.folder, run) == []


# --- signatures ----------------------------------------------------------------------------------


def test_a_signature_holds_until_the_file_is_changed(ours: Hospital) -> None:
    run = made(ours)
    sign_report(ours.folder, run, WHO, BEGIN)
    sign_report(ours.folder, run, ("B. Head", "Head"), BEGIN)
    first, second = report_signatures(ours.folder, run)
    assert (first.name, first.role, first.sha256) == (*WHO, run.sha256)
    assert first.fingerprint == run.fingerprint
    assert first.holds
    assert second.holds
    copy = dated_copy(ours.folder, run)
    before = copy.read_bytes()
    copy.write_bytes(before + b" ")
    assert [each.holds for each in report_signatures(ours.folder, run)] == [False, False]
    with pytest.raises(SettingsError, match="changed after it was made"):
        sign_report(ours.folder, run, WHO, BEGIN)
    copy.write_bytes(before)
    assert all(each.holds for each in report_signatures(ours.folder, run))
    copy.unlink()
    assert not any(each.holds for each in report_signatures(ours.folder, run))


def test_a_spoilt_signature_is_shown_and_holds_nothing(ours: Hospital) -> None:
    run = made(ours)
    sign_report(ours.folder, run, WHO, BEGIN)
    file = signature_file(dated_copy(ours.folder, run))
    for spoilt in ("{", "[1]", '[{"name": "x"}]', file.read_text().replace(run.sha256, "0" * 64)):
        file.write_text(spoilt)
        (shown,) = report_signatures(ours.folder, run)
        assert not shown.holds


@pytest.mark.parametrize("who", [("", "Head"), ("A. B.", " "), ("A\u202eB", "Head")])
def test_who_does_not_say_name_and_role_signs_nothing(ours: Hospital, who: tuple[str, str]) -> None:
    run = made(ours)
    with pytest.raises(SettingsError, match="name and a role"):
        sign_report(ours.folder, run, who, BEGIN)


def test_signed_copies_are_kept_whatever_a_plan_keeps(ours: Hospital) -> None:
    ours.plan(daily={"report": "dose_by_protocol", "at": "02:30", "keep": 1})
    program = ours.program()
    program.look()
    signed = None
    for _ in range(3):
        ours.clock.at += timedelta(days=1)
        (run,) = program.look().runs
        if signed is None:
            signed = run
            sign_report(ours.folder, run, WHO, BEGIN)
    assert signed
    assert len([name for name in ours.copies("daily") if name.endswith(".html")]) == 2
    assert report_signatures(ours.folder, signed)[0].holds
    assert list(signers(ours.folder)) == [WHO]


# --- who looks -----------------------------------------------------------------------------------


def test_a_watch_looks_for_wishes_between_two_looks_at_the_plans(ours: Hospital) -> None:
    program = pages(ours)
    looks: list[float] = []

    class Stopped(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            looks.append(timeout or 0.0)
            if len(looks) == 2:
                program.ask("quality_due", {})
            return len(looks) > 3

    assert report_verbs._make_asked(program, Stopped()) == 1
    assert looks == [report_verbs.ASKED_INTERVAL_S] * 4
    assert ours.reports.made[0][0] == "quality_due"
