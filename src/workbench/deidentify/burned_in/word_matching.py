"""Comparing words as they were read with words that are looked for, mistakes allowed.

Two words are the same when letters that look alike are made equal and the edit distance
(Levenshtein 1966: letters put in, left out, exchanged), divided by the length of the word looked
for, is at most ``THRESHOLD`` for words with letters and ``DIGITS`` for numbers, in which one other
digit is another number.  ``python -m benchmarks.burned_in`` measures the false alarms this costs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from workbench.deidentify.burned_in.words import Sought, comparable
from workbench.deidentify.standard_tables import vocabulary

THRESHOLD = 0.25  # one letter in four to seven, two in eight to eleven
DIGITS = 0.13  # one digit in eight
SHORTEST_INSIDE = 4  # letters of a word found inside a longer one ("NAME:MILLER")
SHORTEST_LIKE = 5  # letters of a word that may be misread; "SANS" is not "HANS"
MAX_RUN_WORDS = 5  # words read that may be one ("12 MAR 1980", "P 7301 - 44")
DECIMAL = re.compile(r"[^\w]*\d{1,5}[.,]\d{1,4}[^\w]*\Z")
LONG_DECIMAL = 7  # digits; a dose has fewer, an identifier may have them and be split by a speck
NUMBER = re.compile(r"[lobs\d]+\Z")  # as ``comparable`` writes a number


# Heads of columns and units of dose screens, beside the vocabulary of descriptions.
_SCREEN_WORDS = (
    "mGy mGycm mGy*cm mGy-cm cm mm ms s L S kVp mA mAs ref CTDIvol DLP TI cSL DLPe CTDIvole "
    "head body series type scan range phantom page number total avg mean min max eff "
    "dose report protocol information detail patient exam study position time date topogram "
    "scout helical axial summary care DAP Gym2 Gycm2 cGycm2 software version of and the"
)
SCREEN_WORDS = frozenset(map(comparable, _SCREEN_WORDS.split()))


def distance(first: str, second: str, most: int) -> int:
    """Return the edit distance of two words, or ``most + 1`` when it is larger than ``most``."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    row = list(range(len(second) + 1))
    for place, letter in enumerate(first, 1):
        corner, row[0] = row[0], place
        for column, against in enumerate(second, 1):
            change = corner + (letter != against)
            corner = row[column]
            row[column] = min(change, row[column] + 1, row[column - 1] + 1)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def is_decimal(text: str) -> bool:
    """Say whether a word is a number with a decimal sign, as doses are written."""
    return bool(DECIMAL.match(text)) and sum(map(str.isdigit, text)) < LONG_DECIMAL


@dataclass(frozen=True, repr=False)
class Matcher:
    """Says which words on a line are among those looked for."""

    sought: Sought

    def found(self, texts: Sequence[str]) -> set[int]:
        """Return the numbers of the words on one line that name somebody, in reading order."""
        plain = [("" if is_decimal(text) else comparable(text)) for text in texts]
        hits: set[int] = set()
        for first in range(len(plain)):
            run = ""
            for last in range(first, min(first + MAX_RUN_WORDS, len(plain))):
                if not plain[last]:
                    break
                run += plain[last]
                if self._is(run, joined=last > first) and not self._short(texts[first], run):
                    hits.update(range(first, last + 1))
        return hits

    def _short(self, text: str, run: str) -> bool:
        """Say whether a short number looks like a short name alone: 11 is not Li."""
        return (
            len(run) < SHORTEST_INSIDE
            and text.strip("():,;").isdigit()
            and (run not in self.sought.numbers)
        )

    def _is(self, run: str, *, joined: bool) -> bool:
        if run in self.sought.words:
            return True
        if not joined and (run in known_words() or self._inside(run)):
            return run not in known_words()
        return any(self._like(run, length) for length in self.sought.by_length)

    def _inside(self, word: str) -> bool:
        return any(
            needle in word
            for length, words in self.sought.by_length.items()
            if SHORTEST_INSIDE <= length < len(word)
            for needle in words
            if needle not in self.sought.exact
        )

    def _like(self, run: str, length: int) -> bool:
        share = DIGITS if NUMBER.match(run) else THRESHOLD
        most = int(length * share)
        if most == 0 or length < SHORTEST_LIKE or abs(len(run) - length) > most:
            return False
        return any(
            distance(run, word, most) <= most
            for word in self.sought.by_length[length]
            if word not in self.sought.exact
        )


@cache
def known_words() -> frozenset[str]:
    """Return words of technique and anatomy, as ``comparable`` writes them."""
    return frozenset(map(comparable, vocabulary())) | SCREEN_WORDS
