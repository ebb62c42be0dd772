"""How charts write numbers, days and months: the locales of D3, which draws them.

D3 knows those of many languages; what it lacks (Luxembourgish) is made from the Unicode CLDR, which
Babel has.  https://d3js.org/d3-format#formatLocale, https://d3js.org/d3-time-format#timeFormatLocale
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import vl_convert

from workbench.language import data, moment_pattern, use_language
from workbench.language.choice import ENGLISH
from workbench.language.pseudo import PSEUDO

Locale = dict[str, Any]
# What D3 calls the locales it has.
KNOWN = {"de": "de-DE", "fr": "fr-FR"}
MONDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)  # D3 counts days from Sunday on, Babel from Monday


@lru_cache(maxsize=8)
def number_locale(language: str) -> Locale | None:
    """Return how a language writes numbers; ``None`` for English, which D3 speaks by itself."""
    if language == ENGLISH:
        return None
    if language == PSEUDO:
        return _numbers("\u00b7", "\u00a0")  # no language's: what is not asked here shows
    if language in KNOWN:
        return dict(vl_convert.get_format_locale(KNOWN[language]))  # type: ignore[arg-type]
    from babel import UnknownLocaleError
    from babel.numbers import get_decimal_symbol, get_group_symbol

    try:
        decimal, thousands = get_decimal_symbol(language), get_group_symbol(language)
    except UnknownLocaleError:
        return None
    return _numbers(decimal, thousands)


def _numbers(decimal: str, thousands: str) -> Locale:
    return {
        "decimal": decimal, "thousands": thousands, "grouping": [3],
        "currency": ["", "\u00a0€"],
    }  # fmt: skip


@lru_cache(maxsize=8)
def time_locale(language: str) -> Locale | None:
    """Return the names of days and months; ``None`` for English."""
    if language == ENGLISH:
        return None
    if language == PSEUDO:
        return _pseudo_times()
    if language in KNOWN:
        return dict(vl_convert.get_time_format_locale(KNOWN[language]))  # type: ignore[arg-type]
    from babel import Locale as Cldr
    from babel import UnknownLocaleError

    try:
        cldr = Cldr.parse(language)
    except UnknownLocaleError:
        return None
    days, months = cldr.days["stand-alone"], cldr.months["stand-alone"]
    with use_language(language):
        pattern = moment_pattern()
    return {
        "dateTime": pattern, "date": pattern.split()[0], "time": pattern.split()[1],
        "periods": ["AM", "PM"],
        "days": [days["wide"][day] for day in MONDAY_FIRST],
        "shortDays": [days["abbreviated"][day].rstrip(".") for day in MONDAY_FIRST],
        "months": [months["wide"][month] for month in range(1, 13)],
        "shortMonths": [months["abbreviated"][month].rstrip(".") for month in range(1, 13)],
    }  # fmt: skip


def _pseudo_times() -> Locale:
    """Return English names as data of the pseudo-locale."""
    english = dict(vl_convert.get_time_format_locale("en-US"))
    with use_language(PSEUDO):
        return {
            name: [str(data(each)) for each in value] if isinstance(value, list) else value
            for name, value in english.items()
        }


def embed_locales(language: str) -> dict[str, Locale]:
    """Return what vega-embed is told besides: ``formatLocale`` and ``timeFormatLocale``."""
    both = {"formatLocale": number_locale(language), "timeFormatLocale": time_locale(language)}
    return {name: locale for name, locale in both.items() if locale is not None}
