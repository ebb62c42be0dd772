"""A name and its transliteration sound alike, whichever of the two is in the text."""

from __future__ import annotations

import pytest

from workbench.verify.transliteration import latin_forms, script, sounds


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Иванов", "Ivanov"), ("Иванов", "IWANOW"), ("Чехов", "Chekhov"), ("Чехов", "Tschechow"),
        ("Чехов", "Tchekhov"), ("Пётр", "Pyotr"), ("Пётр", "Petr"), ("Щукин", "Shchukin"),
        ("Щукин", "Schtschukin"), ("Шевченко", "Shevchenko"), ("Шевченко", "Schewtschenko"),
        ("Їжакевич", "Yizhakevych"), ("Ђорђевић", "Djordjevic"), ("Παπαδόπουλος", "Papadopoulos"),
        ("Γεωργίου", "Georgiou"), ("Χατζής", "Chatzis"), ("やまだ", "Yamada"), ("ヤマダ", "YAMADA"),
        ("たろう", "Taro"), ("たろう", "Tarou"), ("きょうこ", "Kyoko"), ("しんじ", "Shinji"),
        ("サトウ", "Sato"), ("サトウ", "Satoh"), ("いっせい", "Issei"), ("ﾔﾏﾀﾞ", "Yamada"), ("김민수", "Kim Minsoo"),
        ("박지훈", "Bak Jihun"), ("王芳", "WangFang"), ("李晓明", "LiXiaoming"),
    ],
)  # fmt: skip
def test_a_name_sounds_as_its_transliteration(name: str, written: str) -> None:
    assert sounds(name) & sounds(written.replace(" ", ""))


@pytest.mark.parametrize(
    ("name", "other"),
    [("Иванов", "Petrov"), ("грудь", "Grunwald"), ("やまだ", "Tanaka"), ("王芳", "Lilei")],
)
def test_other_names_do_not(name: str, other: str) -> None:
    assert not sounds(name) & sounds(other)


def test_short_words_have_no_sound_of_their_own() -> None:
    assert sounds("КТ") == sounds("Bo") == frozenset()


def test_signs_that_are_not_on_the_list_are_not_guessed() -> None:
    assert latin_forms("王齉") == frozenset()
    assert latin_forms("قباني") == frozenset()


@pytest.mark.parametrize(
    ("word", "said"),
    [("Ab", "LATIN"), ("КТ", "CYRILLIC"), ("山", "CJK"), ("이", "HANGUL"), ("", "")],
)
def test_the_script_is_that_of_the_first_letter(word: str, said: str) -> None:
    assert script(word) == said
