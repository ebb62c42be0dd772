"""A workspace of any earlier schema, or with a damaged catalogue: upgraded, or refused."""

from __future__ import annotations

import argparse
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.store.old_workspace import write_old
from workbench.cli import main, parser
from workbench.schema import SCHEMA_VERSION
from workbench.store import opening, steps, upgrade
from workbench.store.steps import SchemaStep, nothing
from workbench.survey import create_survey

# The words of every verb that takes a workspace.
WORDS = {
    "import": "{files}", "receive": "--aet ME --port 11112 --allow YOU", "map": "", "dose": "",
    "table": "instance --out {files}/x.csv", "report list": "",
    "report run": "completeness --out {files}/x.html",
    "check": "", "store check": "", "store compact": "", "store erase": "SITE-A --yes --at-once",
    "collect run": "--until-done", "collect add": "--id X", "collect status": "",
    "collect pause": "", "collect resume": "", "collect stop": "", "collect test": "",
 "collect now": "", "collect retry": "",
    "collect list": "", "collect export": "--out {files}/x.csv",
    "collect delete-answered": "--sure x", "collect delete-list": "--sure x",
    "collect delete-everything": "--sure x",
    "qa profile": "{files}/p.toml --by N", "qa profiles": "", "qa measure": "weekly {files}",
    "qa look": "", "qa watch": "", "qa results": "", "qa decide": "1 accept --by N",
    "qa erase": "--unselected --yes",
    "qa event": "weekly service --by N", "qa due": "", "quarantine": "--out {files}/x.html",
    "serve": "--port 0", "demo": "--no-serve", "report schedule": "", "report due": "--dry-run",
    "report watch": "", "report pause": "x --by N", "report resume": "x",
}  # fmt: skip
# These ask the hospital's key, its list of patients or the settings: some never look further.
WITHOUT_CATALOGUE = {
    "init": "", "key check": "", "key show-fingerprint": "", "key lock": "", "key who": "SITE-A",
    "key sheet": "--out {files}/x.html", "key link": "{files}/p.csv --out -",
    "deidentify": "{files} {files}/clean", "rights list": "",
    "credentials list": "", "credentials confirm": "mail-password",
    "mail test": "--to a@example.org",
    "backup": "{files}/b.tar", "restore": "{files}/p.toml",
}  # fmt: skip
ASKING = {"key protect", "key unlock", "key restore", "rights set"}  # a person, for a passphrase
# programs of their own, which refuse; tests/services/test_up.py, tests/stages/test_practice.py
STARTS = {"up", "simulate"}
UPGRADES = "store upgrade"
SOME = ("import", "map", "table", "check", "store check", "store compact", "qa due", "collect list")
Run = Callable[[str], tuple[int, str]]


def workspace_verbs(words: argparse.ArgumentParser, path: str = "") -> Iterator[str]:
    """Yield the names of all verbs that take a workspace."""
    for action in words._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, verb in action.choices.items():
                yield from workspace_verbs(verb, f"{path} {name}".strip())
        elif action.dest == "workspace":
            yield path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    create_survey(folder / "w").close()
    (folder / "files").mkdir()
    (folder / "files" / "p.toml").write_text("")
    (folder / "files" / "p.csv").write_text("X\n")
    return folder


@pytest.fixture
def workspace(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "x")) / "w"


@pytest.fixture
def run(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb by its name; return its exit code and what it said."""

    def run(verb: str) -> tuple[int, str]:
        words = {**WORDS, **WITHOUT_CATALOGUE, UPGRADES: ""}[verb]
        paths = words.format(files=workspace.parent / "files").split()
        capsys.readouterr()
        code = main([*verb.split(), *paths, "-w", str(workspace)])
        return code, "".join(capsys.readouterr())

    return run


def older(workspace: Path, version: str) -> None:
    """Let a workspace be of an older schema."""
    if version in ("1", "2"):
        for left in workspace.glob("catalogue*"):
            left.unlink()
        write_old(workspace, version)


def refused(run: Run, remedy: str, verbs: Iterable[str] = tuple(WORDS)) -> None:
    wrong = []
    for verb in verbs:
        code, said = run(verb)
        # What is wrong is what ``check`` looks for: it is not refused itself.
        if code != (1 if verb == "check" else 2) or remedy not in said or "fault" in said:
            wrong.append((verb, code, said))
    for verb in WITHOUT_CATALOGUE:
        code, said = run(verb)
        if code not in (0, 1, 2):
            wrong.append((verb, code, said))
    assert wrong == []


def test_these_are_all_verbs_with_a_workspace() -> None:
    assert set(workspace_verbs(parser())) == {
        *WORDS,
        *WITHOUT_CATALOGUE,
        *ASKING,
        *STARTS,
        UPGRADES,
    }


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_every_verb_refuses_an_older_workspace_with_the_remedy_and_works_once_it_is_upgraded(
    version: str, workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    older(workspace, version)
    step = SchemaStep(SCHEMA_VERSION, "a test", nothing)
    monkeypatch.setattr(steps, "STEPS", (*steps.STEPS, step))
    for module in (steps, opening, upgrade):
        monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    refused(run, "store upgrade -w")
    assert run(UPGRADES)[0] == 0
    assert run("store check")[0] == 0
    for verb in ("map", "dose", "table", "store compact", "qa due", "collect list", UPGRADES):
        assert run(verb)[0] == 0, verb
    code, said = run("check")
    assert "schema" not in said
    assert code in (0, 1)


def truncated(file: Path) -> None:
    """Cut the file in the middle, as a full disk does."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2 + 100])


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def says(version: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        connection = sqlite3.connect(file)
        connection.execute("UPDATE meta SET value = ?", [version])
        connection.commit()
        connection.close()

    return change


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [
        pytest.param(truncated, "backup", id="truncated"),
        pytest.param(lambda file: file.write_bytes(b""), "backup", id="empty"),
        pytest.param(Path.unlink, "backup", id="gone"),
        pytest.param(lambda file: file.write_text("no SQLite" * 999), "backup", id="text"),
        pytest.param(a_folder, "is a file", id="folder"),
        pytest.param(says("three"), "backup", id="no number"),
        pytest.param(says("-1"), "backup", id="negative"),
        pytest.param(says("9" * 5000), "backup", id="huge"),
        pytest.param(says("99999"), "newer one", id="newer"),
    ],
)
def test_a_damaged_catalogue_is_refused_with_the_remedy_and_nothing_is_removed(
    damage: Callable[[Path], object], remedy: str, workspace: Path, run: Run
) -> None:
    (workspace / "parts").mkdir(exist_ok=True)
    part = workspace / "parts" / f"series-{'0' * 32}.parquet"
    part.write_bytes(b"the only one")
    damage(workspace / "catalogue.sqlite")
    refused(run, remedy, SOME)
    code, _ = run(UPGRADES)
    assert code == 2
    assert part.exists()
