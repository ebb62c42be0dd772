"""Meanings of codes that PS3.16 publishes."""

from __future__ import annotations

import pytest

from workbench.verify.published_codes import is_published


@pytest.mark.parametrize("text", ["CT Acquisition", "Head", " dlp "])
def test_a_published_meaning_is_known_in_any_case(text: str) -> None:
    assert is_published(text)


@pytest.mark.parametrize("text", ["", "CT Acquisition of Zwirnhuber", "Zwirnhuber"])
def test_another_text_is_not(text: str) -> None:
    assert not is_published(text)
