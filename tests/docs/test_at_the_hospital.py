"""docs/at_the_hospital.md, walked through in a clean place and without a network.

The wheels of the lock weigh hundreds of megabytes: here the folder's lock names one small package
made by the test, Workbench's own wheel is the real one, and what it imports is lent from the
environment that runs the tests.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from workbench.schema import SCHEMA_VERSION

PAGE = "at_the_hospital.md"
# What a test cannot do: needs a network, a server, another machine.
LEFT_OUT = ("make offline", "pg_dump", "ssh -L")
WHEEL = """\
Wheel-Version: 1.0
Generator: test
Root-Is-Purelib: true
Tag: py3-none-any
"""


def small_wheel(folder: Path) -> Path:
    """Write a wheel of a package with one line."""
    content = {
        "smallest.py": "ANSWER = 42\n",
        "smallest-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: smallest\nVersion: 1.0\n",
        "smallest-1.0.dist-info/WHEEL": WHEEL,
    }
    record = [f"{name},{digest(text)},{len(text)}" for name, text in content.items()]
    content["smallest-1.0.dist-info/RECORD"] = "\n".join(
        [*record, "smallest-1.0.dist-info/RECORD,,", ""]
    )
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "smallest-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return wheel


def digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Hospital:
    """A machine: the page's paths below a folder, no network for pip, nothing of ours around."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.stick, self.opt, self.srv = (top / name for name in ("stick", "opt", "srv"))
        self.kit = self.stick / "workbench"
        for folder in (self.stick, self.opt, self.srv):
            folder.mkdir(parents=True)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(top), "LANG": "C.UTF-8",
            "PYTHON": sys.executable,
            "PYTHONPATH": os.pathsep.join(lent()),
            "PIP_INDEX_URL": "http://127.0.0.1:9/",  # nobody answers there
            "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull,
        }  # fmt: skip

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of the page in this machine's shell."""
        for there, here in (
            ("/media/stick", self.stick), ("/opt/workbench", self.opt / "workbench"),
            ("/srv", self.srv),
        ):  # fmt: skip
            line = line.replace(there, str(here))
        return subprocess.run(
            ["sh", "-c", line], cwd=self.top, env=self.environment, capture_output=True, text=True
        )

    def do(self, line: str) -> str:
        """Run a line that must succeed."""
        ended = self.run(line)
        assert ended.returncode == 0, (line, ended.stdout, ended.stderr)
        return ended.stdout

    def change(self, file: str, text: str) -> None:
        """Put another file into the folder and give it its digests again, as a new version has."""
        (self.kit / file).write_text(text)
        self.do(f"cd {self.kit} && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum "
                "> SHA256SUMS")  # fmt: skip

    @property
    def release(self) -> str:
        """Which release is the one in use."""
        return str((self.opt / "workbench" / "current").readlink())


def lent() -> list[str]:
    """Return the folders of installed packages, without Workbench itself."""
    known = {sysconfig.get_paths()[name] for name in ("purelib", "platlib")}
    more = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    return [*known, *(each for each in more if not Path(each).resolve().is_relative_to(ROOT))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder as ``make offline`` fills it, of a small lock."""
    top = tmp_path_factory.mktemp("offline")
    wheel = small_wheel(top / "wheels")
    lock = top / "small.lock"
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock.write_text(f"smallest==1.0 \\\n    --hash=sha256:{sha256}\n")
    checkout = top / "checkout"  # with an environment: that of the tests
    shutil.copytree(
        ROOT, checkout,
        ignore=shutil.ignore_patterns(".venv", ".git", "node_modules", "__pycache__", ".*_cache"),
    )  # fmt: skip
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (checkout / ".venv" / "bin" / "python").chmod(0o755)
    environment = {
        **os.environ, "WHEELS": str(wheel.parent), "LOCK": str(lock),
        "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip
    made = subprocess.run(
        ["sh", "checks/offline.sh", str(top / "kit")], cwd=checkout, env=environment,
        capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return top / "kit"


@pytest.fixture
def hospital(folder: Path, tmp_path: Path) -> Hospital:
    machine = Hospital(tmp_path / "machine")
    shutil.copytree(folder, machine.kit)
    return machine


def lines() -> list[str]:
    return [line for block in blocks(PAGE) for line in block.commands()]


def test_the_page_is_walked_through_from_its_first_line_to_its_last(hospital: Hospital) -> None:
    walked = [line for line in lines() if not line.startswith(LEFT_OUT)]
    assert len(lines()) - len(walked) == len(LEFT_OUT), "each of them stands there once"
    said = {line: hospital.do(line) for line in walked}
    assert len(walked) >= 12
    unit = next(text for line, text in said.items() if "up --unit" in line)
    assert "ExecStart" in unit
    used = hospital.do(
        "/opt/workbench/current/bin/python -c 'import workbench; print(workbench.__file__)'"
    )
    assert used.startswith(str(hospital.opt)), "the program of the folder, not that of the tests"
    assert (hospital.srv / "restored" / "catalogue.sqlite").exists()


def test_what_the_folder_lacks_is_not_looked_for_elsewhere(hospital: Hospital) -> None:
    (hospital.kit / "wheels" / "smallest-1.0-py3-none-any.whl").unlink()
    hospital.change("requirements.lock", (hospital.kit / "requirements.lock").read_text())
    ended = hospital.run("sh /media/stick/workbench/install.sh /opt/workbench")
    assert ended.returncode == 2
    assert "Nothing was changed" in ended.stderr
    assert not (hospital.opt / "workbench" / "current").exists()
    assert not list((hospital.opt / "workbench" / "releases").iterdir())


@pytest.mark.parametrize("what", ["changed", "missing", "added", "another hash"])
def test_a_folder_that_is_not_as_it_was_made_is_refused(what: str, hospital: Hospital) -> None:
    wheel = hospital.kit / "wheels" / "smallest-1.0-py3-none-any.whl"
    if what == "changed":
        wheel.write_bytes(wheel.read_bytes() + b"?")
    elif what == "missing":
        wheel.unlink()
    elif what == "added":
        (hospital.kit / "wheels" / "other-1.0-py3-none-any.whl").write_bytes(b"?")
    else:  # with digests made anew by somebody: the lock's hash still holds
        wheel.write_bytes(wheel.read_bytes() + b"?")
        hospital.change("requirements.lock", (hospital.kit / "requirements.lock").read_text())
    ended = hospital.run("sh /media/stick/workbench/install.sh /opt/workbench")
    assert ended.returncode == 2
    assert "Nothing was changed" in ended.stderr
    assert not (hospital.opt / "workbench" / "current").exists()


def test_a_folder_for_another_python_is_refused(hospital: Hospital) -> None:
    hospital.change("made-for", "3.9 sparc\n")
    ended = hospital.run("sh /media/stick/workbench/install.sh /opt/workbench")
    assert ended.returncode == 2
    assert "3.9 sparc" in ended.stderr


def test_an_update_that_cannot_read_a_workspace_leaves_the_old_program(hospital: Hospital) -> None:
    hospital.do("sh /media/stick/workbench/install.sh /opt/workbench")
    hospital.do("/opt/workbench/current/bin/workbench init -w /srv/survey")
    hospital.do("/opt/workbench/current/bin/workbench report schedule -w /srv/survey")
    before = hospital.release
    lock = (hospital.kit / "requirements.lock").read_text()
    hospital.change("requirements.lock", f"# a newer version\n{lock}")
    update = "sh /media/stick/workbench/install.sh /opt/workbench /srv/survey"
    for schema, remedy in ((SCHEMA_VERSION + 1, "newer"), (1, "store upgrade")):
        with closing(sqlite3.connect(hospital.srv / "survey" / "catalogue.sqlite")) as catalogue:
            catalogue.execute(
                "UPDATE meta SET value = ? WHERE name = 'schema_version'", (str(schema),)
            )
            catalogue.commit()
        ended = hospital.run(update)
        assert (ended.returncode, hospital.release) == (2, before)
        assert remedy in ended.stderr
    with closing(sqlite3.connect(hospital.srv / "survey" / "catalogue.sqlite")) as catalogue:
        catalogue.execute(
            "UPDATE meta SET value = ? WHERE name = 'schema_version'", (str(SCHEMA_VERSION),)
        )
        catalogue.commit()
    hospital.do(update)
    assert hospital.release != before, "with a workspace that it reads the new program is used"
