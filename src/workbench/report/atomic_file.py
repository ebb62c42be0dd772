"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.file_modes import kept_mode, make_private_folder


@contextmanager
def written_atomically(out: Path) -> Iterator[Path]:
    """Give a path beside ``out`` to write to; it takes the place of ``out`` at the end.

    When the block raises, ``out`` stays as it was and nothing is left behind.  A new file is for
    its owner alone; one that is replaced hands its mode on.
    """
    make_private_folder(out.parent)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=out.parent) as folder:
        draft = Path(folder) / f"draft{out.suffix}"
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.chmod(kept_mode(out))
        draft.replace(out)
