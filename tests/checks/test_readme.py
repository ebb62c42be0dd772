"""What the README and the docs promise exists."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from workbench.cli import parser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("**/*.md"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
TEXT_SUFFIXES = {
    ".py", ".md", ".toml", ".yml", ".sh", ".js", ".css", ".csv", ".j2", ".html", ".ipynb", ".cff",
    ".json", ".ts",
}  # fmt: skip


def verbs() -> list[str]:
    (choices,) = (
        action.choices
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return sorted(choices)


def test_every_make_command_in_the_readme_and_docs_exists() -> None:
    said = set(re.findall(r"(?:^|`)make ([a-z]+)", README + "\n" + DOCS, re.MULTILINE))
    assert {"demo", "test"} <= set(re.findall(r"make ([a-z]+)", README))
    assert said <= TARGETS


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_is_in_the_readme_or_the_docs(verb: str) -> None:
    assert re.search(rf"workbench {verb}\b", README + DOCS)


def test_every_verb_in_the_readme_and_docs_exists() -> None:
    # Shell lines and inline code; prose may say "workbench reads".
    said = re.findall(r"(?:^\s*\$?\s*|`|/)workbench ([a-z]+)", README + "\n" + DOCS, re.MULTILINE)
    assert said
    assert set(said) <= set(verbs())


def test_links_of_readme_and_docs_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")):
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.name}: {link}"


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    called = set(re.findall(r"^make ([a-z]+)$", script, re.MULTILINE))
    assert called == {"check", "test"}
    assert "make test" in README


def test_no_path_of_a_machine_is_in_the_project() -> None:
    machine = re.compile(r"(?<![\w.}/])/(?:home|Users|root|work)/[a-z]")
    folders = ("src", "widgets", "notebooks", "docs", "checks", "benchmarks")
    files = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if "node_modules" not in path.parts
    ]
    files += [
        ROOT / each for each in ("README.md", "Makefile", "pyproject.toml", "environment.yml")
    ]
    checked = [path for path in files if path.suffix in TEXT_SUFFIXES or path.name == "Makefile"]
    assert len(checked) > 100
    mine = Path("checks/notebooks.py")  # it names such paths to find them
    found = [
        path.relative_to(ROOT)
        for path in checked
        if machine.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert set(found) <= {mine}
