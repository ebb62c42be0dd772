"""Each verb with each of its options given a value that is none: told in a line, with its name."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.cli.command_tree import LeafVerb, leaf_verbs, nonsense
from workbench.cli import main
from workbench.cli.output import NOT_STARTED

# Texts that may say anything, and words whose kind depends on the word before.
FREE = {
    "deidentify IN OUT", "qa profile --reason", "qa measure PROFILE", "qa decide --comment",
    "qa event PROFILE", "qa event WORDS", "qa results --profile",
    *(f"collect {verb} --sure" for verb in ("delete-list", "delete-answered", "delete-everything")),
}  # fmt: skip
VERBS = list(leaf_verbs())
ARGUMENTS = [(verb, action) for verb in VERBS for action in verb.arguments]


def named(verb: LeafVerb, action: argparse.Action) -> str:
    return f"{verb.name} {(action.option_strings or [action.metavar or action.dest])[-1]}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "there.txt").write_text("")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    return tmp_path


def test_every_option_has_a_kind_but_for_free_texts(tmp_path: Path) -> None:
    assert len(VERBS) > 50
    untyped = {named(*pair) for pair in ARGUMENTS if not nonsense(pair[1], tmp_path)}
    assert untyped == FREE


@pytest.mark.parametrize("number", range(len(ARGUMENTS)), ids=[named(*pair) for pair in ARGUMENTS])
def test_nonsense_is_refused_with_the_option_named(
    number: int, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verb, action = ARGUMENTS[number]
    option = (action.option_strings or [action.metavar or action.dest])[-1]
    before = sorted(place.rglob("*"))
    wrong = []
    for value in nonsense(action, place):
        words = verb.command(action, value, place)
        code = main(words)
        said = capsys.readouterr()
        first = said.err.partition("\n")[0]
        lines = len(said.err.splitlines())
        good = (
            code == NOT_STARTED and not said.out and 1 <= lines <= 2
            and first.startswith("workbench: ") and option in first
            and "fault" not in said.err and "Traceback" not in said.err
        )  # fmt: skip
        if not good:
            wrong.append((words, code, said))
    assert wrong == []
    assert sorted(place.rglob("*")) == before, "nothing was made"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_an_option_that_nobody_knows_is_refused_by_the_verb_it_was_given_to(
    verb: LeafVerb, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    required = [action for action in verb.arguments if action.required or not action.option_strings]
    words = verb.command(argparse.Action([], "none"), "", place) if required else verb.name.split()
    assert main([*words, "--jsn"]) == NOT_STARTED
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "workbench: there is no option --jsn. Did you mean --json?"
    assert f"usage: workbench {verb.name}" in said[1]
