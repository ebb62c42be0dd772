"""A key under a passphrase: the published algorithms, nothing readable, every change noticed."""

from __future__ import annotations

import pickle

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.deidentify.key_wrapping import (
    COST,
    HEADER_BYTES,
    MARK,
    WRAPPED_BYTES,
    Cost,
    check_passphrase,
    cost_of,
    unwrap,
    wrap,
)
from workbench.errors import IdentityError

KEY = bytes(range(32))
PASSPHRASE = "correct horse battery"
CHEAP = Cost(memory_kib=32, passes=1, lanes=1)
# Made once and never again: what was locked yesterday must open tomorrow.
LOCKED_BEFORE = bytes.fromhex(
    "776f726b62656e6368206b657920310a000000400000000200000002dc0b812c06886f49c109dbc0"
    "6afec532f48ad57a7b55ca4ddd501803e808769e204dd9ca5dda682fb0f75cd32bf02a156e1d8f6c"
    "4a85d82805c5ca058461f3f75aef8aad07d8f7ccb9b5d142"
)


def test_argon2id_is_that_of_rfc_9106() -> None:
    made = Argon2id(
        salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32,
        ad=b"\4" * 12, secret=b"\3" * 8,
    ).derive(b"\1" * 32)  # fmt: skip
    assert made.hex() == (  # section 5.3
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    )


def test_without_more_said_it_costs_what_rfc_9106_recommends() -> None:
    cost = cost_of(wrap(KEY, PASSPHRASE))
    assert (cost.passes, cost.lanes, cost.memory_kib) == (3, 4, 64 * 1024)


def test_another_implementation_opens_what_we_locked() -> None:
    content = wrap(KEY, PASSPHRASE, Cost(64, 2, 2))
    header, wrapped = content[:HEADER_BYTES], content[HEADER_BYTES:]
    salt, nonce = header[28:44], header[44:56]
    made = hash_secret_raw(PASSPHRASE.encode(), salt, 2, 64, 2, 32, Type.ID)
    assert AESGCM(made).decrypt(nonce, wrapped, header) == KEY


def test_what_was_locked_before_still_opens() -> None:
    assert unwrap(LOCKED_BEFORE, PASSPHRASE) == KEY


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.text(max_size=40))
def test_only_the_passphrase_opens_it(key: bytes, passphrase: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in passphrase):
        return
    content = wrap(key, passphrase, CHEAP)
    assert unwrap(content, passphrase) == key
    with pytest.raises(IdentityError, match="wrong"):
        unwrap(content, passphrase + "x")


@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_every_changed_byte_is_noticed(mask: int) -> None:
    content = wrap(KEY, PASSPHRASE, CHEAP)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= mask
        with pytest.raises(IdentityError):
            unwrap(bytes(changed), PASSPHRASE)


@pytest.mark.parametrize("content", [b"", MARK, KEY, bytes(WRAPPED_BYTES)])
def test_what_is_no_locked_key_is_told_so(content: bytes) -> None:
    with pytest.raises(IdentityError, match="restore"):
        unwrap(content, PASSPHRASE)


def test_a_cut_or_longer_file_is_noticed() -> None:
    content = wrap(KEY, PASSPHRASE, CHEAP)
    for changed in (content[:-1], content + b"\0"):
        with pytest.raises(IdentityError):
            unwrap(changed, PASSPHRASE)


def test_a_file_cannot_ask_for_more_memory_or_time_than_is_sane() -> None:
    content = wrap(KEY, PASSPHRASE, CHEAP)
    for wanted in ((2**32 - 1, 1, 1), (64, 2**32 - 1, 1), (64, 0, 1), (7, 1, 1), (64, 1, 0)):
        greedy = MARK + COST.pack(*wanted) + content[len(MARK) + COST.size :]
        with pytest.raises(IdentityError, match="damaged"):
            unwrap(greedy, PASSPHRASE)


def test_two_files_of_one_key_share_no_salt_and_no_byte_of_the_key() -> None:
    one, other = (wrap(KEY, PASSPHRASE, CHEAP) for _ in range(2))
    assert one[28:] != other[28:]
    assert one[28:44] != other[28:44]
    assert one[44:56] != other[44:56]
    for start in range(len(KEY) - 3):
        assert KEY[start : start + 4] not in one


def test_a_passphrase_is_the_same_on_every_keyboard() -> None:
    composed, decomposed = "M\u00fcller hat viele Worte", "Mu\u0308ller hat viele Worte"
    assert unwrap(wrap(KEY, composed, CHEAP), decomposed) == KEY


@pytest.mark.parametrize("short", ["", "hunter2", "fourteen chars"])
def test_a_short_new_passphrase_is_refused_and_not_repeated(short: str) -> None:
    with pytest.raises(IdentityError) as error:
        check_passphrase(short)
    assert not short or short not in str(error.value)


def test_errors_hold_neither_key_nor_passphrase() -> None:
    content = wrap(KEY, PASSPHRASE, CHEAP)
    with pytest.raises(IdentityError) as caught:
        unwrap(content, "another passphrase altogether")
    error: BaseException | None = caught.value
    while error is not None:
        for told in (str(error), repr(error.args), str(vars(error)), repr(pickle.dumps(error))):
            assert "another passphrase" not in told
            assert KEY.hex() not in told
        error = error.__cause__
