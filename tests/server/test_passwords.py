"""Passwords of rights: hashed, private, one for each, and never a way around."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.faults.remembered_disk import RememberedDisk
from workbench.errors import SettingsError
from workbench.rights import PASSWORDS_FILE as FILE
from workbench.rights import Right, Rights
from workbench.server.passwords import Passwords

LOOK, ADMINISTER = "four words drawn by lot", "another four words, longer"


def test_a_password_gives_its_right_and_no_other(tmp_path: Path) -> None:
    passwords = Passwords(tmp_path)
    assert not passwords.any()
    passwords.set(Right.LOOK, LOOK)
    passwords.set(Right.ADMINISTER, ADMINISTER)
    again = Passwords(tmp_path)
    assert again.granted(LOOK) == Rights.of([Right.LOOK])
    assert again.granted(ADMINISTER) == Rights.of([Right.ADMINISTER])
    for wrong in ("", LOOK + " ", LOOK.upper(), "x" * 2000, "nobody", "\x00"):
        assert again.granted(wrong) == Rights()
    assert [again.state(right) for right in Right] == ["password", "address", "address", "password"]


def test_the_file_holds_no_password_and_is_its_owners(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Passwords(tmp_path).set(Right.LOOK, LOOK)
        Passwords(tmp_path).set(Right.DECIDE, ADMINISTER)
    finally:
        os.umask(before)
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    kept = json.loads(file.read_text())
    assert all(text.startswith("$argon2id$") for text in kept.values())
    assert len({text.split("$")[4] for text in kept.values()}) == 2  # a salt each
    assert LOOK not in file.read_text()
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        Passwords(tmp_path)


def test_a_right_taken_back_stays_taken_back_after_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = RememberedDisk(tmp_path, monkeypatch)
    disk.everything()
    passwords = Passwords(tmp_path)
    passwords.set(Right.COLLECT, LOOK)
    assert disk.left(tmp_path / FILE) == (tmp_path / FILE).read_bytes()
    passwords.switch_off(Right.COLLECT)
    assert json.loads(disk.left(tmp_path / FILE) or b"") == {"collect": "nobody"}
    assert disk.torn == []


def test_a_right_can_be_switched_off_and_given_by_address_again(tmp_path: Path) -> None:
    passwords = Passwords(tmp_path)
    passwords.set(Right.COLLECT, LOOK)
    passwords.switch_off(Right.COLLECT)
    assert Passwords(tmp_path).state(Right.COLLECT) == "nobody"
    assert Passwords(tmp_path).granted(LOOK) == Rights()
    passwords.forget(Right.COLLECT)
    assert Passwords(tmp_path).state(Right.COLLECT) == "address"


def test_short_and_shared_passwords_are_refused(tmp_path: Path) -> None:
    passwords = Passwords(tmp_path)
    with pytest.raises(SettingsError, match="15 characters"):
        passwords.set(Right.LOOK, "short")
    passwords.set(Right.LOOK, LOOK)
    with pytest.raises(SettingsError, match="another right"):
        passwords.set(Right.ADMINISTER, LOOK)
    passwords.set(Right.LOOK, LOOK)  # the same one again is nothing new


@pytest.mark.parametrize("text", ["", "[]", '{"everything": "x"}', "{"])
def test_a_damaged_file_gives_nothing_and_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(SettingsError, match="rights set"):
        Passwords(tmp_path)


def test_a_hash_that_is_none_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"administer": "four words drawn by lot"}))
    (tmp_path / FILE).chmod(0o600)
    assert Passwords(tmp_path).granted(LOOK) == Rights()
