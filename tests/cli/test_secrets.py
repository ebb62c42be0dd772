"""Passphrases from files: one line, of the owner alone; nobody is asked where nobody sits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.cli import secrets
from workbench.cli.secrets import new_passphrase, passphrase_of
from workbench.errors import IdentityError, SettingsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "passphrase"
    made.write_bytes(b"correct horse\n")
    made.chmod(0o600)
    return made


def test_the_line_of_a_private_file_is_the_passphrase(file: Path) -> None:
    assert passphrase_of(file) == new_passphrase(file) == "correct horse"
    file.write_text(" mit Leerzeichen und Ümlaut ")
    assert passphrase_of(file) == " mit Leerzeichen und Ümlaut "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666, 0o610])
def test_a_file_that_others_may_read_or_change_is_refused(mode: int, file: Path) -> None:
    file.chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600"):
        passphrase_of(file)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe", b"x" * (secrets.LONGEST + 1)]
)
def test_what_is_not_one_line_of_text_is_refused(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        passphrase_of(file)
    assert "one" not in str(caught.value).replace("one line", "")


def test_a_file_that_is_not_there_is_said_without_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        passphrase_of(tmp_path / "CANARY")
    assert "CANARY" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="not allowed here: to make a file of root")
def test_a_credential_of_systemd_may_show_a_right_of_its_group(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.chmod(0o440)
    with pytest.raises(SettingsError):
        passphrase_of(file)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))
    assert passphrase_of(file) == "correct horse"
    file.chmod(0o444)
    with pytest.raises(SettingsError):
        passphrase_of(file)


class Terminal:
    """Somebody who sits there and types lines."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)

    def isatty(self) -> bool:
        return True

    def typed(self, _: str) -> str:
        return self._lines.pop(0)


def test_a_new_one_is_asked_twice_and_must_be_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for lines, good in ((("a", "a"), True), (("a", "b"), False)):
        person = Terminal(*lines)
        monkeypatch.setattr("sys.stdin", person)
        monkeypatch.setattr("getpass.getpass", person.typed)
        if good:
            assert new_passphrase(None) == "a"
        else:
            with pytest.raises(IdentityError, match="differ"):
                new_passphrase(None)


def test_where_nobody_sits_a_file_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nobody:  # noqa: PTH123
        monkeypatch.setattr("sys.stdin", nobody)
        with pytest.raises(SettingsError, match="--passphrase-file"):
            passphrase_of(None)
