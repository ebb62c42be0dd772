"""The searcher for English in a page of another language finds it, and nothing else."""

from __future__ import annotations

import pytest

from tests.language.untranslated import untranslated
from workbench.language import number, t, use_language


@pytest.mark.parametrize("page", [
    "<button>Try again</button>",
    "<p>Das steht hier. Choose one of those shown.</p>",
    "<p>Wert der scanner</p><td>3.5 mGy</td>",
    "<p>and so on</p>",
    "<input placeholder='Choose both'>",
])  # fmt: skip
def test_english_is_found(page: str) -> None:
    assert len(untranslated(page, "de")) == 1


@pytest.mark.parametrize("language", ["de", "fr"])
def test_a_translated_text_is_none(language: str) -> None:
    with use_language(language):
        said = t("Try again"), number(3.5), t("{done} of {total} complete", done=3, total=7)
    page = f"<p>{said[0]}</p><td>{said[1]}</td><p>{said[2]}</p><code>try again</code>"
    assert untranslated(page + "<p>1.2.840.10008.1 2026-03-01 v1.2.3</p>", language) == []
