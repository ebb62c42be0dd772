"""The recovery sheet: what is typed in again is the key, or the mistyped line is named."""

from __future__ import annotations

import pickle
import re
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.unmarked import unmarked
from workbench.deidentify.recovery_sheet import (
    ALPHABET,
    SheetError,
    SheetFacts,
    key_of_lines,
    read_sheet_line,
    sheet_lines,
    sheet_page,
)
from workbench.errors import IdentityError
from workbench.language import use_language

KEY = bytes(range(32))
KEYS = st.binary(min_size=32, max_size=32)
FACTS = SheetFacts("lung <ct>", "LU01", "c0ffee00c0ffee00", date(2026, 3, 1))


def crc(content: bytes) -> int:
    """CRC-16 with the polynomial 0x1021, started at 0xFFFF, bit by bit."""
    register = 0xFFFF
    for byte in content:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1 ^ 0x1021 if register & 0x8000 else register << 1) & 0xFFFF
    return register


def test_the_check_is_the_published_one() -> None:
    assert crc(b"123456789") == 0x29B1, "the catalogued check value of CRC-16/IBM-3740"
    for number, line in enumerate(sheet_lines(KEY), 1):
        value = 0
        for letter in line.replace("-", ""):
            value = value * 32 + ALPHABET.index(letter)
        part = KEY[4 * number - 4 : 4 * number]
        assert value == int.from_bytes(part, "big") * 65536 + crc(bytes([number]) + part)


def test_what_was_printed_before_can_still_be_typed_in() -> None:
    assert sheet_lines(KEY) == (
        "00041-07PKC", "040M3-0FBPF", "08145-0QEHC", "0C1M7-0YHW9",
        "0G249-166QC", "0M2MB-1EVJF", "0R34D-1PYNC", "0W3MF-1Z194",
    )  # fmt: skip


def test_the_alphabet_has_no_letters_that_are_taken_for_others() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("ILOU")


@given(KEYS)
def test_a_key_comes_back_however_it_is_typed(key: bytes) -> None:
    lines = sheet_lines(key)
    assert key_of_lines(lines) == key
    sloppy = [f"  {line.lower().replace('0', 'o').replace('1', 'l')} \n" for line in lines]
    assert key_of_lines(sloppy) == key
    assert key_of_lines([line.replace("-", "").replace("1", "I") for line in lines]) == key


@given(KEYS, st.integers(1, 8))
def test_every_single_wrong_character_and_every_swap_of_neighbours_is_noticed(
    key: bytes, number: int
) -> None:
    letters = sheet_lines(key)[number - 1].replace("-", "")
    wrong = {
        letters[:place] + other + letters[place + 1 :] for place in range(10) for other in ALPHABET
    } | {
        letters[:place] + letters[place + 1] + letters[place] + letters[place + 2 :]
        for place in range(9)
    }
    assert len(wrong) > 310
    for text in wrong - {letters}:
        with pytest.raises(SheetError) as error:
            read_sheet_line(number, text)
        assert error.value.line == number


@given(KEYS, st.integers(1, 8), st.integers(0, 8), st.text(ALPHABET, min_size=2, max_size=2))
def test_any_two_wrong_neighbours_are_noticed(
    key: bytes, number: int, place: int, other: str
) -> None:
    letters = sheet_lines(key)[number - 1].replace("-", "")
    wrong = letters[:place] + other + letters[place + 2 :]
    if wrong != letters:
        with pytest.raises(SheetError):
            read_sheet_line(number, wrong)


@given(KEYS, st.integers(0, 7), st.integers(0, 7))
def test_lines_in_another_order_are_noticed(key: bytes, one: int, other: int) -> None:
    lines = list(sheet_lines(key))
    lines[one], lines[other] = lines[other], lines[one]
    if one != other:
        with pytest.raises(SheetError) as error:
            key_of_lines(lines)
        assert error.value.line == min(one, other) + 1


@pytest.mark.parametrize("text", ["", "00041-07PK", "00041-07PKCC", "00041-07PKU", "Ä0041-07PKC"])
def test_a_line_that_is_none_is_named_and_not_repeated(text: str) -> None:
    with pytest.raises(SheetError, match="line 1") as error:
        read_sheet_line(1, text)
    assert not text or text not in str(error.value) + repr(error.value.args)


def test_a_missing_line_is_noticed() -> None:
    with pytest.raises(IdentityError, match="8 lines"):
        key_of_lines(sheet_lines(KEY)[:7])


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_has_all_that_is_needed_and_loads_nothing() -> None:
    markup = sheet_page(KEY, FACTS)
    page = Page(markup)
    for wanted in (*sheet_lines(KEY), "lung <ct>", "LU01", "c0ffee00c0ffee00", "2026-03-01"):
        assert wanted in page.text
    assert "two" in page.text.lower()
    assert "key restore" in page.text
    assert not page.tags & {"script", "img", "link", "iframe", "object", "ct"}
    assert not page.names & {"src", "href", "onload"}
    assert not re.search(r"https?:|url\(|@import", markup)
    assert KEY.hex() not in markup


def test_the_sheet_is_in_the_language_that_is_spoken_and_the_key_as_it_is() -> None:
    with use_language("xx"):
        page = sheet_page(KEY, FACTS)
    assert '<html lang="xx">' in page
    assert unmarked(page) == []
    assert "«lung &lt;ct&gt;»" in page
    for line in sheet_lines(KEY):
        assert line in page
    english = sheet_page(KEY, FACTS)
    assert '<html lang="en">' in english
    assert "2026-03-01" in english


def test_a_mistyped_line_is_told_in_the_language_and_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(SheetError(3)))
    assert error.line == 3
    assert str(error) == "line 3 of the sheet is not as printed. Compare it and try again"
    with use_language("xx"):
        assert error.words().startswith("⟦lîñé «3» öf")
