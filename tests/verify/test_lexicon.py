"""Words that name nobody: the department's, the makers', the standard's; no surnames of many."""

from __future__ import annotations

import pytest

from workbench.verify.folding import plain
from workbench.verify.lexicon import lexicon, running_text, stand_ins, subjects
from workbench.verify.published_codes import is_published


@pytest.mark.parametrize(
    "word",
    ["Thorax", "Schädel", "abdomen", "Philips", "SOMATOM", "nativ", "poumons", "localizer", "helical", "kVp", "Hüfte"],
)  # fmt: skip
def test_words_of_a_department_are_known(word: str) -> None:
    assert plain(word) in lexicon()


@pytest.mark.parametrize(
    "word",
    [
        "müller",
        "smith",
        "miller",
        "jones",
        "young",
        "martin",
        "garcia",
        "ivanov",
        "nguyen",
        "li",
        "wang",
        "kim",
        "schmidt",
        "fischer",
        "weber",
        "rossi",
        "dubois",
    ],
)
def test_frequent_names_are_not(word: str) -> None:
    assert plain(word) not in lexicon()


def test_words_are_plain_and_each_stands_once() -> None:
    every = [word for words in subjects().values() for word in words]
    assert len(every) == len(set(every)) == len(lexicon())
    assert [word for word in every if plain(word) != word] == []
    assert "abdomen" in running_text()


def test_what_stands_for_a_name_is_told_apart() -> None:
    assert {"anonymized", "phantom", "test"} <= stand_ins() < lexicon()


def test_published_meanings_are_word_for_word() -> None:
    assert is_published("CTDIw Phantom Factor") == is_published("ctdiw phantom factor")
    assert is_published("Mean CTDIvol")
    assert not is_published("Mean CTDIvol of Frau Zwirnhuber")
