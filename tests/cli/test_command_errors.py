"""What fails is told with the path that was typed, and with no other."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.cli.verbs import run
from workbench.cli.command_errors import about, explained, typed
from workbench.cli.output import BROKE_OFF, NOT_STARTED, STOPPED
from workbench.cli.verb import UsageError
from workbench.errors import IdentityError, NotDicom, SettingsError


def refused(code: int, *names: object) -> OSError:
    return OSError(code, "words of the system", *names)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsError("a is wrong", "Mend it."), NOT_STARTED, "a is wrong. Mend it."),
        (UsageError("a.", "usage: workbench"), NOT_STARTED, "a.\nusage: workbench"),
        (KeyboardInterrupt(), STOPPED, "Run the same command again"),
        (MemoryError(), NOT_STARTED, "the memory is full"),
        (refused(errno.ENOSPC, "out.csv"), NOT_STARTED, "'out.csv': no space left on device. Free"),
        (refused(errno.EACCES, "out.csv"), NOT_STARTED, "'out.csv': permission denied. Check its"),
        (refused(errno.EROFS, "out.csv"), NOT_STARTED, "'out.csv': read-only file system."),
        (refused(errno.EADDRINUSE), NOT_STARTED, "address already in use. Another program"),
        (refused(errno.EIO), NOT_STARTED, "input/output error. Check the disk"),
        (refused(errno.EXDEV, "other", None, "out.csv"), NOT_STARTED, "'out.csv': invalid cross"),
        (OSError("Meyer^Anna"), BROKE_OFF, "a fault of the program: OSError"),
        (ValueError("Meyer^Anna"), BROKE_OFF, "a fault of the program: ValueError"),
    ],
)
def test_an_error_is_told_with_its_remedy(error: BaseException, code: int, said: str) -> None:
    told = explained(error, ["table", "x", "--out", "out.csv"])
    assert told[0] == code
    assert said in told[1]
    assert "Meyer" not in told[1]
    assert "words of the system" not in told[1]


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("a/b.csv", ["--out", "a/b.csv"], "'a/b.csv'"),
        ("a/b.csv", ["--out=a/b.csv"], "'a/b.csv'"),
        (b"a/b.csv", ["a/b.csv"], "'a/b.csv'"),
        ("w/parts/Meyer^Anna", ["-w", "w"], "something in 'w'"),
        ("w/in/Meyer^Anna", ["w", "w/in"], "something in 'w/in'"),
        ("a/.writing-x8/draft.csv", ["--out", "a/b.csv"], "'a/b.csv'"),
        ("a/b.csv.partial", ["--out", "a/b.csv"], "'a/b.csv'"),
        ("b.csv.partial", ["table", "events", "--out", "b.csv"], "'b.csv'"),
        (".writing-x8/draft.csv", ["table", "events", "--out", "b.csv"], "'b.csv'"),
        ("a/.writing-x8/draft.csv", ["table", "a/verb", "--out", "a/b.csv"], "'a/b.csv'"),
        ("a/c/.writing-x8/draft.csv", ["a/x.csv", "--out", "a/c/b.csv"], "'a/c/b.csv'"),
        ("elsewhere/Meyer^Anna", ["--out", "a/b.csv"], ""),
        ("a/Meyer^Anna", ["--out", "a/b.csv"], ""),
        (None, ["a"], ""),
        (7, ["a"], ""),
        ("", ["a"], ""),
    ],
)
def test_only_what_was_typed_is_named(name: object, words: list[str], said: str) -> None:
    assert typed(name, words) == said
    if isinstance(name, str) and name:
        assert typed(str(Path.cwd() / name), words) == said


def test_a_workspace_of_the_environment_was_named_by_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w"))
    assert typed(str(tmp_path / "w" / "parts" / "x"), ["map"]) == f"something in '{tmp_path / 'w'}'"


def test_a_full_disk_is_named_though_the_system_names_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Full:
        f_bavail, f_frsize = 3, 4096

    monkeypatch.setattr(os, "statvfs", lambda _: Full)
    words = ["simulate", "--seed", "3", str(tmp_path / "out")]
    code, said = explained(refused(errno.ENOSPC), words)
    assert code == NOT_STARTED
    assert said.startswith(f"'{tmp_path / 'out'}': no space left on device. Free some space")
    Full.f_bavail = 10**9
    assert "out" not in explained(refused(errno.ENOSPC), words)[1].partition(":")[0]


def test_an_error_says_which_of_the_named_files_it_is_about() -> None:
    with pytest.raises(IdentityError) as refusal, about("--key", Path("my.key")):
        raise IdentityError("the key is too short", "Restore it.")
    assert str(refusal.value) == "--key 'my.key': the key is too short. Restore it."
    with pytest.raises(NotDicom) as other, about("IN", Path("a")):
        raise NotDicom("text", "it is text")
    assert (other.value.code, other.value.message) == ("text", "IN 'a': it is text")
    with pytest.raises(SettingsError, match=r"^no list$"), about("--patients", None):
        raise SettingsError("no list")


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--key", "short", ["deidentify", "in", "out", "--key", "file"]),
        ("--profile", "name = [", ["deidentify", "in", "out", "--key", "key", "--profile", "file"]),
        ("--patients", "", ["collect", "run", "--patients", "file", "-w", "w"]),
        ("file", "\xff", ["collect", "add", "file", "-w", "w"]),
        ("file", "nonsense", ["qa", "profile", "file", "--by", "N", "-w", "w"]),
        ("patients", "a*", ["key", "link", "file", "--out", "l.csv", "-w", "w"]),
        ("--patients", "a*", ["key", "who", "SITE-A", "--patients", "file", "-w", "w"]),
        ("-w", "", ["init", "-w", "w"]),
    ],
)
def test_a_wrong_file_is_named_by_its_option(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, option: str, content: str, words: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(content.encode("latin-1"))
    (tmp_path / "key").write_bytes(b"k" * 32)
    for closed in ("file", "key"):
        (tmp_path / closed).chmod(0o600)
    (tmp_path / "in").mkdir()
    code, answer, err = run(capsys, *words)
    assert code == NOT_STARTED
    name = "w" if option == "-w" else "file"
    assert str(answer["message"]).startswith(f"{option} '{name}': "), answer
    assert "fault" not in err
