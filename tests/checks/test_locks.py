"""A fresh machine gets what was tested: locks are complete, and set-up says what went wrong."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

from checks.locks import LOCKS, PYTHONS, Lock, declared, entries

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in LOCKS}
USER, DEV = LOCKS
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TESTED = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if "Python :: 3." in each]

each_lock = pytest.mark.parametrize("lock", LOCKS)
each_python = pytest.mark.parametrize("python", PYTHONS)


def lock_of(name: str, text: str | None = None, python: str = PYTHONS[0]) -> Lock:
    return Lock(TEXTS[name] if text is None else text, LOCKS[name], python)


def without(text: str, package: str) -> str:
    shorter = re.sub(rf"^{package}(?:\[.*\])?==.*\n(?: .*\n)*", "", text, flags=re.MULTILINE)
    assert shorter != text
    return shorter


def versions(name: str) -> set[str]:
    stripped = (
        f"{each.name} {each.version} {each.requirement.marker}" for each in entries(TEXTS[name])
    )
    return set(stripped)


@each_lock
@each_python
def test_a_lock_meets_every_requirement_of_every_package_in_it(lock: str, python: str) -> None:
    assert lock_of(lock, python=python).faults() == []


@each_lock
def test_what_every_package_requires_is_known_here(lock: str) -> None:
    # Otherwise the test above would prove less than it says.
    assert Lock(TEXTS[lock], LOCKS[lock]).unknown() == []


def test_every_python_the_project_names_is_proved() -> None:
    assert [each.rpartition(".")[0] for each in PYTHONS] == TESTED


@each_lock
@pytest.mark.parametrize(
    ("package", "wanted_by"),
    [
        ("email-validator", "pydantic needs email-validator>=2.0.0"),  # by its extra alone
        ("psycopg-binary", "psycopg needs psycopg-binary"),
        ("importlib-metadata", "dask needs importlib_metadata"),  # by this Python alone
        ("traitlets", "workbench needs traitlets"),
        ("hatchling", "workbench needs hatchling"),
    ],
)
def test_a_package_that_is_left_out_is_found(lock: str, package: str, wanted_by: str) -> None:
    faults = lock_of(lock, without(TEXTS[lock], package)).faults()
    assert any(each.startswith(wanted_by) and "not in the lock" in each for each in faults)


@each_lock
def test_a_pin_that_is_too_low_is_found(lock: str) -> None:
    text = re.sub(r"^email-validator==\S+", "email-validator==1.3", TEXTS[lock], flags=re.MULTILINE)
    assert any("1.3 is in the lock" in fault for fault in lock_of(lock, text).faults())


@each_lock
def test_an_extra_that_is_not_named_is_found(lock: str) -> None:
    # With hashes pip takes `pydantic[email]` for another package than `pydantic`, looks on the
    # index, finds a newer release and stops.
    text = TEXTS[lock].replace("pydantic[email]==", "pydantic==")
    assert [each for each in lock_of(lock, text).faults() if "no such extra" in each]


def test_a_python_too_old_for_a_package_is_found() -> None:
    assert [each for each in lock_of(USER, python="3.9.2").faults() if "needs Python" in each]


@each_lock
def test_a_lock_holds_nothing_that_nobody_asks_for(lock: str) -> None:
    assert Lock(TEXTS[lock], LOCKS[lock]).superfluous() == []


def test_users_are_spared_what_only_tests_and_checks_need() -> None:
    spared = {need.name for need in [*declared("test"), *declared("dev")]} - {"workbench"}
    # A dependency of users' packages too.
    assert spared & {each.name for each in entries(TEXTS[USER])} == {"packaging"}
    assert spared <= {each.name for each in entries(TEXTS[DEV])}


def test_developers_have_what_users_have() -> None:
    assert versions(USER) < versions(DEV)


@each_lock
def test_every_line_of_a_lock_has_a_hash_and_no_address(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", TEXTS[lock].strip())
    assert len(blocks) == len(entries(TEXTS[lock])) > 100
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]
        assert "==" in block.splitlines()[0]
    for word in ("://", "index-url", "find-links", " @ "):
        assert word not in TEXTS[lock]


def test_conda_users_get_the_users_lock_on_a_python_it_was_proved_for() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = [line.strip() for line in text.partition("\ndependencies:\n")[2].splitlines()]
    newest = int(TESTED[-1].rpartition(".")[2])
    python = f"- python{PROJECT['requires-python']},<3.{newest + 1}"
    assert listed == [
        python,
        "- pango  # sets the letters of PDF files",
        "- pip",
        "- pip:",
        f"- -r {USER}",
    ]


def test_conda_users_are_told_how_to_install_the_project() -> None:
    command = "pip install --no-deps --no-build-isolation -e ."
    for page in ("environment.yml", "README.md"):
        assert command in (ROOT / page).read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "checks").mkdir()
    for name in ("checks/setup.sh", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def settings(**changed: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", **changed}


def set_up(checkout: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(checkout / "checks" / "setup.sh")]
    return subprocess.run(command, env=settings(**changed), capture_output=True, text=True)


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_set_up_without_a_network_ends_with_a_sentence_and_is_tried_again(checkout: Path) -> None:
    done = set_up(checkout)
    assert done.returncode == 2
    assert "No matching distribution" in (checkout / ".venv" / "setup.log").read_text()
    failed, advice = done.stderr.splitlines()[-2:]
    assert "the packages of requirements.lock could not be installed" in failed
    assert ".venv/setup.log" in failed
    for word in ("PIP_INDEX_URL", "PIP_PROXY", "disk", *TESTED, "deleting .venv"):
        assert word in advice
    again = set_up(checkout, PYTHON="no-such-python")
    assert again.returncode == 2
    assert "Python was not found" in again.stderr


def test_set_up_that_is_stopped_leaves_nothing_that_counts_as_done(checkout: Path) -> None:
    slow = program(checkout / "tools" / "python", '[ "$1" = -c ] && exit 0; exec sleep 60')
    command = ["sh", str(checkout / "checks" / "setup.sh"), "dev"]
    with subprocess.Popen(
        command,
        env=settings(PYTHON=str(slow)),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        for _ in range(200):
            if (checkout / ".venv" / "setup.log").exists():
                break
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGTERM)
        assert running.stderr is not None
        said = running.stderr.read()
    assert running.returncode == 130
    assert "Set-up was stopped" in said
    assert list((checkout / ".venv").glob("installed-*")) == []


def test_set_up_with_another_user_s_environment_ends_with_a_sentence(checkout: Path) -> None:
    tools = program(checkout / "tools" / "rm", "exit 1").parent
    done = set_up(checkout, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 2
    assert "belong to another user" in done.stderr


def test_set_up_with_an_old_python_names_the_one_that_is_needed(checkout: Path) -> None:
    old = program(checkout / "old", '[ "$1" = --version ] && echo Python 3.9.2 && exit; exit 1')
    done = set_up(checkout, PYTHON=str(old))
    assert done.returncode == 2
    assert "Python 3.9.2 is too old: Python 3.11 or newer is needed." in done.stderr
