"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.file_modes import kept_mode, make_private_folder

IN_TEXT = re.compile(r"\(os error (\d+)\)")  # as Rust's std::io::Error shows it


@contextmanager
def written_atomically(out: Path) -> Iterator[Path]:
    """Give a path beside ``out`` to write to; it takes the place of ``out`` at the end.

    When the block raises, ``out`` stays as it was and nothing is left behind.  A new file is for
    its owner alone; one that is replaced hands its mode on.  Raises ``OSError`` with ``out`` as
    its file where the system refuses, in whatever words a library tells it.
    """
    make_private_folder(out.parent)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=out.parent) as folder:
        draft = Path(folder) / f"draft{out.suffix}"
        try:
            yield draft
        except Exception as error:
            code = system_code(error)
            if code is None:
                raise
            raise OSError(code, os.strerror(code), str(out)) from error
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.chmod(kept_mode(out))
        draft.replace(out)


def system_code(error: Exception) -> int | None:
    """Return the system's number for why it refused (errno), ``None`` where it did not.

    Polars tells it in its text, xlsxwriter wraps the error it got.
    """
    inner = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    if isinstance(inner, OSError) and inner.errno:
        return inner.errno
    told = IN_TEXT.search(str(error))
    return int(told[1]) if told else None
