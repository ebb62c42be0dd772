"""Verbs as a person runs them whose files are open to all: in a process of their own, umask 0."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a verb as somebody whose files are open to all."""
    return subprocess.run(
        [sys.executable, "-m", "workbench.cli", *map(str, words)], cwd=folder, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True,
        check=False, umask=0, timeout=300,
    )  # fmt: skip
