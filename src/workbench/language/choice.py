"""Which language is spoken: that of a page's visitor, else that of the program."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from typing import TYPE_CHECKING

from workbench.language.pseudo import PSEUDO, PseudoTranslations

if TYPE_CHECKING:
    from babel import Locale

ENGLISH = "en"
# By os.path: every program imports this, and pathlib takes longer than all the rest of it.
CATALOGUES = os.path.join(os.path.dirname(__file__), "catalogues")  # noqa: PTH118, PTH120
FILE = "messages.mo"
# A language, and how much it is wanted (RFC 9110 section 12.5.4).
WANTED = re.compile(r"\s*([A-Za-z]{2,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([0-9.]{1,5}))?\s*\Z")
MAX_WANTED = 20  # of a browser's list
# Scripts that run from right to left (Unicode CLDR, characterOrder), by their languages.
LEFTWARDS = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})

_OF_VISITOR: ContextVar[str | None] = ContextVar("language", default=None)
# What this program speaks where no visitor is known: a report, a kernel.
ENVIRONMENT = "WORKBENCH_LANGUAGE"
_program = [os.environ.get(ENVIRONMENT, ENGLISH)]


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the codes (ISO 639-1) of all languages there is a catalogue of, English first."""
    names = os.listdir(CATALOGUES) if os.path.isdir(CATALOGUES) else []  # noqa: PTH112, PTH208
    return (ENGLISH, *sorted(name for name in names if os.path.exists(_file(name))))  # noqa: PTH110


def _file(language: str) -> str:
    return os.path.join(CATALOGUES, language, FILE)  # noqa: PTH118


@lru_cache(maxsize=1)
def languages_by_name() -> tuple[tuple[str, str], ...]:
    """Return code and own name of each language; the code where nobody knows its name."""
    return tuple((code, _own_name(code)) for code in languages())


def _own_name(code: str) -> str:
    known = locale_of(code)
    return str((known and known.get_display_name(code)) or code).capitalize()


@lru_cache(maxsize=16)
def locale_of(language: str) -> Locale | None:
    """Return what the Unicode CLDR knows of a language; ``None`` for one it does not have."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return None


def written_leftwards() -> bool:
    """Whether the language that is spoken is written from right to left."""
    return current_language() in LEFTWARDS


def current_language() -> str:
    """Return the code of the language that is spoken here and now."""
    return _OF_VISITOR.get() or _known(_program[0])


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Speak a language within the block; one that nobody has is English."""
    token = _OF_VISITOR.set(_known(language))
    try:
        yield
    finally:
        _OF_VISITOR.reset(token)


def settle_language(language: str) -> None:
    """Speak a language in all of this program from now on: a kernel has one visitor."""
    _program[0] = _known(language)


def is_language(code: str) -> bool:
    """Whether there is a catalogue for a code."""
    return _known(code) == code


def best_language(wanted: str, otherwise: str = ENGLISH) -> str:
    """Return the language we have that a browser wants most (its Accept-Language)."""
    offers: list[tuple[float, str]] = []
    for part in wanted.split(",")[:MAX_WANTED]:
        match = WANTED.match(part)
        if match is None:
            continue
        try:
            weight = float(match[2] or 1)
        except ValueError:
            continue
        if is_language(code := match[1].lower()) and weight > 0:
            offers.append((-weight, code))
    # Where two are wanted alike, the first one counts.
    return min(offers, key=lambda offer: offer[0])[1] if offers else _known(otherwise)


@lru_cache(maxsize=64)
def _known(language: str) -> str:
    code = language.lower().partition("-")[0]
    return code if code == PSEUDO or code in languages() else ENGLISH


@lru_cache(maxsize=16)
def catalogue(language: str) -> NullTranslations:
    """Return the texts of a language; an unreadable catalogue is as none."""
    if language == PSEUDO:
        return PseudoTranslations()
    try:
        with open(_file(language), "rb") as file:  # noqa: PTH123
            return GNUTranslations(file)
    # Garbage, of any kind that the reader stumbles over.
    except (OSError, ValueError, LookupError, struct.error):
        return NullTranslations()
