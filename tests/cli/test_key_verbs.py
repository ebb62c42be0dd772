"""The verb ``key`` from end to end, and where no secret may be seen."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.deidentify import unlocked_key
from workbench.deidentify.key import create_key, load_key
from workbench.deidentify.recovery_sheet import sheet_lines
from workbench.survey import open_survey

PASSPHRASE = "correct horse battery"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def workspace(tmp_path: Path, in_memory: Path, capsys: Capture) -> Path:
    assert main(["init", "-w", str(tmp_path / "w")]) == 0
    capsys.readouterr()
    return tmp_path / "w"


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\n")
    file.chmod(0o600)
    return file


def run(capsys: Capture, *words: object) -> tuple[int, dict[str, object], str]:
    code = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out.splitlines()[-1]), err


def test_print_lock_unlock_work_lock_restore(
    workspace: Path, passphrase: Path, tmp_path: Path, capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    key = load_key(workspace / "hospital.key")
    fingerprint = open_survey(workspace).pseudonyms().fingerprint
    code, told, err = run(
        capsys, "key", "protect", "-w", workspace, "--passphrase-file", passphrase
    )
    assert code == 2
    assert "key sheet" in str(told["message"])
    assert (workspace / "hospital.key").exists()

    sheet = tmp_path / "sheet.html"
    code, told, err = run(capsys, "key", "sheet", "-w", workspace, "--out", sheet)
    assert (code, told["key_fingerprint"]) == (0, fingerprint)
    assert "delete" in err
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert all(line in sheet.read_text("utf-8") for line in sheet_lines(key))
    assert run(capsys, "key", "check", "-w", workspace)[0] == 0

    code, _, err = run(capsys, "key", "protect", "-w", workspace, "--passphrase-file", passphrase)
    assert code == 0
    assert "backups" in err
    code, told, _ = run(capsys, "import", sheet, "-w", workspace)
    assert code == 2
    assert "workbench key unlock" in str(told["message"])

    words = ("key", "unlock", "-w", workspace, "--passphrase-file", passphrase, "--for", "1.5")
    assert run(capsys, *words)[0] == 0
    code, told, _ = run(capsys, "key", "check", "-w", workspace)
    assert (code, told["key_fingerprint"], told["problems"]) == (0, fingerprint, [])
    assert "1.5 more hours" in str(told["state"])
    assert run(capsys, "key", "lock", "-w", workspace)[1] == {"removed": True}
    assert run(capsys, "key", "show-fingerprint", "-w", workspace)[0] == 2

    (workspace / "hospital.key.locked").unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(sheet_lines(key))))
    code, told, _ = run(capsys, "key", "restore", "-w", workspace)
    assert (code, told["key_fingerprint"]) == (0, fingerprint)
    assert load_key(workspace / "hospital.key") == key
    assert run(capsys, "key", "show-fingerprint", "-w", workspace)[1] == {
        "key_fingerprint": fingerprint
    }


def test_restore_names_the_wrong_line_and_says_none(
    workspace: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = list(sheet_lines(load_key(workspace / "hospital.key")))
    (workspace / "hospital.key").unlink()
    lines[4] = lines[4][1] + lines[4][0] + lines[4][2:] if lines[4][0] != lines[4][1] else "X" * 10
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    code, told, err = run(capsys, "key", "restore", "-w", workspace)
    assert code == 2
    assert "line 5" in str(told["message"])
    assert not any(line in str(told) + err for line in lines)
    assert not (workspace / "hospital.key").exists()


def test_restore_replaces_no_key(workspace: Path, capsys: Capture) -> None:
    code, told, _ = run(capsys, "key", "restore", "-w", workspace)
    assert code == 2
    assert "never replaced" in str(told["message"])


def test_the_passphrase_must_be_its_owners_alone(
    workspace: Path, passphrase: Path, capsys: Capture
) -> None:
    passphrase.chmod(0o640)
    words = ("key", "protect", "-w", workspace, "--no-sheet", "--passphrase-file", passphrase)
    code, told, err = run(capsys, *words)
    assert code == 2
    assert "chmod 600" in str(told["message"])
    assert PASSPHRASE not in str(told) + err
    assert (workspace / "hospital.key").exists()


def test_a_credential_that_systemd_lets_a_service_read_is_taken(
    workspace: Path, passphrase: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("not allowed here: files of root")
    passphrase.chmod(0o440)
    words = ("key", "protect", "-w", workspace, "--no-sheet", "--passphrase-file", passphrase)
    assert run(capsys, *words)[0] == 2
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(passphrase.parent))
    assert run(capsys, *words)[0] == 0


@pytest.mark.parametrize("content", [b"", b"\n", b"two lines are\nnot one line", b"\xff" * 20])
def test_a_passphrase_file_holds_one_line_of_text(
    workspace: Path, passphrase: Path, capsys: Capture, content: bytes
) -> None:
    passphrase.write_bytes(content)
    words = ("key", "protect", "-w", workspace, "--no-sheet", "--passphrase-file", passphrase)
    assert run(capsys, *words)[0] == 2
    assert (workspace / "hospital.key").exists()


@pytest.mark.parametrize("words", [["protect", "--no-sheet"], ["unlock"]])
def test_nobody_there_to_be_asked_is_told_so(
    workspace: Path, capsys: Capture, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("typed blindly"))
    code, told, _ = run(capsys, "key", *words, "-w", workspace)
    assert code == 2
    assert "--passphrase-file" in str(told["message"])


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "inf", "100000"])
def test_hours_are_hours(workspace: Path, passphrase: Path, capsys: Capture, hours: str) -> None:
    words = ("key", "unlock", "-w", workspace, "--passphrase-file", passphrase)
    code, told, _ = run(capsys, *words, f"--for={hours}")
    assert (code, told["error"]) == (2, "UsageError")
    assert "--for: (word " in str(told["message"])
    assert "is no number of hours above 0 and up to" in str(told["message"])


def test_check_says_what_is_wrong(workspace: Path, passphrase: Path, capsys: Capture) -> None:
    (workspace / "hospital.key").chmod(0o640)
    code, told, _ = run(capsys, "key", "check", "-w", workspace)
    assert (code, told["key_fingerprint"]) == (1, None)
    assert "chmod 600" in str(told["problems"])
    (workspace / "hospital.key").unlink()
    assert "no key" in str(run(capsys, "key", "check", "-w", workspace)[1]["problems"])
    create_key(workspace / "hospital.key")
    assert "No recovery sheet" in str(run(capsys, "key", "check", "-w", workspace)[1]["problems"])


def test_a_sheet_is_written_neither_over_a_file_nor_where_things_leave(
    workspace: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "there.html").write_text("mine")
    (workspace / "reports").mkdir()
    for out in (tmp_path / "there.html", workspace / "reports" / "s.html", tmp_path / "no" / "s"):
        assert run(capsys, "key", "sheet", "-w", workspace, "--out", out)[0] == 2
    assert (tmp_path / "there.html").read_text() == "mine"
    assert not list((workspace / "reports").iterdir())


def test_no_secret_is_in_logs_output_or_the_list_of_processes(
    workspace: Path, tmp_path: Path, in_memory: Path
) -> None:
    """The program stands still while it waits for the passphrase: then it is looked at."""
    key = load_key(workspace / "hospital.key")
    seen = b""
    for verb in (["protect", "--no-sheet"], ["unlock"], ["check"], ["show-fingerprint"]):
        reading, writing = os.pipe()
        asked = ["--passphrase-file", f"/dev/fd/{reading}"] if verb[0] in "protect unlock" else []
        command = [sys.executable, "-m", "workbench.cli", "key", *verb, "-w", str(workspace)]
        with subprocess.Popen(
            [*command, *asked, "--json"], pass_fds=[reading],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as program:  # fmt: skip
            os.close(reading)
            for name in ("cmdline", "environ"):
                seen += Path(f"/proc/{program.pid}/{name}").read_bytes()
            os.write(writing, PASSPHRASE.encode())
            os.close(writing)
            seen += b"".join(program.communicate(timeout=60))
        assert program.returncode == (1 if verb[0] == "check" else 0), seen.decode()
    for secret in (
        PASSPHRASE.encode(),
        key,
        key.hex().encode(),
        *map(str.encode, sheet_lines(key)),
    ):
        assert secret not in seen


def test_no_secret_is_logged(
    workspace: Path, passphrase: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    key = load_key(workspace / "hospital.key")
    with caplog.at_level(logging.DEBUG):
        words = ("-w", workspace, "--passphrase-file", passphrase)
        run(capsys, "key", "protect", "--no-sheet", *words)
        run(capsys, "key", "unlock", *words)
        run(capsys, "key", "check", "-w", workspace)
    assert PASSPHRASE not in caplog.text
    assert key.hex() not in caplog.text
    assert key.hex() not in repr(open_survey(workspace).pseudonyms())


def test_deleting_everything_deletes_the_copy_in_memory(
    workspace: Path, passphrase: Path, capsys: Capture
) -> None:
    words = ("-w", workspace, "--passphrase-file", passphrase)
    run(capsys, "key", "protect", "--no-sheet", *words)
    run(capsys, "key", "unlock", *words)
    copy = unlocked_key.unlocked_file(workspace / "hospital.key")
    assert copy.exists()
    sure = ["--sure", "survey", "--sure", "survey"]
    assert run(capsys, "collect", "delete-everything", "-w", workspace, *sure)[0] == 0
    assert not copy.exists()
    assert not (workspace / "hospital.key.locked").exists()


class Terminal:
    """A program at a terminal, as a person sees and types."""

    def __init__(self, *words: object) -> None:
        self.master, slave = os.openpty()
        command = [sys.executable, "-m", "workbench.cli", "key", *map(str, words)]
        self.program = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.shown = ""

    def answer(self, prompt: str, text: str) -> None:
        """Wait until something is asked, and type."""
        seen = len(self.shown)
        while prompt not in self.shown[seen:]:
            self.shown += os.read(self.master, 4096).decode()
        os.write(self.master, f"{text}\n".encode())

    def end(self) -> int:
        try:
            while block := os.read(self.master, 4096):
                self.shown += block.decode()
        except OSError:  # the program has closed the terminal
            pass
        os.close(self.master)
        return self.program.wait(60)


def test_a_person_types_the_passphrase_unseen(workspace: Path) -> None:
    differing = Terminal("protect", "--no-sheet", "-w", workspace)
    differing.answer("New passphrase: ", PASSPHRASE)
    differing.answer("Once more: ", PASSPHRASE + "!")
    assert differing.end() == 2
    assert "differ" in differing.shown
    assert (workspace / "hospital.key").exists()
    same = Terminal("protect", "--no-sheet", "-w", workspace)
    same.answer("New passphrase: ", PASSPHRASE)
    same.answer("Once more: ", PASSPHRASE)
    assert same.end() == 0
    assert PASSPHRASE not in differing.shown + same.shown
    assert not (workspace / "hospital.key").exists()


def test_a_person_mends_a_line_and_right_ones_are_wiped(workspace: Path) -> None:
    key = load_key(workspace / "hospital.key")
    (workspace / "hospital.key").unlink()
    terminal = Terminal("restore", "-w", workspace)
    for number, line in enumerate(sheet_lines(key), 1):
        if number == 3:
            terminal.answer("Line 3 of 8:", "Z" * 10)
            terminal.answer("line 3 of the sheet is not as printed", line)
        else:
            terminal.answer(f"Line {number} of 8:", line)
    assert terminal.end() == 0
    assert terminal.shown.count("\x1b[2K") == 8
    assert load_key(workspace / "hospital.key") == key


def test_the_sheet_is_in_the_language_of_the_settings_and_what_is_said_is_english(
    workspace: Path, tmp_path: Path, capsys: Capture
) -> None:
    with (workspace / "workbench.toml").open("a", encoding="utf-8") as file:
        file.write('\n[server]\nlanguage = "xx"\n')
    sheet = tmp_path / "sheet.html"
    code, told, err = run(capsys, "key", "sheet", "-w", workspace, "--out", sheet)
    assert (code, "⟦" in f"{told}{err}") == (0, False)
    assert '<html lang="xx">' in sheet.read_text("utf-8")
