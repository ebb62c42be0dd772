"""How the command line speaks: people on standard error, programs on the last line of output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping

from workbench.plaintext import printable

# Exit codes that scripts rely on; 130 is the shell's convention for an interrupt.
DONE, PROBLEMS, NOT_STARTED, BROKE_OFF, STOPPED = 0, 1, 2, 3, 130


def tell(text: str) -> None:
    """Say a line to the person at the keyboard; the terminal obeys no character of it."""
    print(printable(text), file=sys.stderr, flush=True)


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object as a line of its own, for a program to read."""
    print(json.dumps(value, default=str), flush=True)


def finish(options: argparse.Namespace, counts: Mapping[str, object], sentence: str) -> int:
    """Say what was done in one sentence, with ``counts`` filled in; return the exit code."""
    if sentence:
        tell(sentence.format(**counts))
    if options.json:
        print_json(counts)
    return DONE


def show_progress(done: int, total: int | None, text: str) -> None:
    """Show progress on standard error: a line that renews itself on a terminal."""
    text = printable(text)
    share = f"{done}" if total is None else f"{done} of {total}"
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{text}: {share}    ", end=end, file=sys.stderr, flush=True)
    elif done == total:
        print(f"{text}: {share}", file=sys.stderr, flush=True)
