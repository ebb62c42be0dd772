"""Meanings of codes that the standard publishes (PS3.16, as pydicom has them): they name nobody."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _meanings() -> frozenset[str]:
    # Read when first asked: it takes a second, and needs it only where a meaning looks like a name.
    from pydicom.sr._concepts_dict import concepts

    schemes: Any = concepts  # pydicom's own typing of it says object
    return frozenset(
        meaning.lower()
        for names in schemes.values()
        for codes in names.values()
        for meaning, _ in codes.values()
    )


def is_published(text: str) -> bool:
    """Say whether a text is, word for word, the meaning of a code in PS3.16."""
    return text.strip().lower() in _meanings()
