"""Words that the texts of a dose study hold and that name nobody (``data/lexicon.txt``).

A name that is such a word (Philips, Colon) does not make every maker's label a failure; a word
that is not on the list is not for that reason a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

STAND_INS = "stand-ins for a name"


@cache
def subjects() -> Mapping[str, frozenset[str]]:
    """Return the words by subject, as ``folding.plain`` writes them."""
    found: dict[str, frozenset[str]] = {}
    subject = ""
    text = (files("workbench.verify") / "data" / "lexicon.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("= "):
            subject = line[2:]
        elif line and not line.startswith("#"):
            found[subject] = found.get(subject, frozenset()) | frozenset(line.split())
    return found


@cache
def lexicon() -> frozenset[str]:
    """Return all words."""
    return frozenset[str]().union(*subjects().values())


@cache
def stand_ins() -> frozenset[str]:
    """Return words that stand where a name would: ANONYMIZED, TEST, PHANTOM."""
    return subjects()[STAND_INS]


@cache
def running_text() -> str:
    """Return all words in one string, to ask whether letters stand inside one of them."""
    return " ".join(sorted(lexicon()))
