"""``workbench up`` with real services: what is killed comes back, and nothing outlives it."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.verbs import run
from tests.services.up_bench import SOON_S, Up, until, up
from tests.stages.test_collecting import hospital
from workbench import create_survey
from workbench.cli.output import DONE, NOT_STARTED, PROBLEMS
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.deidentify.key import protect_key
from workbench.deidentify.key_wrapping import Cost
from workbench.services.service_board import ServiceBoard, ServiceState, WantedState
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench.stages.collecting import Collector

LINGER_S = 5.0  # what a killed parent started is gone after that
RUNNING, STOPPED = ServiceState.RUNNING, ServiceState.STOPPED
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace without a PACS."""
    create_survey(tmp_path / "w", Settings(SurveySettings("test", "LU01"))).close()
    return tmp_path / "w"


def kernels(started: Up) -> list[psutil.Process]:
    return [each for each in started.below() if "ipykernel" in " ".join(each.cmdline())]


def test_patients_are_collected_what_is_killed_comes_back_and_all_ends_together(
    tmp_path: Path, capsys: Capture
) -> None:
    with hospital(tmp_path, patients=2) as (survey, _, patients):
        w = ("-w", survey.folder)
        with closing(HospitalFile(survey.folder)) as opened:
            queue = Queue(opened)
            queue.add(patients)
            with up(survey.folder) as started:
                until(lambda: queue.states()[PatientState.COMPLETE] == len(patients))
                first = started.reaches("collect", RUNNING)
                assert first.pid is not None
                os.kill(first.pid, signal.SIGKILL)
                until(lambda: started.reports()["collect"].restarts == 1)
                again = started.reaches("collect", RUNNING)
                assert again.pid not in (None, first.pid)
                assert "SIGKILL" in again.reason

                code, told, err = run(capsys, "up", *w)
                assert code == NOT_STARTED, "one parent a workspace"
                assert f"process {started.process.pid} on" in str(told["message"]), err
                code, told, _ = run(capsys, "up", "--status", *w)
                states = {row["name"]: row["state"] for row in told["services"]}  # type: ignore[attr-defined]
                assert states == {
                    "collect": "running", "qa": "running", "serve": "running",
                    "reports": "not set up", "dose": "running",
                }  # fmt: skip
                assert code == DONE

                assert started.ends(signal.SIGTERM) == 0
        assert started.left() == []
        text = started.log.read_text()
        assert "up: collect started, process" in text
        assert not re.search(r"token=[^…]", text), "a log opens no page"
        for patient in patients:
            assert patient.patient_id not in text
        code, told, _ = run(capsys, "up", "--status", *w)
        assert (code, told["up"]) == (PROBLEMS, None)


class Slow(EmbeddedPacs):
    """Takes some seconds for each patient."""

    def _move(self, event: Any) -> Iterator[Any]:
        for answer in super()._move(event):
            yield answer
            time.sleep(0.2)


@pytest.mark.parametrize("asked", [1, 2])
def test_asked_once_the_patient_in_hand_is_finished_asked_twice_given_back(
    asked: int, tmp_path: Path
) -> None:
    with (
        hospital(tmp_path, patients=3, kind=Slow) as (survey, _, patients),
        closing(HospitalFile(survey.folder)) as opened,
        up(survey.folder) as started,
    ):
        queue = Queue(opened)
        queue.add(patients)
        until(lambda: queue.states()[PatientState.MOVING] == 1)
        started.below()
        for _ in range(asked):
            started.process.send_signal(signal.SIGTERM)
            time.sleep(1.0)  # two signals at once are one
        assert started.process.wait(SOON_S) == 0
        # A PACS that does not let go of the connection is not waited for: its patient is free then
        # as after any end of a collector.
        Collector(survey)._free_the_dead()
        states = {state: count for state, count in queue.states().items() if count}
        if asked == 1:
            assert states == {PatientState.COMPLETE: 1, PatientState.WAITING: 2}
        else:
            assert states == {PatientState.WAITING: 3}
        tries = {row["tries"] for row in queue.rows() if row["state"] == "waiting"}
        assert tries == {0}, "given back is not tried"
        assert started.left() == []


def test_a_killed_parent_leaves_no_service_and_no_kernel_and_another_may_start(
    workspace: Path,
) -> None:
    with up(workspace) as started:
        started.says("serve: Serving at")
        until(lambda: len(kernels(started)) >= 1)
        assert len(started.below()) >= 3  # quality watch, pages, a kernel that waits
        started.process.kill()
        started.process.wait()
        until(lambda: not started.left(), LINGER_S)
        with closing(HospitalFile(workspace)) as opened:
            assert ServiceBoard(opened).up is None, "its rows are there, and nobody believes them"
    with up(workspace) as another:
        another.reaches("qa", RUNNING)
        assert another.ends(signal.SIGINT) == 0
    assert another.left() == []


def test_a_wish_is_obeyed_and_outlives_the_parent(workspace: Path) -> None:
    with up(workspace) as started:
        began = started.reaches("qa", RUNNING)
        started.wants("qa", WantedState.STOPPED)
        started.reaches("qa", STOPPED)
        started.ends(signal.SIGTERM)
    with up(workspace) as started:
        started.reaches("serve", RUNNING)
        assert started.reaches("qa", STOPPED).pid is None
        assert "qa not started: somebody stopped it." in started.log.read_text()
        started.wants("qa", WantedState.RUNNING)
        assert started.reaches("qa", RUNNING).pid not in (None, began.pid)


def test_what_could_not_start_is_told_and_waits_for_a_person(
    tmp_path: Path, capsys: Capture
) -> None:
    port = free_port()
    create_survey(
        tmp_path / "w",
        Settings(
            SurveySettings("test", "LU01"), EntitySettings("US", port=port),
            EntitySettings("PACS", port=free_port()),
        ),
    ).close()  # fmt: skip
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with up(tmp_path / "w") as started:
            failed = started.reaches("collect", ServiceState.FAILED)
            assert "Could not start" in failed.reason
            assert "port" in failed.reason
            assert (failed.restarts, failed.pid) == (0, None)
            assert run(capsys, "up", "--status", "-w", tmp_path / "w")[0] == PROBLEMS
            taken.close()
            code, told, _ = run(capsys, "up", "--start", "collect", "-w", tmp_path / "w")
            assert (code, told["wanted"], told["up"]) == (DONE, "running", True)
            started.reaches("collect", RUNNING)


def test_a_locked_key_is_told_and_the_collector_waits_for_a_person(
    tmp_path: Path, in_memory: Path
) -> None:
    create_survey(
        tmp_path / "w",
        Settings(
            SurveySettings("test", "LU01"), EntitySettings("US", port=free_port()),
            EntitySettings("PACS", port=free_port()),
        ),
    ).close()  # fmt: skip
    protect_key(tmp_path / "w" / "hospital.key", "five words drawn by lot", Cost(32, 1, 4))
    with up(tmp_path / "w") as started:
        failed = started.reaches("collect", ServiceState.FAILED)
        assert "key is locked" in failed.reason
        assert "workbench key unlock" in failed.reason
        assert "five words" not in started.log.read_text()
        assert started.reaches("qa", RUNNING).restarts == 0, "the others go on"


def test_where_nothing_can_start_it_ends_with_the_reasons(workspace: Path) -> None:
    (workspace / "catalogue.sqlite").write_bytes(b"no database" * 999)
    with up(workspace) as started:
        assert started.process.wait(120) == NOT_STARTED
    text = started.log.read_text()
    assert text.count("It is not started again by itself") == 2
    assert "none of the services could start" in text


def test_settings_that_cannot_be_read_are_refused_at_once(workspace: Path, capsys: Capture) -> None:
    (workspace / "workbench.toml").write_text("[survey\n")
    code, told, _ = run(capsys, "up", "-w", workspace)
    assert code == NOT_STARTED
    assert "Mend that line" in str(told["message"])


def test_a_wish_without_a_parent_is_noted_and_said(workspace: Path, capsys: Capture) -> None:
    code, told, err = run(capsys, "up", "--stop", "qa", "-w", workspace)
    assert (code, told["up"]) == (PROBLEMS, False)
    assert "workbench up" in err
    code, told, err = run(capsys, "up", "--status", "-w", workspace)
    assert code == PROBLEMS
    assert "qa       not running; wanted: stopped" in err


def test_a_unit_is_printed_as_it_is(workspace: Path, capsys: Capture) -> None:
    from workbench.cli import main

    assert main(["up", "--unit", "-w", str(workspace)]) == DONE
    out, err = capsys.readouterr()
    assert "\n[Unit]\n" in out
    assert "ExecStart=" in out
    assert err == ""
