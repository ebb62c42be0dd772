"""Sentences that are kept: English as it always was, with what another language is made from.

What a measurement or a look came to is kept for years, and is read in more than one language.
So its text is kept beside the sentence, and the values of its places.  Where only the sentence was
kept, as earlier versions did, it is translated if it is one of our own without values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self, TypeAlias

from workbench.language.formats import figures
from workbench.language.saying import worded
from workbench.language.texts import Marked, Words, data, filled, sentences, t

Json: TypeAlias = object
TEXT, VALUES, FIGURES = "text", "values", "figures"


class Figures(str):
    """A number as English writes it."""

    __slots__ = ()


class StoredText(str):
    """A sentence in English; as a string it is filled in.

    Attributes
    ----------
    text
        The English text with its places.
    values
        What stands in them: names and codes as they are, ``Figures``, whole numbers, and texts
        that are marked or stored, too.
    """

    __slots__ = ("text", "values")

    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, /, **values: object) -> Self:
        """Return a text with its values; what is marked needs no values."""
        made = super().__new__(cls, filled(text, values))
        made.text, made.values = text, values
        return made

    def words(self) -> Words:
        """Return it in the language that is spoken."""
        return t(self.text, **{name: value_words(value) for name, value in self.values.items()})


def value_words(value: object) -> Words:
    """Return what stands in a place, in the language that is spoken."""
    if isinstance(value, StoredText):
        return value.words()
    if isinstance(value, Marked):
        return t(value)
    return figures(value) if isinstance(value, Figures) else worded(value)


def as_json(value: object) -> Json:
    """Return a text, or a value in one, as JSON types."""
    if isinstance(value, StoredText):
        return {
            TEXT: value.text, VALUES: {name: as_json(each) for name, each in value.values.items()}
        }  # fmt: skip
    if isinstance(value, Marked):
        return {TEXT: str(value)}
    if isinstance(value, Figures):
        return {FIGURES: str(value)}
    return value if isinstance(value, int) else str(value)


def texts_of(row: Mapping[str, object]) -> dict[str, Json]:
    """Return those fields of a row that are texts of ours, as JSON types."""
    return {name: as_json(value) for name, value in row.items()
            if isinstance(value, (StoredText, Marked)) and value}  # fmt: skip


def words_of(kept: Json, otherwise: str = "") -> Words:
    """Return a kept text in the language that is spoken; several are sentences.

    ``otherwise`` is the sentence that was kept, for where there is no text.
    """
    if isinstance(kept, list) and kept:
        return sentences(*(words_of(each) for each in kept))
    if isinstance(kept, Mapping) and isinstance(text := kept.get(TEXT), str):
        values = kept.get(VALUES)
        places = values if isinstance(values, Mapping) else {}
        return t(text, **{str(name): words_of(value) for name, value in places.items()})
    if isinstance(kept, Mapping) and isinstance(number := kept.get(FIGURES), str):
        return figures(number)
    if kept is None:
        return t(otherwise) if otherwise else Words("")
    return data(kept)
