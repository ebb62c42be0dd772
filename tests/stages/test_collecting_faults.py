"""What goes wrong in a night: a second collector, a PACS that is away or pending, a kill."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_MOVE

from tests.collect.dimse.test_move import say_pending
from tests.stages.test_collecting import (
    QUICK,
    Away,
    at_work,
    hospital,
    page,
    simulated,
    tells,
    until,
)
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.control import Command
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.overview import Desk
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.errors import SettingsError
from workbench.schema import INSTANCE
from workbench.services.running_process import Process
from workbench.settings import EntitySettings
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench.stages.collecting import Collector, collect
from workbench.survey import open_survey


def test_a_second_collector_is_refused_and_told_which_one_works(tmp_path: Path) -> None:
    with hospital(tmp_path) as (survey, _, patients), page(survey) as (queue, control):
        other = open_survey(survey.folder)
        other.settings = replace(
            other.settings, local=EntitySettings("WORKBENCH", port=free_port(), host="127.0.0.1")
        )
        with at_work(survey) as first:
            until(lambda: any(beat.fresh for beat in control.heartbeats()))
            with pytest.raises(SettingsError, match="another collector") as refused:
                Collector(other).run()
            queue.add(patients)
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
            (beat,) = control.heartbeats()
            assert beat.owner == first.owner
            for words in (f"process {os.getpid()}", socket.gethostname(), "since 20"):
                assert words in str(refused.value)
                assert words in beat.name
        Collector(other, until_done=True).run()  # the first has ended
        other.close()


def test_a_collector_of_another_machine_is_known_by_its_heartbeat_alone(tmp_path: Path) -> None:
    with hospital(tmp_path) as (survey, _, _), page(survey) as (_, control):
        theirs = str(replace(Process.this(), boot="another machine")) + ":x"
        control.beat(theirs, {"host": "elsewhere", "since": "2026-11-30T20:00:00"})
        with pytest.raises(SettingsError, match="on elsewhere, since 2026-11-30 20:00:00 UTC"):
            Collector(survey).run()
        file = HospitalFile(survey.folder)
        told = json.dumps({"host": "elsewhere", "clock": time.time() - 60})
        file.write("UPDATE control SET value = ? WHERE name = ?", told, f"heartbeat {theirs}")
        file.close()
        Collector(survey, until_done=True).run()
        assert control.heartbeats() == [], "it has said nothing for a minute"


def test_a_heartbeat_that_hangs_is_still_a_collector(tmp_path: Path) -> None:
    """It holds the port and may go on any moment: a person ends it."""
    with hospital(tmp_path) as (survey, _, _), page(survey) as (_, control):
        control.enter(f"{Process.this()}:x", {"host": socket.gethostname()})
        file = HospitalFile(survey.folder)
        told = json.dumps({"host": socket.gethostname(), "clock": time.time() - 999})
        file.write("UPDATE control SET value = ?", told)
        file.close()
        with pytest.raises(SettingsError, match="another collector"):
            Collector(survey, until_done=True).run()


class Restarting(EmbeddedPacs):
    """Is away for a while after its first patients, as when it is restarted."""

    moves = 0
    away = False

    def _move(self, event: Any) -> Iterator[Any]:
        self.moves += 1
        if self.moves == 2 and not self.away:
            self.away = True
            threading.Thread(target=self.restart, daemon=True).start()
            event.assoc.abort()
            return
        yield from super()._move(event)

    def restart(self) -> None:
        super().__exit__()
        time.sleep(1.5)
        super().__enter__()


def test_a_run_of_a_list_waits_for_a_pacs_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.stages.collecting.RETRY_INTERVALS_S", (0.2,))
    with hospital(tmp_path, patients=4, kind=Restarting) as (survey, pacs, patients):
        told: list[str] = []
        collected = collect(survey, patients, lambda done, total, text: told.append(text))
        assert pacs.away  # type: ignore[attr-defined]
        assert collected.complete, collected.as_json()
        assert any("the PACS is away" in text for text in told), "who waits is told why"
        with page(survey) as (_, control):
            assert tells(control, "Trying again in") > 0


def test_a_run_of_a_list_gives_up_in_the_end_and_nobody_has_lost_a_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.stages.collecting.RETRY_INTERVALS_S", (0.1,))
    monkeypatch.setattr("workbench.stages.collecting.MAX_AWAY_S", 1.0)
    with hospital(tmp_path, kind=Away) as (survey, pacs, patients):
        collected = collect(survey, patients)
        assert collected.states()["waiting"] == len(patients)
        assert {patient["tries"] for patient in collected.patients} == {0}
        assert "away for too long" in collected.sentence()
        pacs.back()  # type: ignore[attr-defined]
        assert collect(survey, patients).complete


class Pending(EmbeddedPacs):
    """Answers "pending" for ever to the first request, and sends nothing."""

    asked = 0
    begun = threading.Event()

    def _move(self, event: Any) -> Iterator[Any]:
        self.asked += 1
        if self.asked > 1:
            yield from super()._move(event)
            return
        us = self.destinations["WORKBENCH"]
        yield us.host, us.port, {"contexts": [build_context(CTImageStorage)]}
        yield 1
        while event.assoc.is_established and not event.is_cancelled:
            say_pending(event, C_MOVE())
            self.begun.set()
            time.sleep(0.02)


def test_pending_for_ever_is_given_up_and_the_queue_goes_on(tmp_path: Path) -> None:
    limits = replace(QUICK, retrieve_s=1.0, retry_minutes=60.0)
    with hospital(tmp_path, patients=3, kind=Pending, collect=limits) as (survey, _, patients):
        collected = collect(survey, patients)
        assert collected.states()["complete"] == 2
        (left,) = [one for one in collected.patients if one["state"] != "complete"]
        assert left["state"] == "incomplete"
        assert "gave it up: nothing moved any more" in str(left["reason"])


@pytest.mark.parametrize("how", ["the page", "once", "twice"])
def test_stop_ends_a_request_that_brings_nothing(tmp_path: Path, how: str) -> None:
    limits = replace(QUICK, retrieve_s=3600.0)
    Pending.begun.clear()
    with (
        hospital(tmp_path, kind=Pending, collect=limits) as (survey, _, patients),
        page(survey) as (queue, control),
    ):
        queue.add(patients)
        with at_work(survey) as collector:
            assert Pending.begun.wait(30)
            if how == "the page":
                control.command = Command.STOP
            for _ in range({"once": 1, "twice": 2}.get(how, 0)):
                collector.stop()
            # Five seconds are the promise; what is checked is that it does not take the hour.
            until(lambda: control.heartbeats() == [])
        assert queue.states()[PatientState.WAITING] == len(patients)
        assert {row["tries"] for row in queue.rows()} == {0}, "stopped is not tried"


def test_killed_again_and_again_in_hand_a_patient_is_not_failed(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=1) as (survey, _, patients), page(survey) as (queue, control):
        queue.add(patients)
        for _ in range(6):  # more often than a patient is tried
            dead = Queue(HospitalFile(survey.folder), "1:0.5:gone:x")
            assert dead.lease() is not None
            again = Collector(survey, until_done=True)
            again._free_the_dead()
            again.hospital.close()
        assert tells(control, "counts as no try") == 6
        assert collect(survey, patients).complete
        assert queue.rows()[0]["tries"] == 1


class Growing(EmbeddedPacs):
    """May be told to answer queries no more, or that it knows nobody."""

    mood = ""

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        if self.mood == "refuses":
            yield 0xA700, None
        elif self.mood == "knows nobody":
            yield 0x0000, None
        else:
            yield from super()._find(event)


def test_a_recheck_keeps_complete_until_the_answer_differs(tmp_path: Path) -> None:
    with (
        hospital(tmp_path, patients=1, kind=Growing) as (survey, pacs, patients),
        page(survey) as (queue, _),
    ):
        assert collect(survey, patients).complete

        def rechecked(mood: str) -> dict[str, Any]:
            pacs.mood = mood  # type: ignore[attr-defined]
            queue.ask_again([1])
            assert queue.rows()[0]["state"] == "complete", "asking is no answer"
            Collector(survey, until_done=True).run()
            (row,) = queue.rows()
            return row

        same = rechecked("")
        assert (same["state"], same["received"], same["reason"]) == ("complete", 0, "")
        silent = rechecked("refuses")
        assert silent["state"] == "complete"
        assert "without an answer" in silent["reason"]
        assert silent["expected"] == same["expected"]
        gone = rechecked("knows nobody")
        assert (gone["state"], gone["due"]) == ("not found", None)


def test_received_is_what_came_in_this_run(tmp_path: Path) -> None:
    with hospital(tmp_path) as (survey, _, patients):
        first = collect(survey, patients).as_json()
        again = collect(survey, patients).as_json()
        assert first["received"] == first["expected"] > 0
        assert (again["received"], again["already"]) == (0, first["expected"])
        assert "0 objects received" in collect(survey, patients).sentence()


def test_a_disk_that_fills_is_told_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [11 * 2**30]
    monkeypatch.setattr(
        "workbench.collect.queue.heartbeat.shutil.disk_usage", lambda _: Mock(free=free[0])
    )
    with (
        hospital(tmp_path) as (survey, _, patients),
        page(survey) as (queue, control),
        at_work(survey),
    ):
        until(lambda: tells(control, "queue is done") > 0)
        assert tells(control, "disk is filling") == 0
        free[0] = 5 * 2**30
        until(lambda: tells(control, "disk is filling: 5.0 GB are free") == 1)
        until(lambda: "disk is filling" in " ".join(Desk(survey).status().lines()))
        queue.add(patients)
        until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
        assert tells(control, "disk is filling") == 1, "once"
        free[0] = 20 * 2**30
        time.sleep(1.0)
        free[0] = 4 * 2**30
        until(lambda: tells(control, "disk is filling") == 2)


def test_what_waits_in_the_catalogue_is_moved_while_objects_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.instances.WAITING_ROWS", 5)
    monkeypatch.setattr("workbench.stages.inbox_unloading.LOOK_INTERVAL_S", 0.05)
    with hospital(tmp_path) as (survey, _, patients), page(survey) as (queue, _):
        queue.add(patients)
        with at_work(survey):
            until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
            until(lambda: survey.store.waiting() < 5)
            assert len(survey.store._tables.parts(INSTANCE)) > 0
        assert not list(survey.store.problems())


class Localizer(EmbeddedPacs):
    """Names a series, and in its objects too, by what is no UID; neither lists nor counts it."""

    name = "LOCALIZER2.25.4711.1"

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        if level == "IMAGE" and keys.SeriesInstanceUID == self.name:
            return
        for found in super().answers(level, keys):
            for keyword in ("NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances"):
                if keyword in found:
                    delattr(found, keyword)
            if level == "SERIES" and self.name.endswith(found.SeriesInstanceUID):
                found.SeriesInstanceUID = self.name
            yield found

    def send(self, association: Association, file: Path, **originator: Any) -> Dataset:
        changed = dcmread(file)
        if self.name.endswith(changed.SeriesInstanceUID):
            changed.SeriesInstanceUID = self.name
        return association.send_c_store(changed, **originator)


def test_objects_of_a_malformed_series_uid_are_counted_and_the_reason_names_it(
    tmp_path: Path,
) -> None:
    _, objects = simulated(1)
    images = [deepcopy(each) for each in objects if each.Modality == "CT"][:4]
    for number, each in enumerate(images):
        each.PatientID, each.StudyInstanceUID = "4711", "2.25.4711"
        each.SeriesInstanceUID = "2.25.4711.1" if number else "2.25.4711.2"
        each.SOPInstanceUID = each.file_meta.MediaStorageSOPInstanceUID = f"2.25.4711.9.{number}"
    with hospital(tmp_path, patients=1, kind=Localizer) as (survey, pacs, _):
        pacs.load(images)
        (patient,) = collect(survey, [ListedPatient("4711")]).patients
        assert survey.table("rejected")["code"].to_list() == ["invalid_uid"] * 3
    assert patient["state"] == "incomplete"
    assert "malformed UID" in str(patient["reason"])
    assert "4 objects have come, 3 of them put aside" in str(patient["reason"])
    assert (patient["received"], patient["refused"]) == (4, 3)
