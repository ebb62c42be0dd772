"""Catalogues made by hand, in place of those of the package."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from workbench.language import choice, formats

Texts = Mapping[str | tuple[str, str], str | tuple[str, ...]]
CACHES = (
    choice.languages, choice.languages_by_name, choice.catalogue, choice._known, choice.locale_of,
    formats._signs, formats._day_pattern, formats._weekdays,
)  # fmt: skip


def compiled(language: str, texts: Texts) -> bytes:
    """Return a catalogue as gettext reads it."""
    catalog = Catalog(locale=language)
    for english, said in texts.items():
        catalog.add(english, said)
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def plant(monkeypatch: pytest.MonkeyPatch, folder: Path, **catalogues: Texts | bytes) -> None:
    """Let these be all the catalogues there are, within a test."""
    for language, content in catalogues.items():
        file = folder / language / choice.FILE
        file.parent.mkdir(parents=True)
        file.write_bytes(content if isinstance(content, bytes) else compiled(language, content))
    monkeypatch.setattr(choice, "CATALOGUES", folder)
    forget()


def forget() -> None:
    """Forget what was read of catalogues."""
    for cache in CACHES:
        cache.cache_clear()
