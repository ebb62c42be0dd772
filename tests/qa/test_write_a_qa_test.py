"""The page that teaches to write a QA test: what stands there runs, and is known to Workbench."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from workbench import plugins
from workbench.qa.registry import qa_tests

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "write-a-qa-test.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    geometry, *_ = blocks("toml")
    test, _ = blocks("python")
    (tmp_path / "phantom_geometries").mkdir()
    (tmp_path / "phantom_geometries" / "insert_disc.toml").write_text(geometry)
    (tmp_path / "insert_contrast.py").write_text(test)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "insert_contrast", raising=False)
    return tmp_path


def test_the_page_runs_as_it_stands(folder: Path) -> None:
    _, trial = blocks("python")
    exec(compile(trial, str(folder / "trial"), "exec"), {})


def test_a_type_checker_has_nothing_to_say(folder: Path) -> None:
    _, trial = blocks("python")
    (folder / "trial.py").write_text(trial)
    done = strictly(folder, "insert_contrast.py", "trial.py")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("stands", "wrong"),
    [
        (
            "settings: Settings\n    ) -> list[Measurement]",
            "settings: int\n    ) -> list[Measurement]",
        ),
        ('modalities = frozenset({"CT"})', 'modalities = "CT"'),
        ("    expectations = ", "    hopes = "),
    ],
)
def test_a_type_checker_finds_what_is_no_qa_test(folder: Path, stands: str, wrong: str) -> None:
    test, trial = blocks("python")
    assert stands in test
    (folder / "insert_contrast.py").write_text(test.replace(stands, wrong))
    (folder / "trial.py").write_text(trial)
    done = strictly(folder, "trial.py")
    assert done.returncode == 1
    assert "QATest" in done.stdout


def strictly(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    cache = folder.parent / "mypy"  # one for the tests of this file: the library is read once
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(cache),
         *files],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "MYPYPATH": str(ROOT / "src")},
    )  # fmt: skip


def test_a_declared_test_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del folder
    declared = blocks("toml")[1]
    group, name, value = re.findall(r'entry-points."(.*?)"]\n(\w+) = "(.*?)"', declared)[0]
    point = EntryPoint(name, value, group)
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [point] if group == point.group else []
    )
    assert {test.name for test in qa_tests()} == {"ct-water", "insert-contrast"}
