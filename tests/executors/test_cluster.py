"""A Dask cluster: what it is told and prints names nothing, and every failure has its remedy."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.executors.chores import (
    NAME,
    Dies,
    Missing,
    Slow,
    Square,
    begun,
    local_cluster,
)  # fmt: skip
from workbench.errors import MissingTool, NetworkError, SettingsError, StoreError
from workbench.executors import Dask


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
