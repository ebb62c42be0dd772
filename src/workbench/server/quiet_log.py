"""What the server's log may hold: no token, no cookie, no number of a kernel, no words of an error.

Jupyter and Tornado write addresses, and numbers of kernels are keys to them.
"""

from __future__ import annotations

import logging
import re

KERNEL = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
TOKEN = re.compile(r"(token=)[^&\s'\"]+", re.IGNORECASE)
LONG = re.compile(r"[\w-]{32,}")  # tokens and cookies have 32 letters or more
THEIRS = ("tornado.access", "tornado.application", "tornado.general", "asyncio", "traitlets")


def quiet(*logs: logging.Logger) -> None:
    """Keep secrets out of these logs, of those of the libraries, and of what has no log."""
    for log in (*logs, *map(logging.getLogger, THEIRS), logging.getLogger()):
        for filtered in (log, *log.handlers):
            filtered.addFilter(without_details)
    if logging.lastResort is not None:
        logging.lastResort.addFilter(without_details)


def without_details(record: logging.LogRecord) -> bool:
    """Keep of an error its kind and place, for its words may quote a header; of all, no secret."""
    kind = record.exc_info[0] if record.exc_info else None
    if record.exc_info or (record.levelno >= logging.ERROR and not _ours(record)):
        record.msg = f"an error in {record.module} ({kind.__name__ if kind else 'not said'})"
        record.args = ()
    else:
        record.msg, record.args = covered(record.getMessage()), ()
    record.exc_info = record.exc_text = record.stack_info = None
    return True


def covered(text: str) -> str:
    """Return a text without numbers of kernels, tokens and cookies."""
    return LONG.sub("…", TOKEN.sub(r"\1…", KERNEL.sub("…", text)))


def _ours(record: logging.LogRecord) -> bool:
    """Say whether a record is made here, of words that hold nothing."""
    return record.module in ("access", "visits")
