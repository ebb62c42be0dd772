"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_atomically(out: Path) -> Iterator[Path]:
    """Give a path beside ``out`` to write to; it takes the place of ``out`` at the end.

    When the block raises, ``out`` stays as it was and nothing is left behind.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=out.parent) as folder:
        draft = Path(folder) / f"draft{out.suffix}"
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(out)
