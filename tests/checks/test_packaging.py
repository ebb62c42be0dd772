"""What is installed is what is declared, locked, explained and tested."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
# Of a package with several entries, one a Python version, the first is for the oldest: tested here.
PINNED = dict(reversed(re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?==([^ ;]+)", LOCK, re.MULTILINE)))
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
NPM = "\nFor developers only, from npm:"
JAVASCRIPT = ROOT / "checks" / "javascript"
NODE = json.loads((JAVASCRIPT / "package.json").read_text(encoding="utf-8"))
NODE_LOCK = json.loads((JAVASCRIPT / "package-lock.json").read_text(encoding="utf-8"))
IMPORT_NAMES = {
    "markupsafe": "markupsafe",
    "vl_convert": "vl-convert-python",
    "docx": "python-docx",
}
FIRST_PARTY = {"workbench", "workbench_widgets", "tests", "checks"}


def name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9-]+", requirement)
    assert match is not None
    return match.group().lower()


def direct(*extras: str) -> set[str]:
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][e] for e in extras)]
    return {name(item) for items in lists for item in items} - {"workbench"}


def explained(tables: str) -> dict[str, str]:
    """Return the releases in tables of the page, by package."""
    row = re.compile(r"^\| ([@a-z0-9/-]+) \| [^|]+ \| [^|]+ \| ([^ ,|]+)", re.MULTILINE)
    return {package: release for package, release in row.findall(tables) if package != "package"}


def imported(*folders: str) -> Iterator[tuple[str, str]]:
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            yield from ((each.split(".")[0], path.name) for each in names)


def test_the_lock_is_what_runs_here() -> None:
    from importlib.metadata import version

    for package in ("polars", "pydicom", "pynetdicom", "altair", "pytest"):
        assert version(package) == PINNED[package]


def test_every_requirement_has_a_lower_bound() -> None:
    for requirement in PROJECT["dependencies"]:
        assert re.search(r">=[0-9.]+", requirement), requirement


def test_what_the_product_imports_is_declared() -> None:
    declared = direct("dask", "objects", "postgres", "quaac")
    missing = {
        (module, file)
        for module, file in imported("src", "widgets")
        if module not in sys.stdlib_module_names | FIRST_PARTY
        and IMPORT_NAMES.get(module, module.replace("_", "-").lower()) not in declared
    }
    assert missing == set()


def test_the_page_of_dependencies_names_exactly_the_direct_ones_as_locked() -> None:
    assert explained(PAGE.partition(NPM)[0]) == {
        each: PINNED[each]
        for each in direct("build", "test", "dev", "dask", "objects", "postgres", "quaac")
    }


def test_the_page_names_exactly_the_npm_packages_as_locked() -> None:
    wanted = NODE["devDependencies"]
    assert explained(PAGE.partition(NPM)[2]) == wanted
    locked = NODE_LOCK["packages"]
    assert {each: locked[f"node_modules/{each}"]["version"] for each in wanted} == wanted


def test_every_npm_package_has_a_hash_and_no_address() -> None:
    packages = {name: one for name, one in NODE_LOCK["packages"].items() if name}
    assert len(packages) > 2
    for name, one in packages.items():
        assert re.match(r"sha512-[A-Za-z0-9+/]{86}==$", one["integrity"]), name
        assert "resolved" not in one, name
        assert "://" not in json.dumps(one), name
    for path in (*JAVASCRIPT.glob("*.json"), JAVASCRIPT / ".npmrc"):
        assert not re.search(r"registry\s*=|\bresolved\b\"", path.read_text("utf-8")), path.name


def test_the_widgets_are_never_imported_by_the_library() -> None:
    assert not [file for module, file in imported("src") if module == "workbench_widgets"]


@pytest.mark.parametrize("module", ["workbench", "workbench.cli", "workbench.schema"])
def test_a_light_import_stays_light(module: str) -> None:
    code = f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "polars",
        "pandas",
        "pydicom",
        "pynetdicom",
        "altair",
        "numpy",
        "papermill",
        "pydantic",
    }
    assert heavy & set(json.loads(done.stdout)) == set()


def test_the_wheel_carries_data_files_and_notebooks(tmp_path: Path) -> None:
    from zipfile import ZipFile

    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "workbench").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert wanted - inside == set()
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in path.parts:
            assert f"workbench/{path.relative_to(ROOT).as_posix()}" in inside
    assert any(each.startswith("workbench_widgets/") for each in inside)
