"""What scripts rely on: verbs, exit codes, one JSON object as the last line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.verbs import run
from workbench.cli import main, parser
from workbench.deidentify.patient_clock import PROMISES, Times
from workbench.settings_file import read_settings


@pytest.mark.parametrize(
    "words",
    [
        ["map", "-w", "nowhere"],
        ["map"],
        ["import", "nothing-there", "-w", "nowhere"],
        ["table", "nothing", "-w", "nowhere", "--out", "x.csv"],
        ["collect", "run", "-w", "nowhere", "--patients", "none.txt"],
        ["demo", "-w", "nowhere", "--data", "nothing-there"],
    ],
)
def test_what_cannot_start_says_so_with_a_remedy(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    code, answer, err = run(capsys, *words)
    assert code == 2
    assert answer["message"]
    assert "Traceback" not in err


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    choices = [action.choices for action in parser()._actions]
    verbs = next(one for one in choices if isinstance(one, dict))
    assert {"init", "import", "receive", "collect", "map", "dose", "table", "report", "serve",
            "check", "store", "key", "deidentify", "look", "quarantine", "qa", "plugins",
            "simulate", "demo", "rights", "credentials", "mail", "up", "backup", "restore",
    } == set(verbs)  # fmt: skip
    for verb in verbs:
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        told = capsys.readouterr().out
        assert "--json" in told or "ACTION" in told


def test_a_fault_of_the_program_is_told_without_its_text(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Meyer^Anna")

    monkeypatch.setattr("workbench.stages.line.map_survey", broken)
    code, answer, err = run(capsys, "map", "-w", workspace)
    assert code == 3, "it had started: this is not the code of a wrong start"
    assert "RuntimeError in test_cli.py" in str(answer["message"])
    assert "Meyer" not in err + str(answer)


def test_ctrl_c_is_told_as_json_too(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.stages.line.map_survey", stopped)
    code, answer, err = run(capsys, "map", "-w", workspace)
    assert (code, answer["error"]) == (130, "KeyboardInterrupt")
    assert "go on" in err


@pytest.mark.parametrize("times", ["hour", "exact", "removed"])
def test_a_new_survey_promises_what_it_does_with_times(
    times: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = tmp_path / "w"
    chosen = [] if times == "hour" else ["--times", times]
    assert run(capsys, "init", "-w", workspace, *chosen)[0] == 0
    assert read_settings(workspace).protection.times == times
    (promise,) = run(capsys, "check", "-w", workspace)[1]["promises"]
    assert promise == PROMISES[Times(times)]
    text = (workspace / "workbench.toml").read_text("utf-8")
    assert (f'times = "{times}"' in text) == (times != "exact"), "as it was before one could say so"


def test_a_profile_that_cannot_be_read_is_a_problem_and_promises_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = tmp_path / "w"
    run(capsys, "init", "-w", workspace)
    (workspace / "workbench.toml").write_text('[protect]\nprofile = "none.toml"\n', "utf-8")
    code, told, _ = run(capsys, "check", "-w", workspace)
    assert code == 1
    assert told["promises"] == []
    assert "profile cannot be read" in str(told["problems"])
