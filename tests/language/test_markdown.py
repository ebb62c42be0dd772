"""Markdown of notebooks, paragraph by paragraph."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.planted import plant
from workbench.language import markdown, use_language
from workbench.language.markdown import markdown_texts

CELL = "# My scanner\n\nDoses of one *scanner*\nagainst `levels`.\n  \n## More\n\n\n- one\n- two"


def test_headings_and_paragraphs_are_texts_of_their_own() -> None:
    assert list(markdown_texts(CELL)) == [
        "My scanner", "Doses of one *scanner*\nagainst `levels`.", "More", "- one\n- two",
    ]  # fmt: skip
    assert list(markdown_texts("")) == []
    assert list(markdown_texts(" \n\n ")) == []


def test_english_stays_as_it_is_to_the_byte() -> None:
    assert markdown(CELL) == CELL


def test_what_is_translated_keeps_its_signs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, tmp_path, de={"My scanner": "Mein Gerät", "More": "Mehr {x}"})
    with use_language("de"):
        assert markdown(CELL) == CELL.replace("My scanner", "Mein Gerät")


def test_the_pseudo_locale_leaves_code_and_signs() -> None:
    with use_language("xx"):
        said = markdown(CELL)
    assert said.startswith("# ⟦Mý sçàññér")
    assert "`levels`" in said
    assert "\n## ⟦Möré" in said
