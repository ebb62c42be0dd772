"""Encrypted fields: nobody reads, moves or compares them without the key, and they are found."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from workbench.deidentify.field_encryption import (
    INDEX_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    SCHEME,
    TAG_BYTES,
    FieldCipher,
)
from workbench.errors import IdentityError

KEY, SALT = bytes(range(32)), bytes(range(SALT_BYTES))
PLACE = ("patient", "7")
TEXT = b"Grottenolm^Egon"


@pytest.fixture
def cipher() -> FieldCipher:
    return FieldCipher(KEY, SALT)


def test_what_was_encrypted_is_read_again_and_is_not_there_in_clear(cipher: FieldCipher) -> None:
    encrypted = cipher.encrypt(TEXT, *PLACE)
    assert cipher.decrypt(encrypted, *PLACE) == TEXT
    assert TEXT not in encrypted
    assert len(encrypted) == NONCE_BYTES + len(TEXT) + TAG_BYTES
    assert FieldCipher(KEY, SALT).decrypt(encrypted, *PLACE) == TEXT, "another process reads it"


def test_equal_values_are_not_seen_to_be_equal(cipher: FieldCipher) -> None:
    encrypted = {cipher.encrypt(TEXT, *PLACE) for _ in range(500)}
    assert len(encrypted) == 500
    assert len({one[:NONCE_BYTES] for one in encrypted}) == 500


def test_every_changed_bit_is_noticed(cipher: FieldCipher) -> None:
    encrypted = cipher.encrypt(b"ab", *PLACE)
    for bit in range(8 * len(encrypted)):
        changed = bytearray(encrypted)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(IdentityError, match="changed or moved"):
            cipher.decrypt(bytes(changed), *PLACE)


@pytest.mark.parametrize("cut", [b"", b"short", bytes(NONCE_BYTES), bytes(NONCE_BYTES + TAG_BYTES)])
def test_what_is_no_encrypted_field_is_refused_with_a_remedy(
    cipher: FieldCipher, cut: bytes
) -> None:
    with pytest.raises(IdentityError) as caught:
        cipher.decrypt(cut, *PLACE)
    assert "backup" in caught.value.remedy


@pytest.mark.parametrize(
    "elsewhere",
    [("patient", "8"), ("study", "7"), ("patient", "7", ""), ("patient",), ("patient7",),
     ("patien", "t7"), ()],
)  # fmt: skip
def test_a_field_does_not_open_at_another_place(
    cipher: FieldCipher, elsewhere: tuple[str, ...]
) -> None:
    with pytest.raises(IdentityError):
        cipher.decrypt(cipher.encrypt(TEXT, *PLACE), *elsewhere)


@pytest.mark.parametrize("other", [FieldCipher(KEY[::-1], SALT), FieldCipher(KEY, SALT[::-1])])
def test_neither_another_key_nor_another_file_s_salt_opens_it(
    cipher: FieldCipher, other: FieldCipher
) -> None:
    with pytest.raises(IdentityError):
        other.decrypt(cipher.encrypt(TEXT, *PLACE), *PLACE)
    assert other.index("patient", "1") != cipher.index("patient", "1")


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_two_lists_of_words_share_an_index_only_if_they_are_the_same(
    first: list[str], second: list[str]
) -> None:
    cipher = FieldCipher(KEY, SALT)
    assert (cipher.index(*first) == cipher.index(*second)) == (first == second)
    assert len(cipher.index(*first)) == INDEX_BYTES


def test_the_two_keys_are_hkdf_s_and_apart(cipher: FieldCipher) -> None:
    """RFC 5869 as another implementation of it computes it."""
    for purpose, ours in (("index", cipher._index_key), ("field", cipher._field_key)):
        info = f"{SCHEME}{purpose}".encode()
        assert HKDF(hashes.SHA256(), 32, SALT, info).derive(KEY) == ours
    assert cipher._index_key != cipher._field_key


def test_nothing_of_it_is_shown(cipher: FieldCipher) -> None:
    assert KEY.hex()[:8] not in repr(cipher)
    assert repr(cipher) == "FieldCipher()"
