"""Each task's result comes once, whoever does the work and whoever dies meanwhile."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from workbench.errors import MissingTool, NetworkError, NotDicom, SettingsError, StoreError
from workbench.executors import Dask, Executor, Processes, Serial, Workplace, executor

NAME = "Grottenolm"  # of a patient, in paths


@dataclass(frozen=True)
class Square:
    number: int

    def run(self, workplace: Workplace) -> int:
        return self.number**2


@dataclass(frozen=True)
class Failing:
    path: str

    def run(self, workplace: Workplace) -> int:
        raise NotDicom("not_dicom", "it is none", "Look at it.")


@dataclass(frozen=True)
class Missing:
    """Both its ``repr`` and its error show the path, as a careless task's would."""

    path: str

    def run(self, workplace: Workplace) -> bytes:
        return Path(self.path).read_bytes()


@dataclass
class Tool:
    """Something costly to open, which leaves a mark when it is opened and when it is closed."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / f"opened-{time.time_ns()}").touch()

    def close(self) -> None:
        (self.folder / f"closed-{time.time_ns()}").touch()


@dataclass(frozen=True)
class Tooled:
    folder: Path

    def run(self, workplace: Workplace) -> int:
        workplace.kept("tool", lambda: Tool(self.folder))
        return 1


class Odd(Exception):  # noqa: N818
    """One that cannot be made again from its arguments."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


class Panic(BaseException):
    """As libraries below Python raise it."""


@dataclass(frozen=True)
class Raising:
    kind: str

    def run(self, workplace: Workplace) -> Any:
        if self.kind == "odd":
            raise Odd(NAME, NAME)
        if self.kind == "panic":
            raise Panic(NAME)
        if self.kind == "exit":
            raise SystemExit(0)
        return threading.Lock()  # a result that cannot travel


@dataclass(frozen=True)
class Dies:
    """Kill -9 of its own worker, the first time or every time."""

    folder: Path
    always: bool = False

    def run(self, workplace: Workplace) -> int:
        times = len(list(self.folder.iterdir()))
        if self.always or not times:
            (self.folder / f"death-{times}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return -1


@dataclass(frozen=True)
class Slow:
    folder: Path
    seconds: float = 60.0

    def run(self, workplace: Workplace) -> int:
        (self.folder / f"{os.getpid()}-{time.time_ns()}").touch()
        time.sleep(self.seconds)
        return 0


@dataclass(frozen=True)
class Heavy:
    """More than a pipe holds, there and back; the first to come dies while the next waits."""

    content: bytes
    folder: Path

    def run(self, workplace: Workplace) -> bytes:
        if not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.content


def begun(folder: Path, number: int = 1) -> list[int]:
    """Wait until so many ``Slow`` tasks are at work, and return their processes."""
    end = time.monotonic() + 30
    while len(marks := list(folder.iterdir())) < number:
        assert time.monotonic() < end, "tasks did not begin"
        time.sleep(0.02)
    return [int(mark.name.partition("-")[0]) for mark in marks]


def gone(processes: list[int]) -> bool:
    """Tell whether processes end within some seconds."""
    end = time.monotonic() + 10
    while any(map(psutil.pid_exists, processes)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(psutil.pid_exists, processes))


@contextmanager
def local_cluster(**more: Any) -> Iterator[Any]:
    from distributed import LocalCluster

    where = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(threads_per_worker=1, **where, **{"n_workers": 2, **more}) as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local_cluster() as running:
        yield running


@pytest.fixture(params=["serial", "processes", "dask"])
def using(request: pytest.FixtureRequest) -> Executor:
    if request.param == "dask":
        return Dask(request.getfixturevalue("cluster").scheduler_address)
    return Serial() if request.param == "serial" else Processes(2)


@pytest.fixture(params=["processes", "dask"])
def others(request: pytest.FixtureRequest) -> Executor:
    if request.param == "dask":
        return Dask(request.getfixturevalue("cluster").scheduler_address)
    return Processes(2)


def test_who_does_the_work() -> None:
    assert isinstance(executor(1), Serial)
    assert executor(3).workers == 3  # type: ignore[attr-defined]
    assert Processes(None).workers == len(os.sched_getaffinity(0))
    assert executor(scheduler="tcp://127.0.0.1:1").address == "tcp://127.0.0.1:1"  # type: ignore[attr-defined]
    with pytest.raises(SettingsError, match="--workers"):
        executor(0)


def test_all_results_come_once(using: Executor) -> None:
    # Some twice: results are a multiset.
    numbers = [*range(40), *range(20)]
    assert sorted(using.run(map(Square, numbers))) == sorted(number**2 for number in numbers)


def test_no_task_is_no_result(using: Executor) -> None:
    assert list(using.run(iter(()))) == []


def test_tasks_are_taken_only_as_fast_as_they_are_done(using: Executor) -> None:
    taken = 0

    def tasks() -> Iterator[Square]:
        nonlocal taken
        for number in range(1_000_000):
            taken += 1
            yield Square(number)

    with closing(using.run(tasks())) as results:  # type: ignore[type-var]
        for seen in range(1, 40):
            next(results)
            # Two workers, two tasks each; results that are ready but not yet asked for were
            # among those, and each has made room for one more.
            assert taken <= seen + 2 * 2 * 2
    assert taken < 60


def test_an_error_comes_as_it_was_raised(using: Executor) -> None:
    with pytest.raises(NotDicom) as told:
        list(using.run([Failing(f"/home/{NAME}")]))
    assert (told.value.code, told.value.remedy) == ("not_dicom", "Look at it.")
    assert str(told.value) == "it is none. Look at it."


def test_an_error_says_where_in_the_code_it_arose(others: Executor) -> None:
    with pytest.raises(NotDicom) as told:
        list(others.run([Failing(f"/home/{NAME}")]))
    (note,) = told.value.__notes__
    assert re.fullmatch(r"In a worker, at test_executors\.py:\d+ run\.", note)


@pytest.mark.parametrize("kind", ["odd", "panic", "exit", "result"])
def test_what_cannot_travel_is_an_error_that_tells_no_value(others: Executor, kind: str) -> None:
    with pytest.raises((RuntimeError, TypeError)) as told:
        list(others.run([Raising(kind)]))
    assert NAME not in str(told.value)
    assert told.value.__cause__ is None


def test_a_worker_that_dies_in_mid_task_loses_nothing(others: Executor, tmp_path: Path) -> None:
    tasks = [*map(Square, range(20)), Dies(tmp_path), *map(Square, range(20, 40))]
    assert sorted(others.run(tasks)) == sorted([-1, *(number**2 for number in range(40))])
    assert len(list(tmp_path.iterdir())) == 1


def test_a_worker_that_somebody_kills_loses_nothing(others: Executor, tmp_path: Path) -> None:
    found: list[int] = []
    tasks = [Slow(tmp_path, 2.0), *map(Square, range(1, 21))]
    run = threading.Thread(target=lambda: found.extend(others.run(tasks)))
    run.start()
    os.kill(begun(tmp_path)[0], signal.SIGKILL)
    run.join(60)
    assert sorted(found) == sorted([0, *(number**2 for number in range(1, 21))])
    assert len(begun(tmp_path)) == 2


def test_tasks_and_results_may_be_larger_than_a_pipe(others: Executor, tmp_path: Path) -> None:
    contents = [bytes([number]) * 2_000_000 for number in range(6)]
    assert sorted(others.run(Heavy(one, tmp_path) for one in contents)) == contents


def test_a_task_that_kills_every_worker_is_given_up_after_all_others(tmp_path: Path) -> None:
    found: list[int] = []
    with pytest.raises(StoreError, match=r"of 1 task .*memory") as told:
        for result in Processes(2).run([Dies(tmp_path, always=True), *map(Square, range(20))]):
            found.append(result)  # noqa: PERF402 - an error comes after them
    assert sorted(found) == [number**2 for number in range(20)]
    assert len(list(tmp_path.iterdir())) == 3
    assert str(tmp_path) not in str(told.value)


def test_dask_gives_a_task_up_after_all_others(cluster: Any, tmp_path: Path) -> None:
    found: list[int] = []
    before = cluster.scheduler.allowed_failures
    cluster.scheduler.allowed_failures = 0  # neighbours of the task are given up with it, at first
    try:
        with pytest.raises(StoreError, match=r"of 1 task .*memory"):
            tasks = [Dies(tmp_path, always=True), *map(Square, range(20))]
            for result in Dask(cluster.scheduler_address).run(tasks):
                found.append(result)  # noqa: PERF402 - an error comes after them
    finally:
        cluster.scheduler.allowed_failures = before
    assert sorted(found) == [number**2 for number in range(20)]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_machine_on_which_every_task_dies_is_told_soon(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing was done"):
        list(Processes(2).run(Dies(tmp_path, always=True) for _ in range(1_000_000)))
    assert len(list(tmp_path.iterdir())) < 10


def test_no_process_stays_when_the_caller_stops(tmp_path: Path) -> None:
    results = Processes(2).run([Square(3), Slow(tmp_path), Slow(tmp_path)])
    assert next(results) == 9
    workers = begun(tmp_path)
    results.close()  # type: ignore[attr-defined]
    assert not any(map(psutil.pid_exists, workers))


def test_no_process_stays_when_all_is_done(tmp_path: Path) -> None:
    assert list(Processes(2).run([Slow(tmp_path, 0.5), Slow(tmp_path, 0.5)])) == [0, 0]
    assert not any(map(psutil.pid_exists, begun(tmp_path, 2)))


def test_dask_cancels_what_has_not_begun(cluster: Any, tmp_path: Path) -> None:
    tasks = [Square(3), *(Slow(tmp_path, 1.0) for _ in range(100))]
    results = Dask(cluster.scheduler_address).run(tasks)
    assert next(results) == 9
    begun(tmp_path)
    results.close()  # type: ignore[attr-defined]
    end = time.monotonic() + 10
    while cluster.scheduler.tasks and time.monotonic() < end:
        time.sleep(0.05)
    assert not cluster.scheduler.tasks
    time.sleep(1.2)  # those that had begun end, and none follows
    assert len(list(tmp_path.iterdir())) <= 4


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.executors.test_executors import Slow
from workbench.executors import Processes
GUARD:
    list(Processes(2).run([Slow(Path(sys.argv[1])), Slow(Path(sys.argv[1]))]))
"""


def parent_of_workers(tmp_path: Path, guard: str) -> tuple[subprocess.Popen[str], Path]:
    script, marks = tmp_path / "parent.py", tmp_path / "marks"
    script.write_text(PARENT.replace("GUARD", guard))
    marks.mkdir()
    return subprocess.Popen(
        [sys.executable, str(script), str(marks), str(Path(__file__).parents[2])],
        start_new_session=True, text=True, stderr=subprocess.PIPE,
    ), marks  # fmt: skip


GUARD = 'if __name__ == "__main__"'


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent, marks = parent_of_workers(tmp_path, GUARD)
    workers = begun(marks, 2)
    parent.kill()
    parent.communicate()
    assert gone(workers)


@pytest.mark.parametrize("early", [False, True])
def test_an_interrupt_ends_all_and_only_the_parent_tells_of_it(tmp_path: Path, early: bool) -> None:
    parent, marks = parent_of_workers(tmp_path, GUARD)
    if early:  # while workers start
        end = time.monotonic() + 30
        while len(psutil.Process(parent.pid).children()) < 2 and time.monotonic() < end:
            time.sleep(0.005)
        workers = [one.pid for one in psutil.Process(parent.pid).children()]
    else:
        workers = begun(marks, 2)
    os.killpg(parent.pid, signal.SIGINT)
    _, told = parent.communicate(timeout=45)  # the tasks themselves take longer
    assert parent.returncode != 0
    assert told.count("Traceback") == told.count("KeyboardInterrupt") == 1
    assert gone(workers)


def test_a_script_without_its_guard_is_told_so(tmp_path: Path) -> None:
    parent, _ = parent_of_workers(tmp_path, "if True")
    _, told = parent.communicate(timeout=30)
    assert "SettingsError: A worker process ended before it began." in told
    assert '`if __name__ == "__main__":`' in told


def test_what_dask_prints_and_its_keys_name_no_path(cluster: Any) -> None:
    from distributed import Client

    def logs(client: Any) -> str:
        kept = client.get_worker_logs(), client.get_worker_logs(nanny=True)
        return str((*kept, client.get_scheduler_logs()))

    with pytest.raises(FileNotFoundError):
        list(Dask(cluster.scheduler_address).run([Missing(f"/home/{NAME}")]))
    with Client(cluster, set_as_default=False) as client:
        assert NAME not in logs(client)
        keys = {str(one[0]) for one in cluster.scheduler.transition_log}
        assert keys
        assert all(re.fullmatch(r"workbench-[0-9a-f]{32}", key) for key in keys)


def test_dask_names_the_machines_of_its_workers(cluster: Any) -> None:
    assert Dask(cluster.scheduler_address).hosts() == {socket.gethostname()}


def test_workers_of_another_version_are_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.executors.cluster.__version__", "0.0.7")
    with pytest.raises(SettingsError, match=r"here is Workbench 0\.0\.7.*Install the same"):
        list(Dask(cluster.scheduler_address).run([Square(1)]))


@pytest.mark.parametrize("listening", [False, True])
def test_a_scheduler_that_does_not_answer_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, listening: bool
) -> None:
    from workbench.executors import cluster as module

    assert module.CONNECT_TIMEOUT_S <= 10
    monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if not listening:
            silent.close()
        with pytest.raises(NetworkError, match="--scheduler"):
            list(Dask(f"tcp://127.0.0.1:{port}").run([Square(1)]))


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:8786", "foo://host:1", "tcp://host"])
def test_what_is_no_address_is_told_so(address: str) -> None:
    with pytest.raises(SettingsError, match="tcp://host:port"):
        list(Dask(address).run([Square(1)]))


def test_a_cluster_without_workers_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.executors.cluster.PATIENCE_S", 1)
    with local_cluster(n_workers=0) as empty:
        for ask in (Dask.hosts, lambda dask: list(dask.run([Square(1)]))):
            with pytest.raises(NetworkError, match="dask worker"):
                ask(Dask(empty.scheduler_address))


def test_a_scheduler_that_ends_is_told_at_once(tmp_path: Path) -> None:
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port",
         "0", "--no-dashboard", "--scheduler-file", str(tmp_path / "at")],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while not (at := tmp_path / "at").exists() or not at.read_text().endswith("}"):
            assert time.monotonic() < end
            time.sleep(0.05)
        found = re.search(r"tcp://[\d.:]+", at.read_text())
        assert found
        threading.Timer(1.0, scheduler.kill).start()
        with pytest.raises(NetworkError, match="does not answer"):
            list(Dask(found[0]).run([Square(1)]))
    finally:
        scheduler.kill()
        scheduler.wait()


def test_without_dask_the_remedy_is_its_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingTool, match=r'pip install "workbench\[dask\]"'):
        list(Dask("tcp://127.0.0.1:9").run([Square(1)]))


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_tls_takes_its_certificates_from_dasks_configuration(tmp_path: Path) -> None:
    import dask

    with pytest.raises(SettingsError, match="certificates"):
        list(Dask("tls://127.0.0.1:9").run([Square(1)]))
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "own.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
         certificate, "-subj", "/CN=hospital", "-days", "2"], check=True, capture_output=True,
    )  # fmt: skip
    pair = {"key": key, "cert": certificate}
    tls = {f"distributed.comm.tls.{side}": pair for side in ("client", "scheduler", "worker")}
    with (
        dask.config.set({**tls, "distributed.comm.tls.ca-file": certificate}),
        local_cluster(n_workers=1, protocol="tls://") as secret,
    ):
        assert secret.scheduler_address.startswith("tls://")
        assert sorted(Dask(secret.scheduler_address).run(map(Square, range(3)))) == [0, 1, 4]


@pytest.mark.parametrize("using", [Serial(), Processes(1)])
def test_what_tasks_share_is_opened_once_by_a_worker_and_closed(
    using: Executor, tmp_path: Path
) -> None:
    assert sum(using.run(Tooled(tmp_path) for _ in range(5))) == 5
    assert [mark.name[:6] for mark in sorted(tmp_path.iterdir())] == ["closed", "opened"]


def test_other_work_at_a_workplace_opens_its_own() -> None:
    workplace = Workplace()
    one = workplace.kept("a", Kept)
    assert workplace.kept("a", Kept) is one
    assert workplace.kept("b", Kept) is not one
    assert not one.closed, "another thread may still be at it"


@dataclass(eq=False)
class Kept:
    closed: bool = False

    def close(self) -> None:
        self.closed = True
