"""The language that nobody speaks: longer, marked, and still filled in."""

from __future__ import annotations

import re

import pytest

from workbench.language import n, t, use_language
from workbench.language.pseudo import PSEUDO, PseudoTranslations

TEXTS = ["Now", "{done} of {total} complete", "Run `workbench check` on {name}.", "ÄÖ 質問", "a"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_marked_and_a_third_longer(text: str) -> None:
    said = PseudoTranslations().gettext(text)
    assert (said[0], said[-1]) == ("⟦", "⟧")
    assert len(said) == len(text) + len(text) // 3 + 2
    assert re.findall(r"\{\w+\}|`.*?`", said) == re.findall(r"\{\w+\}|`.*?`", text)


def test_no_plain_vowel_is_left_outside_places_and_code() -> None:
    said = PseudoTranslations().gettext("Any quick brown {fox} jumps, `over` it")
    assert not re.search("[aeiouyAEIOUY]", re.sub(r"\{\w+\}|`.*?`", "", said))


def test_places_are_filled_and_numbers_counted() -> None:
    with use_language(PSEUDO):
        assert t("{done} of {total}", done=1, total=2).startswith("⟦1 öf 2")
        assert n("one day", "{count} days", 1).startswith("⟦öñé dàý")
        assert n("one day", "{count} days", 4).startswith("⟦4 dàýs")
