"""WeasyPrint in a process of its own: what takes for ever, or all memory, ends within limits.

How long a page takes depends on what stands in it, and nothing in WeasyPrint gives up.  A thread
cannot be ended from outside, so a process draws each page and is killed when it is late.
``weasyprint_program`` is what runs there; it ends by its own clock, too, where its parent is gone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from workbench.errors import WorkbenchError

# A page of a dozen sheets takes a second, and half a minute on a machine with far too much to do.
LIMIT_S = 120
GRACE_S = 10  # by which the process outlives our patience: it ends itself only without a parent
# Of address space, of which a page of a dozen sheets takes less than a tenth.
MAX_MEMORY_BYTES = 4 << 30
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from workbench.report.weasyprint_program import main; main()"
)
EARLY_END = "EarlyEnd"  # crashed, or was killed by somebody else
MAX_HEAD_BYTES = 1 << 12


class NotDrawnError(Exception):
    """A page that could not be laid out; ``kind`` is the name of the error."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def drawn_in_time(page: str, *, archived: bool) -> tuple[bytes, int]:
    """Return a page as PDF, and how many letters no font of this machine has.

    Raises
    ------
    NotDrawnError
        It cannot be laid out, or takes too much memory.
    WorkbenchError
        It took longer than ``LIMIT_S``.
    """
    about = {"archived": archived, "seconds": LIMIT_S + GRACE_S, "memory": MAX_MEMORY_BYTES}
    paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100  an empty one is here
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-s", "-c", START, json.dumps(paths), json.dumps(about)],
            input=page.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=LIMIT_S, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise WorkbenchError(
            "the page was not printed within {seconds} s.",
            "Make the report of less (a shorter period), or as .html and print that.",
            seconds=LIMIT_S,
        ) from None
    head, _, content = ended.stdout.partition(b"\n")
    try:
        told = json.loads(head[:MAX_HEAD_BYTES])
        kind, lacking = str(told["error"]), int(told["lacking"])
    except (ValueError, TypeError, LookupError):
        raise NotDrawnError(EARLY_END) from None
    if kind or ended.returncode:
        raise NotDrawnError(kind or EARLY_END)
    return content, lacking
