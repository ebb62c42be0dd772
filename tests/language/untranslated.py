"""What a page in German or French still says in English.

No sign tells there what is a text and what a value.  So a block is wrong when it is an English text
of the catalogue whose translation is another, or holds one of some length; when it has a word that
only English has; or when it has a number with a decimal point.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from babel.messages.pofile import read_po
from pydicom.datadict import tag_for_keyword

from checks.catalogues import CATALOGUES, ROOT
from tests.language.unmarked import COMMAND, judged

PLACE = re.compile(r"\{\w+\}")
QUOTED = re.compile(r'"[^"]*"')  # a value that somebody gave
LONG = 3  # words; shorter ones may stand in a value
# Of the words that English texts have most, those that neither German nor French has.
ENGLISH_WORD = re.compile(r"\b(the|of|and|with|this|that|has|have|been|which|from|they|it)\b")
# Not a UID, a version or a day.
ENGLISH_NUMBER = re.compile(r"(?<![\w.,-])\d+\.\d+(?![\w.,-])")


def untranslated(html: str, language: str) -> list[str]:
    """Return the visible texts of a page that are English, or hold something English."""
    exact, within = _english(language)

    def judge(block: str) -> list[str]:
        shown = " ".join(block.split())
        plain = QUOTED.sub(" ", COMMAND.sub(" ", shown))
        if not plain or tag_for_keyword(shown):
            return []
        if shown in exact:
            return [f"English: {shown}"]
        wrong = [
            f"English ({each}): {shown}" for each, found in within.items() if found.search(plain)
        ]
        wrong += [f"English word {word}: {shown}" for word in set(ENGLISH_WORD.findall(plain))]
        wrong += [f"English number {number}: {shown}" for number in ENGLISH_NUMBER.findall(plain)]
        return wrong[:1]

    return judged(html, judge)


def _plain_blanks(text: str) -> str:
    """Return a text as it is compared: French sets signs and units apart by other blanks."""
    return re.sub(r"\s", " ", text)


@cache
def _english(language: str) -> tuple[frozenset[str], Mapping[str, re.Pattern[str]]]:
    """Return English texts without values, and how longer ones are found."""
    with (ROOT / CATALOGUES / language / "messages.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    pairs = []
    for message in messages:
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        pairs += [(each, said) for each in originals]
    changed = [text for text, said in pairs if text not in map(_plain_blanks, said)]
    exact = frozenset(" ".join(text.split()) for text in changed if not PLACE.search(text))
    within = {
        text: re.compile(r"\b" + ".{1,200}?".join(map(re.escape, PLACE.split(text.strip(" .:")))))
        for text in changed
        if len(re.findall(r"[A-Za-z]{2,}", PLACE.sub(" ", text))) >= LONG
    }
    return exact, within
