"""What the verbs have in common: which workspace, who works, and errors as values."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_tree import leaf_verbs
from tests.cli.verbs import run
from workbench.cli.arguments import Folder, Name, OutputFile
from workbench.cli.output import (
    DONE,
    NOT_STARTED,
)
from workbench.cli.verb import (
    Parser,
    UsageError,
    add_verb,
    executor_of,
    new_workspace_of,
    with_workers,
    workspace_of,
    workspace_verb,
)
from workbench.errors import SettingsError
from workbench.executors import Processes, Serial
from workbench.survey import open_survey


def test_the_workspace_may_come_from_the_environment(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(workspace))
    assert run(capsys, "map")[0] == 0


@pytest.mark.parametrize("words", [["map", "--nothing"], ["nothing"], ["import"], []])
def test_a_wrong_command_line_is_told_as_json_too(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, err = run(capsys, *words)
    assert code == 2
    assert answer["error"] == "UsageError"
    assert "usage: workbench" in err


def test_a_workspace_must_be_named() -> None:
    with pytest.raises(SettingsError, match="-w FOLDER"):
        workspace_of(argparse.Namespace(workspace=None))
    assert new_workspace_of(argparse.Namespace(workspace="a")) == Path("a")
    with pytest.raises(SettingsError, match="'a' does not exist"):
        workspace_of(argparse.Namespace(workspace="a"))


def test_the_option_goes_before_the_environment(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "nowhere"))
    assert run(capsys, "map")[0] == NOT_STARTED
    assert run(capsys, "map", "-w", workspace)[0] == DONE


def test_a_verb_added_has_its_help_and_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    root = Parser(prog="workbench")
    verbs = root.add_subparsers()
    with_workers(workspace_verb(verbs, "walk", lambda _: 7, "goes for a walk"))
    add_verb(verbs, "sit", lambda _: 8, "sits down")
    options = root.parse_args(["walk", "-w", "x", "--json", "--workers", "3"])
    assert (options.verb(options), options.json, options.workers) == (7, True, 3)
    assert root.parse_args(["sit"]).json is False
    with pytest.raises(SystemExit):
        root.parse_args(["walk", "--help"])
    assert "goes for a walk" in capsys.readouterr().out
    with pytest.raises(UsageError) as refusal:
        root.parse_args(["sit", "--down"])
    assert "--down" in str(refusal.value)
    assert refusal.value.usage.startswith("usage: workbench")


@pytest.mark.parametrize(("workers", "kind"), [(None, None), (1, Serial), (3, Processes)])
def test_who_works_is_as_many_as_asked_for(
    workspace: Path, workers: int | None, kind: type | None
) -> None:
    options = argparse.Namespace(workers=workers, scheduler=None)
    using = executor_of(options, open_survey(workspace))
    assert using is None if kind is None else isinstance(using, kind)


@pytest.mark.parametrize("workers", [-1, -99])
def test_less_than_one_worker_is_refused(workspace: Path, workers: int) -> None:
    with pytest.raises(SettingsError, match="from 1 up"):
        executor_of(argparse.Namespace(workers=workers, scheduler=None), open_survey(workspace))


def test_no_worker_at_all_is_refused_too(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, _ = run(capsys, "map", "-w", workspace, "--workers", "0")
    assert code == NOT_STARTED
    assert "--workers" in str(answer["message"])


def test_machines_do_not_share_a_catalogue_that_is_a_file(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.executors import Dask

    options = argparse.Namespace(workers=None, scheduler="tcp://127.0.0.1:9")
    monkeypatch.setattr(Dask, "hosts", lambda _: frozenset({"a"}))
    assert isinstance(executor_of(options, open_survey(workspace)), Dask)
    monkeypatch.setattr(Dask, "hosts", lambda _: frozenset({"a", "b"}))
    with pytest.raises(SettingsError, match="PostgreSQL"):
        executor_of(options, open_survey(workspace))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["colect"], "there is no verb 'colect'. Did you mean collect?"),
        (["collect", "tst"], "no action (word 1 after 'workbench collect'). Did you mean test?"),
        (["qa", "measur", "x"], "there is no action 'measur'. Did you mean measure?"),
        (["store", "erese"], "Did you mean erase?"),
        (["import", "--worker=3", "--vredicts", "."], "there is no option --vredicts"),
        (["import", ".", "--vredicts=x"], "Did you mean --verdicts?"),
        (["init", "--times", "hours"], "--times: there is no 'hours'. Did you mean hour?"),
        (["map", "now"], "'now' is a word too many"),
        (["zzz"], "There is: backup, check, collect, credentials"),
    ],
)
def test_a_slip_of_the_finger_is_shown_what_is_near(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, err = run(capsys, *words)
    assert (code, said in str(answer["message"]), said in err) == (NOT_STARTED, True, True)
    group = [word for word in words[:1] if word in ("collect", "qa", "store", "import", "map")]
    assert f"usage: workbench {' '.join(group)}".strip() in err, "of the verb that was meant"


@pytest.mark.parametrize("place", ["nowhere", "plain"])
def test_a_folder_that_is_no_workspace_is_named(
    tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plain").mkdir()
    code, answer, _ = run(capsys, "collect", "list", "-w", tmp_path / place)
    assert code == NOT_STARTED
    assert str(tmp_path / place) in str(answer["message"])
    assert f"workbench init -w {tmp_path / place}" in str(answer["message"])


def test_a_workspace_of_the_environment_that_is_a_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "file"))
    code, answer, _ = run(capsys, "map")
    assert code == NOT_STARTED
    assert f"--workspace: '{tmp_path / 'file'}' is a file" in str(answer["message"])


ANY_WORD = (Folder, OutputFile, Name)
SECRET, LETTERS = "QZSECRET7", frozenset("abcdefghijklmnopqrstuvwxyz")


def misplaced() -> Iterator[list[str]]:
    """Yield commands below those for patients with an ID where it does not belong."""
    for verb in leaf_verbs():
        words = verb.name.split()
        if words[0] not in ("collect", "key", "store"):
            continue
        yield [*words, f"-{SECRET}"]
        yield [*words, f"--{SECRET}", "x"]
        yield [*words, f"--json={SECRET}"]
        yield [*words, f"--json=O'{SECRET}"]
        yield [*words, f"O'{SECRET}", f"O'{SECRET}", f"O'{SECRET}", f"O'{SECRET}"]
        takes_any = [each for each in verb.arguments if isinstance(each.type, ANY_WORD)]
        free = {name[2:3] for action in takes_any for name in action.option_strings}
        yield from ([*words, f"--{letter}={SECRET}"] for letter in sorted(LETTERS - free))
        yield [words[0], f"{SECRET}", *words[1:]]
        yield [*words, "-w", "w", SECRET, SECRET, SECRET, SECRET]
        for action in verb.arguments:
            if not isinstance(action.type, ANY_WORD):
                option = action.option_strings[-1:]
                yield [*words, *option, SECRET]
                yield [*words, *(f"{name}={SECRET}" for name in option), SECRET]


@pytest.mark.parametrize("words", list(misplaced()), ids=" ".join)
def test_a_patient_id_in_the_wrong_place_is_not_repeated(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    code, answer, err = run(capsys, *words)
    assert code == NOT_STARTED
    assert SECRET not in f"{answer}{err}"
    assert "usage: workbench" in err or "workspace?" in err or "workbench init" in err
