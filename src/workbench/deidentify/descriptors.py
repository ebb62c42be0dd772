"""Cleaning free text: the people and places of an object are taken out of its descriptions.

Two nets are used.  ``Identity`` holds the words by which this very object names its patient,
staff and institution: they are removed wherever they stand, also inside longer words, in
descriptions as in labels, codes and code strings.  Identifiers of the patient of less than four
characters are removed only where they stand alone and are not a measurement.  Patterns take out
what looks like a date, a telephone number, an e-mail or web address, a person with a title ("Dr
Smith", "Operator: Jane") and, in descriptions, a UID or a long number.  Words of the vocabulary
(anatomy, technique, makers, terms of the standard) always stay.

What this cannot promise: a name that stands in a description and nowhere else in the object,
without a title, is not recognised ("neighbour of Miller"); nor are a nickname, a misspelt name
or a diagnosis that gives a person away.  A person whose name is a word of the vocabulary keeps
that word in descriptions, where it reads as anatomy.  Where that is not enough, ``known_only``
leaves nothing but words that people have reviewed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.deidentify.standard_tables import vocabulary
from workbench.deidentify.word_search import WordSearch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WORD = re.compile(r"[^\W_]+")
SHORTEST_NAME = 2  # letters: "Li"; initials say nothing
SHORTEST_PART = 4  # letters searched inside longer words: "MILLER" in "CTMILLER"
SHORTEST_NUMBER = 4  # digits
TITLED_NAME = 3  # letters behind a title: "DR AP" is radiography
SHORTEST_NUMBER_PART = 5
AROUND = 12  # letters looked at around a short identifier
ENDS_IN_WORD = re.compile(r"[^\W_]\Z")
# A short number is a measurement behind "=", a decimal sign or a quantity, and before a unit.
MEASURED_BEFORE = re.compile(r"(?:\d[.,:]|=\s?|\b(?:dlp|ctdi\w{0,5}|dap|kvp?|mas?|x)\s?)\Z")
MEASURED_AFTER = re.compile(
    r"[.,:]\d|\s?(?:%|(?:kvp?|kev|mas?|[cdmu]?gy|[mg]?bq|[cm]?m|ml|s|sec|ms|min|fps|deg|hz|bpm)\b)"
)
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
    r"|id|phone|tel|fax|dob|mrn|ssn|acc|accession|address)"
)
_NAME = r"[^\W\d_][\w'’-]*"
WORDED = (
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"),  # e-mail
    re.compile(r"(?:https?://|www\.)\S{1,200}", re.IGNORECASE),
    re.compile(rf"\b(?:{_TITLE}\.?\s*)+(?<=[.\s])(?:[A-Z]\.\s*){{0,3}}{_NAME}"),  # Dr. J. Smith
    re.compile(rf"\b{_LABEL}\s?[:=#]\s?[\w'’-]+(?:[\s,^]{{1,2}}{_NAME})?", re.IGNORECASE),
)
# A title before a word that is not in the vocabulary: "dr smith".  Not in capitals where that is
# a modality: "DR CHEST", "syngo MR E11".
TITLED = re.compile(
    r"\b(?:[Dd]r|[Pp]rof|PROF|[Mm]rs?|MRS|[Mm]s|[Mm]me|MME|[Hh]err|HERR|[Ff]rau|FRAU)\b"
    rf"\.?\s+({_NAME})"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(?:1[89]|20)\d\d([-./])\d{1,2}\1\d{1,2}(?!\d)")  # 1980-03-12
_MONTH_WORDS = (
    re.compile(
        rf"(?<!\d)\d{{1,2}}[.\s-]{{0,2}}{_MONTH}[.,\s-]{{0,2}}(?:\d{{4}}|\d{{2}})(?!\d)", re.I
    ),
    re.compile(
        rf"\b{_MONTH}[.\s-]{{0,2}}\d{{1,2}}(?:st|nd|rd|th)?[,\s-]{{1,2}}\d{{4}}(?!\d)", re.I
    ),
)
# 45 CFR 164.514(b)(2)(i)(C): ages over 89 are identifiers, in texts too.
_OLD = re.compile(
    r"(?<![\d.,])(?:9\d|1[0-4]\d)\s?-?(?:y|yo|y/o|yrs?|years?|jahre?|jährig\w*|ans|anni|años|jaar)"
    r"(?![^\W_])",
    re.I,
)
_STREET = (
    re.compile(
        r"\b\d{1,5}[a-z]?,? (?:[^\W\d_][\w'-]* ){1,3}"
        r"(?:street|st|road|rd|avenue|ave|lane|drive|blvd)\b",
        re.I,
    ),
    re.compile(
        r"\b\d{1,5}[a-z]?,? (?:rue|avenue|boulevard|route|chemin|via|calle) [^\W\d_][\w '-]{2,40}",
        re.I,
    ),
    re.compile(r"\b[^\W\d_]+(?:stra(?:ß|ss)e|str\.|gasse|allee) ?\d{1,4}[a-z]?\b", re.I),
)
_TELEPHONE = (
    re.compile(r"(?<![\w.,])\+\d[\d ()/.-]{5,20}\d"),  # +352 26 12 34
    re.compile(r"(?<![\w.])\d\d(?: \d\d){3,5}(?![\w.])"),  # 26 12 34 56
    re.compile(r"\b(?:tel|telefon|phone|fax|gsm|mobile)\b[\s.:#]*\+?\d[\d ()/.-]{3,20}\d", re.I),
    re.compile(r"(?<![\w.])\d{3}[-. ]\d{3}[-. ]\d{4}(?![\w.])"),  # 123.456.7890
    re.compile(r"\(\d{3}\) ?\d{3}[-. ]\d{4}(?![\w.])"),
)
_NUMBER_OF = re.compile(
    r"\b(?:mrn|ssn|pid|patid|acc|accession|id)\s?(?:no|nr)?[.#:]?\s?\d{3,}\b", re.I
)
_SOCIAL = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")  # social security number of the USA
_SPACED_DATES = (
    re.compile(r"(?<![\d.])[0-3]?\d [01]?\d (?:19|20)\d\d(?![\d.])"),  # 12 03 1980
    re.compile(r"(?<![\d.])(?:19|20)\d\d [01]\d [0-3]\d(?![\d.])"),
)
NUMBERED = (
    re.compile(r"(?<![\d.])\d+(?:\.\d+){3,}(?![\d.])"),  # UID or network address
    _YEAR_FIRST,
    re.compile(r"(?<![\d.])\d{1,2}([-./])\d{1,2}\1(?:\d{4}|\d{2})(?![\d.])"),  # 12.3.1980
    *_MONTH_WORDS,
    *_SPACED_DATES,
    *_TELEPHONE,
    *_STREET,
    _OLD,
    _SOCIAL,
    _NUMBER_OF,
    re.compile(r"(?<![\w.,])0\d[\d ()/-]{5,20}\d(?![.,]?\d)"),  # 030/123 45 67
    re.compile(r"(?<![\w.])(?:\(\d{3}\) ?|\d{3}[-. ])?\d{3}-\d{4}(?![\w.])"),  # (555) 123-4567
    re.compile(r"(?<!\d)(?<!\d[.,])\d{6,}"),  # long numbers, not digits behind a decimal sign
)
# In labels only what no serial number or version looks like.
NUMBERED_IN_LABELS = (
    _YEAR_FIRST,
    re.compile(r"(?<![\d.])[0-3]?\d([-./])[01]?\d\1(?:19|20)\d\d(?![\d.])"),  # 12.3.1980
    re.compile(r"(?<![\d.])[01]?\d([-/])[0-3]?\d\1(?:19|20)\d\d(?![\d.])"),  # 3/12/1980
    *_MONTH_WORDS,
    *_TELEPHONE,
    _SOCIAL,
    re.compile(r"(?<![\w.,])0\d{1,4}[ /-]\d{2,4}(?:[ -]\d{2,4}){1,3}(?![\w.])"),
    re.compile(r"(?<![\w.])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}-\d{4}(?![\w.])"),
)
COUNT = re.compile(
    r"\d{1,5}(?:mm|cm|m|ml|s|sec|ms|min|kv|kvp|ma|mas|gy|mgy|hz|bpm|mbq|deg|x|[a-z])?\Z", re.I
)
UNKNOWN = "X"
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
        Folded words that are removed as whole words, and within longer ones if long enough.
    wholes
        Folded identifiers with signs in them ("2008-4/B"), removed as they stand.
    short
        Folded identifiers of the patient of one to three characters, removed where they stand
        alone and are not a measurement ("kV 120", "DLP=120", "2.5 mm" stay).
    """

    words: frozenset[str]
    wholes: tuple[str, ...] = ()
    short: frozenset[str] = frozenset()

    @cached_property
    def parts(self) -> WordSearch:
        """Words long enough to be searched inside longer ones, or of another script."""
        return WordSearch(
            word
            for word in self.words
            if len(word) >= (SHORTEST_NUMBER_PART if word.isdigit() else SHORTEST_PART)
            or not word.isascii()
        )

    @cached_property
    def _standing(self) -> tuple[WordSearch, WordSearch]:
        return WordSearch(self.wholes), WordSearch(self.short)

    def names(self, word: str) -> bool:
        """Say whether a word (of any case) gives somebody away."""
        folded = fold(word)
        if folded in vocabulary():
            return False
        return folded in self.words or self.parts.are_in(folded)

    def without_words(self, text: str) -> str:
        """Return text without the words that give somebody away."""
        return WORD.sub(lambda match: " " if self.names(match[0]) else match[0], text)

    def without_identifiers(self, text: str) -> str:
        """Return text without identifiers that have signs in them, or are short."""
        folded, places = _folded(text)
        spans = list(self._spans(folded))
        if not spans:
            return text
        kept, done = [], 0
        for start, end in sorted((places[start], places[end - 1] + 1) for start, end in spans):
            kept += [text[done:start], " "] if start >= done else []
            done = max(done, end)
        return "".join([*kept, text[done:]])

    def short_in(self, text: str) -> bool:
        """Say whether a short identifier of the patient stands in a text."""
        return any(self._short_spans(_folded(text)[0]))

    def _spans(self, folded: str) -> Iterator[tuple[int, int]]:
        yield from self._standing[0].spans(folded)
        yield from self._short_spans(folded)

    def _short_spans(self, folded: str) -> Iterator[tuple[int, int]]:
        for start, end in self._standing[1].spans(folded):
            before, after = folded[max(0, start - AROUND) : start], folded[end : end + AROUND]
            alone = not (ENDS_IN_WORD.search(before) or WORD.match(after))
            if alone and not (MEASURED_BEFORE.search(before) or MEASURED_AFTER.match(after)):
                yield start, end


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return folded text and, for each of its letters, where it stood in ``text``."""
    if text.isascii():
        return text.lower(), range(len(text))
    letters = [
        (letter, place) for place, character in enumerate(text) for letter in fold(character)
    ]
    return "".join(letter for letter, _ in letters), [place for _, place in letters]


@dataclass(frozen=True, repr=False)
class Sources:
    """What an object says of people and places, as it is written there; never printed.

    Attributes
    ----------
    names
        Values of PN.
    identifiers
        Identifiers of any kind.
    patient
        Of these, the patient's own: they count also when they are short.
    places
        Institutions and addresses.
    births
        A birth date's spellings.
    """

    names: Iterable[str] = ()
    identifiers: Iterable[str] = ()
    patient: Iterable[str] = ()
    places: Iterable[str] = ()
    births: Iterable[str] = ()

    def identity(self) -> Identity:
        """Collect the words that may not leave."""
        words: set[str] = set()
        wholes: set[str] = set()
        for name in self.names:
            words.update(_name_words(name))
        for identifier in (*self.identifiers, *self.patient):
            words.update(_identifier_words(identifier))
            whole = fold(identifier.strip())
            if len(whole) >= SHORTEST_NUMBER and not whole.isalnum():
                wholes.add(whole)
        for place in self.places:
            words.update(word for word in _letters(place) if len(word) > SHORTEST_NAME)
        for date in self.births:
            (words if date.isdigit() else wholes).add(date)
        short = {fold(own.strip()) for own in self.patient}
        known = vocabulary()
        return Identity(
            frozenset(words - known),
            tuple(sorted(wholes - known)),
            frozenset(filter(_is_short, short - known)),
        )


def _is_short(identifier: str) -> bool:
    # One letter is a word of any code string (M, L, P) and tells nothing.
    letters = len(identifier)
    return 0 < letters < SHORTEST_NUMBER and (letters > 1 or identifier.isdigit())


def _name_words(name: str) -> set[str]:
    words = _letters(name) | _letters(name.translate(GERMAN))
    for component in re.split(r"[\^=\s]+", name):
        words.add(fold("".join(WORD.findall(component))))  # O'Brien is also written OBRIEN
    return {word for word in words if len(word) >= SHORTEST_NAME and not word.isdigit()} | {
        word for word in words if word.isdigit() and len(word) >= SHORTEST_NUMBER
    }


def _identifier_words(identifier: str) -> set[str]:
    folded = WORD.findall(fold(identifier))
    joined = "".join(folded)
    # "0012345" is also written as 12345.
    bare = {word.lstrip("0") for word in (*folded, joined) if word.isdigit()}
    return {word for word in (*folded, joined, *bare) if len(word) >= SHORTEST_NUMBER}


def _letters(text: str) -> set[str]:
    return {word for word in WORD.findall(fold(text)) if not word.isdigit()}


def clean(text: str, names: Identity) -> str:
    """Return a description without names and without what looks like a date or a number.

    Numbers with a decimal sign stay, for doses are written in comments.
    """
    return _cleaned(text, names, NUMBERED)


def clean_label(text: str, names: Identity) -> str:
    """Return a label of equipment or technique, or a code, without names.

    Of the patterns of numbers only written dates and telephone numbers are applied: serial
    numbers and versions are long numbers with dots and dashes.
    """
    return _cleaned(text, names, NUMBERED_IN_LABELS)


def clean_term(text: str, names: Identity) -> str:
    """Return a term that the standard publishes without names; patterns are not applied."""
    cleaned = names.without_words(names.without_identifiers(text))
    return text if cleaned == text else tidy(cleaned)


def _cleaned(text: str, names: Identity, numbered: tuple[re.Pattern[str], ...]) -> str:
    # In this order: a word taken out of an address or number hides the rest from its pattern.
    cleaned = names.without_identifiers(text)
    patterns = (*WORDED, *numbered) if DIGIT.search(cleaned) else WORDED
    for pattern in patterns:
        cleaned = pattern.sub(" ", cleaned)
    if numbered is NUMBERED:
        cleaned = TITLED.sub(_untitled, cleaned)
    cleaned = names.without_words(cleaned)
    return text if cleaned == text else tidy(cleaned)


def _untitled(match: re.Match[str]) -> str:
    """Return a titled word as it is if it is a word of the vocabulary, else nothing."""
    word = match[1]
    return match[0] if len(word) < TITLED_NAME or fold(word) in vocabulary() else " "


def known_only(text: str, known: frozenset[str]) -> str:
    """Return text in which every word that is not ``known`` is an X.

    Short numbers, also with a unit or a letter behind them, stay: "5mm", "120kV", "2D".
    """
    return WORD.sub(
        lambda match: match[0] if fold(match[0]) in known or COUNT.match(match[0]) else UNKNOWN,
        text,
    )


def tidy(text: str) -> str:
    """Return text without the blanks that removed words left."""
    return BLANKS.sub(" ", text).strip()
