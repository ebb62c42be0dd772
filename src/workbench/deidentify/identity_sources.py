"""From what an object says of people and places to the words that are looked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.deidentify.identity import WORD, Identity, squeezed
from workbench.deidentify.name_words import (
    SHORTEST_DIVIDED,
    SHORTEST_NAME,
    THINGS,
    joined,
    words_of,
)
from workbench.deidentify.spellings import fold, forms
from workbench.deidentify.standard_tables import vocabulary

SHORTEST_NUMBER = 4  # digits, and letters of an identifier
SHORTEST_BARE = 5  # digits of an identifier without signs and zeros


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
    own
        The patient's names.
    doubtful
        Whether the character set of any of them is.
    """

    names: Iterable[str] = ()
    identifiers: Iterable[str] = ()
    patient: Iterable[str] = ()
    places: Iterable[str] = ()
    births: Iterable[str] = ()
    own: Iterable[str] = ()
    doubtful: bool = False

    def identity(self) -> Identity:
        """Collect the words that may not leave."""
        words: set[str] = set()
        wholes: set[str] = set()
        divided: set[str] = set()
        spelled: dict[str, None] = {}
        for name in (*sorted(self.own), *self.names):
            named = words_of(name)
            spelled.update(dict.fromkeys(named))
            words.update(form for word in named for form in forms(word))
            words.update(_numbers_in(name))
            run = {form for whole in joined(name) for form in forms(whole)}
            words.update(filter(_may_be_divided, run))
            divided.update(run)
            divided.update(form for word in named for form in forms(word))
        for identifier in (*self.identifiers, *self.patient):
            words.update(_identifier_words(identifier))
            whole = fold(identifier.strip())
            if len(whole) >= SHORTEST_NUMBER and not whole.isalnum():
                wholes.add(whole)
            divided.update(_bare(identifier))
        for place in self.places:
            named = [word for word in WORD.findall(place) if len(word) > SHORTEST_NAME]
            spelled.update(dict.fromkeys(word for word in named if not word.isdigit()))
            words.update(form for word in named if not word.isdigit() for form in forms(word))
        for date in self.births:
            (words if date.isdigit() else wholes).add(date)
        known = vocabulary()
        short = {fold(own.strip()) for own in self.patient}
        return Identity(
            frozenset(word for word in words - known if _is_long(word)),
            tuple(sorted(wholes - known)),
            frozenset(filter(_is_short, short - known)),
            tuple(word for word in spelled if fold(word) not in known),
            frozenset(word for word in divided - known if _may_be_divided(word)),
            self._known_own_words(),
            self.doubtful,
        )

    def _known_own_words(self) -> frozenset[str]:
        """Return words of the vocabulary that are the name of a patient, not of a phantom."""
        known = vocabulary()
        found: set[str] = set()
        for name in self.own:
            words = {fold(word) for word in WORD.findall(name)}
            if not words & THINGS:
                found |= {word for word in words & known if len(word) >= SHORTEST_NAME}
        return frozenset(found)


def _is_long(word: str) -> bool:
    return len(word) >= SHORTEST_NAME or (len(word) == 1 and not word.isascii())


def _is_short(identifier: str) -> bool:
    # One letter is a word of any code string (M, L, P) and tells nothing.
    letters = len(identifier)
    return 0 < letters < SHORTEST_NUMBER and (letters > 1 or identifier.isdigit())


def _may_be_divided(word: str) -> bool:
    if not word.isascii():
        return len(word) >= SHORTEST_NAME
    return len(word) >= (SHORTEST_BARE if word.isdigit() else SHORTEST_DIVIDED)


def _numbers_in(name: str) -> set[str]:
    return {word for word in WORD.findall(name) if word.isdigit() and len(word) >= SHORTEST_NUMBER}


def _identifier_words(identifier: str) -> set[str]:
    folded = WORD.findall(fold(identifier))
    whole = "".join(folded)
    # "0012345" is also written as 12345.
    bare = {word.lstrip("0") for word in (*folded, whole) if word.isdigit()}
    return {word for word in (*folded, whole, *bare) if len(word) >= SHORTEST_NUMBER}


def _bare(identifier: str) -> set[str]:
    """Return an identifier as it is when signs and leading zeros are left out."""
    folded = fold(identifier)
    return {squeezed(folded)[0], squeezed("".join(WORD.findall(folded)))[0]}
