"""Patient IDs: the same one however it is written; alike is not the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.collect.patient_ids import SINGLE_BYTE, character_sets, is_alike, is_same


@pytest.mark.parametrize(
    ("told", "asked", "same"),
    [
        ("123", "123", True), (" 123 ", "123", True), ("123", " 123", True), ("0123", "123", False),
        ("MüLLER", "MüLLER", True), ("abc", "ABC", False), ("12 3", "123", False),
        ("Mu\u0308ller", "Müller", True), ("Müller", "Mu\u0308ller", True),
        ("MÃ¼ller", "Müller", True),  # UTF-8 read as Latin-1, because it was not declared
        ("", "", True), ("123", "", False),
    ],
)  # fmt: skip
def test_the_same_is_the_same_but_for_padding_and_encoding(
    told: str, asked: str, same: bool
) -> None:
    assert is_same(told, asked) is same


@pytest.mark.parametrize(
    ("told", "asked", "alike"),
    [
        ("0123", "123", True), ("00 12 3", "123", True), ("abc", "ABC", True),
        ("１２３", "123", True), ("straße", "STRASSE", True), ("1230", "123", False),
        ("0123", "1023", False), ("000", "", True), ("124", "123", False),
    ],
)  # fmt: skip
def test_alike_are_those_that_a_person_might_mistake(told: str, asked: str, alike: bool) -> None:
    assert is_alike(told, asked) is alike
    assert is_alike(asked, told) is alike


@given(st.text())
def test_what_is_the_same_is_alike_and_every_id_is_itself(text: str) -> None:
    assert is_same(f" {text} ", text)
    assert is_alike(text, text)
    assert is_same(unicodedata.normalize("NFD", text), text)


def test_a_plain_id_is_asked_for_once() -> None:
    assert list(character_sets("12345-A")) == ["ISO_IR 192"]


@pytest.mark.parametrize(
    ("text", "then"),
    [("Müller", ["ISO_IR 100"]), ("Łódź", ["ISO_IR 101"]), ("Иванов", ["ISO_IR 144"]),
     ("Ωmega", ["ISO_IR 126"]), ("山田", []), ("Mu\u0308ller", ["ISO_IR 100"])],
)  # fmt: skip
def test_others_in_utf_8_first_then_in_the_set_that_has_them(text: str, then: list[str]) -> None:
    assert list(character_sets(text)) == ["ISO_IR 192", *then]
    for term in then:
        assert unicodedata.normalize("NFC", text).encode(SINGLE_BYTE[term])
