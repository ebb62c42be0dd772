"""Start of the command line: ``workbench --help`` beside a bare ``python -c pass``.

Goal: under 6 times the bare interpreter, so that a person never waits for help.  Both are
started in turn, so that a busy machine slows both; the least times
are compared, because what else runs can only add.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

GOAL = 6.0
REPEATS = 15
BARE = [sys.executable, "-c", "pass"]
HELP = [sys.executable, "-m", "workbench.cli", "--help"]


def seconds(command: list[str], environment: Mapping[str, str]) -> float:
    """Return the wall time of one start."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - begin


def least(repeats: int = REPEATS) -> tuple[float, float]:
    """Return the seconds of the bare interpreter and of the help."""
    with tempfile.TemporaryDirectory() as folder:
        # Compiled once, as every installation is; some environments forbid to keep that.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for command in (BARE, HELP):
            seconds(command, environment)
        pairs = [(seconds(BARE, environment), seconds(HELP, environment)) for _ in range(repeats)]
    bare, shown = (min(each) for each in zip(*pairs, strict=True))
    return bare, shown


def main() -> None:
    """Print both and their ratio."""
    bare, shown = least()
    print(f"python -c pass    {bare * 1000:8.1f} ms")
    print(f"workbench --help  {shown * 1000:8.1f} ms")
    print(f"ratio             {shown / bare:8.1f}     goal: under {GOAL:g}")


if __name__ == "__main__":
    main()
