"""A service over time, by a clock of the test: what is started again, when, and what is not."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from workbench.language import mark
from workbench.rights import Right
from workbench.services.kept_service import KeptService
from workbench.services.service_board import Asker, ServiceState, WantedState, Wish
from workbench.services.service_run import MAX_RESTART_S, QUIET_S, RESTART_S, ServiceRun

PLAIN = KeptService("qa", mark("Image quality"), ("qa", "watch"), Right.DECIDE)
PATIENT = KeptService("collect", mark("Collector"), (), Right.COLLECT, table="pacs", ending_s=None)
STOPPED = Wish(WantedState.STOPPED, Asker.PAGE, "2026-11-30T12:00:00", "1")
STARTED = Wish(WantedState.RUNNING, Asker.PAGE, "2026-11-30T12:00:01", "2")


class Scripted:
    """A process that says and does what the test wants."""

    pid = 7
    output = io.BytesIO()

    def __init__(self) -> None:
        self.code: int | None = None
        self.said: list[bytes] = []
        self.heard: list[str] = []

    def poll(self) -> int | None:
        return self.code

    def read(self) -> bytes:
        return self.said.pop(0) if self.said else b""

    def terminate(self) -> None:
        self.heard.append("TERM")

    def kill(self) -> None:
        self.heard.append("KILL")

    def close(self) -> None:
        self.heard.append("closed")


class Bench:
    """A service with a clock and a log of its own."""

    def __init__(self, service: KeptService = PLAIN) -> None:
        self.processes: list[Scripted] = []
        self.log: list[str] = []
        self.set_up = True
        self.refuses: OSError | None = None
        self.run = ServiceRun(
            service, self._start, lambda: self.set_up,
            lambda name, line: self.log.append(f"{name}: {line}"),
        )  # fmt: skip
        self.now = 1000.0
        self.look()

    def _start(self) -> Scripted:
        if self.refuses:
            raise self.refuses
        self.processes.append(Scripted())
        return self.processes[-1]

    @property
    def state(self) -> ServiceState:
        return self.run.report.state

    def look(self, seconds: float = 0.0, ending: bool = False) -> None:
        self.now += seconds
        self.run.look(self.now, ending)

    def want(self, wish: Wish) -> None:
        self.run.want(wish, self.now)
        self.look()

    def ends(self, code: int, said: str = "") -> None:
        self.processes[-1].said = [said.encode()] if said else []
        self.processes[-1].code = code
        self.look()


@pytest.mark.parametrize("code", [0, 1, 3, 130, -9, -15])
def test_whatever_ends_it_but_code_2_starts_it_again(code: int) -> None:
    bench = Bench()
    bench.ends(code)
    assert bench.state is ServiceState.WAITING
    bench.look(RESTART_S - 0.1)
    assert len(bench.processes) == 1
    bench.look(0.2)
    assert len(bench.processes) == 2
    assert bench.state is ServiceState.RUNNING
    assert bench.run.report.restarts == 1
    assert bench.run.report.reason, "why stays told"


def test_it_waits_longer_each_time_until_it_has_run_for_a_quiet_while() -> None:
    bench, waits = Bench(), []
    for _ in range(8):
        before, began = len(bench.processes), bench.now
        bench.ends(-9)
        while len(bench.processes) == before:
            bench.look(0.5)
        waits.append(bench.now - began)
    assert waits == [2, 4, 8, 16, 32, MAX_RESTART_S, MAX_RESTART_S, MAX_RESTART_S]
    bench.look(QUIET_S + 1)
    bench.ends(-9)
    bench.look(RESTART_S)
    assert bench.state is ServiceState.RUNNING


def test_what_could_not_start_is_left_with_its_reason_until_somebody_says_so() -> None:
    bench = Bench()
    bench.ends(2, "starting\nworkbench: port 8866 cannot be used. Choose another with --port.\n")
    bench.look(10 * MAX_RESTART_S)
    assert (bench.state, len(bench.processes)) == (ServiceState.FAILED, 1)
    assert bench.run.idle
    assert "port 8866 cannot be used." in bench.run.report.reason
    assert "workbench up --start qa" in bench.log[-1]
    bench.want(Wish())
    assert len(bench.processes) == 1, "nobody has said anything new"
    bench.want(STARTED)
    assert (bench.state, len(bench.processes)) == (ServiceState.RUNNING, 2)


def test_code_2_of_one_that_has_worked_is_tried_once_more() -> None:
    bench = Bench()
    bench.look(QUIET_S + 1)
    bench.ends(2, "workbench: something in 'w': no space left on device.\n")
    assert bench.state is ServiceState.WAITING
    bench.look(RESTART_S)
    bench.ends(2, "workbench: something in 'w': no space left on device.\n")
    assert bench.state is ServiceState.FAILED
    assert "no space left" in bench.run.report.reason


def test_what_was_stopped_ends_and_stays_so_until_it_is_wanted() -> None:
    bench = Bench()
    bench.want(STOPPED)
    bench.want(STOPPED)
    assert bench.processes[0].heard == ["TERM"], "asked once: a second time would not wait"
    assert bench.state is ServiceState.ENDING
    bench.ends(0)
    bench.look(1000)
    assert (bench.state, len(bench.processes)) == (ServiceState.STOPPED, 1)
    assert not bench.run.idle, "somebody wants it so"
    bench.want(STARTED)
    assert len(bench.processes) == 2


def test_wanted_again_while_it_ends_it_is_started_when_it_has_ended() -> None:
    bench = Bench(PATIENT)
    bench.want(STOPPED)
    bench.want(STARTED)
    assert len(bench.processes) == 1, "the patient in hand is finished"
    bench.ends(0)
    bench.look()
    assert (bench.state, len(bench.processes)) == (ServiceState.RUNNING, 2)


def test_a_collector_that_was_stopped_by_its_own_command_is_not_started_again() -> None:
    bench = Bench(PATIENT)
    bench.run.want(STOPPED, bench.now)
    bench.ends(0)
    assert bench.state is ServiceState.STOPPED
    bench.want(Wish())  # `collect resume` writes no wish of its own
    assert bench.state is ServiceState.RUNNING


def test_a_stop_before_its_next_start_holds() -> None:
    bench = Bench()
    bench.ends(-9)
    bench.want(STOPPED)
    bench.look(1000)
    assert (bench.state, len(bench.processes)) == (ServiceState.STOPPED, 1)


def test_only_a_collector_may_take_as_long_as_it_needs() -> None:
    patient, plain = Bench(PATIENT), Bench(PLAIN)
    for bench in (patient, plain):
        bench.run.end(bench.now)
        bench.look(24 * 3600.0, ending=True)
    assert patient.processes[0].heard == ["TERM"]
    assert plain.processes[0].heard == ["TERM", "KILL"]
    patient.run.hurry(patient.now + 5)
    patient.look(4, ending=True)
    assert patient.processes[0].heard == ["TERM", "TERM"], "it gives its patient back"
    patient.look(2, ending=True)
    assert patient.processes[0].heard[-1] == "KILL"


def test_nothing_is_started_while_all_ends() -> None:
    bench = Bench()
    bench.ends(-9)
    bench.look(1000, ending=True)
    assert len(bench.processes) == 1


def test_what_is_not_set_up_is_said_and_not_started_until_it_is() -> None:
    bench = Bench(PATIENT)
    bench.ends(-9)
    bench.set_up = False
    bench.look(RESTART_S)
    assert (bench.state, len(bench.processes)) == (ServiceState.NOT_SET_UP, 1)
    assert "[pacs] is not set" in bench.run.report.reason
    assert bench.run.idle
    bench.set_up = True
    bench.want(STARTED)
    assert bench.state is ServiceState.RUNNING


def test_what_the_system_cannot_start_is_tried_again() -> None:
    bench = Bench()
    bench.refuses = OSError(12, "Cannot allocate memory")
    bench.ends(-9)
    bench.look(RESTART_S)
    assert bench.state is ServiceState.WAITING
    assert "Cannot allocate memory" in bench.run.report.reason
    bench.refuses = None
    bench.look(2 * RESTART_S)
    assert bench.state is ServiceState.RUNNING


@pytest.mark.parametrize(
    ("code", "expected"),
    [(-11, "SIGSEGV"), (-99, "99"), (3, "exit code 3"), (2, "Could not start.")],
)
def test_why_it_ended_is_told_though_it_said_nothing(code: int, expected: str) -> None:
    bench = Bench()
    bench.ends(code)
    assert expected in bench.run.report.reason


def test_what_it_says_last_is_passed_on_though_it_has_no_end() -> None:
    bench = Bench()
    bench.ends(3, "one\nworkbench: a fault of the program")
    assert bench.log[1:3] == ["qa: one", "qa: workbench: a fault of the program"]
    assert "a fault of the program" in bench.run.report.reason


def test_one_that_never_stops_talking_leaves_time_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    endless: Callable[[], bytes] = lambda: b"again\n"  # noqa: E731
    monkeypatch.setattr(bench.processes[0], "read", endless)
    assert bench.run.listen()
    assert 0 < len(bench.log) < 100
