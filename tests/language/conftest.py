"""What was read of catalogues that a test planted is forgotten after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.language.planted import forget


@pytest.fixture(autouse=True)
def _nothing_planted_stays() -> Iterator[None]:
    yield
    forget()
