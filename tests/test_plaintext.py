"""Texts that command nothing: no terminal, no XML reader, no spreadsheet."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.plaintext import (
    no_formula,
    no_formulas,
    printable,
    printable_parts,
)

ANY = st.text(st.characters())
SIGNS = st.text(alphabet="=+-@;\t\r\n '\"\x00\ufeffa1", max_size=12)


@given(ANY)
def test_a_printable_text_commands_no_terminal_and_fits_into_xml(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert all(one in "\t\n" or unicodedata.category(one) not in ("Cc", "Cs") for one in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert ET.fromstring(f"<t>{shown.replace('&', '').replace('<', '')}</t>").tag == "t"
    assert printable(shown) == shown


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_letters_of_any_language_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


def test_a_control_character_is_shown_by_its_picture() -> None:
    assert printable("\x1b[2J\x07a\x00\x7f\x9b\tb\n") == "␛[2J␇a␀␡\ufffd\tb\n"


def test_every_text_of_a_specification_is_made_printable() -> None:
    given = {"a\x00": ["\x1b", {"b": "\x07"}], "n": 1.5, "none": None, "pair": ("\x01", 2)}
    assert printable_parts(given) == {
        "a␀": ["␛", {"b": "␇"}], "n": 1.5, "none": None, "pair": ["␁", 2],
    }  # fmt: skip


STARTS = ("=1", "+1", "-1", "@a", " =1", "\t=1", "\rx", "\ufeff=1", "\x00=1", "\uff1d1", '"=1')


@pytest.mark.parametrize("text", STARTS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert no_formula(text).startswith("'")


def test_a_formula_behind_a_semicolon_or_line_end_gets_one_too() -> None:
    assert no_formula("CT; =1\n+2") == "CT; '=1\n'+2"
    assert (
        no_formula("CT-Abdomen; 3 mm = thin, e-mail a@b") == "CT-Abdomen; 3 mm = thin, e-mail a@b"
    )


@given(SIGNS)
def test_columns_and_single_texts_are_treated_alike(text: str) -> None:
    done = pl.DataFrame({"a": [text]}).select(no_formulas(pl.col("a")))
    assert done["a"][0] == no_formula(text)
    assert no_formula(text).replace("'", "") == text.replace("'", "")
    assert no_formula(text)[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
