"""The collector works a queue unattended: in its hours, paused, killed, with a PACS away."""

from __future__ import annotations

import csv
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pydicom.dataset import Dataset

from workbench.cli import main
from workbench.collect.hours.week_grid import Override
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.collector_state import collector_state
from workbench.collect.queue.control import Command, Control
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.model import ApplicationEntity
from workbench.settings import CollectSettings, EntitySettings, Settings, SurveySettings
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench.stages.collecting import Collector, collect
from workbench.stages.ledger_table import publish_ledger
from workbench.store.erasure_proof import prove
from workbench.survey import Survey, create_survey, open_survey

QUICK = CollectSettings(
    pause_s=0.0, quiet_s=1.0, answer_s=5.0, retrieve_s=10.0, tries=2, retry_minutes=0.0
)
NEVER = {"query": {"monday": "." * 24}}


@cache
def simulated(patients: int) -> tuple[tuple[str, ...], list[Dataset]]:
    """Patient IDs and at most five objects of each series, because it is the queue that counts."""
    made = simulate_hospital(seed=3, patients=patients)
    series: dict[str, list[Dataset]] = {}
    for one in made.objects():
        series.setdefault(str(one.SeriesInstanceUID), []).append(one)
    return made.patient_ids, [one for each in series.values() for one in each[:5]]


@contextmanager
def hospital(
    folder: Path, patients: int = 2, kind: type[EmbeddedPacs] = EmbeddedPacs, **settings: Any
) -> Iterator[tuple[Survey, EmbeddedPacs, list[ListedPatient]]]:
    """A workspace, and a PACS that knows its receiver and holds simulated patients."""
    local, pacs = (ApplicationEntity(name, port=free_port()) for name in ("WORKBENCH", "PACS"))
    options = {"collect": QUICK, **settings}
    survey = create_survey(
        folder / "w",
        Settings(
            SurveySettings("test", "LU01"), EntitySettings.of(local), EntitySettings.of(pacs),
            **options,
        ),
    )  # fmt: skip
    with kind(pacs, folder / "pacs", {local.title: local}) as archive:
        ids, objects = simulated(patients)
        archive.load(objects)
        yield survey, archive, [ListedPatient(one) for one in ids]
    survey.close()


@contextmanager
def at_work(survey: Survey) -> Iterator[Collector]:
    """A collector in a thread of its own, as the service runs it."""
    collector = Collector(survey)
    thread = threading.Thread(target=collector.run)
    thread.start()
    try:
        yield collector
    finally:
        collector.stop()
        thread.join(30)
        assert not thread.is_alive(), "it ends after the patient in hand"


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


@contextmanager
def page(survey: Survey) -> Iterator[tuple[Queue, Control]]:
    """What a page of another process sees and asks."""
    file = HospitalFile(survey.folder)
    yield Queue(file), Control(file)
    file.close()


def tells(control: Control, words: str) -> int:
    return sum(words in one["text"] for one in control.events())


def test_a_list_is_collected_and_a_second_time_nobody_is_asked(tmp_path: Path) -> None:
    with hospital(tmp_path) as (survey, pacs, patients):
        first = collect(survey, patients)
        assert first.complete
        assert first.states()["complete"] == len(patients)
        asked: list[str] = []
        pacs.answers = lambda level, keys: asked.append(level) or iter(())  # type: ignore[method-assign,assignment]
        again = collect(survey, patients)
        assert again.complete
        assert asked == []
        counts = first.as_json()
        assert counts["expected"] == counts["received"] == survey.table("instance").height > 0
        ledger = survey.table("ledger")
    assert ledger["missing"].sum() == 0
    assert ledger["stored"].sum() == counts["received"]
    assert set(ledger["patient"]) == set(survey_patients(tmp_path))


def survey_patients(folder: Path) -> list[str]:

    survey = open_survey(folder / "w")
    names = survey.table("instance")["patient"].to_list()
    survey.close()
    return names


def test_outside_its_hours_nobody_is_asked_and_now_overrides_it_with_an_end(tmp_path: Path) -> None:
    with hospital(tmp_path, schedule=NEVER) as (survey, _, patients):
        closed = collect(survey, patients)
        assert closed.states()["waiting"] == len(patients)
        assert "schedule is closed" in closed.sentence()
        with page(survey) as (queue, control), at_work(survey):
            until(lambda: tells(control, "closed") > 0)
            control.override = Override(datetime.now(UTC) + timedelta(minutes=5), opened=True)
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))


def test_the_page_pauses_resumes_and_stops_it(tmp_path: Path) -> None:
    with hospital(tmp_path) as (survey, _, patients), page(survey) as (queue, control):
        control.command = Command.PAUSE
        queue.add(patients)
        with at_work(survey) as collector:
            until(lambda: any(beat.fresh for beat in control.heartbeats()))
            until(lambda: tells(control, "Paused") > 0)
            assert queue.states()[PatientState.WAITING] == len(patients)
            control.command = Command.RUN
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
            (beat,) = control.heartbeats()
            assert beat.told["memory"] > 0
            assert beat.owner == collector.owner
            control.command = Command.STOP
            until(lambda: control.heartbeats() == [])


def test_a_pause_begins_between_two_patients_and_while_the_pacs_is_away_and_is_told_so(
    tmp_path: Path,
) -> None:
    slow = replace(QUICK, pause_s=10_000.0)
    with (
        hospital(tmp_path, collect=slow) as (survey, _, patients),
        page(survey) as (queue, control),
    ):
        queue.add(patients)

        def says(words: str) -> bool:
            return collector_state(control, survey.folder, ZoneInfo("UTC")).text.startswith(words)

        with at_work(survey):
            until(lambda: says("Working; a pause between two patients."))
            control.command = Command.PAUSE
            assert says("Asked to pause") or says("Paused.")
            until(lambda: says("Paused."))
            control.command = Command.RUN
            until(lambda: queue.states()[PatientState.COMPLETE] == 2)
        assert says("Not running since")
    with (
        hospital(tmp_path / "away", kind=Away) as (survey, _, patients),
        page(survey) as (
            queue,
            control,
        ),
    ):
        queue.add(patients)
        with at_work(survey):
            until(lambda: says("The PACS is away."))
            control.command = Command.PAUSE
            until(lambda: says("Paused."))


class Away(EmbeddedPacs):
    """Refuses to answer anything until it is back."""

    def __enter__(self) -> Self:
        self.entity = replace(self.entity)
        return self

    def __exit__(self, *_: object) -> None:
        if self._node._servers:
            super().__exit__()

    def back(self) -> None:
        super().__enter__()


def test_a_pacs_that_is_away_costs_no_patient_a_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.stages.collecting.RETRY_INTERVALS_S", (0.2,))
    with (
        hospital(tmp_path, kind=Away) as (survey, pacs, patients),
        page(survey) as (queue, control),
    ):
        queue.add(patients)
        with at_work(survey):
            until(lambda: tells(control, "could not be reached") > 4)
            assert {row["tries"] for row in queue.rows()} <= {0, 1}
            pacs.back()
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))


def test_settings_changed_on_the_page_hold_from_the_next_patient_on(tmp_path: Path) -> None:
    with (
        hospital(tmp_path, schedule=NEVER) as (survey, _, patients),
        page(survey) as (queue, control),
    ):
        queue.add(patients)
        with at_work(survey):
            until(lambda: len(control.events()) > 1)
            replace(survey.settings, schedule={}).write(survey.folder)
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
            (survey.folder / "workbench.toml").write_text("not toml")
            until(lambda: tells(control, "not taken over") > 0)


class Refusing(EmbeddedPacs):
    """Says that it sends, and never does."""

    def send(self, *_: Any, **__: Any) -> Any:
        status = Dataset()
        status.Status = 0xA702
        return status


def test_a_patient_that_cannot_be_had_is_tried_again_and_then_left_to_a_person(
    tmp_path: Path,
) -> None:
    with hospital(tmp_path, patients=1, kind=Refusing) as (survey, _, patients):
        collected = collect(survey, patients)
        (patient,) = collected.patients
        assert patient["state"] == "incomplete"
        assert patient["tries"] == QUICK.tries
        assert "did not arrive" in str(patient["reason"])
        assert not collected.complete


def test_the_disk_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.collect.queue.heartbeat.MIN_FREE_BYTES", 2**70)
    with hospital(tmp_path, patients=1) as (survey, _, patients):
        told = collect(survey, patients)
        assert told.states()["waiting"] == 1
        assert "disk is nearly full" in told.sentence()


def test_killed_in_the_middle_it_is_taken_up_and_nothing_is_lost(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=3) as (survey, _, patients):
        with page(survey) as (queue, control):
            queue.add(patients)
            command = [sys.executable, "-m", "workbench.cli", "collect", "run", "-w",
                       str(survey.folder)]  # fmt: skip
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            until(lambda: queue.states()[PatientState.WAITING] < len(patients))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert [beat.lives for beat in control.heartbeats()] == [False]
            done = subprocess.run(
                [*command, "--until-done", "--json"], capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout.splitlines()[-1])["patients"]["complete"] == len(patients)
            assert control.heartbeats() == []
        instances = survey.table("instance")
        assert instances["SOPInstanceUID"].n_unique() == instances.height
        assert survey.table("ledger")["missing"].sum() == 0


def test_nothing_of_a_patient_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with hospital(tmp_path, kind=Refusing) as (survey, _, patients):
        told = repr(collect(survey, patients))
        with page(survey) as (queue, control):
            told += repr(queue.rows()) + repr(control.events())
        told += repr(survey.table("ledger").rows())
        out, err = capfd.readouterr()
        for patient in patients:
            assert patient.patient_id not in told + out + err


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_the_command_line_does_all_a_page_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hospital(tmp_path, patients=2) as (survey, _, patients):
        w = ("-w", survey.folder)
        listed = tmp_path / "patients.csv"
        listed.write_text("patient_id\n" + "\n".join(one.patient_id for one in patients))
        assert run(capsys, "collect", "add", listed, *w) == (0, {"added": 2, "known": 0})
        assert run(capsys, "collect", "add", "--id", "NOBODY", *w) == (0, {"added": 1, "known": 0})
        code, status = run(capsys, "collect", "status", *w)
        assert (code, status["working"], status["patients"]["waiting"]) == (0, False, 3)
        code, tests = run(capsys, "collect", "test", *w)
        assert code == 0, tests
        run(capsys, "collect", "pause", *w)
        code, told = run(capsys, "collect", "run", "--until-done", *w)
        assert (code, told["patients"]["waiting"]) == (1, 3)
        run(capsys, "collect", "resume", *w)
        code, told = run(capsys, "collect", "run", "--until-done", *w)
        assert (code, told["patients"]["complete"], told["patients"]["not found"]) == (1, 2, 1)
        assert run(capsys, "collect", "retry", *w)[1] == {"patients": 1}
        assert run(capsys, "collect", "retry", 1, *w)[1] == {"patients": 0, "not_asked": [1]}
        assert run(capsys, "collect", "retry", 1, "--again", *w)[1] == {"patients": 1}
        rows = run(capsys, "collect", "list", "--state", "waiting", *w)[1]["patients"]
        assert [row["number"] for row in rows] == [3], "who is complete stays so meanwhile"
        assert run(capsys, "collect", "status", *w)[1]["plan"]["waiting"] == 2
        assert "override" in run(capsys, "collect", "now", "--minutes", 5, "--not", *w)[1]["hours"]
        run(capsys, "collect", "now", "--end", *w)


def test_local_lists_name_patients_and_are_deleted_for_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hospital(tmp_path, patients=2) as (survey, _, patients):
        collect(survey, patients)
        w, out = ("-w", survey.folder), tmp_path / "list.csv"
        code, _ = run(capsys, "collect", "export", "--out", out, *w)
        assert code == 0
        assert out.stat().st_mode & 0o077 == 0
        rows = list(csv.DictReader(out.open()))
        assert {row["patient_id"] for row in rows} == {one.patient_id for one in patients}
        assert {row["pseudonym"] for row in rows} <= set(survey.table("instance")["patient"])
        assert sum(int(row["stored"]) for row in rows) == survey.table("instance").height
        assert run(capsys, "collect", "export", "--out", out, *w)[0] == 2, "nothing is overwritten"

        monkeypatch.setattr("builtins.input", lambda _: "another name")
        assert run(capsys, "collect", "delete-list", *w)[0] == 2
        answers = iter(["test", "test"])
        monkeypatch.setattr("builtins.input", lambda _: next(answers))
        code, proof = run(capsys, "collect", "delete-list", *w)
        assert (code, proof["left"]) == (0, 0)
        assert proof["rows"] > 0
        assert proof["values"] > 4
        assert survey.table("instance").height > 0, "what was collected stays"
        held = b"".join(file.read_bytes() for file in survey.folder.glob("hospital.sqlite*"))
        assert not any(one.patient_id.encode() in held for one in patients)


def test_who_was_answered_is_deleted_when_asked_and_the_counts_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hospital(tmp_path, patients=2) as (survey, _, patients):
        nobody, waiting = ListedPatient("NOBODY-7"), ListedPatient("LATER-8")
        collect(survey, [*patients, nobody])
        before = survey.table("ledger").sort("patient", "StudyInstanceUID")
        w, sure = ("-w", survey.folder), ("--sure", "test", "--sure", "test")
        with page(survey) as (queue, _):
            queue.add([waiting])
        code, proof = run(capsys, "collect", "delete-answered", *w, *sure)
        assert (code, proof["left"]) == (0, 0)
        assert proof["values"] > 10
        publish_ledger(survey)
        after = survey.table("ledger").sort("patient", "StudyInstanceUID")
        assert after.filter(pl.col("state") != "waiting").equals(before)
        assert survey.table("instance").height == before["stored"].sum()
        with page(survey) as (queue, _):
            assert [row["state"] for row in queue.rows()] == ["waiting"]
            assert queue.numbers([*patients, nobody, waiting]) == [4]
        (again,) = collect(survey, patients[:1]).patients
        assert (again["state"], again["received"]) == ("complete", 0), "asked for again, and here"
        once = survey.table("ledger").filter(pl.col("state") == "complete")
        assert once.select("patient", "StudyInstanceUID").is_unique().all(), "told once"
        assert run(capsys, "collect", "delete-answered", *w, "--sure", "no")[0] == 2


def test_everything_can_be_deleted_though_the_key_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hospital(tmp_path, patients=1) as (survey, _, patients):
        collect(survey, patients)
        survey.close()
        (survey.folder / "hospital.key").unlink()
        w, sure = ("-w", survey.folder), ("--sure", "test", "--sure", "test")
        code, told = run(capsys, "collect", "delete-list", *w, *sure)
        assert code == 2, "whom to look for afterwards is not known"
        assert "key" in told["message"]
        code, proof = run(capsys, "collect", "delete-everything", *w, *sure)
        assert (code, proof["left"], proof["untested"]) == (0, 0, 1)
        assert [file.name for file in survey.folder.rglob("*")] == ["workbench.toml"]


def test_the_proof_of_deletion_looks_for_bytes_too(tmp_path: Path) -> None:
    (tmp_path / "old.sqlite").write_bytes(b"page" + bytes(range(200, 232)) + b"page")
    assert prove(tmp_path, [bytes(range(200, 232))], rows=1).left == 1
    assert prove(tmp_path, [bytes(range(201, 233))], rows=1).left == 0


def test_the_proof_of_deletion_finds_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("call 4711-8 back")
    proof = prove(tmp_path, ["4711-8", "9999999"], rows=1)
    assert (proof.left, proof.where) == (1, ("note.txt",))


def test_everything_is_deleted_but_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hospital(tmp_path, patients=1) as (survey, _, patients):
        collect(survey, patients)
        code, proof = run(
            capsys, "collect", "delete-everything", "-w", survey.folder,
            "--sure", "test", "--sure", "test",
        )  # fmt: skip
        assert (code, proof["left"]) == (0, 0)
        assert [file.name for file in survey.folder.rglob("*")] == ["workbench.toml"]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 5), (date(2026, 10, 24), 7), (date(2026, 6, 6), 6)],
    ids=["the hour that is missing", "the hour that lasts two", "an ordinary night"],
)
def test_a_night_lasts_as_long_as_the_clock_on_the_wall_says(
    day: date, hours: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = dict.fromkeys(("saturday", "sunday"), "######..................")
    schedule = {"zone": "Europe/Luxembourg", "query": nights}
    pacs = EntitySettings("PACS", port=1)
    survey = create_survey(tmp_path / "w", Settings(pacs=pacs, schedule=schedule))
    collector = Collector(survey)
    monkeypatch.setattr(
        collector, "pulse", Mock(disk_problem=lambda: "", disk_warning=lambda: ""), raising=False
    )
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    clock = [noon]

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return clock[0]

    monkeypatch.setattr("workbench.stages.asking_hours.datetime", Clock)
    monkeypatch.setattr("workbench.collect.queue.control.datetime", Clock)
    open_minutes = 0
    for minute in range(24 * 60):
        clock[0] = noon + timedelta(minutes=minute)
        open_minutes += not collector._must_wait()
    assert open_minutes == hours * 60
    survey.close()


def test_a_locked_database_is_waited_for_and_the_night_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.database.LOCK_TIMEOUT_S", 0.1)
    monkeypatch.setattr("workbench.stages.collecting.RETRY_INTERVAL_S", 0.1)
    with hospital(tmp_path) as (survey, _, patients), page(survey) as (queue, control):
        queue.add(patients)
        control.command = Command.PAUSE
        other = sqlite3.connect(survey.folder / "hospital.sqlite", isolation_level=None)
        with at_work(survey):
            until(lambda: tells(control, "Paused") > 0)
            control.command = Command.RUN
            other.execute("BEGIN IMMEDIATE")
            time.sleep(2.0)
            other.execute("COMMIT")
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
        other.close()
