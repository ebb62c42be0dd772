"""Another user of the same computer, who tries every file, socket and process; umask 0 throughout.

What Workbench makes is its owner's by mode bits; here somebody else really tries to open it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from pydicom.data import get_testdata_file

from tests.attacks.open_verbs import run
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right
from workbench.server.passwords import Passwords
from workbench.server.voila import ServerProcess
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.sample import make_sample
from workbench.survey import open_survey

CT = str(get_testdata_file("CT_small.dcm", download=False))
NOBODY = 65534  # the user and group that own nothing, on Debian and elsewhere
ROOT = hasattr(os, "getuid") and os.getuid() == 0
root_only = pytest.mark.skipif(not ROOT, reason="not allowed here: to become another user")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that everybody may enter, as a home or a share is; with a whole workspace in it."""
    folder = Path(tempfile.mkdtemp(prefix="wb-open-"))
    folder.chmod(0o755)
    before = os.umask(0)
    try:
        assert run(folder, "init", "-w", "w").returncode == 0
        assert run(folder, "import", CT, "-w", "w").returncode == 0
        for verb in ("map", "dose"):
            assert run(folder, verb, "-w", "w").returncode in (0, 1)
        with closing(open_survey(folder / "w")) as survey:
            make_sample(QualityDesk(survey))
        Passwords(folder / "w").set(Right.DECIDE, "four words drawn by lot")
        for out in ("table.csv", "table.xlsx"):
            assert run(folder, "table", "instance", "-w", "w", "--out", out).returncode == 0
        (folder / "w" / "reports").mkdir(mode=0o700)
        report = run(
            folder, "report", "run", "completeness", "-w", "w", "--out", "w/reports/c.html"
        )
        assert report.returncode == 0, report.stderr
        yield folder
    finally:
        os.umask(before)
        shutil.rmtree(folder)


def as_nobody(attempt: Callable[[], list[str]]) -> list[str]:
    """Return what somebody else gets at, in a process that is his."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        with os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(attempt()))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    assert os.waitpid(pid, 0)[1] == 0
    found: list[str] = json.loads(told)
    return found


def got_at(paths: Iterable[Path]) -> list[str]:
    """Return those that can be listed, read, written or connected to."""
    return [str(path) for path in paths if any(map(_works, (
        lambda path=path: list(path.iterdir()),
        lambda path=path: path.open("rb").close(),
        lambda path=path: path.open("ab").close(),
        lambda path=path: (path / "mine").touch(),
        lambda path=path: path.rename(path.with_suffix(".mine")),
        lambda path=path: _connect(path),
    )))]  # fmt: skip


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(path))


def everything(folder: Path) -> list[Path]:
    """Return a folder, and all that lies in it at any depth."""
    return [folder, *folder.rglob("*")]


@root_only
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_nobody_else_gets_at_a_file_and_a_file_left_open_is_seen(place: Path) -> None:
    paths = [path for path in everything(place) if path != place]
    names = {path.name for path in paths}
    assert {
        "hospital.key",
        "workbench.toml",
        "catalogue.sqlite",
        "passwords.json",
        "c.html",
    } <= names
    assert any(path.suffix == ".parquet" for path in paths)
    assert any(path.parent.name == "phantoms" for path in paths)
    assert as_nobody(lambda: got_at(paths)) == []
    opened = (place / "w", place / "w" / "hospital.key")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in opened]
    try:
        opened[0].chmod(0o755)
        opened[1].chmod(0o604)
        assert str(opened[1]) in as_nobody(lambda: got_at(paths))
        checked = run(place, "check", "-w", "w")
        assert checked.returncode == 1
        assert "hospital.key" in checked.stdout + checked.stderr
    finally:
        for path, mode in zip(opened, modes, strict=True):
            path.chmod(mode)


@root_only
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_nobody_else_gets_at_a_running_server(place: Path) -> None:
    with ServerProcess(place / "w") as server:
        kernel = WebVisitor(server, Right.LOOK).kernel("my_scanner")
        assert server.process is not None
        family = [psutil.Process(server.process.pid)]
        family += family[0].children(recursive=True)
        secrets = [kernel, *(url.partition("token=")[2] for url in server.urls.values())]
        folders = {path for each in family for word in each.cmdline()
                   for path in Path(word).parents if path.name.startswith("wb_")}  # fmt: skip
        assert folders, "the kernels' sockets and connection files"
        paths = [path for folder in folders for path in everything(folder)]
        assert any(path.is_socket() for path in paths)

        def attempt() -> list[str]:
            found = got_at(paths)
            for process in family:
                shown = Path(f"/proc/{process.pid}/cmdline").read_text()
                found += [shown for secret in filter(None, secrets) if secret in shown]
                for name in ("environ", "mem", "maps", "fd"):
                    found += got_at([Path(f"/proc/{process.pid}/{name}")])
                if _works(lambda process=process: os.kill(process.pid, 0)):
                    found.append(f"signal to {process.pid}")
            return found

        assert as_nobody(attempt) == []
    assert not any(folder.exists() for folder in folders)
