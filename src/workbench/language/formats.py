"""Numbers, days and times as the language writes them; files and tables for programs never do.

English writes days as ISO 8601 does.  The names of days and months, and the signs of numbers, are
those of the Unicode CLDR, which Babel has; English needs no Babel.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from workbench.language.choice import ENGLISH, current_language, locale_of
from workbench.language.pseudo import PSEUDO
from workbench.language.texts import Words, data

ISO_DAY = "%Y-%m-%d"
CLOCK = "%H:%M"
# Of days and months in the numbers of digits that stand below each other; other languages as CLDR.
DAYS_OF_WEEK = "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
DAYS = {"de": "%d.%m.%Y", "fr": "%d/%m/%Y", "lb": "%d.%m.%Y"}


def number(value: float, digits: int | None = None, grouped: bool = False) -> Words:
    """Return a number with so many decimals, or all it has; thousands set apart or not."""
    group = "," if grouped else ""
    return figures(f"{value:{group}}" if digits is None else f"{value:{group}.{digits}f}")


def significant(value: float, digits: int = 4) -> Words:
    """Return a number with so many digits that count, zeros at its end left out."""
    return figures(f"{value:.{digits}g}")


def figures(text: str) -> Words:
    """Return a number that English has written, as the language writes it."""
    point, comma = _signs(current_language())
    if (point, comma) != (".", ","):
        text = text.translate({ord("."): point, ord(","): comma})
    return data(text) if current_language() == PSEUDO else Words(text)


def day(value: date) -> Words:
    """Return a day in digits."""
    return Words(value.strftime(_day_pattern(current_language())))


def clock(value: datetime) -> Words:
    """Return hours and minutes, as they stand in ``value``."""
    return Words(value.strftime(CLOCK))


def moment(value: datetime) -> Words:
    """Return day, hours and minutes, as they stand in ``value``."""
    return Words(f"{day(value)} {clock(value)}")


def weekday(value: date) -> Words:
    """Return the short name of the day of the week."""
    return _named_day(value, "abbreviated")


def long_weekday(value: date) -> Words:
    """Return the name of the day of the week."""
    return _named_day(value, "wide")


def _named_day(value: date, width: str) -> Words:
    name = _weekdays(current_language(), width)[value.weekday()]
    return data(name) if current_language() == PSEUDO else Words(name)


def day_pattern() -> str:
    """Return how a day is written in digits, as strftime and D3 read it."""
    return _day_pattern(current_language())


def moment_pattern() -> str:
    """Return how day, hours and minutes are written, as strftime and D3 read it."""
    return f"{_day_pattern(current_language())} {CLOCK}"


@lru_cache(maxsize=16)
def _signs(language: str) -> tuple[str, str]:
    """Return the sign before decimals, and that between thousands."""
    if language in (ENGLISH, PSEUDO) or locale_of(language) is None:
        return ".", ","
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return get_decimal_symbol(language), get_group_symbol(language)


@lru_cache(maxsize=16)
def _day_pattern(language: str) -> str:
    return DAYS.get(language, ISO_DAY)


@lru_cache(maxsize=16)
def _weekdays(language: str, width: str) -> tuple[str, ...]:
    """Return names from Monday on, ``abbreviated`` or ``wide``."""
    known = None if language in (ENGLISH, PSEUDO) else locale_of(language)
    if known is None:
        return tuple(name[:3] for name in DAYS_OF_WEEK) if width == "abbreviated" else DAYS_OF_WEEK
    names = known.days["stand-alone"][width]
    return tuple(names[number].rstrip(".") for number in range(7))
