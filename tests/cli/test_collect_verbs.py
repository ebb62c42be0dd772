"""The verb ``collect`` from the keyboard: what it asks, and what it refuses."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.verbs import run
from workbench.cli.output import DONE, NOT_STARTED, PROBLEMS

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def queue(workspace: Path, capsys: Capture) -> tuple[str, Path]:
    """A workspace with two patients in its queue, as ``-w`` and its folder."""
    words = ("collect", "add", "--id", "Quixote-7", "--id", "Quixote-8", "-w", workspace)
    assert run(capsys, *words)[1] == {"added": 2, "known": 0}
    return "-w", workspace


def test_a_number_that_nobody_has_is_a_problem_and_not_nothing(
    queue: tuple[str, Path], capsys: Capture
) -> None:
    code, told, err = run(capsys, "collect", "retry", 1, 99, "--again", *queue)
    assert (code, told) == (PROBLEMS, {"patients": 1, "not_asked": [99]})
    assert "Not asked: 99." in err
    assert run(capsys, "collect", "retry", 1, 1, "--again", *queue)[:2] == (DONE, {"patients": 1})
    assert run(capsys, "collect", "retry", 2, *queue)[:2] == (DONE, {"patients": 0}), "it waits"
    assert run(capsys, "collect", "retry", *queue)[0] == DONE, "nobody was named"


def test_nobody_is_added_by_nothing_or_by_a_wildcard_and_no_id_is_repeated(
    queue: tuple[str, Path], capsys: Capture
) -> None:
    code, told, _ = run(capsys, "collect", "add", *queue)
    assert (code, "--id ID" in str(told["message"])) == (NOT_STARTED, True)
    code, told, err = run(capsys, "collect", "add", "--id", "Quixote*", *queue)
    assert code == NOT_STARTED
    assert "--id: this is no patient ID" in str(told["message"])
    assert "Quixote" not in str(told) + err


@pytest.mark.parametrize("verb", ["delete-list", "delete-answered", "delete-everything"])
def test_without_a_terminal_nothing_is_deleted_and_the_option_is_named(
    queue: tuple[str, Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, told, _ = run(capsys, "collect", verb, *queue)
    assert code == NOT_STARTED
    assert "nobody to ask. Give the name twice: --sure NAME" in str(told["message"])
    code, told, _ = run(capsys, "collect", verb, "--sure", "test", "--sure", "tset", *queue)
    assert code == NOT_STARTED
    assert "--sure 'tset' is not the survey's name" in str(told["message"])
    assert len(run(capsys, "collect", "list", *queue)[1]["patients"]) == 2  # type: ignore[arg-type]
