"""Visits of dashboards with real kernels: room, memory, death, and what others can see of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.server.server_workspace import harmless, make_workspace
from tests.server.web_visitor import WebVisitor, kernel_of
from workbench.rights import COMING, GIVEN, Right
from workbench.server.voila import ServerProcess
from workbench.settings import ServerSettings
from workbench.settings_file import read_settings

VISITORS, ROOM = 20, 3
PATIENCE = 60.0


@contextmanager
def served(folder: Path, limits: ServerSettings) -> Iterator[ServerProcess]:
    make_workspace(folder, harmless())
    replace(read_settings(folder), server=limits).write(folder)
    with ServerProcess(folder) as server:
        yield server


def kernels(server: ServerProcess) -> list[psutil.Process]:
    assert server.process is not None
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "ipykernel_launcher" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def why(visitor: WebVisitor, kernel: str) -> str:
    return str(json.loads(visitor.ask(f"/dashboards/state/{kernel}")[2])["text"])


def test_twenty_visitors_at_once_are_served_or_told_their_place(tmp_path: Path) -> None:
    with served(tmp_path / "w", ServerSettings(kernels=ROOM)) as server:
        visitors = [WebVisitor(server, Right.LOOK) for _ in range(VISITORS)]
        with ThreadPoolExecutor(VISITORS) as crowd:
            answers = list(
                crowd.map(lambda visitor: visitor.ask("/dashboards/my_scanner"), visitors)
            )
        inside = [place for place, answer in enumerate(answers) if answer[0] == 200]
        told = [answer for answer in answers if answer[0] == 503]
        assert len(inside) + len(told) == VISITORS
        assert 1 <= len(inside) <= ROOM
        assert {answer[1]["Retry-After"] for answer in told} == {"5"}
        places = [int(answer[2].partition(b"number ")[2].split()[0]) for answer in told]
        assert sorted(places) == list(range(1, len(told) + 1))
        assert b'http-equiv="refresh" content="5"' in told[0][2]

        # Who waits gets in when somebody leaves; who comes anew stands behind.
        first = visitors[answers.index(told[places.index(1)])]
        for place in inside:
            kernel = kernel_of(answers[place][2])
            assert visitors[place].ask(f"/voila/api/shutdown/{kernel}", "POST")[0] == 204
        assert first.ask("/dashboards/my_scanner")[0] == 200
        assert len(kernels(server)) <= ROOM + 2  # and those that wait ready


def test_a_waiting_kernel_that_died_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path / "w", ServerSettings()) as server:
        until(lambda: len(kernels(server)) == 2)
        dead = kernels(server)
        for process in dead:
            process.kill()
        # Whoever comes before anybody has noticed is served as well.
        visitor = WebVisitor(server, Right.LOOK)
        kernel = visitor.kernel("my_scanner")
        until(lambda: len([kernel for kernel in kernels(server) if kernel not in dead]) >= 3)
        assert why(visitor, kernel) == ""

        # A visitor's own that dies is not replaced: its page says so.
        other = WebVisitor(server, Right.COLLECT)
        dying = other.kernel("collector")
        for process in kernels(server):
            process.kill()
        until(lambda: why(other, dying) != "")
        assert "ended unexpectedly" in why(other, dying)


def test_a_page_that_asks_is_told_at_once_that_its_kernel_has_died(tmp_path: Path) -> None:
    with served(tmp_path / "w", ServerSettings()) as server:
        visitor, other = WebVisitor(server, Right.LOOK), WebVisitor(server, Right.LOOK)
        dying = visitor.kernel("my_scanner")
        assert why(visitor, dying) == ""
        for process in kernels(server):
            process.kill()
            process.wait()
        assert "ended unexpectedly" in why(visitor, dying)  # and not only after the next round
        assert other.ask(f"/dashboards/state/{dying}")[0] == 404  # it is not theirs to ask for


def test_a_kernel_that_takes_too_much_memory_is_ended_and_its_page_told(tmp_path: Path) -> None:
    with served(tmp_path / "w", ServerSettings(kernel_memory_mb=60)) as server:
        visitor = WebVisitor(server, Right.LOOK)
        # It may be ended while its page is still being made.
        status, _, body = visitor.ask("/dashboards/my_scanner")
        assert status == 200
        until(lambda: "more than 60 MB" in why(visitor, kernel_of(body)))
        until(lambda: kernels(server) == [])


def test_neither_processes_nor_logs_show_a_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(tmp_path / "w", ServerSettings()) as server:
        visitor = WebVisitor(server, Right.LOOK)
        kernel = visitor.kernel("my_scanner")
        secrets = [url.partition("token=")[2] for url in server.urls.values()]
        secrets += [kernel, visitor.headers["Cookie"].partition("=")[2]]
        assert all(len(secret) >= 32 for secret in secrets)
        assert server.process is not None
        family = [psutil.Process(server.process.pid), *kernels(server)]
        assert len(family) >= 2
        for process in family:
            shown = " ".join((*process.cmdline(), *process.environ().values()))
            assert not any(secret in shown for secret in secrets)
        for mine in kernels(server):
            given = mine.environ()
            assert given[GIVEN] == ""  # what it may do comes later, and not by the environment
            assert COMING in given
            assert Path(given[COMING]).parent.stat().st_mode & 0o077 == 0

        # Everything that is refused is refused silently.
        for secret in secrets:
            for path in _addresses(secret, kernel):
                for who in (WebVisitor(server, None), WebVisitor(server, Right.LOOK)):
                    for headers in ({}, {"Host": "evil.example"}, {"Origin": "http://evil.example"},
                                    {"Cookie": f"workbench-{server.port}={secret}"}):  # fmt: skip
                        who.ask(path, **headers)
                        who.ask(path, "POST", **headers)
    told = capfd.readouterr()
    assert not any(secret in told.out + told.err for secret in secrets)


def _addresses(secret: str, kernel: str) -> tuple[str, ...]:
    return (
        f"/?token={secret}x", f"/nothing?token={secret}", f"/api/kernels/{kernel}",
        f"/api/kernels/{kernel}/channels?token={secret}", f"/voila/query/{kernel}",
        f"/dashboards/state/{kernel}?x={secret}", f"/reports/{secret}.html",
    )  # fmt: skip
