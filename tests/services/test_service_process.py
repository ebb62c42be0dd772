"""A service as a process: it ends with its parent, by the kernel or by a pipe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.services.up_bench import until
from workbench import create_survey
from workbench.services.kept_service import PIPE
from workbench.services.service_process import LINUX, ServiceProcess, ends_with_parent

WAYS = [pytest.param(False, id="pipe"), *([pytest.param(True, id="kernel")] if LINUX else [])]
PARENT = """
import sys, time
from workbench.services.service_process import ServiceProcess
child = ServiceProcess(["qa", "watch", "-w", sys.argv[1]], by_kernel=sys.argv[2] == "True")
while b"Watching" not in child.read():
    time.sleep(0.05)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_survey(tmp_path / "w").close()
    return tmp_path / "w"


def said(process: ServiceProcess) -> str:
    until(lambda: process.poll() is not None)
    text = process.read().decode()
    process.close()
    return text


@pytest.mark.parametrize("by_kernel", WAYS)
def test_it_ends_with_a_parent_that_is_killed(workspace: Path, by_kernel: bool) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(workspace), str(by_kernel)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    try:
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 5)
    finally:
        with suppress(psutil.NoSuchProcess):
            child.kill()


@pytest.mark.parametrize("by_kernel", WAYS)
def test_what_it_says_and_how_it_ends_are_told(by_kernel: bool) -> None:
    process = ServiceProcess(["check", "-w", "/nowhere/at/all"], by_kernel)
    assert process.read() == b"", "it does not block"
    text = said(process)
    assert process.poll() == 2
    assert "workbench: " in text
    assert "does not exist" in text


def test_both_of_its_streams_are_one() -> None:
    text = said(ServiceProcess(["report", "list", "--json"]))
    assert "workbench: which workspace?" in text, "standard error"
    assert '"error": "SettingsError"' in text, "standard output"


def test_asked_to_end_the_quality_watch_ends_as_with_ctrl_c(workspace: Path) -> None:
    process = ServiceProcess(["qa", "watch", "-w", str(workspace)])
    text = ""

    def watching() -> bool:
        nonlocal text
        text += process.read().decode()
        return "Watching" in text

    until(watching)
    process.terminate()
    assert "0 series were measured" in said(process)
    assert process.poll() == 0
    process.kill()  # its number may be another's already: nothing happens


def test_one_that_does_not_listen_is_killed(workspace: Path) -> None:
    process = ServiceProcess(["qa", "watch", "-w", str(workspace)])
    os.kill(process.pid, signal.SIGSTOP)
    process.terminate()
    process.kill()
    said(process)
    assert process.poll() == -signal.SIGKILL


def test_the_pipe_is_for_services_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PIPE, "no number")
    ends_with_parent()
    assert PIPE not in os.environ, "what a service starts does not inherit it"
