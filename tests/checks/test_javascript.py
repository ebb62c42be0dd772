"""The check of the widgets' JavaScript passes on them, and says wrong when something is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path("checks", "javascript")
TABLE = "table.js"


def check(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(folder / "checks" / "javascript.sh")],
        env={**os.environ, **environment}, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def installed() -> Path:
    """Check the project itself, which also fetches the tools where they are not there yet."""
    done = check(ROOT)
    if done.returncode == 2:
        pytest.skip("needs the npm packages of checks/javascript (npm could not fetch them)")
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / TOOLS / "node_modules"


@pytest.fixture
def copy(installed: Path, tmp_path: Path) -> Path:
    """Copy the widgets and the check; the tools are the project's own."""
    leave = shutil.ignore_patterns("node_modules", "__pycache__")
    shutil.copytree(ROOT / "widgets", tmp_path / "widgets", ignore=leave)
    shutil.copytree(ROOT / "checks", tmp_path / "checks", ignore=leave)
    (tmp_path / TOOLS / "node_modules").symlink_to(installed, target_is_directory=True)
    return tmp_path


def add(copy: Path, line: str) -> None:
    (script,) = (copy / "widgets").rglob(TABLE)
    with script.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


@pytest.mark.node
def test_the_widgets_pass_and_so_does_a_copy_of_them(copy: Path) -> None:
    done = check(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.node
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export const wrong = filled('12', 3);", "TS2345"),
        ("export const all = (one) => one;", "TS7006"),
        ("export const title = (/** @type {wb.TableModel} */ one) => one.get('no');", "TS2345"),
        ("export const same = (/** @type {number} */ one) => one === one;", "noSelfCompare"),
        ("export function twice() { debugger; }", "noDebugger"),
    ],
)
def test_a_mistake_of_type_or_sense_fails(copy: Path, line: str, said: str) -> None:
    add(copy, line)
    done = check(copy)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert TABLE in done.stdout + done.stderr


@pytest.mark.node
def test_a_new_script_in_a_deeper_folder_is_checked_too(copy: Path) -> None:
    folder = copy / "widgets" / "workbench_widgets" / "one" / "two"
    folder.mkdir(parents=True)
    (folder / "new.js").write_text("export const half = (part) => part / 2;\n", "utf-8")
    done = check(copy)
    assert done.returncode == 1
    assert "new.js" in done.stdout


def test_no_script_is_kept_from_the_check() -> None:
    for path in (ROOT / "widgets").rglob("*.js"):
        text = path.read_text("utf-8")
        assert "@ts-nocheck" not in text
        assert "biome-ignore-all" not in text


def test_without_node_it_says_what_to_install_and_fails_where_nothing_may_be_skipped(
    tmp_path: Path,
) -> None:
    for tool in ("dirname", "cat", "cksum"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = check(ROOT, PATH=str(tmp_path), WORKBENCH_NO_SKIPS="0")
    assert done.returncode == 0
    assert "apt install nodejs npm" in done.stderr
    assert "SKIPPED" in done.stderr
    assert check(ROOT, PATH=str(tmp_path), WORKBENCH_NO_SKIPS="1").returncode == 2
