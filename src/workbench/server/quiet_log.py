"""What the server's log may hold: of libraries a kind and a place, of ours a sentence; few of each.

Jupyter and Tornado write what they were sent: addresses, which hold tokens and numbers of kernels,
headers, and messages that cannot be read.  Whoever reaches the port could so write into the log, or
fill the disk with it.  None of their words is kept, and the same line is written once a minute.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from pathlib import PurePath

KERNEL = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
TOKEN = re.compile(r"(token=)[^&\s'\"]+", re.IGNORECASE)
LONG = re.compile(r"[\w-]{32,}")  # tokens and cookies have 32 letters or more
THEIRS = (
    "tornado.access", "tornado.application", "tornado.general", "asyncio", "traitlets",
    "py.warnings",
)  # fmt: skip
OURS = frozenset({"access", "visits", "kernel_socket"})  # modules; their words hold nothing
OUR_FOLDER = PurePath(__file__).parent.name
SHOWN = "workbench_shown"  # of a record: whether it is written
QUIET_S = 60.0  # between two lines that say the same
MAX_LINES = 1000  # of which it is known when they were written; there are far fewer


class QuietLog(logging.Filter):
    """Keeps strangers' words out of a log, and its size in bounds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lines: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Make a record harmless; false when the same was written within the last minute."""
        seen = vars(record)  # the same record passes a log's filter and a handler's
        if SHOWN not in seen:
            seen[SHOWN] = self._harmless(record)
        return bool(seen[SHOWN])

    def _harmless(self, record: logging.LogRecord) -> bool:
        text = covered(record.getMessage()) if _ours(record) else _kind(record)
        record.args, record.exc_info, record.exc_text, record.stack_info = (), None, None, None
        more = self._left_out(text)
        record.msg = f"{text} ({more} more since the last line)" if more else text
        return more is not None

    def _left_out(self, text: str) -> int | None:
        """Return how often a line was left out; ``None`` to leave it out once more."""
        now = self._clock()
        last, left_out = self._lines.get(text, (-QUIET_S, 0))
        if now - last < QUIET_S:
            self._lines[text] = last, left_out + 1
            return None
        while len(self._lines) >= MAX_LINES:
            del self._lines[next(iter(self._lines))]
        self._lines[text] = now, 0
        return left_out


QUIET = QuietLog()


def quiet(*logs: logging.Logger) -> None:
    """Keep strangers' words out of these logs, of those of the libraries, and of what has none."""
    logging.captureWarnings(True)  # their texts quote what could not be read
    for log in (*logs, *map(logging.getLogger, THEIRS), logging.getLogger()):
        for filtered in (log, *log.handlers):
            filtered.addFilter(QUIET)
    if logging.lastResort is not None:
        logging.lastResort.addFilter(QUIET)


def covered(text: str) -> str:
    """Return a text without numbers of kernels, tokens and cookies."""
    return LONG.sub("…", TOKEN.sub(r"\1…", KERNEL.sub("…", text)))


def _kind(record: logging.LogRecord) -> str:
    kind = record.exc_info[0] if record.exc_info else None
    place = f"{PurePath(record.pathname).name}:{record.lineno}"
    return f"{record.levelname.lower()} in {place}" + (f" ({kind.__name__})" if kind else "")


def _ours(record: logging.LogRecord) -> bool:
    """Say whether a record is made here, of words that hold nothing."""
    return record.module in OURS and PurePath(record.pathname).parent.name == OUR_FOLDER
