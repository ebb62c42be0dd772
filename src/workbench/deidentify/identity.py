"""The words by which one object names people and places, and where they stand in a text.

A word of a text is somebody's if it is one of the spellings of a name (``spellings.forms``), has
the same key (``spellings.keys``), is a name cut short or with one typing error, or holds a name.
Names also stand divided ("xiao fang", "Meyer Landrut", "G R O T T E N O L M") and joined
("MeyerLandrut", "YamadaTaro"), identifiers with signs and zeros put in ("ZX-000215").
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from workbench.deidentify.name_words import SpelledNames
from workbench.deidentify.romanisation import REMEMBERED
from workbench.deidentify.spellings import fold
from workbench.deidentify.standard_tables import makers, vocabulary
from workbench.deidentify.word_search import WordSearch

WORD = re.compile(r"[^\W_]+")
PIECE = re.compile(r"\d+|[^\W\d_]+")
SHORTEST_PART = 4  # letters searched inside longer words: "MILLER" in "CTMILLER"
SHORTEST_NUMBER_PART = 5
AROUND = 12  # letters looked at around a short identifier
ENDS_IN_WORD = re.compile(r"[^\W_]\Z")
# A short number is a measurement behind "=", a decimal sign or a quantity, and before a unit.
MEASURED_BEFORE = re.compile(r"(?:\d[.,:]|=\s?|\b(?:dlp|ctdi\w{0,5}|dap|kvp?|mas?|x)\s?)\Z")
MEASURED_AFTER = re.compile(
    r"[.,:]\d|\s?(?:%|(?:kvp?|kev|mas?|[cdmu]?gy|[mg]?bq|[cm]?m|ml|s|sec|ms|min|fps|deg|hz|bpm)\b)"
)
BETWEEN = re.compile(r"[\s,;^._/\\-]{0,3}\Z")  # signs between two words of one name
Span = tuple[int, int]


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
    spelled
        Words of names as they are written in the object, the patient's own first.
    divided
        Folded words, names and identifiers in which there may be blanks and signs.
    own
        Folded words of the patient's own name that are words of the vocabulary.
    doubtful
        A name is written in bytes that may be of another character set than the one declared:
        descriptions are to be reduced to known words.
    """

    words: frozenset[str]
    wholes: tuple[str, ...] = ()
    short: frozenset[str] = frozenset()
    spelled: tuple[str, ...] = ()
    divided: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    doubtful: bool = False

    @cached_property
    def parts(self) -> WordSearch:
        """Words long enough to be searched inside longer ones, or of another script."""
        return WordSearch(
            word
            for word in self.words
            if len(word) >= (SHORTEST_NUMBER_PART if word.isdigit() else SHORTEST_PART)
            or (not word.isascii() and len(word) > 1)
        )

    @cached_property
    def _standing(self) -> tuple[WordSearch, WordSearch]:
        return WordSearch(self.wholes), WordSearch(self.short)

    @cached_property
    def _joined(self) -> WordSearch:
        return WordSearch(self.divided)

    @cached_property
    def _names(self) -> SpelledNames:
        return SpelledNames(self.spelled)

    def names(self, word: str) -> bool:
        """Say whether a word (of any case) gives somebody away, in any of its spellings."""
        folded = fold(word)
        if folded in self.words:
            return True
        if folded in vocabulary() or (len(folded) == 1 and folded.isascii()):
            return False
        if folded.isdigit():
            return self.parts.are_in(folded)
        for run in unknown_runs(word):
            if self.parts.are_in(fold(run)) or self._names.are_meant(run):
                return True
        return False

    def names_exactly(self, word: str) -> bool:
        """Say whether a word is, or holds, a word of the object's people as it is written."""
        folded = fold(word)
        if folded in vocabulary():
            return False
        return folded in self.words or self.parts.are_in(folded)

    def without_names(self, text: str, *, description: bool) -> str:
        """Return text without the words that give somebody away.

        In a ``description`` also a maker's name goes when it is the patient's; elsewhere, as
        everywhere, a word of the vocabulary goes only beside another word of the same name.
        """
        words = [(match.start(), match.end()) for match in WORD.finditer(text)]
        taken = {span for span in words if self.names(text[slice(*span)])}
        if self.own:
            taken.update(self._own_spans(text, words, taken, description))
        return cut_out(text, sorted(taken))

    def without_words(self, text: str) -> str:
        """Return text without the words that give somebody away as they are written."""
        return WORD.sub(lambda match: " " if self.names_exactly(match[0]) else match[0], text)

    def without_identifiers(self, text: str) -> str:
        """Return text without identifiers that have signs in them, are short, or stand divided."""
        folded, places = _folded(text)
        spans = [(places[start], places[end - 1] + 1) for start, end in self._spans(folded)]
        if self.divided:
            spans += self._divided_spans(text)
        return cut_out(text, sorted(spans))

    def short_in(self, text: str) -> bool:
        """Say whether a short identifier of the patient stands in a text."""
        return any(self._short_spans(_folded(text)[0]))

    def _spans(self, folded: str) -> Iterator[Span]:
        yield from self._standing[0].spans(folded)
        yield from self._short_spans(folded)

    def _short_spans(self, folded: str) -> Iterator[Span]:
        for start, end in self._standing[1].spans(folded):
            before, after = folded[max(0, start - AROUND) : start], folded[end : end + AROUND]
            alone = not (ENDS_IN_WORD.search(before) or WORD.match(after))
            if alone and not (MEASURED_BEFORE.search(before) or MEASURED_AFTER.match(after)):
                yield start, end

    def _divided_spans(self, text: str) -> Iterator[Span]:
        """Yield where a name or an identifier stands with blanks and signs in it."""
        if text.isalnum() and "0" not in text:
            return
        if not self._joined.are_in(_letters(text)):
            return
        words = [match.span() for match in WORD.finditer(text)]
        letters, places, starts, ends = squeezed(text)
        for start, end in self._joined.spans(letters):
            if start in starts and end in ends:
                first, last = places[start], places[end - 1] + 1
                inside = [text[slice(*span)] for span in words if first <= span[0] < last]
                if len(inside) < 2 or not all(fold(word) in vocabulary() for word in inside):
                    yield first, last

    def _own_spans(
        self, text: str, words: Sequence[Span], taken: set[Span], description: bool
    ) -> Iterator[Span]:
        """Yield words of the vocabulary that are the patient's name where they stand."""
        mine = [span for span in words if fold(text[slice(*span)]) in self.own]
        named = sorted({*mine, *(span for span in words if span in taken)})
        for before, after in itertools.pairwise(named):
            if BETWEEN.match(text, before[1], after[0]) and not _same(text, before, after):
                yield from (span for span in (before, after) if span in mine)
        if description:
            yield from (span for span in mine if fold(text[slice(*span)]) in makers())


def _same(text: str, first: Span, second: Span) -> bool:
    return fold(text[slice(*first)]) == fold(text[slice(*second)])


def cut_out(text: str, spans: Sequence[Span]) -> str:
    """Return text with a blank in place of each span; they are in order and may overlap."""
    if not spans:
        return text
    kept, done = [], 0
    for start, end in spans:
        kept += [text[done:start], " "] if start >= done else []
        done = max(done, end)
    return "".join([*kept, text[done:]])


def pieces(word: str) -> list[str]:
    """Return the parts of a word as capitals and digits divide it: CT, Abdomen, 5, mm."""
    parts = []
    for part in PIECE.findall(word):
        start = 0
        for place in range(1, len(part)):
            before, here, after = part[place - 1], part[place], part[place + 1 : place + 2]
            if here.isupper() and (before.islower() or after.islower()):
                parts.append(part[start:place])
                start = place
        parts.append(part[start:])
    return parts


@lru_cache(REMEMBERED)
def unknown_runs(word: str) -> tuple[str, ...]:
    """Return what is left of a word between its pieces that are words of the vocabulary."""
    return tuple(_unknown_runs(word))


def _unknown_runs(word: str) -> Iterator[str]:
    run = ""
    for piece in pieces(word):
        if len(piece) > 1 and fold(piece) in vocabulary():
            if run:
                yield run
            run = ""
        else:
            run += piece
    if run:
        yield run


def _letters(text: str) -> str:
    """Return the letters that ``squeezed`` returns."""
    return "".join(
        [
            (piece.lstrip("0") or "0") if piece.isdigit() else fold(piece)
            for piece in PIECE.findall(text)
        ]
    )


def squeezed(text: str) -> tuple[str, list[int], set[int], set[int]]:
    """Return the letters and digits of a text without what divides them and leading zeros.

    With them: where each stood in ``text``, and where in the result a word or a number starts and
    ends.
    """
    letters: list[str] = []
    places: list[int] = []
    starts, ends = set(), set()
    for match in PIECE.finditer(text):
        piece, first = match[0], match.start()
        if piece.isdigit():
            bare = piece.lstrip("0") or "0"
            piece, first = bare, match.end() - len(bare)
        starts.add(len(letters))
        for place, letter in enumerate(piece, first):
            for plain in fold(letter):
                letters.append(plain)
                places.append(place)
            if not letter.isascii():  # scripts without blanks: a name may start anywhere
                ends.add(len(letters))
                starts.add(len(letters) - 1)
        ends.add(len(letters))
    return "".join(letters), places, starts, ends


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return folded text and, for each of its letters, where it stood in ``text``."""
    if text.isascii():
        return text.lower(), range(len(text))
    letters = [
        (letter, place) for place, character in enumerate(text) for letter in fold(character)
    ]
    return "".join(letter for letter, _ in letters), [place for _, place in letters]
