"""How the command line speaks: results on standard output, everything else on standard error.

A result is what was asked for: a list, a count, a sentence on what was done.  Progress, questions
and errors are none.  With ``--json`` a program reads standard output, so one JSON object stands
there and nothing else, and people read the results on standard error.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress

from workbench.errors import SettingsError
from workbench.plaintext import printable

# Exit codes that scripts rely on; 130 is the shell's convention for an interrupt.
DONE, PROBLEMS, NOT_STARTED, BROKE_OFF, STOPPED = 0, 1, 2, 3, 130
FIELD = re.compile(r"\{(\w+)(!r)?\}")


def tell(text: str) -> None:
    """Say a line that is no result; the terminal obeys no character of it."""
    print(printable(text), file=sys.stderr, flush=True)


def say(options: argparse.Namespace, text: str) -> None:
    """Say a line of a result; the terminal obeys no character of it."""
    if options.json:
        tell(text)
        return
    coding = sys.stdout.encoding or "utf-8"
    _print(printable(text).encode(coding, "backslashreplace").decode(coding))


def answer_to(question: str, remedy: str) -> str:
    """Ask a person; return the answer.

    Raises ``SettingsError`` with the ``remedy`` where nobody is there to answer.  The question
    goes to standard error, since it is no result.
    """
    print(question, end="", file=sys.stderr, flush=True)
    try:
        return input("").strip()
    except EOFError:
        tell("")
        raise SettingsError("there is nobody to ask.", remedy) from None


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object as a line of its own, for a program to read."""
    import json

    _print(json.dumps(value, default=str))


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        leave_pipe()
        reason = os.strerror(error.errno or 0).lower()
        raise SettingsError(f"standard output: {reason}.", "Send it to another place.") from error


def finish(options: argparse.Namespace, counts: Mapping[str, object], sentence: str) -> int:
    """Say what was done in one sentence, with ``counts`` filled in; return the exit code.

    ``{name}`` stands for a count, ``{name!r}`` for it in quotes; other braces are themselves.
    """
    if sentence:
        say(options, FIELD.sub(lambda field: _filled(field, counts), sentence))
    if options.json:
        print_json(counts)
    return DONE


def _filled(field: re.Match[str], counts: Mapping[str, object]) -> str:
    name, quoted = field[1], field[2]
    if name not in counts:
        return field[0]
    return repr(counts[name]) if quoted else str(counts[name])


def leave_pipe() -> None:
    """Stop writing to a reader that is gone, such as ``head``, or to a full disk.

    Python would complain of it once more when it ends (its library reference, "Note on SIGPIPE").
    """
    with suppress(OSError, ValueError):  # a test's stream is no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def show_progress(done: int, total: int | None, text: str) -> None:
    """Show progress on standard error: a line that renews itself on a terminal."""
    text = printable(text)
    share = f"{done}" if total is None else f"{done} of {total}"
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{text}: {share}    ", end=end, file=sys.stderr, flush=True)
    elif done == total:
        print(f"{text}: {share}", file=sys.stderr, flush=True)
