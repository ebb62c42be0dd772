"""Changed files are read by all ways alike, or refused in good order.

``python -m tests.fuzz.headers`` goes on for as long as it is let.
"""

from __future__ import annotations

import random
from pathlib import Path

from tests.fuzz.target import Rows, mutated, seeds

ROUNDS = 200  # of each seed


def test_seeds_are_readable() -> None:
    rows = Rows()
    assert all(rows.check(content) for content in seeds())


def test_changed_files() -> None:
    chance, rows, readable = random.Random(20), Rows(), 0
    for _ in range(ROUNDS):
        for content in seeds():
            readable += rows.check(mutated(content, chance))
    assert readable > 2 * ROUNDS  # else nothing but refusals was looked at


def test_changed_real_files(test_data: Path) -> None:
    chance, rows, readable = random.Random(21), Rows(), 0
    paths = [path for path in sorted((test_data / "bad").rglob("*")) if path.is_file()]
    for path in paths:
        content = path.read_bytes()
        if 200 < len(content) < 20_000:
            readable += sum(rows.check(mutated(content, chance)) for _ in range(10))
    assert readable > 50
