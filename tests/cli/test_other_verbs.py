"""The verbs check, plugins and simulate say what there is, and what is wrong."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from tests.cli.verbs import CT, run
from workbench.cli import main
from workbench.cli.output import (
    DONE,
    NOT_STARTED,
    PROBLEMS,
)
from workbench.deidentify.key import create_key
from workbench.file_modes import write_private


def test_check_names_what_is_wrong(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer, _ = run(capsys, "check", "-w", workspace)
    assert (code, answer["problems"]) == (DONE, []), "what is not set is not wrong"
    assert "No PACS is set" in str(answer["notes"])
    main(["import", str(CT), "-w", str(workspace)])
    (workspace / "hospital.key").unlink()
    create_key(workspace / "hospital.key")
    capsys.readouterr()
    problems = str(run(capsys, "check", "-w", workspace)[1]["problems"])
    assert "another key" in problems
    (workspace / "hospital.key").chmod(0o644)
    assert "chmod" in str(run(capsys, "check", "-w", workspace)[1]["problems"])


def test_what_is_loaded_is_listed_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer, err = run(capsys, "plugins")
    assert code == DONE
    groups = {row["group"] for row in answer["plugins"]}  # type: ignore[attr-defined]
    assert groups == {"workbench.dose_methods", "workbench.qa_tests"}
    for row in answer["plugins"]:  # type: ignore[attr-defined]
        assert row["version"]
        assert not row["problem"]
        assert f"{row['name']}  {row['origin']}  version {row['version']}" in err
    assert "dose_by_protocol" in answer["reports"]  # type: ignore[operator]


def test_a_plugin_that_cannot_be_loaded_is_a_problem_not_a_silence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint, EntryPoints

    broken = EntryPoint("broken", "nowhere_at_all:METHOD", "workbench.dose_methods")

    def entry_points(**words: str) -> EntryPoints:
        return EntryPoints([broken] if words.get("group") == broken.group else [])

    monkeypatch.setattr("workbench.plugins.entry_points", entry_points)
    code, answer, err = run(capsys, "plugins")
    assert code == PROBLEMS
    (row,) = [row for row in answer["plugins"] if row["name"] == "broken"]  # type: ignore[attr-defined]
    assert row["problem"]
    assert row["problem"] in err


def test_another_seed_is_another_simulated_hospital(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("a", 5), ("b", 6)):
        words = ["simulate", tmp_path / name, "--patients", "1", "--seed", seed]
        code, counts, _ = run(capsys, *words)
        assert (code, counts["files"]) == (DONE, len(list((tmp_path / name).iterdir())))
    contents = {name: {file.read_bytes() for file in (tmp_path / name).iterdir()} for name in "ab"}
    assert not contents["a"] & contents["b"]


def test_a_workspace_that_is_in_order_says_so(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, err = run(capsys, "check", "-w", workspace)
    assert (code, answer["problems"]) == (DONE, [])
    assert "What was checked is in order." in err
    assert "- To know: No PACS is set" in err


def test_settings_that_cannot_be_read_are_problems_of_each_table_that_is_wrong(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = workspace / "workbench.toml"
    file.write_text('[collect]\ntries = 0\n[server]\nkernels = "few"\n')
    code, answer, err = run(capsys, "check", "-w", workspace)
    assert code == PROBLEMS
    assert [text.split()[0] for text in answer["problems"]] == ["tries", "kernels"]  # type: ignore[attr-defined]
    assert "- Not checked: All that needs the settings" in err
    assert "in order" not in err
    file.write_text("[collect\n")
    code, answer, _ = run(capsys, "check", "-w", workspace)
    assert code == PROBLEMS
    assert "line 1" in str(answer["problems"])


def test_a_folder_that_is_no_workspace_cannot_be_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "check", "-w", tmp_path)[0] == 2


def test_passwords_that_no_page_can_read_are_a_problem(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_private(workspace / "passwords.json", "{")
    code, answer, _ = run(capsys, "check", "-w", workspace)
    assert code == PROBLEMS
    assert "passwords.json" in str(answer["problems"])


def test_a_folder_that_holds_something_is_asked_about_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "IM00000.dcm").write_text("precious")
    words = ["simulate", tmp_path / "mine", "--patients", "1"]
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    code, answer, _ = run(capsys, *words)
    assert code == NOT_STARTED, "a pipe is nobody, whatever it says"
    assert f"'{tmp_path / 'mine'}' holds 1 things already" in str(answer["message"])
    assert "--yes" in str(answer["message"])

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    assert run(capsys, *words)[0] == NOT_STARTED
    assert [file.read_text() for file in (tmp_path / "mine").iterdir()] == ["precious"]
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    code, counts, err = run(capsys, *words)
    assert code == DONE
    assert "files of the same names are overwritten" in err
    assert len(list((tmp_path / "mine").iterdir())) == counts["files"]
    assert run(capsys, *words, "--yes")[0] == DONE


def test_a_full_disk_is_named_and_is_no_fault_of_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object, file: Path, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr("pydicom.Dataset.save_as", full)
    code, answer, err = run(capsys, "simulate", tmp_path / "new", "--patients", "1")
    assert code == NOT_STARTED
    assert f"something in '{tmp_path / 'new'}': no space left on device" in str(answer["message"])
    assert "fault" not in err
