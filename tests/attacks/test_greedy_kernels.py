"""A page whose program takes all the memory it can, and one visitor who opens all pages she can."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.server.broken_server import broken
from tests.server.server_workspace import harmless, make_workspace
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right
from workbench.server.voila import ServerProcess
from workbench.settings import ServerSettings
from workbench.settings_file import read_settings

PATIENCE = 90.0
MEMORY_MB, SPARE_MB, MIB = 700, 1000, 1 << 20
# In the kernel of a visitor: takes memory once a file is there, and holds all it got.
GREEDY = """
import os, pathlib, threading, time
folder = pathlib.Path({folder!r})
def take():
    while not (os.environ.get("WORKBENCH_RIGHTS") and (folder / "go").exists()):
        time.sleep(0.05)
    (folder / str(os.getpid())).touch()
    held = []
    try:
        while True:
            held.append(bytearray(b"1") * (16 << 20))
    except MemoryError:
        (folder / "full").touch()
        while True:
            time.sleep(60)
threading.Thread(target=take, daemon=True).start()
"""
# In the server: no look at memory, and less to spare, so that the test takes little.
UNSEEN = "from workbench.server import visits\nvisits.LOOK_AFTER_S = 1e6"
TIGHT = f"from workbench.server import kernels\nkernels.SPARE_BYTES = {SPARE_MB} << 20"
NO_LIMIT = """
from workbench.server.kernels import DashboardKernel
DashboardKernel._limit_memory = lambda _: None
"""


def made(folder: Path, limits: ServerSettings) -> Path:
    workspace = make_workspace(folder, harmless())
    replace(read_settings(workspace), server=limits).write(workspace)
    return workspace


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def why(visitor: WebVisitor, kernel: str) -> str:
    return str(json.loads(visitor.ask(f"/dashboards/state/{kernel}")[2])["text"])


def peak_mb(folder: Path) -> int:
    """Return the most memory that a kernel which took some held: proc(5), VmHWM."""
    pids = [path.name for path in folder.iterdir() if path.name.isdecimal()]
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return max(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="not allowed here: limits of Linux")
def test_what_is_taken_between_two_looks_has_an_end(tmp_path: Path) -> None:
    greed = tmp_path / "greed"
    greed.mkdir()
    workspace = made(tmp_path / "w", ServerSettings(kernel_memory_mb=MEMORY_MB))
    with broken(workspace, f"{UNSEEN}\n{TIGHT}", GREEDY.format(folder=str(greed))) as server:
        visitor = WebVisitor(server, Right.COLLECT)
        kernel = visitor.kernel("collector")
        (greed / "go").touch()
        until((greed / "full").exists)
        assert MEMORY_MB < peak_mb(greed) < MEMORY_MB + SPARE_MB + 64 * (psutil.cpu_count() or 1)
        assert visitor.ask(f"/api/kernels/{kernel}")[0] == 200  # nobody looked
        assert WebVisitor(server, Right.LOOK).ask("/")[0] == 200


@pytest.mark.parametrize("limit", ["", NO_LIMIT], ids=["both", "looks alone"])
def test_who_took_too_much_is_ended_at_the_next_look_and_others_go_on(
    tmp_path: Path, limit: str
) -> None:
    greed = tmp_path / "greed"
    greed.mkdir()
    workspace = made(tmp_path / "w", ServerSettings(kernel_memory_mb=MEMORY_MB))
    # Only a kernel that takes some at a time leaves time to look without a limit.
    slowly = GREEDY.replace("held.append(", "time.sleep(0.02); held.append(")
    server_code = f"{TIGHT}\n{limit}"
    with broken(workspace, server_code, slowly.format(folder=str(greed))) as server:
        visitor = WebVisitor(server, Right.LOOK)
        kernel = visitor.kernel("my_scanner")
        (greed / "go").touch()
        until(lambda: "more than 700 MB" in why(visitor, kernel))
        (greed / "go").unlink()
        other = WebVisitor(server, Right.LOOK)
        assert why(other, other.kernel("my_scanner")) == ""


def test_one_visitor_cannot_take_all_places(tmp_path: Path) -> None:
    limits = ServerSettings(kernels=3, kernels_per_visitor=9)
    with ServerProcess(made(tmp_path / "w", limits)) as server:
        greedy = WebVisitor(server, Right.LOOK)
        kernels = [greedy.kernel("my_scanner"), greedy.kernel("quality")]
        status, headers, body = greedy.ask("/dashboards/quality")
        assert status == 429
        assert headers["Retry-After"] == "5"
        assert b"You have 2 dashboards open" in body
        assert b'http-equiv="refresh" content="5"' in body
        other = WebVisitor(server, Right.LOOK)
        assert why(other, other.kernel("my_scanner")) == ""
        # The room is full now; who has her share and leaves one may come again.
        assert WebVisitor(server, Right.LOOK).ask("/dashboards/quality")[0] == 503
        for kernel in kernels:
            assert greedy.ask(f"/voila/api/shutdown/{kernel}", "POST")[0] == 204
        assert greedy.ask("/dashboards/quality")[0] in (200, 503)
