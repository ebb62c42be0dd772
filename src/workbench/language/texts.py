"""Texts for people, translated where they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from workbench.language.choice import ENGLISH, catalogue, current_language
from workbench.language.pseudo import DATA_BEGIN, DATA_END, END, PSEUDO

STOPS = (".", "?", "!", ":", f".{END}")
PLACE = re.compile(r"\{(\w+)\}")


class Words(str):
    """A text for people in the language that is spoken; only this package makes them."""

    __slots__ = ()


class Marked(str):
    """An English text that is defined at import, to be translated by ``t`` where it is shown."""

    __slots__ = ()


def mark(text: str) -> Marked:
    """Note a text for the catalogues and return it as it is: English."""
    return Marked(text)


def t(text: str, /, **values: Words | int) -> Words:
    """Return an English text in the language that is spoken, with values in its ``{places}``.

    A catalogue that lacks the text, or one of its places, is passed over: English is shown.
    """
    language = current_language()
    if language != ENGLISH:
        translated = catalogue(language).gettext(text)
        if translated and _places(translated) == _places(text):
            return Words(filled(translated, values))
    return Words(filled(text, values))


def n(text: str, plural: str, count: int, /, **values: Words | int) -> Words:
    """Return the text for a number of things, which is ``{count}`` in it.

    How many forms there are, and which one a number has, says the catalogue (Plural-Forms).
    """
    values = {"count": count, **values}
    english = text if count == 1 else plural
    language = current_language()
    if language != ENGLISH:
        translated = _counted(language, text, plural, count)
        if translated and _places(translated) | {"count"} == _places(english) | {"count"}:
            return Words(filled(translated, values))
    return Words(filled(english, values))


def _counted(language: str, text: str, plural: str, count: int) -> str:
    """Return the form for a number; nothing where the catalogue's rule cannot be worked out."""
    try:
        return catalogue(language).ngettext(text, plural, count)
    except ArithmeticError:
        return ""


def data(value: object) -> Words:
    """Return what no catalogue knows: a name, a header's word, a file, a code."""
    if current_language() == PSEUDO:
        return Words(f"{DATA_BEGIN}{value}{DATA_END}")
    return Words(value)


def sentences(*said: Words) -> Words:
    """Return sentences one after the other; each ends with a stop."""
    ended = [each if each.endswith(STOPS) else f"{each}." for each in said[:-1] if each]
    return Words(" ".join((*ended, *said[-1:])))


def capital(words: Words) -> Words:
    """Return a text that begins with a capital letter."""
    return Words(f"{words[:1].upper()}{words[1:]}")


def listed(parts: Iterable[Words], between: str = ", ") -> Words:
    """Return texts one after the other."""
    return Words(between.join(parts))


def _places(text: str) -> set[str]:
    """Return the places of a text, and the braces that are none: of a place gone wrong."""
    return set(PLACE.findall(text)) | set("{}") & set(PLACE.sub("", text))


def filled(text: str, values: Mapping[str, object]) -> str:
    """Return a text with values in its places; a place without a value stays."""
    if not values:
        return text
    return PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)


def html(text: str, /, **values: Markup | Words) -> Markup:
    """Return a text as HTML, escaped, with values in its places that may be HTML.

    >>> html("Survey {name}", name=Markup("<b>{}</b>").format(data("A & B")))
    Markup('Survey <b>A &amp; B</b>')
    """
    places = {name: f"\ue000{name}\ue001" for name in values}
    escaped = Markup.escape(t(text, **{name: Words(place) for name, place in places.items()}))
    for name, place in places.items():
        escaped = Markup(escaped.replace(place, Markup.escape(values[name])))
    return escaped
