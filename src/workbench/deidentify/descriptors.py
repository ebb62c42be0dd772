"""Cleaning free text: the people and places of an object are taken out of its descriptions.

Two nets are used.  ``Identity`` holds the words by which this very object names its patient,
staff and institution: they are removed wherever they stand, in any of their spellings, cut,
joined, divided or mistyped, in descriptions as in labels, codes and code strings.  Identifiers of
the patient of less than four characters are removed only where they stand alone and are not a
measurement.  Signs take out what names somebody by its form: a title or label ("Frau X",
"Pat. X", "Operator: Jane"), the form of a name ("X^Kurt"), the kind of an institution, and what
looks like a date, an age over 89, a telephone number, an e-mail or web address and, in
descriptions, any number of four or more digits that is no technique.  Words of the vocabulary
(anatomy, technique, makers, terms of the standard) stay, unless they are the patient's name and
stand beside the rest of it.

What this cannot promise: a name that stands in a description and nowhere else in the object,
without a sign, is not recognised ("neighbour of Miller"); nor are a nickname or a diagnosis that
gives a person away.  Where that is not enough, and wherever the character set of a text or of a
name is doubtful, ``known_only`` leaves nothing but words that people have reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from workbench.deidentify.identifying_numbers import (
    IN_DESCRIPTIONS,
    IN_LABELS,
    OLD_AGES_IN_WORDS,
    grouped_spans,
    long_spans,
)
from workbench.deidentify.identity import WORD, Identity, cut_out, pieces
from workbench.deidentify.personal_signs import WORDED, is_known, label_spans, personal_spans
from workbench.deidentify.romanisation import REMEMBERED
from workbench.deidentify.spellings import fold, visible

COUNT = re.compile(
    r"\d{1,3}(?:mm|cm|m|ml|s|sec|ms|min|kv|kvp|ma|mas|gy|mgy|hz|bpm|mbq|deg|x|[a-z])?\Z"
    r"|\d{4,5}(?:mm|ms|ma|mas|mgy|ml|mbq|hz)\Z",
    re.I,
)
KERNEL = re.compile(
    r"[a-z]{1,2}\d{1,3}[a-z]?\Z", re.I
)  # B60f, Br40, L5, T2: no identifier is so short
# Pitch 0.984:1; rows of a detector in use
RATIO = re.compile(r"/?\d{1,2}(?:[.,]\d{1,6})?:1\Z|[01]{1,128}\Z")
# A sign beyond ASCII may be of a letter that was read wrongly.  "Ray" alone is a name.
WORD_OR_SIGN = re.compile(r"\b[Xx][- ][Rr]ays?\b|[^\W_]+|[^\x00-\x7f]")
UNKNOWN = "X"
LONG_ENOUGH = 4  # letters of a word that may be a name
DIGIT, BLANKS = re.compile(r"\d"), re.compile(r"[ \t]{2,}")


def clean(text: str, names: Identity) -> str:
    """Return a description without names and without what looks like a date or a number.

    Numbers with a decimal sign stay, for doses are written in comments.
    """
    seen = visible(text)
    # In this order: a word taken out of an address or number hides the rest from its pattern.
    cleaned = _without_forms(names.without_identifiers(seen))
    cleaned = _without_signs(names.without_names(cleaned, description=True))
    return text if cleaned == seen else tidy(cleaned)


@lru_cache(REMEMBERED)
def _without_forms(text: str) -> str:
    text = _without((*WORDED, *OLD_AGES_IN_WORDS), text)
    if DIGIT.search(text) is None:
        return text
    return _without(IN_DESCRIPTIONS, cut_out(text, sorted(grouped_spans(text))))


@lru_cache(REMEMBERED)
def _without_signs(text: str) -> str:
    cleaned = cut_out(text, sorted(long_spans(text)))
    return cut_out(cleaned, sorted(personal_spans(cleaned)))


def clean_label(text: str, names: Identity) -> str:
    """Return a label of equipment or technique, or a code, without names.

    Of the patterns of numbers only written dates and telephone numbers are applied: serial
    numbers and versions are long numbers with dots and dashes.
    """
    seen = visible(text)
    cleaned = _label_without_forms(names.without_identifiers(seen))
    cleaned = names.without_names(cleaned, description=False)
    cleaned = cut_out(cleaned, sorted(label_spans(cleaned)))
    return text if cleaned == seen else tidy(cleaned)


@lru_cache(REMEMBERED)
def _label_without_forms(text: str) -> str:
    return _without((*WORDED, *IN_LABELS) if DIGIT.search(text) else WORDED, text)


def _without(patterns: Iterable[re.Pattern[str]], text: str) -> str:
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return text


def clean_term(text: str, names: Identity) -> str:
    """Return a term that the standard publishes without names; patterns are not applied."""
    cleaned = names.without_words(names.without_identifiers(text))
    return text if cleaned == text else tidy(cleaned)


def known_only(text: str, known: frozenset[str]) -> str:
    """Return text in which every word that is not ``known`` is an X; signs beyond ASCII go.

    Short numbers, also with a unit or a letter behind or before them, stay: "5mm", "120kV", "2D",
    "Br40"; so do words put together of known ones: "AbdomenRoutine".
    """
    return WORD_OR_SIGN.sub(lambda match: _known(match[0], known), text)


def _known(part: str, known: frozenset[str]) -> str:
    if part[0].isalnum():
        if part[1:2] in ("-", " "):
            return part
        return part if is_known_word(part, known) else UNKNOWN
    return part if part == "°" else ""


def is_known_word(word: str, known: frozenset[str]) -> bool:
    """Say whether a word is a known one, a short number or a kernel, or made of such."""
    if not word.isascii():
        return len(word) > 1 and fold(word) in known
    return (
        fold(word) in known
        or COUNT.match(word) is not None
        or KERNEL.match(word) is not None
        or len(word) == 1
        or all(fold(part) in known or COUNT.match(part) for part in pieces(word))
        or (is_known(word) and not DIGIT.search(word))
    )


def clean_private(text: str, names: Identity, known: frozenset[str]) -> str:
    """Return a private text reduced to known words, a ratio or the rows of a detector in use."""
    if RATIO.match(text) and clean_label(text, names) == text:
        return text
    return known_only(clean(text, names), known)


def has_unknown_words(text: str, known: frozenset[str]) -> bool:
    """Say whether a code has a word, long enough for a name, that is not known."""
    return any(
        len(piece) >= LONG_ENOUGH and piece.isalpha() and fold(piece) not in known
        for word in WORD.findall(text)
        if fold(word) not in known
        for piece in pieces(word)
    )


def tidy(text: str) -> str:
    """Return text without the blanks that removed words left."""
    return BLANKS.sub(" ", text).strip()
