"""The words to look for in an image: what its own header says of people and places.

The words are the project's own collection (``people``), in the form in which they are compared:
letters and digits only, and those that a reader of images mistakes for one another made equal.
Identifying are names, identifiers, the birth date, institutions and addresses; a study date is
not looked for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.deidentify.burned_in.banners import written
from workbench.deidentify.identity import WORD
from workbench.deidentify.people import people_in
from workbench.deidentify.spellings import WRITTEN_OUT, fold
from workbench.dicom.values import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from pydicom.dataset import Dataset

DEPTH = 8  # of sequences read for names
SHORTEST = 2
MAX_WORDS = 2_000  # words; a header that names more people is not looked for in an image
# 0 and O, 1, I, l and |, 5 and S, 8 and B look alike in the fonts of screens.
ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "!": "l", "5": "s", "8": "b"})
# First letters of the months as English, German and French write them.
MONTHS = (
    "jan january januar janvier janv", "feb february februar fev fevrier",
    "mar march maerz marz mrz mars", "apr april avr avril", "may mai", "jun june juni juin",
    "jul july juli juil juillet", "aug august aout", "sep sept september septembre",
    "oct october okt oktober octobre", "nov november novembre",
    "dec december dez dezember decembre",
)  # fmt: skip


def comparable(text: str) -> str:
    """Return letters and digits alone, without case and accents, look-alikes made equal."""
    folded = fold(text.replace("|", "l"))
    return "".join(WORD.findall(folded)).translate(ALIKE)


@dataclass(frozen=True, repr=False)
class Sought:
    """The words to look for; never printed.

    Attributes
    ----------
    words
        Names and identifiers as ``comparable`` writes them.
    exact
        Of these, the ones that must be read without a mistake: written dates of six digits, and
        words that say something about anatomy or technique in most images.
    numbers
        Of these, the ones written in digits alone.
    unreadable
        The header has a name that is written in no Latin letter at all.
    """

    words: frozenset[str]
    exact: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    unreadable: bool = False

    @property
    def too_many(self) -> bool:
        """Say whether the header names more people than one image can."""
        return len(self.words) > MAX_WORDS

    @cached_property
    def by_length(self) -> dict[int, tuple[str, ...]]:
        """The words by their number of letters."""
        lengths: dict[int, list[str]] = {}
        for word in sorted(self.words):
            lengths.setdefault(len(word), []).append(word)
        return {length: tuple(words) for length, words in lengths.items()}


def sought(header: Dataset) -> Sought:
    """Return what to look for in the image of this header."""
    identity = people_in(header, DEPTH)
    own = _own_names(header)
    births = set(_births(written(header, "PatientBirthDate")))
    texts = {*identity.words, *identity.wholes, *identity.short, *own, *births}
    words = {word for word in map(comparable, texts) if len(word) >= SHORTEST}
    exact = {comparable(word) for word in births if word.isdigit() and len(word) <= 6}
    exact |= {comparable(word) for word in own} - set(map(comparable, identity.words))
    numbers = {comparable(word) for word in texts if word.isdigit()}
    return Sought(
        frozenset(words), frozenset(exact & words), frozenset(numbers & words), _unreadable(header)
    )


def _own_names(header: Dataset) -> set[str]:
    """Return the patient's name and identifier, also where they are words of the vocabulary."""
    texts = [written(header, "PatientName"), written(header, "PatientID")]
    return {
        word
        for text in texts
        for spelling in (text, text.translate(WRITTEN_OUT[0]))
        for word in WORD.findall(fold(spelling))
        if len(word) > SHORTEST
    }


def _unreadable(header: Dataset) -> bool:
    name = written(header, "PatientName")
    letters = [letter for letter in name if letter.isalpha()]
    return bool(letters) and not any("LATIN" in unicodedata.name(letter, "") for letter in letters)


def _births(text: str) -> Iterator[str]:
    day = parse_date(text)
    if day is not None:
        yield from _spelt(day)


def _spelt(day: date) -> Iterator[str]:
    days, months = {f"{day.day}", f"{day.day:02}"}, {f"{day.month}", f"{day.month:02}"}
    years = (f"{day.year:04}", f"{day.year % 100:02}")
    names = MONTHS[day.month - 1].split()
    for year in years:
        for number in days:
            for month in months:
                yield from _long_enough((number + month + year, month + number + year,
                                         year + month + number))  # fmt: skip
            for name in names:
                yield from (number + name + year, name + number + year, year + name + number)


def _long_enough(dates: Iterable[str]) -> Iterator[str]:
    # "1180" is a number like any other.
    return (digits for digits in dates if re.fullmatch(r"\d{6,8}", digits))
