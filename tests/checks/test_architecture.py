"""The page of the architecture names the rooms that there are, and files that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "workbench"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOMS = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Rooms")[2].partition("## Two")[0], re.M)
# Paths in code marks: of the package, of the widgets, or of the project.
PATHS = sorted({each for each in re.findall(r"`([\w./-]+)`", PAGE) if "/" in each or "." in each})
WIDGETS = ROOT / "widgets" / "workbench_widgets"
HOMES = (
    ROOT, PACKAGE, WIDGETS, *PACKAGE.glob("*/"), *PACKAGE.glob("*/*/"), *WIDGETS.glob("*/*/"),
)  # fmt: skip


def layers() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        each for each in project["tool"]["importlinter"]["contracts"]
        if each.get("containers") == ["workbench"]
    )  # fmt: skip
    return [room for layer in contract["layers"] for room in re.split(r"\s*[|:]\s*", layer)]


def test_every_room_has_its_line_and_no_other() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert sorted(ROOMS) == sorted(there - {"__init__", "__pycache__", "py"})


def test_rooms_stand_in_the_order_of_their_layers() -> None:
    assert layers() == ROOMS


@pytest.mark.parametrize("path", PATHS)
def test_what_the_page_names_exists(path: str) -> None:
    as_path = path.replace(".", "/") if re.fullmatch(r"[a-z_]+\.[a-z_]+", path) else path
    candidates = {path, as_path, f"{as_path}.py"}
    if path.startswith("workbench."):
        assert path in (PACKAGE / "plugins.py").read_text(encoding="utf-8")
        return
    assert any((home / each).exists() for home in HOMES for each in candidates), path


def test_the_test_finds_what_does_not_exist() -> None:
    assert not any((home / "mapping/pet.py").exists() for home in HOMES)


PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_ours_that_a_page_names_exist(page: Path) -> None:
    named = set(re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text(encoding="utf-8")))
    gone = {path for path in named if not any((home / path).exists() for home in HOMES)}
    # What a reader is to make, and what stands for any: workbench/<room>.
    assert gone - {"room/module.py", "tests/room/test_module.py"} == set()
