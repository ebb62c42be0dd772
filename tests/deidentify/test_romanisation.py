"""Words of other scripts in Latin letters, as the systems write them."""

from __future__ import annotations

import pytest

from workbench.deidentify.romanisation import MOST_SPELLINGS, romanised


@pytest.mark.parametrize(
    ("word", "latin"),
    [
        ("иванов", "ivanov"), ("щукин", "shchukin"), ("шевченко", "shevchenko"),
        ("γεωργίου", "georgiou"), ("やまだ", "yamada"), ("きょうこ", "kyoko"), ("さっぽろ",
         "sapporo"),
        ("이", "lee"), ("이산", "isan"), ("정희", "jeonghui"),
    ],
)  # fmt: skip
def test_usual_spellings(word: str, latin: str) -> None:
    from workbench.deidentify.spellings import keys

    assert latin in romanised(word) or keys(latin) & keys(word)


def test_arabic_and_hebrew_are_compared_by_consonants() -> None:
    assert romanised("قباني") == ("~kbn",)
    assert romanised("כהן") == ("~khn",)


def test_the_number_of_spellings_is_bounded() -> None:
    assert len(romanised("е" * 60)) <= MOST_SPELLINGS
    assert romanised("е" * 100) == ()


def test_chinese_characters_have_no_reading_in_them() -> None:
    assert romanised("王芳") == ()
