"""The key file is made once, and read only when nobody else can."""

from pathlib import Path

import pytest

from workbench.deidentify.key import create_key, load_key
from workbench.errors import IdentityError


def test_what_is_created_is_loaded_and_only_the_owners(tmp_path: Path) -> None:
    path = tmp_path / "hospital.key"
    key = create_key(path)
    assert len(key) == 32
    assert load_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_keys_differ(tmp_path: Path) -> None:
    assert create_key(tmp_path / "a") != create_key(tmp_path / "b")


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "hospital.key"
    key = create_key(path)
    with pytest.raises(IdentityError):
        create_key(path)
    assert load_key(path) == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_a_key_open_to_others_is_refused_with_a_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "hospital.key"
    create_key(path)
    path.chmod(mode)
    with pytest.raises(IdentityError) as refused:
        load_key(path)
    assert "chmod 600" in refused.value.remedy


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "hospital.key"
    path.write_bytes(b"k" * size)
    path.chmod(0o600)
    with pytest.raises(IdentityError):
        load_key(path)


def test_a_missing_key_names_no_path(tmp_path: Path) -> None:
    with pytest.raises(IdentityError) as refused:
        load_key(tmp_path / "secretplace" / "k")
    assert "secretplace" not in str(refused.value)
