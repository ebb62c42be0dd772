"""The locked key and its copy in memory: what programs find, and what nobody else may."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from workbench.deidentify import unlocked_key
from workbench.deidentify.key import create_key, load_key, protect_key, unlock_key
from workbench.deidentify.key_wrapping import Cost, wrap
from workbench.errors import IdentityError

PASSPHRASE = "correct horse battery"
CHEAP = Cost(memory_kib=32, passes=1, lanes=1)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    create_key(tmp_path / "hospital.key")
    return tmp_path / "hospital.key"


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def test_a_protected_key_is_found_only_while_it_is_unlocked(
    key_file: Path, in_memory: Path
) -> None:
    key = load_key(key_file)
    protect_key(key_file, PASSPHRASE, CHEAP)
    assert not key_file.exists()
    assert mode(unlocked_key.locked_file(key_file)) == 0o600
    with pytest.raises(IdentityError, match=r"locked.*workbench key unlock"):
        load_key(key_file)
    unlock_key(key_file, PASSPHRASE)
    assert load_key(key_file) == key
    assert unlocked_key.hours_left(key_file) is None
    assert unlocked_key.forget_unlocked(key_file)
    assert not unlocked_key.forget_unlocked(key_file)
    with pytest.raises(IdentityError, match="locked"):
        load_key(key_file)


def test_nothing_of_the_key_stays_in_the_workspace(key_file: Path, in_memory: Path) -> None:
    key = load_key(key_file)
    held = os.open(key_file, os.O_RDONLY)  # the blocks of the plain file, after its name is gone
    protect_key(key_file, PASSPHRASE, CHEAP)
    unlock_key(key_file, PASSPHRASE)
    assert os.read(held, 64) == bytes(32)
    os.close(held)
    for file in key_file.parent.rglob("*"):
        assert key[:8] not in file.read_bytes()


def test_the_copy_is_its_owners_alone(
    key_file: Path, in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect_key(key_file, PASSPHRASE, CHEAP)
    before = os.umask(0)
    try:
        unlock_key(key_file, PASSPHRASE)
    finally:
        os.umask(before)
    copy = unlocked_key.unlocked_file(key_file)
    assert copy.parent.parent == in_memory
    assert (mode(copy), mode(copy.parent)) == (0o600, 0o700)
    assert list(copy.parent.iterdir()) == [copy]
    copy.chmod(0o644)
    with pytest.raises(IdentityError, match="others"):
        load_key(key_file)


def test_a_link_in_the_place_of_the_copy_is_not_followed(key_file: Path, in_memory: Path) -> None:
    protect_key(key_file, PASSPHRASE, CHEAP)
    unlock_key(key_file, PASSPHRASE)
    copy = unlocked_key.unlocked_file(key_file)
    (in_memory / "elsewhere").write_bytes(copy.read_bytes())
    (in_memory / "elsewhere").chmod(0o600)
    copy.unlink()
    copy.symlink_to(in_memory / "elsewhere")
    with pytest.raises(IdentityError, match="locked"):
        load_key(key_file)


def test_a_disk_is_no_place_for_the_copy(
    key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if unlocked_key.file_system(tmp_path.stat().st_dev) in unlocked_key.IN_MEMORY:
        pytest.skip("not allowed here: a temporary folder on a disk")
    protect_key(key_file, PASSPHRASE, CHEAP)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    with pytest.raises(IdentityError, match="not in memory"):
        unlock_key(key_file, PASSPHRASE)
    assert not unlocked_key.unlocked_file(key_file).exists()


def test_a_folder_open_to_others_is_no_place_for_the_copy(key_file: Path, in_memory: Path) -> None:
    protect_key(key_file, PASSPHRASE, CHEAP)
    in_memory.chmod(0o711)
    with pytest.raises(IdentityError, match="others"):
        unlock_key(key_file, PASSPHRASE)
    assert not list(in_memory.iterdir())


def test_without_a_runtime_folder_the_remedy_is_told(
    key_file: Path, in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect_key(key_file, PASSPHRASE, CHEAP)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(in_memory / "none"))
    with pytest.raises(IdentityError, match="XDG_RUNTIME_DIR"):
        unlock_key(key_file, PASSPHRASE)


def test_the_copy_ends_after_its_hours(
    key_file: Path, in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect_key(key_file, PASSPHRASE, CHEAP)
    unlock_key(key_file, PASSPHRASE, hours=2.0)
    left = unlocked_key.hours_left(key_file)
    assert left is not None
    assert 1.99 < left <= 2.0
    assert load_key(key_file)
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    monkeypatch.setattr(unlocked_key.time, "clock_gettime", lambda _: now + 2 * 3600 + 1)
    with pytest.raises(IdentityError, match="locked"):
        load_key(key_file)
    assert not unlocked_key.unlocked_file(key_file).exists(), "and is removed"


def test_a_wrong_passphrase_unlocks_nothing(key_file: Path, in_memory: Path) -> None:
    protect_key(key_file, PASSPHRASE, CHEAP)
    with pytest.raises(IdentityError, match="wrong"):
        unlock_key(key_file, PASSPHRASE.upper())
    assert not list(in_memory.rglob("*.key"))


def test_protecting_that_was_cut_off_goes_on_with_the_same_passphrase(
    key_file: Path, in_memory: Path
) -> None:
    key = load_key(key_file)
    unlocked_key.locked_file(key_file).write_bytes(wrap(key, PASSPHRASE, CHEAP))
    assert load_key(key_file) == key, "the plain one is there still"
    with pytest.raises(IdentityError, match="wrong"):
        protect_key(key_file, "some other passphrase", CHEAP)
    assert load_key(key_file) == key
    protect_key(key_file, PASSPHRASE, CHEAP)
    unlock_key(key_file, PASSPHRASE)
    assert load_key(key_file) == key


def test_a_locked_file_of_another_key_costs_neither(key_file: Path, in_memory: Path) -> None:
    key, other = load_key(key_file), bytes(32)
    unlocked_key.locked_file(key_file).write_bytes(wrap(other, PASSPHRASE, CHEAP))
    with pytest.raises(IdentityError, match="not the one"):
        protect_key(key_file, PASSPHRASE, CHEAP)
    assert load_key(key_file) == key
    assert unlocked_key.locked_file(key_file).exists()


def test_a_plain_file_is_kept_until_the_locked_one_was_opened(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = load_key(key_file)
    monkeypatch.setattr("workbench.deidentify.key.wrap", lambda *_: bytes(104))
    with pytest.raises(IdentityError):
        protect_key(key_file, PASSPHRASE, CHEAP)
    assert load_key(key_file) == key


def test_no_new_key_is_made_beside_a_locked_one(key_file: Path) -> None:
    protect_key(key_file, PASSPHRASE, CHEAP)
    with pytest.raises(IdentityError, match="locked"):
        create_key(key_file)
    with pytest.raises(IdentityError, match="locked already"):
        protect_key(key_file, PASSPHRASE, CHEAP)


def test_two_workspaces_have_two_copies(tmp_path: Path, in_memory: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        create_key(tmp_path / name / "hospital.key")
    one, other = tmp_path / "one" / "hospital.key", tmp_path / "other" / "hospital.key"
    protect_key(one, PASSPHRASE, CHEAP)
    protect_key(other, PASSPHRASE, CHEAP)
    unlock_key(one, PASSPHRASE)
    assert load_key(tmp_path / "other" / ".." / "one" / "hospital.key") == load_key(one)
    with pytest.raises(IdentityError, match="locked"):
        load_key(other)


def test_the_copy_counts_only_for_the_locked_key_it_was_made_of(
    key_file: Path, in_memory: Path
) -> None:
    """A workspace was put away and another stands in its place, locked as well."""
    protect_key(key_file, PASSPHRASE, CHEAP)
    unlock_key(key_file, PASSPHRASE)
    unlocked_key.locked_file(key_file).unlink()
    create_key(key_file)
    protect_key(key_file, PASSPHRASE, CHEAP)
    with pytest.raises(IdentityError, match="locked"):
        load_key(key_file)
    assert not unlocked_key.unlocked_file(key_file).exists()
