"""A real PostgreSQL server from Debian's packages, for one test session."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Server:
    """A server that listens on a socket file only."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder, self._bin = folder, bin_folder
        self.data, self.socket = folder / "data", folder / "socket"
        self.socket.mkdir()
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            for one in (folder, self.socket):
                os.chown(one, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-N")

    def _run(self, name: str, *words: str | Path) -> None:
        command = [str(self._bin / name), *map(str, words)]
        if os.getuid() == 0:  # the server refuses to run as root
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        options = f"-c listen_addresses='' -k {self.socket} -F"
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self.data, "-w", "-o", options, "-l", log, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.socket}"


@contextmanager
def server() -> Iterator[Server]:
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    # Not below pytest's own folder, which the user postgres may not enter.
    folder = Path(tempfile.mkdtemp(prefix="workbench-postgres-"))
    folder.chmod(0o755)
    try:
        running = Server(folder, bin_folder)
        running.start()
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
