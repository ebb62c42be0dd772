"""What runs in the process that draws a page: HTML comes in, a PDF goes out, nothing is kept."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Draw the page on standard input: a line of JSON comes out, and the PDF behind it."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries say is no part of a PDF
    about = json.loads(sys.argv[2])
    _limit(int(about["seconds"]), int(about["memory"]))
    page = sys.stdin.buffer.read().decode()
    try:
        from workbench.report.weasyprint_pdf import drawn  # only now: it may print advice, too

        content, lacking = drawn(page, archived=bool(about["archived"]))
        kind = ""
    except Exception as error:  # noqa: BLE001  whatever it is, a page is not printed
        content, lacking, kind = b"", 0, type(error).__name__
    answers.write(json.dumps({"error": kind, "lacking": lacking}).encode() + b"\n" + content)
    answers.close()


def _limit(seconds: int, memory_bytes: int) -> None:
    """Let the system end this process after a time, and give it no more memory than that."""
    if sys.platform == "win32":
        return
    import resource

    signal.setitimer(signal.ITIMER_REAL, seconds)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or hard > memory_bytes:
        with suppress(ValueError, OSError):  # not every system has it
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, hard))
