"""Which words are looked for, and which readings count as one of them."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from workbench.deidentify.burned_in.boxes import Box
from workbench.deidentify.burned_in.ocr import Word
from workbench.deidentify.burned_in.text_lines import covered, is_known
from workbench.deidentify.burned_in.word_matching import Matcher, distance
from workbench.deidentify.burned_in.words import Sought, comparable, sought

WORDS = st.text("abcl01", max_size=7)


@pytest.fixture
def matcher(patient: Dataset) -> Matcher:
    patient.AccessionNumber = "44504026"
    return Matcher(sought(patient))


@pytest.mark.parametrize(
    "reading",
    [
        "QUIXOTEBERG", "Quixoteberg,", "QU1XOTEBERG", "Quixotoberg", "Quix0teber9",
        "NAME:QUIXOTEBERG^ZELDA", "Zelda", "P7301-44", "P73O1-44", "P730144", "ID:P7301-44",
        "44504026", "4450402b", "445O4O26", "12.03.1980", "1980-03-12", "03/12/1980", "03/12/80",
        "12.3.1980", "12-MAR-1980", "Mar 12, 1980", "12 mars 1980", "12. Mrz 1980", "12 MAR 80",
        "1980MAR12", "12/03/1981", "Xanadu", "BRONTOSAU", "Brontosav",
    ],
)  # fmt: skip
def test_names_are_found_as_screens_write_and_readers_misread_them(
    matcher: Matcher, reading: str
) -> None:
    words = reading.split()
    assert matcher.found(["DLP", *words, "120"]) >= set(range(1, len(words) + 1))


@pytest.mark.parametrize(
    "line",
    [
        "CTDIvol 12.34 mGy", "DLP 1980.31 mGy*cm", "Total DLP 1203.80", "Series Type Scan Range",
        "S19.250-I658.250", "Helical 4450.40 Body 32", "11.08.2021", "120 kV 250 mAs 0.5 s",
        "Patient Protocol", "<< Dose Information >>", "Thorax Abdomen Spiral", "7301 44",
    ],
)  # fmt: skip
def test_doses_and_technique_are_not_names(matcher: Matcher, line: str) -> None:
    assert matcher.found(line.split()) == set()


def test_a_name_that_is_a_word_of_anatomy_is_looked_for_without_mistakes() -> None:
    data = Dataset()
    data.PatientName, data.PatientID = "Kidney^Joan", "4711007"
    matcher = Matcher(sought(data))
    assert matcher.found(["KIDNEY"]) == {0}
    assert matcher.found(["KIDNEYS"]) == set()


def test_short_names_are_found_only_as_they_are() -> None:
    data = Dataset()
    data.PatientName = "Li^Hans"
    matcher = Matcher(sought(data))
    assert matcher.found(["LI,", "HANS"]) == {0, 1}
    assert matcher.found(["SANS", "Limit", "La", "11"]) == set()


def test_a_short_number_is_found_where_the_patient_has_it() -> None:
    data = Dataset()
    data.PatientName, data.PatientID = "Hans", "117"
    assert Matcher(sought(data)).found(["117", "118"]) == {0}


def test_a_dose_beside_a_name_is_not_part_of_it(matcher: Matcher) -> None:
    assert matcher.found(["951.3", "Zelda", "12.50"]) == {1}


def test_an_object_that_names_nobody_has_nothing_to_look_for() -> None:
    assert not sought(Dataset()).words


def test_a_name_of_another_script_is_known_not_to_be_readable() -> None:
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName = "Иванов^Пётр"
    assert sought(data).unreadable
    data.PatientName = "Ivanov^Pyotr=Иванов^Пётр"
    assert not sought(data).unreadable


def test_words_are_never_printed(patient: Dataset) -> None:
    assert "uixot" not in repr(sought(patient)).lower()
    assert "uixot" not in repr(Matcher(sought(patient))).lower()


@given(st.text())
def test_comparable_words_are_stable(text: str) -> None:
    assert comparable(comparable(text)) == comparable(text)


@cache
def plainly(one: str, other: str) -> int:
    """Levenshtein's distance by its definition."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        plainly(one[1:], other) + 1, plainly(one, other[1:]) + 1,
        plainly(one[1:], other[1:]) + (one[0] != other[0]),
    )  # fmt: skip


@given(WORDS, WORDS, st.integers(0, 4))
def test_the_distance_is_that_of_its_definition_up_to_a_limit(
    one: str, other: str, most: int
) -> None:
    assert distance(one, other, most) == min(plainly(one, other), most + 1)


def line(number: int, *words: tuple[str, int]) -> list[Word]:
    """Words of ten pixels height and eight a letter, at columns."""
    return [
        Word(text, Box(20 * number, left, 10, 8 * len(text)), (1, 1, number))
        for text, left in words
    ]


def hidden(words: list[Word], sought_words: set[str]) -> set[str]:
    """Return the texts whose middle is covered."""
    boxes = covered(words, Matcher(Sought(frozenset(map(comparable, sought_words)))))
    return {
        word.text for word in words if any(
            box.top <= word.box.top + 5 < box.bottom
            and box.left <= word.box.left + 4 * len(word.text) < box.right for box in boxes)
    }  # fmt: skip


def test_what_stands_beside_a_name_is_covered_with_it() -> None:
    words = line(1, ("Quixoteberg", 0), ("Zxlda", 96), ("X4711", 300), ("DLP", 500), ("12.50", 600))
    assert hidden(words, {"Quixoteberg"}) == {"Quixoteberg", "Zxlda", "X4711"}


def test_doses_in_the_next_lines_stay() -> None:
    words = [*line(1, ("Quixoteberg", 0)), *line(2, ("CTDIvol", 0), ("12.50", 80))]
    assert hidden(words, {"Quixoteberg"}) == {"Quixoteberg"}


def test_an_unknown_word_under_a_name_is_covered_with_it() -> None:
    words = [*line(1, ("Quixoteberg", 0)), *line(2, ("Zxlda77", 0)), *line(9, ("Zxlda99", 0))]
    assert hidden(words, {"Quixoteberg"}) == {"Quixoteberg", "Zxlda77"}


def test_what_follows_a_label_is_covered_though_it_is_not_recognised() -> None:
    words = line(1, ("Name:", 0), ("Zxyq", 48), ("DLP", 200), ("12.50", 240))
    assert hidden(words, {"Quixoteberg"}) == {"Zxyq"}


def test_a_title_is_no_label() -> None:
    assert hidden(line(1, ("Patient", 0), ("Protocol", 64)), {"Quixoteberg"}) == set()


@pytest.mark.parametrize(("text", "known"), [
    ("12.34", True), ("mGy*cm", True), ("120", True), ("DLP=12.5", False), ("20210811", False),
    ("Thorax", True), ("Zelda", False), ("--", True),
])  # fmt: skip
def test_known_words_tell_nothing_about_anybody(text: str, known: bool) -> None:
    assert is_known(text) is known
