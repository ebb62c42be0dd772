"""Workspaces with a receiver to be disturbed, and reasons where the system cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.fault_bench import Bench, MakeBench
from tests.faults.fault_disk import why_no_shim
from tests.faults.hand import Hand
from tests.faults.two_hands import three_hands
from tests.store.conftest import bucket, engine, postgres, s3  # noqa: F401


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    """Return a maker of benches, all of whose processes end with the test."""
    made: list[Bench] = []

    def make(workspace: Path, **arguments: object) -> Bench:
        notes = tmp_path / f"notes{len(made)}"
        notes.mkdir()
        made.append(Bench(workspace, notes, **arguments))
        return made[-1]

    yield make
    for bench in made:
        bench.end()


@pytest.fixture
def compiler() -> None:
    """Skip the test where no shim can be built."""
    if why := why_no_shim():
        pytest.skip(f"not allowed here: {why}")


@pytest.fixture(scope="module")
def hands() -> Iterator[list[Hand]]:
    """Three programs that do what they are told."""
    with three_hands() as programs:
        yield programs
