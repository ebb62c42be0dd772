"""What tests of widgets share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workbench.language import settle_language


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page settles the language of its kernel: the next test has a kernel of its own."""
    yield
    settle_language("en")
