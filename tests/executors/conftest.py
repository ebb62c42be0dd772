"""A cluster of Dask on loopback, for a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.executors.chores import local_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    with local_cluster() as running:
        yield running
