"""Words that the texts of a dose study hold and that name nobody (``data/lexicon.txt``).

A name that is such a word (Philips, Colon) does not make every maker's label a failure; a word
that is not on the list is not for that reason a name.  Names after which views and fractures are
called (``data/eponyms.txt``), and words of examinations in many languages
(``data/examinations.txt``), are asked only where a stranger may be named.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from workbench.verify.folding import MAX_REMEMBERED, merged

STAND_INS = "stand-ins for a name"
EPONYMS = "eponyms.txt"
ENDINGS = ("s", "n", "e", "en", "es", "er")
SHORTEST_OF_COMPOUND = 4  # letters


@cache
def subjects(file: str = "lexicon.txt") -> Mapping[str, frozenset[str]]:
    """Return the words of a file by subject, as ``folding.plain`` writes them."""
    found: dict[str, frozenset[str]] = {}
    subject = ""
    text = (files("workbench.verify") / "data" / file).read_text("utf-8")
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
def eponyms() -> frozenset[str]:
    """Return names of people after whom views, fractures, techniques are called: Weber, Towne."""
    return frozenset[str]().union(*subjects(EPONYMS).values())


@cache
def radiology() -> frozenset[str]:
    """Return all words, those of examinations, and names of views that few people bear: Towne."""
    named = (subjects(EPONYMS)[subject] for subject in ("views", "techniques"))
    return lexicon().union(*named, *subjects("examinations.txt").values())


@lru_cache(MAX_REMEMBERED)
def is_radiology(form: str) -> bool:
    """Say whether a plain word is radiology's, with any ending, or made of such words."""
    alike = {form, *(form.removesuffix(end) for end in ENDINGS)}
    alike |= {merged(word) for word in alike}  # Schaedel as Schadel
    return any(word in radiology() or word in _merged() or _is_compound(word) for word in alike)


@cache
def _merged() -> frozenset[str]:
    return frozenset(map(merged, radiology()))


def _is_compound(word: str) -> bool:
    """Say whether a word is two or more of radiology's: Thoraxbett."""
    for at in range(SHORTEST_OF_COMPOUND, len(word) - SHORTEST_OF_COMPOUND + 1):
        rest = word[at:]
        if word[:at] in radiology() and (rest in radiology() or _is_compound(rest)):
            return True
    return False


@cache
def running_text() -> str:
    """Return all words in one string, to ask whether letters stand inside one of them."""
    return " ".join(sorted(lexicon()))
