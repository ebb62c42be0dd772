"""Serving a workspace: in this process, or in one of its own that ends with a ``with``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from workbench.errors import WorkbenchError
from workbench.plaintext import printable
from workbench.rights import Right
from workbench.settings_file import read_settings

Tell = Callable[[str], None]

PORT = 8866
START_S = 60.0  # a cold start on a busy machine took up to 45 s
STOP_S = 20.0


def to_stderr(text: str) -> None:
    """Write a line for the person at the terminal."""
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()


def serve(
    workspace: Path,
    port: int = PORT,
    open_browser: bool = False,
    tell: Tell = to_stderr,
) -> None:
    """Serve the dashboards and reports of a workspace until Ctrl-C or SIGTERM.

    Only this machine can reach it.  ``tell`` is told an address for each right, which ends with a
    token that is new with every start, or leads to its password; ``port`` 0 takes a free one.
    Raises ``SettingsError`` when the folder is no workspace or the port is taken.
    """
    limits = read_settings(workspace).server
    # Late: Jupyter's server takes a second to import, and `workbench --help` needs none of it.
    from workbench.server.web_application import DashboardServer

    def told(addresses: Mapping[Right, str]) -> None:
        for line in lines(addresses):
            tell(line)

    server = DashboardServer(workspace.resolve(), port, told, limits, browse=open_browser)
    server.initialize([])
    server.start()


def lines(addresses: Mapping[Right, str]) -> list[str]:
    """Return what is told of the addresses: the widest right first."""
    told = []
    for right, address in addresses.items():
        head = "Serving at" if right is Right.ADMINISTER else f"  to {right} only:"
        if not address:
            told.append(f"{head} nobody: that right is switched off")
        else:
            proof = "" if "token=" in address else "its password, at "
            told.append(f"{head} {proof}{address}")
    return [*told, "Give each person the address of what she needs. Ctrl-C ends it."]


class ServerProcess:
    """A server in a process of its own: ``with ServerProcess(workspace) as server``.

    ``url`` is its address with the token of the widest right, once it answers; ``urls`` has one
    for each right.  Leaving the block, or ``stop``, ends it with its kernels.
    """

    def __init__(self, workspace: Path, port: int = 0) -> None:
        self.workspace = workspace
        self.port = port
        self.url = ""
        self.urls: dict[Right, str] = {}
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start it and wait for its first page; raises ``WorkbenchError`` when none comes."""
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbench.server", str(self.workspace), str(self.port)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C at this process is ours to pass on
        )
        try:
            self.urls = _addresses(self.process)
            self.url = next(filter(None, self.urls.values()))
            login = f"{self.url.partition('?')[0]}login"
            # No proxy of the environment may come between; the page to log in is a refusal.
            with suppress(HTTPError), build_opener(ProxyHandler({})).open(login, timeout=START_S):
                pass
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server and its kernels; nothing happens when it has ended."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _addresses(process: subprocess.Popen[str]) -> dict[Right, str]:
    """Read what a server tells when it has started; raises ``WorkbenchError`` when it has not."""
    found = {}
    for right in reversed(Right):
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise WorkbenchError("the server did not start.", "Its reason stands above.")
        match = re.search(r"http://\S+", line)
        found[right] = match.group() if match else ""
    return found
