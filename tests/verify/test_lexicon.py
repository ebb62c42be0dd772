"""Words that name nobody: the department's, the makers', the standard's; no surnames of many."""

from __future__ import annotations

import pytest

from workbench.verify.folding import plain
from workbench.verify.lexicon import (
    EPONYMS,
    eponyms,
    is_radiology,
    lexicon,
    radiology,
    running_text,
    stand_ins,
    subjects,
)
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


@pytest.mark.parametrize("file", [EPONYMS, "examinations.txt"])
def test_so_are_those_of_the_other_lists(file: str) -> None:
    every = [word for words in subjects(file).values() for word in words]
    assert len(every) == len(set(every)) > 100
    assert [word for word in every if plain(word) != word] == []
    assert lexicon().isdisjoint(every), "they are asked only where a stranger may be named"


@pytest.mark.parametrize(
    "word",
    ["chest", "schaedel", "schadel", "wirbelsaulen", "thoraxbett", "poignets", "handgelenk", "abdomens", "stenvers", "dixon"],
)  # fmt: skip
def test_words_of_radiology_in_many_languages_and_with_endings(word: str) -> None:
    assert is_radiology(word)


@pytest.mark.parametrize(
    "word", ["kowalski", "muller", "mueller", "smith", "weber", "schneider", "dupont", "jones", "grottenolm", "rossi",
             "garcia", "meyer", "schmidt", "fischer", "zwirnhuber", "martin", "bernard", "novak", "nowak", "ivanov"],
)  # fmt: skip
def test_names_of_many_people_are_not_radiologys(word: str) -> None:
    assert not is_radiology(word)


def test_what_is_called_after_people_is_told_apart() -> None:
    assert {"weber", "smith", "towne", "dixon"} <= eponyms()
    assert eponyms() & radiology() == subjects(EPONYMS)["views"] | subjects(EPONYMS)["techniques"]


def test_what_stands_for_a_name_is_told_apart() -> None:
    assert {"anonymized", "phantom", "test"} <= stand_ins() < lexicon()


def test_published_meanings_are_word_for_word() -> None:
    assert is_published("CTDIw Phantom Factor") == is_published("ctdiw phantom factor")
    assert is_published("Mean CTDIvol")
    assert not is_published("Mean CTDIvol of Frau Zwirnhuber")
