"""Many words sought in one text, in time that grows with the text and not with the words.

A dose report can name thousands of people, and a hostile object does so on purpose.  Words are
therefore found by their first letters and their length: a text of n letters costs n look-ups
for each length in use, whatever the number of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

HEAD = 4  # letters by which words are found
LONGEST = 64  # letters (PS3.5 6.2: of LO, and of a component of PN); longer words are cut
FEW = 32  # words up to which searching one after another is faster


class WordSearch:
    """Words, and where they stand in a text; letters are compared as they are."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word[:LONGEST] for word in words if word)
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[:HEAD], set()).add(len(word))
        self._lengths = {head: tuple(sorted(sizes)) for head, sizes in lengths.items()}
        self._heads = tuple(sorted({len(head) for head in self._lengths}))

    def __len__(self) -> int:
        return len(self._words)

    def are_in(self, text: str) -> bool:
        """Say whether any of the words stands in the text."""
        if len(self._words) <= FEW:
            return any(word in text for word in self._words)
        return any(True for _ in self._looked_up(text))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of every word in the text; they may overlap."""
        if len(self._words) <= FEW:
            return (span for word in self._words for span in _each(word, text))
        return self._looked_up(text)

    def _looked_up(self, text: str) -> Iterator[tuple[int, int]]:
        for start in range(len(text)):
            for head in self._heads:
                for length in self._lengths.get(text[start : start + head], ()):
                    if text[start : start + length] in self._words:
                        yield start, start + length


def _each(word: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(word)
    while start >= 0:
        yield start, start + len(word)
        start = text.find(word, start + 1)
