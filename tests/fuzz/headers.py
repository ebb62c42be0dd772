"""Fuzz the reading of headers: ``python -m tests.fuzz.headers CORPUS [libFuzzer's options]``.

Coverage-guided where Atheris is installed (``pip install atheris``: a tool, no dependency of the
project), by random changes where it is not.  CORPUS is a folder: seeds are written into it, and
what Atheris finds new.  It ends at the first input for which a check fails, and keeps that input.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
from pathlib import Path

from tests.fuzz.target import Rows, mutated, seeds

SECONDS = 60  # without Atheris and without -max_total_time


def main(arguments: list[str]) -> int:
    """Run until a check fails or the time is over."""
    folder = Path(arguments[1] if len(arguments) > 1 else "fuzz-corpus")
    folder.mkdir(parents=True, exist_ok=True)
    for content in seeds():
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    try:
        import atheris
    except ImportError:
        return at_random(folder, limit(arguments))
    with atheris.instrument_imports(include=["workbench.dicom", "workbench.deidentify"]):
        rows = Rows()
    atheris.instrument_all()
    atheris.Setup([arguments[0], str(folder), *arguments[2:]], rows.check)
    atheris.Fuzz()
    return 0


def limit(arguments: list[str]) -> int:
    """Return the seconds of ``-max_total_time``."""
    given = [one.partition("=")[2] for one in arguments if one.startswith("-max_total_time=")]
    return int(given[0]) if given else SECONDS


def at_random(folder: Path, seconds: int) -> int:
    """Check random changes of the folder's files; return 1 when one fails."""
    contents = [path.read_bytes() for path in sorted(folder.iterdir())]
    chance, rows, ends, tried = random.Random(), Rows(), time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        content = mutated(chance.choice(contents), chance)
        tried += 1
        try:
            rows.check(content)
        except Exception:
            path = folder.parent / f"crash-{hashlib.sha256(content).hexdigest()[:16]}"
            path.write_bytes(content)
            print(f"A check failed; the input is in {path}.", file=sys.stderr)
            raise
    print(f"{tried} inputs in {seconds} s, no check failed (by chance; Atheris is not installed)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
