"""The words of names as an object writes them: how they are cut, joined, misspelt, pronounced.

``Sources`` is what an object says of people; ``Sources.identity`` makes it the words to look for.
``SpelledNames`` answers whether a word can be meant as one of the names.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property

from workbench.deidentify.romanisation import CONSONANTS
from workbench.deidentify.spellings import consonants, fold, keys
from workbench.deidentify.standard_tables import vocabulary
from workbench.deidentify.word_search import WordSearch

SHORTEST_NAME = 2  # letters: "Li"; initials say nothing
SHORTEST_KEY_PART = 5  # letters of a key searched inside a longer word
SHORTEST_CUT = 4  # letters left of a name that was cut
SHORTEST_TYPED = 6  # letters of a name, and of a word, that may be mistyped
SHORTEST_DIVIDED = 4  # letters of a name that may stand divided
MOST_SPELLED = 1_000  # words of names whose misspellings are sought; the patient's come first
WORD = re.compile(r"[^\W_]+")
COMPONENT = re.compile(r"[\^=\s,]+")
# Particles are sought joined to what follows them, not alone.
_PARTICLES = """
van von der den de du des da do dos das la le les el al il di del della dello degli zu zum zur
ter ten te bin ibn ben abu umm af av y e i und and et
"""
PARTICLES = frozenset(_PARTICLES.split())
# Titles are no names: taken out as such, they would hide a name behind them ("DR KOWALSKI") from
# the signs.
_TITLES = """
dr prof professor doctor docteur mr mrs ms miss mme mlle herr hr frau fr fru med dent phil univ
dipl ing mag md phd msc bsc jr sr dott sig sra dona don sir pd priv doz
"""
TITLES = frozenset(_TITLES.split())
PREFIX = 3  # components of PN before that of titles (PS3.5 6.2.1)
SHORTEST_CALLED = 3  # letters
# Names of things that are examined in a person's stead: their words are technique.
_THINGS = """
phantom phantoms fantom phantome test testing qc qa quality constant konstanz konstanstest
calibration daily weekly monthly service physics physicist anonymous anonymized anonymised
anonym anon noname nobody unknown dummy removed deleted ct mr mri pet spect dr cr dx xa us mg
rf nm water air
"""
THINGS = frozenset(_THINGS.split())


class SpelledNames:
    """Words of names, and whether a word of a text is meant as one of them."""

    def __init__(self, spelled: Iterable[str]) -> None:
        self._spelled = tuple(spelled)[:MOST_SPELLED]

    @cached_property
    def _keys(self) -> frozenset[str]:
        known = vocabulary()
        found = {key for word in self._spelled for key in keys(word)}
        return frozenset(found - known) | {sign for key in found if (sign := consonants(key))}

    @cached_property
    def _foreign(self) -> bool:
        return any(key.startswith(CONSONANTS) for word in self._spelled for key in keys(word))

    @cached_property
    def _inside(self) -> WordSearch:
        return WordSearch(
            key
            for key in self._keys
            if len(key) >= SHORTEST_KEY_PART and not key.startswith(CONSONANTS)
        )

    @cached_property
    def _folded(self) -> list[str]:
        return sorted({fold(word) for word in self._spelled})

    @cached_property
    def _mistyped(self) -> frozenset[str]:
        long = [word for word in self._folded if len(word) >= SHORTEST_TYPED]
        return frozenset(short for word in long for short in _shorter(word))

    def are_meant(self, word: str) -> bool:
        """Say whether a word of a text can be one of the names."""
        if not self._spelled or len(word) < SHORTEST_NAME or word.isdigit():
            return False
        found = keys(word)
        if any(key in self._keys and _comparable(key, word) for key in found):
            return True
        if any(self._inside.are_in(key) for key in found):
            return True
        if any(consonants(key) in self._keys for key in found if self._foreign):
            return True
        folded = fold(word)
        return folded.isalpha() and (self._is_cut(folded) or self._is_mistyped(folded))

    def _is_cut(self, folded: str) -> bool:
        if len(folded) < SHORTEST_CUT:
            return False
        place = bisect_left(self._folded, folded)
        return place < len(self._folded) and self._folded[place].startswith(folded)

    def _is_mistyped(self, folded: str) -> bool:
        """Say whether a name has one letter more, less, exchanged or in the next one's place."""
        if len(folded) < SHORTEST_TYPED - 1:
            return False
        return any(short in self._mistyped for short in _shorter(folded))


def _comparable(key: str, word: str) -> bool:
    # "Lee" and "le" have one key of two letters: short ones say too little.
    return len(key) >= SHORTEST_CUT or not word.isascii() or len(word) >= SHORTEST_CUT


def _shorter(word: str) -> Iterator[str]:
    """Yield a word, and the word without one of its letters.

    Two words that share one of these differ by one letter more, less or exchanged, or by a
    letter that moved (Mor and Fraenkel 1982).
    """
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def words_of(name: str) -> list[str]:
    """Return the words of a person's name that are sought, as they are written.

    A word of a title counts where it is the whole family or given name: somebody is called Herr.
    """
    found = []
    for group in name.split("="):
        for place, component in enumerate(group.split("^")):
            words = WORD.findall(component)
            called = len(words) == 1 and place < PREFIX and len(words[0]) >= SHORTEST_CALLED
            parts = [word for word in words if called or fold(word) not in TITLES]
            alone = len(parts) == 1
            found += [
                word
                for word in parts
                if not word.isdigit() and (alone or fold(word) not in PARTICLES)
            ]
    return found


def joined(name: str) -> Iterator[str]:
    """Yield what the parts of a name are when nothing divides them, folded.

    O'Brien is also OBRIEN, van der Berg VANDERBERG, 山田^太郎 山田太郎; family name and given
    name stand in both orders.
    """
    for group in name.split("="):
        components = [fold("".join(WORD.findall(part))) for part in group.split("^")]
        family, given = [*components, "", ""][:2]
        first = [fold("".join(WORD.findall(word))) for word in COMPONENT.split(group.split("^")[0])]
        yield from (
            part
            for place, part in enumerate((*components[:PREFIX], *first))
            if part and (part not in TITLES or (not place and len(part) >= SHORTEST_CALLED))
        )
        if family and given:
            yield family + given
            yield given + family
        if not group.isascii() and "^" not in group:
            yield from _joined_parts(fold("".join(WORD.findall(group))))


def _joined_parts(name: str) -> Iterator[str]:
    """Yield the possible family and given names of 山田太郎, which is written as one."""
    if 3 <= len(name) <= 5 and all(letter >= "\u2e80" for letter in name):
        for place in range(1, len(name)):
            yield from (part for part in (name[:place], name[place:]) if len(part) > 1)
