"""Nothing that a stranger sends stands in the server's log, and he cannot fill it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.attacks import strangers
from tests.attacks.strangers import WORDS
from tests.server.broken_server import broken
from tests.server.server_workspace import make_workspace
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right
from workbench.server.passwords import Passwords
from workbench.server.voila import ServerProcess

PASSWORD = "four words drawn by lot"
MAX_LINES = 20  # places in the code that speak; the number of requests does not matter
HARMLESS = re.compile(r"[\w :().,-]{1,120}", re.ASCII)
LOUD = """
import logging
from workbench.server import web_application
web_application.quiet = lambda *_: None
logging.getLogger().addHandler(logging.StreamHandler())
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    folder = make_workspace(tmp_path / "w")
    Passwords(folder).set(Right.DECIDE, PASSWORD)
    return folder


def attacked(server: ServerProcess, times: int) -> Counter[bytes]:
    """Send everything some times over; return how often which status came."""
    port = urlsplit(server.url).port
    assert port is not None
    statuses: Counter[bytes] = Counter()
    for _ in range(times):
        statuses.update(
            strangers.send(port, each).partition(b" ")[2][:3] for each in strangers.requests(port)
        )
        for number in range(20):
            form = urlencode({"password": f"{WORDS} {number}", "path": f"/{WORDS}"})
            kind = "application/x-www-form-urlencoded"
            WebVisitor(server, None).ask("/login", "POST", form, Content_Type=kind)
    return statuses


def test_nothing_of_it_stands_in_the_log_however_often_it_is_sent(
    workspace: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ServerProcess(workspace) as server:
        statuses = attacked(server, 3)
        assert {b"400", b"403", b"404", b"405"} <= set(statuses)
        assert not {b"200", b"302", b"500"} & set(statuses)
        assert WebVisitor(server, Right.LOOK).ask("/")[0] == 200  # others are served
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) <= MAX_LINES
    assert [line for line in lines if WORDS in line or not HARMLESS.fullmatch(line)] == []


def test_without_the_quiet_log_it_would(workspace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with broken(workspace, LOUD) as server:
        attacked(server, 1)
    assert WORDS in capfd.readouterr().err
