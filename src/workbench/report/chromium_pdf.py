"""A page printed by Chromium, without network, scripts or the user's profile."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import WorkbenchError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
TIMEOUT_S = 120
# Chromium makes a socket below the folder for temporary files, some 45 letters further down; a
# socket's address has 108 bytes (Linux, unix(7)), 104 elsewhere.
MAX_TEMPORARY_LETTERS = 55
SHORT_PLACE = Path("/tmp")
QUIET = (
    "--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking",
    "--no-first-run", "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def browser() -> str:
    """Return the program that prints; empty where there is none."""
    return next((program for name in BROWSERS if (program := shutil.which(name))), "")


def printed_by_chromium(page: str, program: str) -> bytes:
    """Return a page of ours as PDF; raises ``WorkbenchError`` when ``program`` prints nothing."""
    with tempfile.TemporaryDirectory(prefix="workbench-print-") as folder:
        source, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, "utf-8")
        # Its own sandbox is not to be had as root, as in a container.
        root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        command = [
            program, *QUIET, *root, f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={printed}", source.as_uri(),
        ]  # fmt: skip
        try:
            with _short(folder) as temporary:
                subprocess.run(
                    command, check=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    env={**os.environ, "TMPDIR": temporary},
                )  # fmt: skip
            return printed.read_bytes()
        except (subprocess.SubprocessError, OSError) as error:
            raise WorkbenchError(
                "Chromium did not print the page ({kind}).",
                "Make the report as .html and print that.",
                kind=type(error).__name__,
            ) from None


@contextmanager
def _short(folder: str) -> Iterator[str]:
    """Yield a short name of a folder, for as long as the block lasts."""
    if len(folder) <= MAX_TEMPORARY_LETTERS or not SHORT_PLACE.is_dir():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="wb-", dir=SHORT_PLACE) as place:
        link = Path(place) / "t"
        link.symlink_to(folder, target_is_directory=True)
        yield str(link)
