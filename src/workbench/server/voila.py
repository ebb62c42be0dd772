"""Serving a workspace: in this process, or in one of its own that ends with a ``with``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import ProxyHandler, build_opener

from workbench.errors import WorkbenchError
from workbench.plaintext import printable
from workbench.settings import read_settings

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
    token: bool = True,
    tell: Tell = to_stderr,
) -> None:
    """Serve the dashboards and reports of a workspace until Ctrl-C or SIGTERM.

    Only this machine can reach it.  ``tell`` is told the address, which ends with a token that
    is new with every start; ``port`` 0 takes a free one.  Without ``token`` everybody who can
    log in to this machine can look.  Raises ``SettingsError`` when the folder is no workspace or
    the port is taken.
    """
    read_settings(workspace)
    # Late: Jupyter's server takes a second to import, and `workbench --help` needs none of it.
    from workbench.server.web_application import DashboardServer

    def told(address: str) -> None:
        tell(f"Serving at {address}  (Ctrl-C ends it)")

    server = DashboardServer(workspace.resolve(), port, told, token=token, browse=open_browser)
    server.initialize([])
    server.start()


class ServerProcess:
    """A server in a process of its own: ``with ServerProcess(workspace) as server``.

    ``url`` is its address with the token, once it answers.  Leaving the block, or ``stop``, ends
    it with its kernels.
    """

    def __init__(self, workspace: Path, port: int = 0) -> None:
        self.workspace = workspace
        self.port = port
        self.url = ""
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
            self.url = self._address(self.process)
            # No proxy of the environment may come between.
            with build_opener(ProxyHandler({})).open(self.url, timeout=START_S):
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

    @staticmethod
    def _address(process: subprocess.Popen[str]) -> str:
        line = process.stdout.readline() if process.stdout else ""
        match = re.search(r"http://\S+", line)
        if not match:
            raise WorkbenchError("the server did not start.", "Its reason stands above.")
        return match.group()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
