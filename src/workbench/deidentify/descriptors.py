"""Cleaning free text: the people and places of an object are taken out of its descriptions.

Two nets are used.  ``Identity`` holds the words by which this very object names its patient,
staff and institution: they are removed wherever they stand, also inside longer words.
Patterns take out what looks like a date, a telephone number, an e-mail or web address, a UID,
a long number or a person with a title ("Dr Smith", "Operator: Jane").  Words of the vocabulary
(anatomy, technique, makers) always stay.

What this cannot promise: a name that stands in a description and nowhere else in the object,
without a title, is not recognised ("neighbour of Miller"); nor are a nickname, a misspelt name
or a diagnosis that gives a person away.  A person whose name is a word of the vocabulary keeps
that word in descriptions, where it reads as anatomy.  A vocabulary reviewed by people, in which
everything unknown is removed, is not there yet.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.deidentify.tables import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

WORD = re.compile(r"[^\W_]+")
SHORTEST_NAME = 2  # letters: "Li"; initials say nothing
SHORTEST_PART = 4  # letters searched inside longer words: "MILLER" in "CTMILLER"
SHORTEST_NUMBER = 4  # digits
SHORTEST_NUMBER_PART = 5
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})

_MONTH = (
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
    r"|janv|fév|avr|juin|juil|aoû|déc)[^\W\d_]*"
)
_TITLE = (
    r"(?:Mr|Mrs|MRS|Ms|Miss|Mme|MME|Mlle|MLLE|Dr|Drs|Prof|PROF|Herr|HERR|Frau|FRAU|Madame|MADAME"
    r"|Monsieur|MONSIEUR|Doctor|DOCTOR|Docteur|Signora?|Dott|Señora?|Mevr|Dhr|(?:M|DR|MR|MS)(?=\.))"
)
_LABEL = (
    r"(?:patient|pat|name|nom|operator|technician|tech|physician|doctor|radiographer|mta|mtra"
    r"|phone|tel|fax|dob|mrn|ssn|acc|accession|address)"
)
_NAME = r"[^\W\d_][\w'’-]*"
WORDED = (
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"),  # e-mail
    re.compile(r"(?:https?://|www\.)\S{1,200}", re.IGNORECASE),
    re.compile(rf"\b(?:{_TITLE}\.?\s*)+(?<=[.\s])(?:[A-Z]\.\s*){{0,3}}{_NAME}"),  # Dr. J. Smith
    re.compile(rf"\b{_LABEL}\s?[:=]\s?[\w'’-]+(?:[\s,^]{{1,2}}{_NAME})?", re.IGNORECASE),
)
NUMBERED = (
    re.compile(r"(?<![\d.])\d+(?:\.\d+){3,}(?![\d.])"),  # UID or network address
    re.compile(r"(?<!\d)(?:1[89]|20)\d\d([-./])\d{1,2}\1\d{1,2}(?!\d)"),  # 1980-03-12
    re.compile(r"(?<![\d.])\d{1,2}([-./])\d{1,2}\1(?:\d{4}|\d{2})(?![\d.])"),  # 12.3.1980
    re.compile(
        rf"(?<!\d)\d{{1,2}}[.\s-]{{0,2}}{_MONTH}[.,\s-]{{0,2}}(?:\d{{4}}|\d{{2}})(?!\d)", re.I
    ),
    re.compile(
        rf"\b{_MONTH}[.\s-]{{0,2}}\d{{1,2}}(?:st|nd|rd|th)?[,\s-]{{1,2}}\d{{4}}(?!\d)", re.I
    ),
    re.compile(r"(?<![\w.,])\+\d[\d ()/.-]{5,20}\d"),  # telephone: +352 26 12 34
    re.compile(r"(?<![\w.,])0\d[\d ()/-]{5,20}\d(?![.,]?\d)"),  # 030/123 45 67
    re.compile(r"(?<![\w.])(?:\(\d{3}\) ?|\d{3}[-. ])?\d{3}-\d{4}(?![\w.])"),  # (555) 123-4567
    re.compile(r"(?<![\w.])\d\d(?: \d\d){3,5}(?![\w.])"),  # 26 12 34 56
    re.compile(r"(?<!\d)(?<!\d[.,])\d{6,}"),  # long numbers, not digits behind a decimal sign
)
DIGIT, BLANKS = re.compile(r"\d"), re.compile(r"[ \t]{2,}")


def fold(text: str) -> str:
    """Return text without letter case and accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


@dataclass(frozen=True, repr=False)
class Identity:
    """The words that name the people and places of one object; never printed.

    Attributes
    ----------
    words
        Folded words that are removed as whole words.
    wholes
        Folded identifiers with signs in them ("2008-4/B"), removed as they stand.
    """

    words: frozenset[str]
    wholes: tuple[str, ...] = ()

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Words long enough to be searched inside longer ones, or of another script."""
        return tuple(
            word
            for word in sorted(self.words)
            if len(word) >= (SHORTEST_NUMBER_PART if word.isdigit() else SHORTEST_PART)
            or not word.isascii()
        )

    def names(self, word: str) -> bool:
        """Say whether a word (of any case) gives somebody away."""
        folded = fold(word)
        if folded in vocabulary():
            return False
        return folded in self.words or any(part in folded for part in self.parts)

    def in_text(self, text: str) -> bool:
        """Say whether any word of the text gives somebody away."""
        return any(map(self.names, WORD.findall(text)))

    def without(self, text: str) -> str:
        """Return text without the words that give somebody away."""
        folded = fold(text)
        for whole in self.wholes:
            if whole in folded:
                text = re.sub(re.escape(whole), " ", text, flags=re.IGNORECASE)
        return WORD.sub(lambda found: " " if self.names(found[0]) else found[0], text)


def identity(
    names: Iterable[str],
    identifiers: Iterable[str],
    places: Iterable[str],
    dates: Iterable[str] = (),
) -> Identity:
    """Collect words of people (PN values), identifiers, places and a birth date's spellings."""
    words: set[str] = set()
    wholes: set[str] = set()
    for name in names:
        words.update(_name_words(name))
    for identifier in identifiers:
        words.update(_identifier_words(identifier))
        whole = fold(identifier.strip())
        if len(whole) >= SHORTEST_NUMBER and not whole.isalnum() and whole not in vocabulary():
            wholes.add(whole)
    for place in places:
        words.update(word for word in _letters(place) if len(word) > SHORTEST_NAME)
    for date in dates:
        (words if date.isdigit() else wholes).add(date)
    return Identity(frozenset(words - vocabulary()), tuple(sorted(wholes)))


def _name_words(name: str) -> set[str]:
    found = _letters(name) | _letters(name.translate(GERMAN))
    for component in re.split(r"[\^=\s]+", name):
        found.add(fold("".join(WORD.findall(component))))  # O'Brien is also written OBRIEN
    return {word for word in found if len(word) >= SHORTEST_NAME and not word.isdigit()} | {
        word for word in found if word.isdigit() and len(word) >= SHORTEST_NUMBER
    }


def _identifier_words(identifier: str) -> set[str]:
    folded = WORD.findall(fold(identifier))
    joined = "".join(folded)
    return {word for word in (*folded, joined) if len(word) >= SHORTEST_NUMBER}


def _letters(text: str) -> set[str]:
    return {word for word in WORD.findall(fold(text)) if not word.isdigit()}


def clean(text: str, names: Identity) -> str:
    """Return a description without names and without what looks like a date or a number.

    Numbers with a decimal sign stay, for doses are written in comments.
    """
    cleaned = names.without(text)
    patterns = (*WORDED, *NUMBERED) if DIGIT.search(cleaned) else WORDED
    for pattern in patterns:
        cleaned = pattern.sub(" ", cleaned)
    return text if cleaned == text else tidy(cleaned)


def clean_label(text: str, names: Identity) -> str:
    """Return a label of equipment or technique without names; patterns are not applied."""
    cleaned = names.without(text)
    return text if cleaned == text else tidy(cleaned)


def tidy(text: str) -> str:
    """Return text without the blanks that removed words left."""
    return BLANKS.sub(" ", text).strip()
